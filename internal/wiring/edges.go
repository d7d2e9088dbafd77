package wiring

import "slices"

// Edge is a dependency of a node: dig calls To to fill Param.
type Edge struct {
	Param *Param // one of the node's Params; without a key for a Link
	To    *Node
	Soft  bool // a soft group's member: dig does not call it for this, but hands its value out if it was called before
	Link  bool // made by [Scope.Link], or by an Invoke inside the node
	Guess bool // a link because it is not known who of several made a value: see [Scope.StandFor]
}

var noParam = new(Param)

// Edges returns whom dig would call to fill n's parameters, in dig's order, as the graph is now:
//
//   - for a single key the nearest decorator from n's scope up to the root, else the nearest constructor; a decorator that asks
//     for what it decorates is passed over;
//   - for a group all its decorators from the root down to n's scope, else the members in all these scopes;
//   - nothing for an optional parameter that nobody provides, or whose constructor cannot be built because something is missing,
//     however deep: dig then gives the zero value (whatever it has built by then stays built, but n gets nothing of it);
//   - for a soft group the members as Soft edges, unless it is decorated. What depends on n cannot have been built before n,
//     and so is left out; if soft edges form a cycle among themselves, those of the node registered last are;
//   - then the links.
//
// Once n has been called its edges are what it was given, and what is provided or decorated later does not change them.
// The slice is shared: do not write to it.
func (n *Node) Edges() []Edge {
	n.Scope.graph.mu.Lock()
	defer n.Scope.graph.mu.Unlock()
	return n.edges()
}

func (n *Node) edges() []Edge {
	g := n.Scope.graph
	edges := n.given
	if n.order == 0 {
		edges = g.staticEdges(n)
		if n.softs {
			if remaining, ok := g.trimSoft()[n]; ok {
				edges = remaining
			}
		}
	}
	edges = slices.Clip(edges) // shared
	for _, to := range n.links {
		edges = append(edges, Edge{Param: noParam, To: to, Link: true, Guess: g.guessed[guess{n, to}]})
	}
	return edges
}

// staticEdges are the edges of a node that was not called, all soft members included.
func (g *graph) staticEdges(n *Node) []Edge {
	if n.static != nil && n.staticAt == g.version {
		return n.static
	}
	edges := make([]Edge, 0, len(n.Params))
	n.softs = false
	for i := range n.Params {
		p := &n.Params[i]
		decorators, members := g.resolve(p, n.Scope, func(d *Node) bool { return d == n })
		for _, d := range decorators {
			edges = append(edges, Edge{Param: p, To: d})
		}
		for _, m := range members {
			if p.Optional && g.cannotBuild(m) {
				continue
			}
			n.softs = n.softs || p.Soft
			edges = append(edges, Edge{Param: p, To: m, Soft: p.Soft})
		}
	}
	n.static, n.staticAt = edges, g.version
	return edges
}

// resolve returns whom dig asks for p in scope s: decorators first, then constructors; for a single key it is one in all.
// Decorators for which skip is true are passed over, as dig does with those that it is calling.
func (g *graph) resolve(p *Param, s *Scope, skip func(d *Node) bool) (decorators, members []*Node) {
	if p.Key.Group == "" {
		for at := s; at != nil; at = at.parent {
			if d := at.decorator(p.Key); d != nil && !d.stalled && !skip(d) {
				return []*Node{d}, nil
			}
		}
		for at := s; at != nil; at = at.parent {
			if n := at.providers.of(p.Key); n != nil {
				return nil, n.self[:]
			}
		}
		return nil, g.outline.of(p.Key)
	}

	replaced := false
	for at := s; at != nil; at = at.parent {
		if d := at.decorator(p.Key); d != nil && !d.stalled && !skip(d) {
			decorators = append(decorators, d)
			// dig files decorated groups by the type of their slice, which may have a name of its own.
			replaced = replaced || d.gives(p)
		}
	}
	slices.Reverse(decorators) // dig starts at the root
	if replaced {
		return decorators, nil
	}
	for at := s; at != nil; at = at.parent {
		more := at.members[p.Key]
		if members == nil {
			members = more[:len(more):len(more)]
		} else {
			members = append(members, more...)
		}
	}
	if more := g.outline.of(p.Key); len(more) > 0 {
		members = slices.Concat(members, more)
	}
	return decorators, members
}

func (d *Node) gives(p *Param) bool {
	for _, r := range d.Results {
		if r.Keys[0] == p.Key && r.field.slice == p.field.slice {
			return true
		}
	}
	return false
}

// missing reports whether dig refuses to fill p in scope s before it looks any further: there is no constructor, and no value by a
// decorator of that very scope, either.
func (g *graph) missing(p *Param, s *Scope, called func(d *Node) bool) bool {
	if p.Optional || p.Key.Group != "" {
		return false
	}
	for at := s; at != nil; at = at.parent {
		if at.providers.of(p.Key) != nil {
			return false
		}
	}
	if len(g.outline.of(p.Key)) > 0 {
		return false
	}
	d := s.decorator(p.Key)
	return d == nil || !called(d)
}

// leaf reports whether dig will not call n again.
func (n *Node) leaf() bool { return n.order > 0 && !n.keeps }

func wasCalled(n *Node) bool { return n.order > 0 }

// cannotBuild reports whether dig cannot call n because something required is missing, however deep. It starts at the nodes that miss
// something and goes to those that need them, once for each version of the graph.
func (g *graph) cannotBuild(n *Node) bool {
	if g.unbuildableAt != g.version {
		g.unbuildableAt = g.version
		g.unbuildable = g.findUnbuildable()
	}
	return g.unbuildable[n]
}

func (g *graph) findUnbuildable() map[*Node]bool {
	var found []*Node
	neededBy := make(map[*Node][]*Node)
	for _, n := range g.nodes {
		if n.order > 0 {
			continue
		}
		lacks := false
		for i := range n.Params {
			p := &n.Params[i]
			lacks = lacks || g.missing(p, n.Scope, wasCalled)
			decorators, members := g.resolve(p, n.Scope, func(d *Node) bool { return d == n })
			for _, d := range decorators {
				neededBy[d] = append(neededBy[d], n) // even if the parameter is optional
			}
			if p.Optional || p.Soft {
				continue
			}
			for _, m := range members {
				neededBy[m] = append(neededBy[m], n)
			}
		}
		if lacks {
			found = append(found, n)
		}
	}
	unbuildable := make(map[*Node]bool)
	for len(found) > 0 {
		n := found[len(found)-1]
		found = found[:len(found)-1]
		if !unbuildable[n] {
			unbuildable[n] = true
			found = append(found, neededBy[n]...)
		}
	}
	return unbuildable
}
