package wiring

import (
	"reflect"
	"slices"
	"time"

	"go.uber.org/dig"
)

// Kind is what a [Node] is.
type Kind int

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

	value     reflect.Value // the function itself
	sig       *signature
	wrapped   bool // dig was given a wrapper of the function
	between   Interceptor
	onCalled  func(took time.Duration, err error)
	onCalling func()
	found     found // what dig tells of it; nil unless it was found by Attach

	// What follows is guarded by the graph's lock.

	order    int             // as the how-manieth of all it was called; 0 if it was not
	kept     []reflect.Value // what Build got from it and dig has not asked for yet
	broken   error           // why dig will pass over this decorator from now on
	final    []Edge          // what it was given, if it was called
	links    []*Node
	guessed  map[*Node]bool          // of the links
	asks     *Node                   // of a function of this package: the constructor that it stands for, if that was found
	planned  []Edge                  // what the last walk found that dig will call for it
	from     Step                    // who made the last walk come here
	stalled  bool                    // dig passes over this decorator
	returned map[int][]reflect.Value // by a node that was found, by result
	mark     mark                    // what the last walk knows of it

	plannedAt int    // registrations then
	static    []Edge // for a node that was not called, all soft members included
	staticAt  int    // version then
	softs     bool   // whether static has soft edges
}

// Called reports whether the function was called with success, and as the how-manieth of its whole container, from 1.
func (n *Node) Called() (order int, ok bool) {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	return n.order, n.order > 0
}

// OnCalled has f called after every call of a constructor or decorator, by dig or by [Node.Build], whether it failed or not.
// There is one f a node, which is to be set while setting up, at the latest by the wrap function of Provide and Decorate if no call is to be missed.
func (n *Node) OnCalled(f func(took time.Duration, err error)) { n.onCalled = f }

// OnCalling has f called before each of these calls. As for OnCalled, there is one f a node.
func (n *Node) OnCalling(f func()) { n.onCalling = f }

func newNode(kind Kind, s *Scope, f reflect.Value) *Node {
	g := s.graph
	n := &Node{Place: g.placeOf(f.Pointer()), Kind: kind, Func: f.Type(), Scope: s, Home: s, value: f, sig: g.signatureOf(f.Type())}
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

// begin notes that the function is about to be called, and tells of it.
func (n *Node) begin() {
	if handed := n.begun(); !handed && n.onCalling != nil {
		n.onCalling()
	}
}

// begun reports whether what begins is no call, but dig's taking what was kept.
func (n *Node) begun() (handed bool) {
	g := n.Scope.graph
	if !g.isAsking() { // dig was asked by somebody else, who may have provided more before
		// Ignored: it is found again by who looks next.
		_ = g.look()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.syncLocked(nil)
	g.running = append(g.running, n)
	if n.order == 0 {
		edges := n.planned
		if n.plannedAt != g.registrations { // a plan from before the last registration is worth nothing
			edges = g.staticEdges(n)
		}
		n.freeze(edges)
	}
	return n.kept != nil
}

// freeze makes the edges final: what the function decorates or provides itself does not reach it any more. Of a soft group
// it was given what was called before.
func (n *Node) freeze(edges []Edge) {
	n.final = edges
	if slices.ContainsFunc(edges, notGiven) {
		n.final = slices.DeleteFunc(slices.Clone(edges), notGiven)
	}
}

func notGiven(e Edge) bool { return e.Soft && !e.To.leaf() }

// end notes the outcome of a call, and tells of it. keep are results that dig has not seen.
func (n *Node) end(took time.Duration, err error, keep []reflect.Value) {
	if n.ended(err, keep) {
		return
	}
	if n.onCalled != nil {
		n.onCalled(took, err)
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
	if n.kept != nil {
		n.kept = nil
		g.syncLocked(n)
		return true
	}
	n.kept = keep
	if keep == nil {
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
	n.planned, n.static, n.stalled = nil, nil, false
	g.epoch++
	if n.Kind == Decorator {
		g.version++ // its scope may now have a value that nobody provides
	}
	if g.asking != nil && n.Kind != Function {
		g.asking.calls++
	}
}
