package wiring

import (
	"fmt"
	"reflect"
	"slices"
	"unsafe"

	"go.uber.org/dig"

	"github.com/strata-go/strata/internal/digread"
)

// Attach returns the root scope of c with all that was given to c before: scopes, constructors and decorators are found by reading
// what dig keeps of them. What is done to c directly later is found when the next thing is done by way of a [Scope], or by
// [Scope.Look].
//
// dig tells nobody when it calls what was found, so that is read, too, before and after each Invoke: the node then counts as called
// in the place that the walk ahead gave it. What was called before it was looked at counts as called after what it needs, and its
// edges are what it would be given now, as far as that was called. A decorator that dig has begun to call by then is passed over,
// as dig does: see [Node.Stalled].
//
// The error says why c cannot be read: there is [Outline] then.
func Attach(c *dig.Container) (*Scope, error) {
	read, err := digread.Open(c)
	if err != nil {
		return nil, err
	}
	g := newGraph()
	g.attached = &attached{
		scopes:     make(map[*dig.Scope]*Scope),
		decorators: make(map[unsafe.Pointer]*Node),
		ours:       make(map[*Node]found),
		taken:      make(map[stock]int),
		returned:   make(map[*Node]map[int][]reflect.Value),
	}
	g.root = g.scope(nil, "", c, read)
	if err := g.look(); err != nil {
		return nil, err
	}
	return g.root, nil
}

// attached is what a graph knows of a container that it was attached to. The graph's lock guards all but scopes and decorators,
// which belong to the setup.
type attached struct {
	scopes     map[*dig.Scope]*Scope
	decorators map[unsafe.Pointer]*Node
	waiting    []*Node                           // found, and not called yet
	ours       map[*Node]found                   // our own decorators
	taken      map[stock]int                     // how many members of a group have been attributed
	returned   map[*Node]map[int][]reflect.Value // by nodes that were found, by result
	unsure     []string
}

// found is what dig tells of a node that was found.
type found interface {
	Called() bool
	Begun() bool
}

// Attached reports whether the node was found in the container, and not given to a [Scope].
func (n *Node) Attached() bool { return n.found != nil }

// Stalled reports whether dig has begun to call the decorator, by nobody's Invoke here, and was not done when the container was looked at:
// it has failed, or is being called. dig passes over it.
func (n *Node) Stalled() bool {
	n.Scope.graph.mu.Lock()
	defer n.Scope.graph.mu.Unlock()
	return n.stalled
}

// Look finds what was done to the container directly since it was last looked at. It is part of setting up.
func (s *Scope) Look() error {
	if o := s.graph.outline; o != nil {
		o.look(s.graph)
	}
	return s.graph.look()
}

// look finds what is new in the container.
func (g *graph) look() (err error) {
	if g.attached == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the container cannot be read: %v", p)
		}
	}()
	asking := g.isAsking()
	if asking {
		g.sync(nil) // before what is new makes plans worthless
	}
	seq := g.seq
	for i := 0; i < len(g.scopes); i++ { // there may be more after each
		if err := g.lookAt(g.scopes[i]); err != nil {
			return fmt.Errorf("the container cannot be read: %w", err)
		}
	}
	if !asking || g.seq != seq {
		g.sync(nil) // what was called may have been given what is new
	}
	return nil
}

// isAsking reports whether an Invoke of ours is under way.
func (g *graph) isAsking() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asking != nil
}

// lookAt finds what is new in a scope itself.
func (g *graph) lookAt(s *Scope) error {
	for ; s.readNodes < s.read.Constructors(); s.readNodes++ {
		c, err := s.read.Constructor(s.readNodes)
		if err != nil {
			return err
		}
		g.adopt(c)
	}
	if s.read.Decorated() != len(s.decorators) {
		g.adoptDecorators(s)
	}
	for _, child := range s.read.Children(s.readChildren) {
		s.readChildren++
		if g.attached.scopes[child] == nil {
			read := digread.At(child)
			g.scope(s, read.Name, child, read)
		}
	}
	return nil
}

// adopt adds a constructor that was found.
func (g *graph) adopt(c *digread.Constructor) {
	// Scopes are looked at from the root down, but a constructor that a child exports is in the root.
	scope, home := g.scopeOf(c.Scope), g.scopeOf(c.Home)
	n := newNode(Constructor, scope, c.Func)
	n.Home, n.found = home, c
	n.standAt(c.Location)
	for _, r := range c.Results {
		t := n.Func.Out(r.Out)
		if len(r.Index) > 0 {
			t = t.FieldByIndex(r.Index).Type
		}
		if r.Flatten {
			t = t.Elem()
		}
		result := Result{Declared: t, Flatten: r.Flatten, Out: r.Out, field: &field{index: r.Index}}
		for _, k := range r.Keys {
			result.Keys = append(result.Keys, Key(k))
		}
		n.Results = append(n.Results, result)
	}
	g.register(n)
	g.wait(n)
}

// scopeOf returns the scope that is tied to one of dig's, and ties those on the way there.
func (g *graph) scopeOf(s *dig.Scope) *Scope {
	if known := g.attached.scopes[s]; known != nil {
		return known
	}
	// It is below one that is known, and not looked at yet.
	var find func(at *Scope) *Scope
	find = func(at *Scope) *Scope {
		for _, child := range at.read.Children(0) {
			known := g.attached.scopes[child]
			if known == nil {
				read := digread.At(child)
				known = g.scope(at, read.Name, child, read)
			}
			if child == s {
				return known
			}
			if found := find(known); found != nil {
				return found
			}
		}
		return nil
	}
	if found := find(g.root); found != nil {
		return found
	}
	panic("a constructor belongs to a scope of another container")
}

// adoptDecorators adds the decorators of a scope that are not known. dig does not keep the order in which they were given.
func (g *graph) adoptDecorators(s *Scope) {
	type one struct {
		id unsafe.Pointer
		*digread.Decorator
	}
	var all []one
	for id, d := range s.read.Decorators() {
		d.Keys = slices.DeleteFunc(d.Keys, func(k digread.Key) bool { return s.decorators[Key(k)] != nil })
		if len(d.Keys) > 0 {
			all = append(all, one{id, d})
		}
	}
	at := func(d one) string {
		return fmt.Sprintf("%s:%09d %v", d.Location.File, d.Location.Line, least(d.Keys))
	}
	slices.SortFunc(all, func(x, y one) int {
		switch a, b := at(x), at(y); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	for _, d := range all {
		n := g.attached.decorators[d.id]
		if n == nil {
			n = newNode(Decorator, s, d.Func)
			n.found = d.Decorator
			n.standAt(d.Location)
			n.Results, _ = n.sig.decorations()
			g.attached.decorators[d.id] = n
			g.wait(n)
		}
		g.registerDecorator(n, d.Keys)
	}
}

// least returns the key that comes first as text.
func least(keys []digread.Key) string {
	var text []string
	for _, k := range keys {
		text = append(text, Key(k).String())
	}
	return slices.Min(text)
}

// registerDecorator adds a decorator for those of its keys that dig has registered it for: when dig refuses some it keeps others.
func (g *graph) registerDecorator(n *Node, keys []digread.Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.Seq == 0 {
		g.number(n)
		g.nodes = append(g.nodes, n)
	}
	g.changed()
	g.registrations++
	for _, k := range keys {
		n.Home.decorators[Key(k)] = n
	}
}

func (g *graph) wait(n *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.attached.waiting = append(g.attached.waiting, n)
}

// watch keeps an eye on a decorator of ours, which dig may call for others.
func (g *graph) watch(n *Node) {
	if g.attached == nil || len(n.Results) == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if state := n.Home.read.Decorator(n.Results[0].Keys[0].read()); state != nil {
		g.attached.ours[n] = state
	}
}

func (n *Node) standAt(at digread.Location) {
	n.Place = newPlace(at.Package, at.Name, at.File, at.Line)
}
