package wiring

import (
	"reflect"
	"slices"
	"time"

	"go.uber.org/dig"
)

// Kind is what a [Node] is.
type Kind uint8

const (
	Constructor Kind = iota // given to Provide
	Decorator               // given to Decorate
	Function                // given to Invoke
)

func (k Kind) String() string {
	switch k {
	case Constructor:
		return "constructor"
	case Decorator:
		return "decorator"
	}
	return "function"
}

// Node is a constructor, a decorator or an invoked function. Its exported fields are not to be changed.
type Node struct {
	*Place
	Kind    Kind
	Func    reflect.Type
	Params  []Param // in the order in which dig fills them: the soft groups of a dig.In last
	Results []Result
	Scope   *Scope // where the parameters are resolved
	Home    *Scope // where the results are registered: the root, if dig.Export(true)
	Seq     int    // order of registration, from 1; an invoked function counts, too

	value   reflect.Value // the function itself
	self    [1]*Node      // as a list
	sig     *signature
	between Interceptor // nil unless dig was given a wrapper of the function
	found   found       // what dig tells of it; nil unless it was found by Attach

	// What follows is guarded by the graph's lock.

	order     int    // as the how-manieth of all it was called; 0 if it was not
	given     []Edge // what it was given, if it was called; else what the last walk found that dig will call for it
	plannedAt int    // registrations at that walk
	static    []Edge // for a node that was not called, all soft members included
	staticAt  int    // version then
	links     []*Node
	from      Step  // who made the last walk come here
	mark      mark  // what the last walk knows of it
	broken    error // why dig will pass over this decorator from now on

	softs   bool // whether static has soft edges
	stalled bool // dig passes over this decorator
	keeps   bool // Build got something from it that dig has not asked for yet
}

// Called reports whether the function was called with success, and as the how-manieth of its whole container, from 1.
func (n *Node) Called() (order int, ok bool) {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	return n.order, n.order > 0
}

// OnCalled has f called after every call of a constructor or decorator that was given to a Scope of the container, by dig or by
// [Node.Build], whether it failed or not. There is one f a container, which is to be set first.
func (s *Scope) OnCalled(f func(n *Node, took time.Duration, err error)) { s.graph.onCalled = f }

func newNode(kind Kind, s *Scope, f reflect.Value) *Node {
	n := &Node{Kind: kind, Func: f.Type(), Scope: s, Home: s, value: f}
	n.self[0] = n
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	n.Place, n.sig = s.graph.placeOf(f.Pointer()), s.graph.signatureOf(n.Func)
	n.Params = n.sig.params
	return n
}

// before is dig's callback: it is about to call the function.
func (n *Node) before(dig.BeforeCallbackInfo) { n.begin() }

// after is dig's callback: it has called the function.
func (n *Node) after(info dig.CallbackInfo) {
	relocate(info.Error, []*Node{n})
	n.end(info.Runtime, info.Error, nil)
}

func (n *Node) begin() {
	g := n.Scope.graph
	if !g.isAsking() { // dig was asked by somebody else, who may have provided more before
		// Ignored: it is found again by who looks next.
		_ = g.look()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.syncLocked(nil)
	g.begun = append(g.begun[:len(g.running)], time.Now())
	g.running = append(g.running, n)
	if n.order == 0 {
		edges := n.given
		if n.plannedAt != g.registrations { // a plan from before the last registration is worth nothing
			edges = g.staticEdges(n)
		}
		n.freeze(edges)
	}
}

// freeze makes the edges final: what the function decorates or provides itself does not reach it any more. Of a soft group
// it was given what was called before.
func (n *Node) freeze(edges []Edge) {
	n.given = edges
	if slices.ContainsFunc(edges, notGiven) {
		n.given = slices.DeleteFunc(slices.Clone(edges), notGiven)
	}
}

func notGiven(e Edge) bool { return e.Soft && !e.To.leaf() }

// end notes the outcome of a call, and tells of it. keep are results that dig has not seen.
func (n *Node) end(took time.Duration, err error, keep []reflect.Value) {
	if n.ended(err, keep) {
		return
	}
	if f := n.Scope.graph.onCalled; f != nil {
		f(n, took, err)
	}
}

// ended reports whether what ended was no call, but dig's taking what was kept.
func (n *Node) ended(err error, keep []reflect.Value) (handed bool) {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	if last := len(g.running) - 1; last >= 0 && g.running[last] == n {
		g.running = g.running[:last]
	}
	if err != nil {
		if g.asking != nil {
			g.asking.failed = n
		}
		return false
	}
	if n.keeps {
		n.keeps = false
		delete(g.kept, n)
		g.syncLocked(n)
		return true
	}
	if n.keeps = keep != nil; n.keeps {
		g.kept[n] = keep
	} else {
		g.syncLocked(n)
	}
	n.succeed()
	return false
}

// succeed gives the node its place in the order of calls.
func (n *Node) succeed() {
	g := n.Scope.graph
	g.calls++
	n.order = g.calls
	inSpite := g.unbuildableAt == g.version && g.unbuildable[n] // a decorator on the way was passed over
	if n.stalled || inSpite || n.Kind == Decorator && g.fills(n) {
		g.changed()
	}
	n.static, n.stalled = nil, false
	g.epoch++
	if g.asking != nil && n.Kind != Function {
		g.asking.calls++
	}
}

// fills reports whether a decorator that was called gives its scope a value that nobody provides.
func (g *graph) fills(d *Node) bool {
	return slices.ContainsFunc(d.Results, func(r Result) bool {
		return g.missing(&Param{Key: r.Keys[0]}, d.Home, func(*Node) bool { return false })
	})
}
