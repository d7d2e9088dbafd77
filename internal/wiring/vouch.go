package wiring

// vouch tells dig that there is no cycle in what s and the scopes above it were given, if that is so, until the function that it
// returns is called. dig's own search takes longer, and takes some things for cycles that are none: see docs/dig.md. w is the walk that
// was made for an Invoke in s, nil if there was none. The caller does not hold the graph's lock.
//
// A container that was attached to is left to itself: constructors may give it more directly, of which the walk did not know.
func (s *Scope) vouch(w *walk) (takeBack func()) {
	if s.read == nil || s.graph.attached != nil || s.graph.outline != nil || s.read.Acyclic() || !s.graph.acyclic(s, w) {
		return func() {}
	}
	s.read.Vouch()
	return s.read.Doubt
}

// acyclic reports whether dig could go to all constructors in s and the scopes above, one after another, without walking into a
// cycle. It goes on with the walk w, if w is good for that: inside a call, what waits for the one that is being called is no cycle.
func (g *graph) acyclic(s *Scope, w *walk) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.acyclicAt == g.version {
		return true
	}
	if w == nil || len(g.inside()) > 0 {
		g.walks++
		w = &walk{g: g, id: g.walks}
	}
	rest := &walk{g: g, id: w.id, epoch: w.epoch, dry: true}
	for _, n := range g.nodes {
		if n.Kind != Constructor || n.leaf() || !s.sees(n.Home) || rest.state(n) == done ||
			rest.state(n) == failed && n.mark.epoch == rest.epoch { // else it may be called now
			continue
		}
		if rest.enter(n); rest.err != nil { // a cycle, or a decorator that dig would pass over
			return false
		}
	}
	s.acyclicAt = g.version
	return true
}
