package wiring

// vouch tells dig that there is no cycle in what s and the scopes above it were given, if that is so, and reports whether dig
// believes it. dig's own search takes longer, once for each scope, and takes some things for cycles that are none: see
// docs/dig.md. w is the walk that was made for an Invoke in s, nil if there was none. The caller does not hold the graph's lock.
func (s *Scope) vouch(w *walk) bool {
	if s.read == nil || s.graph.outline != nil {
		return false
	}
	if !s.read.Acyclic() && s.graph.acyclic(s, w) {
		s.read.Vouch()
	}
	return s.read.Acyclic()
}

// acyclic reports whether dig could go to all constructors in s and the scopes above, one after another, without walking into a
// cycle. It goes on with the walk w, if w is good for that: inside a call, what waits for the one that is being called is no cycle.
func (g *graph) acyclic(s *Scope, w *walk) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
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
	return true
}
