package wiring

import (
	"errors"
	"reflect"
	"slices"

	"go.uber.org/dig"
)

// Invoke has dig fill the parameters of a function and call it, and returns dig's error as it is, the function's own included.
// Before dig builds anything it returns a [*CycleError] if dig would walk into a cycle, and the error of a decorator that failed
// in an earlier Invoke, if this one would use it. wrap is as for [Scope.Provide]. The node is returned with an error, too,
// if dig could read the function.
func (s *Scope) Invoke(fn any, opts []dig.InvokeOption, wrap func(*Node) Interceptor) (*Node, error) {
	opts = slices.DeleteFunc(slices.Clone(opts), isNil[dig.InvokeOption])
	f, err := function("invoke", fn)
	if err != nil {
		return nil, err
	}
	var n *Node
	if f.IsValid() {
		n = newNode(Function, s, f)
	}
	if n == nil || !n.sig.validParams {
		err := guard("invoke", f, func() error { return s.dig.Invoke(fn, opts...) })
		if err == nil {
			err = misuse("%T was invoked by dig, but is not understood", fn)
		}
		return nil, err
	}

	s.graph.mu.Lock()
	s.graph.number(n)
	s.graph.mu.Unlock()
	if n.intercept(wrap) {
		fn = n.wrapper()
	}
	if err := s.ask(n, nil, fn, opts...); err != nil {
		return n, err
	}
	s.graph.belong(n)
	return n, nil
}

// belong has the constructor or decorator in which n was invoked wait for n, and so for what n was given.
func (g *graph) belong(n *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if inside := g.inside(); len(inside) > 0 {
		by := inside[len(inside)-1]
		by.links = append(by.links, n)
	}
}

// asking is an Invoke that is under way.
type asking struct {
	outer   *asking
	asks    *Node // the function that is invoked
	since   int   // registrations then
	walk    *walk
	of      *Node // on behalf of which Build asks
	running int   // how many were being called before
	failed  *Node // the last that failed
	calls   int   // how many were called with success
}

var errUnwound = errors.New("a panic or runtime.Goexit has ended the call")

// ask has dig invoke f, which is n, after a walk ahead. It may be on behalf of another node.
func (s *Scope) ask(n, of *Node, f any, opts ...dig.InvokeOption) (err error) {
	g := s.graph
	if err := g.look(); err != nil {
		return err
	}
	g.mu.Lock()
	for a := g.asking; a != nil; a = a.outer {
		a.breakDownLost()
	}
	w := g.walk(n)
	if w.err != nil {
		g.mu.Unlock()
		return s.confirm(w.err)
	}
	if w.epoch > 0 { // what a decorator returns may have others built than before
		if cycle := g.dooms(n); cycle != nil {
			g.mu.Unlock()
			return cycle
		}
	}
	a := &asking{outer: g.asking, asks: n, since: g.registrations, walk: w, of: of, running: len(g.running)}
	g.asking = a
	g.mu.Unlock()
	takeBack := func() {}
	if w.ended == built { // else dig has something to say, which may be of a cycle
		takeBack = s.vouch(w)
	}

	err = errUnwound
	defer func() {
		takeBack()
		g.mu.Lock()
		defer g.mu.Unlock()
		g.syncLocked(nil)
		a.blame(err)
		g.asking = a.outer
		g.running = g.running[:a.running]
		if err == nil {
			n.freeze(n.given)
			n.succeed()
		}
		g.conclude(w, a, n, err)
	}()
	return s.dig.Invoke(f, opts...)
}

// blame finds out which of the nodes that were found has failed: dig tells it of ours alone.
func (a *asking) blame(err error) {
	if err == nil || a.failed != nil || dig.IsCycleDetected(err) {
		return
	}
	a.failed = a.next()
	if a.failed != nil && err == errUnwound {
		a.walk.g.unwound = a.failed
	}
}

// conclude finds the decorators that dig has begun to call and did not get to the end of. dig takes them for being called for ever,
// and hands out undecorated values from now on.
func (g *graph) conclude(w *walk, a *asking, n *Node, err error) {
	if err != nil {
		end := a.failed
		if end == nil && w.ended == lacking {
			end = w.miss.node
		}
		path := way(n, end)
		if a.failed != nil {
			for _, at := range path {
				at.breakDown(err)
			}
		}
		relocate(err, path)
	}
	for _, l := range w.lost {
		switch {
		case err == nil, a.failed != nil, w.ended == built && !dig.IsCycleDetected(err):
			if l.calls <= a.calls {
				l.decorator.breakDown(l)
			}
		case w.ended == lacking:
			l.decorator.breakDown(err)
		}
	}
	if a.outer == nil && (err != nil || len(w.lost) > 0 || a.since != g.registrations) {
		g.breakDownRest(err)
	}
}

// breakDownLost finds those that dig has passed over so far because something was missing: unless more was given to it meanwhile,
// which may have been what was missing.
func (a *asking) breakDownLost() {
	if a.since != a.walk.g.registrations {
		return
	}
	for _, l := range a.walk.lost {
		if l.calls <= a.calls {
			l.decorator.breakDown(l)
		}
	}
}

// breakDownRest finds the decorators that no walk knew of, because they were given to a Scope, or came to be needed, while dig was under
// way. Nobody is under way any more.
func (g *graph) breakDownRest(err error) {
	for _, n := range g.nodes {
		if n.Kind != Decorator || n.order > 0 || n.stalled || n.Scope.read == nil {
			continue
		}
		if d := n.Scope.read.Decorator(n.Results[0].Keys[0].read()); d != nil && d.Begun() {
			if err == nil {
				err = misuse("decorator %v was not called: something that it needs was missing", n)
			}
			n.breakDown(err)
		}
	}
}

// breakDown notes that a decorator has failed. dig would pass over it from now on: it is made to call it again, should it come to it
// in an Invoke that is under way around this one, or that is not ours. A container that was attached to is left to itself.
func (n *Node) breakDown(err error) {
	if n.Kind != Decorator || n.order > 0 {
		return
	}
	if n.broken == nil {
		n.broken = err
		n.Scope.graph.changed()
	}
	if n.Scope.read == nil || n.Scope.graph.attached != nil {
		return
	}
	if d := n.Scope.read.Decorator(n.Results[0].Keys[0].read()); d != nil {
		d.Retry()
	}
}

// confirm adds to a cycle what dig says of it. dig is asked to fill nothing, so it only looks at its own graph.
func (s *Scope) confirm(err error) error {
	if cycle, ok := err.(*CycleError); ok {
		cycle.dig = s.DigsCycle()
	}
	return err
}

// DigsCycle returns dig's error if dig sees a cycle in what s and the scopes above it were given, whoever asks for it, and be it one
// or not, if dig cannot be told that there is none: dig then refuses every Invoke in s. It calls nothing.
func (s *Scope) DigsCycle() error {
	defer s.vouch(nil)()
	if err := s.dig.Invoke(func() {}); dig.IsCycleDetected(err) {
		return err
	}
	return nil
}

// structOf makes a struct type that embeds dig.In or dig.Out and has a field for k.
func structOf(embedded reflect.Type, k Key) reflect.Type {
	value := reflect.StructField{Name: "Value", Type: k.Type}
	switch {
	case k.Group != "":
		value.Type = reflect.SliceOf(k.Type)
		value.Tag = tag("group", k.Group)
	case k.Name != "":
		value.Tag = tag("name", k.Name)
	}
	return reflect.StructOf([]reflect.StructField{{Name: embedded.Name(), Type: embedded, Anonymous: true}, value})
}
