package wiring

import (
	"reflect"
	"slices"
)

// sync takes notice of what dig has called. own is a node of ours whose results dig has just taken, nil if there is none.
func (g *graph) sync(own *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.syncLocked(own)
}

func (g *graph) syncLocked(own *Node) {
	a := g.attached
	if a == nil {
		return
	}
	called := make(map[*Node]bool)
	a.waiting = slices.DeleteFunc(a.waiting, func(n *Node) bool {
		if n.found.Called() {
			called[n] = true
			return true
		}
		g.checkStalled(n, n.found)
		return false
	})
	for n, state := range a.ours {
		g.checkStalled(n, state)
	}
	makers, certain := g.place(called)
	if own != nil {
		makers = append(makers, own)
	}
	g.attribute(makers, certain)
}

// checkStalled notes that dig is not done with a decorator that it has begun to call, if it is not for an Invoke of ours: those note
// themselves what has failed.
func (g *graph) checkStalled(n *Node, state found) {
	if g.asking == nil && n.order == 0 && !n.stalled && n.broken == nil && state.Begun() {
		n.stalled = true
		g.changed()
	}
}

// place gives what was called its place in the order of calls, and its edges. It reports whether that is the order in which dig
// called them; else nothing is known but that a node comes after what it needs.
func (g *graph) place(called map[*Node]bool) (order []*Node, certain bool) {
	if len(called) == 0 {
		return nil, true
	}
	if g.asking != nil {
		for _, n := range g.asking.walk.order {
			if !called[n] {
				continue
			}
			delete(called, n)
			edges := n.given
			if n.plannedAt != g.registrations {
				edges = g.staticEdges(n)
			}
			n.freeze(edges)
			n.succeed()
			order = append(order, n)
		}
	}
	certain = len(called) == 0 || len(called)+len(order) == 1
	open := make(map[*Node]bool)
	var visit func(n *Node)
	visit = func(n *Node) {
		open[n] = true
		edges := g.given(n, func(m *Node) bool {
			// A decorator that needs n came later than n.
			return (called[m] || m.order > 0) && !open[m] && (m.Kind != Decorator || !g.needs(m, n))
		})
		for _, e := range edges {
			if e.To.order == 0 {
				visit(e.To)
			}
		}
		n.given = slices.DeleteFunc(edges, func(e Edge) bool { return e.To.order == 0 })
		open[n] = false
		n.succeed()
		order = append(order, n)
	}
	for _, n := range slices.Clone(g.nodes) {
		if called[n] && n.order == 0 {
			visit(n)
		}
	}
	return order, certain
}

// needs reports whether from needs to, directly or not, going by what was called.
func (g *graph) needs(from, to *Node) bool {
	seen := make(map[*Node]bool)
	var visit func(n *Node) bool
	visit = func(n *Node) bool {
		if n == to || seen[n] {
			return n == to
		}
		seen[n] = true
		edges := n.given
		if n.order == 0 {
			edges = g.given(n, func(m *Node) bool { return m.order > 0 || m.found != nil && m.found.Called() })
		}
		return slices.ContainsFunc(edges, func(e Edge) bool { return visit(e.To) })
	}
	return visit(from)
}

// given are the edges that n would have if there were nothing but what was called.
func (g *graph) given(n *Node, was func(*Node) bool) []Edge {
	var edges []Edge
	for i := range n.Params {
		p := &n.Params[i]
		decorators, members := g.resolve(p, n.Scope, func(d *Node) bool { return d == n || !was(d) })
		for _, d := range decorators {
			edges = append(edges, Edge{Param: p, To: d})
		}
		for _, m := range members {
			if was(m) {
				edges = append(edges, Edge{Param: p, To: m, Soft: p.Soft})
			}
		}
	}
	return edges
}

// next is whom dig is calling in the innermost Invoke, or in that which a was, if it is one that was found: the first in the order
// of the walk that was not called. Of the others dig tells it itself.
func (a *asking) next() *Node {
	for _, n := range a.walk.order {
		if n.order == 0 {
			if n.found != nil {
				return n
			}
			return nil
		}
	}
	return nil
}

// inside are the constructors and decorators that are being called, the outermost first.
func (g *graph) inside() []*Node {
	if g.attached == nil {
		return g.running
	}
	var all []*Node
	var add func(a *asking, end int)
	add = func(a *asking, end int) {
		if a == nil {
			return
		}
		add(a.outer, a.running)
		if own := g.running[a.running:end]; len(own) > 0 {
			all = append(all, own...)
		} else if n := a.next(); n != nil {
			all = append(all, n)
		}
	}
	add(g.asking, len(g.running))
	return all
}

// buildFound has dig call a constructor that was found, by asking for its keys, one after another until it was called. There may
// be none: when all are decorated, and no decorator wants what it decorates.
func (n *Node) buildFound() error {
	n.Scope.graph.mu.Lock()
	keys := n.askedFor()
	n.Scope.graph.mu.Unlock()
	for _, k := range keys {
		if _, err := n.Home.value(k, n); err != nil {
			return err
		}
		if _, called := n.Called(); called {
			return nil
		}
	}
	return nil
}

// askedFor are the keys of n, the one first that gets n alone called, if there is one.
func (n *Node) askedFor() []Key {
	first, _ := n.ownKey()
	keys := []Key{first}
	for _, r := range n.Results {
		for _, k := range r.Keys {
			if k != first {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// Beside returns whom [Node.Build] would have called beside n and what n needs: members of n's group and its decorators, if n was
// found and has no key of its own.
func (n *Node) Beside() []*Node {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.found == nil || n.order > 0 {
		return nil
	}
	if _, alone := n.ownKey(); alone {
		return nil
	}
	var beside []*Node
	for _, k := range n.askedFor() {
		decorators, members := g.resolve(&Param{Key: k, field: &field{slice: reflect.SliceOf(k.Type)}}, n.Home, func(*Node) bool { return false })
		beside = slices.Concat(beside, decorators, members)
		if slices.ContainsFunc(beside, func(m *Node) bool { return reaches(m, n) }) {
			break // it is called then
		}
	}
	return beside
}

// Asked returns the constructor that was found and that [Node.Build] is asking dig for, nil if there is none: which of those that it
// needs dig is calling is not known while it does.
func (s *Scope) Asked() *Node {
	g := s.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asking == nil || g.asking.of == nil || g.asking.of.found == nil {
		return nil
	}
	return g.asking.of
}

// Unwound returns the last constructor or decorator that was found and that ended its goroutine or panicked, nil if there is none.
func (s *Scope) Unwound() *Node {
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	return s.graph.unwound
}
