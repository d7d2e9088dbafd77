package wiring

import "slices"

// Unfilled is an optional parameter that stays empty though somebody provides it: dig cannot call that one, because something is
// missing.
type Unfilled struct {
	Node     *Node // who asks
	Param    Param
	Provider *Node         // who would be called
	Missing  *MissingError // what is missing to the provider, or to what it needs
}

// String says who asks for what, and why there is none.
func (u Unfilled) String() string {
	return u.Node.String() + " takes an optional " + u.Param.Key.String() + " and is given none: " +
		u.Provider.String() + " cannot be built, as " + u.Missing.Error()
}

// Unfilled returns the optional parameters of some nodes that stay empty though somebody provides them. Of a node that was called
// these are parameters for which it was given nothing, and for which there is nothing still.
func (s *Scope) Unfilled(nodes []*Node) []Unfilled {
	g := s.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []Unfilled
	for _, n := range nodes {
		for i := range n.Params {
			p := &n.Params[i]
			given := n.order > 0 && slices.ContainsFunc(n.given, func(e Edge) bool { return e.Param.Key == p.Key })
			if !p.Optional || given {
				continue
			}
			_, providers := g.resolve(p, n.Scope, func(d *Node) bool { return d == n })
			for _, provider := range providers {
				if err := g.lack(provider, make(map[*Node]bool)); err != nil {
					found = append(found, Unfilled{Node: n, Param: *p, Provider: provider, Missing: err})
				}
			}
		}
	}
	return found
}

// lack returns what is missing to a node that cannot be built, or to what it needs; nil if it can be built, or was seen before.
func (g *graph) lack(n *Node, seen map[*Node]bool) *MissingError {
	if seen[n] || !g.cannotBuild(n) {
		return nil
	}
	seen[n] = true
	for i := range n.Params {
		if p := &n.Params[i]; g.missing(p, n.Scope, wasCalled) {
			return g.missingError(n, *p, true)
		}
	}
	for _, e := range g.staticEdges(n) {
		if e.Soft {
			continue
		}
		if err := g.lack(e.To, seen); err != nil {
			return err
		}
	}
	return nil
}
