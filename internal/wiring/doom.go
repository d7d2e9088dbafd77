package wiring

import "slices"

// dooms returns a cycle into which dig would walk in an Invoke that is under way, once it was asked for first: dig looks for cycles
// before it begins, and what is provided, decorated or built meanwhile may close one. It is nil if there is none. The caller holds
// the lock.
func (g *graph) dooms(first ...*Node) *CycleError {
	if g.asking == nil {
		return nil
	}
	w := g.newWalk(true)
	w.inside()
	for _, n := range first {
		w.enter(n)
		w.err = nil
	}
	w.going = make(map[*Node]Edge)
	for _, r := range g.inside() {
		for at := r; at.from.Node != nil && w.going[at.from.Node].Param == nil; at = at.from.Node {
			w.going[at.from.Node] = at.from.Edge
		}
	}
	end := len(g.running)
	for a := g.asking; a != nil; a = a.outer {
		called := g.running[a.running:end]
		if end = a.running; len(called) == 0 {
			n := a.next()
			if n == nil { // it is the function that asks, and has what it takes
				continue
			}
			called = []*Node{n}
		}
		for _, n := range called { // they have what they take; who waits for them, inside of a, has not
			w.set(n, done)
			for at := n.from.Node; at != nil && w.state(at) == entered; at = at.from.Node {
				at.mark = mark{}
				if at == a.asks {
					break
				}
			}
		}
		w.enter(a.asks)
		if cycle, ok := w.err.(*CycleError); ok {
			return cycle
		}
		w.err = nil
	}
	return nil
}

// tryOut registers a node, and takes that back if it [graph.dooms] an Invoke.
func (g *graph) tryOut(n *Node) error {
	if !g.isAsking() {
		return nil
	}
	if n.Kind == Constructor && n.isTaken() { // dig will refuse it
		return nil
	}
	g.register(n)
	g.mu.Lock()
	defer g.mu.Unlock()
	cycle := g.dooms()
	g.unregister(n)
	if cycle == nil {
		return nil
	}
	return misuse("%v cannot be given while dig builds what would need it for itself: %w", n, cycle)
}

// isTaken reports whether a single key of a constructor is provided in its scope already.
func (n *Node) isTaken() bool {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(n.Results, func(r Result) bool {
		return slices.ContainsFunc(r.Keys, func(k Key) bool { return k.Group == "" && n.Home.providers.of(k) != nil })
	})
}

// unregister takes back the last node that was registered.
func (g *graph) unregister(n *Node) {
	g.nodes = g.nodes[:len(g.nodes)-1]
	g.seq--
	g.changed() // what was resolved meanwhile is worth nothing
	g.registrations--
	for _, r := range n.Results {
		for _, k := range r.Keys {
			switch {
			case n.Kind == Decorator:
				delete(n.Home.decorators, k)
			case k.Group == "":
				n.Home.providers.remove(k)
			default:
				n.Home.members[k] = slices.DeleteFunc(n.Home.members[k], func(m *Node) bool { return m == n })
			}
		}
	}
}
