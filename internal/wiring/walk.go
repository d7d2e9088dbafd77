package wiring

import (
	"fmt"
	"slices"
)

// mark is what a walk knows of a node. It is worth something only to the walk with that number.
type mark struct {
	walk  int
	state state
	epoch int  // of a node that missed something: the walk's, before it was entered
	miss  miss // what that was
}

type state int

const (
	untouched state = iota
	entered         // dig fills its parameters, and has not called it yet
	done            // dig has called it
	failed          // dig could not call it, for want of something; it passes over such a decorator for ever
)

// walk goes the way that dig will go to fill a function's parameters, step by step, without calling anything.
type walk struct {
	g     *graph
	id    int
	dry   bool    // leaves no traces; else each node is left with who came for it (from) and what it will be given
	epoch int     // grows with each change of a decorator's state, and with it the way may differ
	path  []Step  // from the start to where the walk is
	order []*Node // whom dig will call, in this order

	going map[*Node]Edge // by which dig is under way, from whom it cannot call yet; nil but for a walk of [graph.dooms]

	ended outcome
	err   error // a cycle, or a decorator that failed before; the walk has ended there
	miss  miss  // what the last node missed that missed something
	lost  []loss
}

// miss is a required key that nobody provides, found by a walk.
type miss struct {
	node  *Node
	param *Param
}

// loss is a decorator that misses something, and that dig will pass over from then on.
type loss struct {
	decorator *Node
	calls     int // how many were called by then
	miss      miss
}

type outcome int

const (
	built outcome = iota
	lacking
	halted
)

func (g *graph) newWalk(dry bool) *walk {
	g.walks++
	return &walk{g: g, id: g.walks, dry: dry}
}

// inside has the walk begin inside the call that is under way, if there is one: dig is under way already to all who made it come
// there.
func (w *walk) inside() {
	for _, r := range w.g.inside() {
		for at := r; at != nil && at.mark.walk != w.id; at = at.from.Node {
			at.mark = mark{walk: w.id, state: entered}
		}
	}
}

// walk walks to n, whose parameters dig is about to fill.
func (g *graph) walk(n *Node) *walk {
	w := g.newWalk(false)
	w.inside()
	n.from = Step{}
	if inside := g.inside(); len(inside) > 0 {
		n.from = Step{Node: inside[len(inside)-1], Edge: Edge{Param: noParam, To: n}}
	}
	w.ended = w.enter(n)
	return w
}

// dryWalk walks to all roots, one after another, and returns the first cycle. It begins outside of all calls: who is being called is
// no reason to see one.
func (g *graph) dryWalk(roots []*Node) *CycleError {
	w := g.newWalk(true)
	for _, n := range roots {
		if n == nil || n.leaf() || w.state(n) != untouched {
			continue
		}
		w.enter(n)
		if cycle, ok := w.err.(*CycleError); ok {
			return cycle
		}
		w.err = nil
	}
	return nil
}

func (w *walk) state(n *Node) state {
	if n.mark.walk != w.id {
		return untouched
	}
	return n.mark.state
}

func (w *walk) set(n *Node, s state) {
	n.mark = mark{walk: w.id, state: s}
	if n.Kind == Decorator {
		w.epoch++
	}
}

// step is dig asking for the target of an edge.
func (w *walk) step(from *Node, e Edge) outcome {
	to := e.To
	switch s := w.state(to); {
	case to.leaf(), s == done:
		return built
	case s == entered:
		w.err = w.cycle(from, e)
		return halted
	case s == failed && to.mark.epoch == w.epoch:
		w.miss = to.mark.miss
		return lacking
	case to.broken != nil && w.going == nil: // else dig will try again
		w.err = to.broken
		return halted
	}
	if !w.dry || w.going != nil {
		to.from = Step{Node: from, Edge: e}
	}
	w.path = append(w.path, Step{Node: from, Edge: e})
	o := w.enter(to)
	w.path = w.path[:len(w.path)-1]
	return o
}

func (w *walk) enter(n *Node) outcome {
	epoch := w.epoch
	w.set(n, entered)
	if w.plans(n) {
		n.given, n.plannedAt = make([]Edge, 0, len(n.Params)), w.g.registrations
	}
	o := w.params(n)
	switch {
	case o == built:
		w.set(n, done)
		if n.order == 0 {
			w.order = append(w.order, n)
		}
		return o
	case o == lacking && n.Kind == Decorator:
		w.lost = append(w.lost, loss{n, len(w.order), w.miss})
	}
	w.set(n, failed)
	n.mark.epoch, n.mark.miss = epoch, w.miss // if a decorator's state has changed on the way, the next try may go better
	return o
}

func (w *walk) params(n *Node) outcome {
	going := w.going[n]
	at := going.Param
	for i := range n.Params {
		p := &n.Params[i]
		if at == nil && w.g.missing(p, n.Scope, w.called) {
			if d := n.Scope.decorators[p.Key]; d != nil && d.broken != nil {
				w.err = d.broken // dig would hand out what it returned beside its error
				return halted
			}
			w.miss = miss{n, p}
			return lacking
		}
	}
	for i := range n.Params {
		p := &n.Params[i]
		if at != nil && at != p {
			continue
		}
		if at != nil { // it has found whom to ask, whatever was provided since
			at = nil
			if o := w.step(n, going); o == halted || o == lacking && !p.Optional {
				return o
			}
			if p.Key.Group == "" {
				continue
			}
		}
		if o := w.fill(n, p); o != built {
			return o
		}
	}
	return built
}

func (w *walk) fill(n *Node, p *Param) outcome {
	decorators, members := w.g.resolve(p, n.Scope, w.skip)
	for _, d := range decorators {
		if w.skip(d) { // since the decorator before it was called
			_, members = w.g.resolve(p, n.Scope, w.skip)
			continue
		}
		e := Edge{Param: p, To: d}
		if o := w.step(n, e); o != built {
			return o
		}
		w.plan(n, e)
	}
	for _, m := range members {
		e := Edge{Param: p, To: m, Soft: p.Soft}
		if p.Soft {
			if m.leaf() || w.state(m) == done {
				w.plan(n, e)
			}
			continue
		}
		switch o := w.step(n, e); {
		case o == lacking && p.Optional:
			continue
		case o != built:
			return o
		}
		w.plan(n, e)
	}
	return built
}

func (w *walk) plan(n *Node, e Edge) {
	if w.plans(n) {
		n.given = append(n.given, e)
	}
}

// plans reports whether the walk notes what n will be given. One that was called was given what it was given.
func (w *walk) plans(n *Node) bool { return !w.dry && n.order == 0 }

// skip reports whether dig passes over a decorator: it is calling it, or has tried to in vain. One that failed
// in an earlier Invoke is not passed over, but ends the walk.
func (w *walk) skip(d *Node) bool {
	s := w.state(d)
	return s == entered || s == failed
}

func (w *walk) called(d *Node) bool { return d.order > 0 || w.state(d) == done }

// cycle is the path by which e leads back to its target.
func (w *walk) cycle(from *Node, e Edge) *CycleError {
	path := append(slices.Clone(w.path), Step{Node: from, Edge: e})
	if i := slices.IndexFunc(path, func(s Step) bool { return s.Node == e.To }); i >= 0 {
		return &CycleError{Path: path[i:]}
	}
	// It leads out to who is being called, and inside of whom this walk began.
	var outer []Step
	for at := path[0].Node; at != e.To && at.from.Node != nil && len(outer) <= len(w.g.nodes); at = at.from.Node {
		outer = append(outer, at.from)
	}
	slices.Reverse(outer)
	return &CycleError{Path: append(outer, path...)}
}

func (l loss) Error() string {
	return fmt.Sprintf("decorator %v was not called: %v needs %v, which nobody provided", l.decorator, l.miss.node, l.miss.param.Key)
}
