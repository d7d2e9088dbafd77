package wiring

import (
	"cmp"
	"slices"
)

// softEdge is an edge from the consumer of a soft group to a member.
type softEdge struct{ from, to *Node }

// dropSoft returns the soft edges that are none, because they would close a cycle. Only inside a strongly connected component can there
// be any, so the rest of the graph is passed over once.
func (g *graph) dropSoft() map[softEdge]bool {
	if g.droppedAt == g.epoch {
		return g.dropped
	}
	g.droppedAt, g.dropped = g.epoch, make(map[softEdge]bool)
	given := func(n *Node) []Edge {
		if n.order > 0 {
			return n.given
		}
		return g.staticEdges(n)
	}
	for _, component := range components(g.nodes, given) {
		if len(component) > 1 || slices.ContainsFunc(given(component[0]), func(e Edge) bool { return e.Soft && e.To == component[0] }) {
			g.dropSoftIn(component, given)
		}
	}
	return g.dropped
}

// dropSoftIn takes the soft edges of a component in order of registration, and drops each that leads to a node from which its own
// start is reached without it.
func (g *graph) dropSoftIn(component []*Node, given func(*Node) []Edge) {
	inside := make(map[*Node]bool, len(component))
	for _, n := range component {
		inside[n] = true
	}
	neededBy := make(map[*Node][]*Node)
	var consumers []*Node
	for _, n := range component {
		soft := false
		for _, e := range given(n) {
			if !inside[e.To] {
				continue
			}
			if e.Soft && n.order == 0 {
				soft = true
				continue
			}
			neededBy[e.To] = append(neededBy[e.To], n)
		}
		if soft {
			consumers = append(consumers, n)
		}
	}
	slices.SortFunc(consumers, func(a, b *Node) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, n := range consumers {
		dependents := map[*Node]bool{n: true}
		for next := []*Node{n}; len(next) > 0; {
			at := next[len(next)-1]
			next = next[:len(next)-1]
			for _, d := range neededBy[at] {
				if !dependents[d] {
					dependents[d] = true
					next = append(next, d)
				}
			}
		}
		for _, e := range given(n) {
			switch {
			case !e.Soft || !inside[e.To]:
			case dependents[e.To]:
				g.dropped[softEdge{n, e.To}] = true
			default:
				neededBy[e.To] = append(neededBy[e.To], n)
			}
		}
	}
}

// components returns the strongly connected components, by Tarjan's algorithm.
func components(nodes []*Node, edges func(*Node) []Edge) [][]*Node {
	type visit struct {
		index, low int
		onStack    bool
	}
	var (
		found [][]*Node
		stack []*Node
		seen  = make(map[*Node]*visit, len(nodes))
		enter func(n *Node) *visit
	)
	enter = func(n *Node) *visit {
		v := &visit{index: len(seen), low: len(seen), onStack: true}
		seen[n] = v
		stack = append(stack, n)
		for _, e := range edges(n) {
			if to := seen[e.To]; to == nil {
				v.low = min(v.low, enter(e.To).low)
			} else if to.onStack {
				v.low = min(v.low, to.index)
			}
		}
		if v.low == v.index {
			at := len(stack) - 1
			for stack[at] != n {
				at--
			}
			for _, m := range stack[at:] {
				seen[m].onStack = false
			}
			found = append(found, slices.Clone(stack[at:]))
			stack = stack[:at]
		}
		return v
	}
	for _, n := range nodes {
		if seen[n] == nil {
			enter(n)
		}
	}
	return found
}
