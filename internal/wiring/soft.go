package wiring

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
)

// trimSoft returns the edges of the nodes of which soft edges are none, because they would close a cycle: those that remain. Only inside
// a strongly connected component can there be any, so the rest of the graph is passed over once.
func (g *graph) trimSoft() map[*Node][]Edge {
	if g.trimmedAt == g.epoch {
		return g.trimmed
	}
	g.trimmedAt, g.trimmed = g.epoch, make(map[*Node][]Edge)
	given := func(n *Node) []Edge {
		if n.order > 0 {
			return n.given
		}
		return g.staticEdges(n)
	}
	for _, component := range components(g.nodes, given) {
		if len(component) > 1 || slices.ContainsFunc(given(component[0]), func(e Edge) bool { return e.Soft && e.To == component[0] }) {
			g.trimSoftIn(component, given)
		}
	}
	return g.trimmed
}

// trimSoftIn takes the soft edges of a component in order of registration, and drops each that leads to a node from which its own
// start is reached without it.
func (g *graph) trimSoftIn(component []*Node, given func(*Node) []Edge) {
	index := make(map[*Node]int, len(component))
	for i, n := range component {
		index[n] = i
	}
	neededBy := make([][]int, len(component)) // by edges that stay in any case
	var consumers []*Node
	for i, n := range component {
		soft := false
		for _, e := range given(n) {
			to, inside := index[e.To]
			switch {
			case !inside:
			case e.Soft && n.order == 0:
				soft = true
			default:
				neededBy[to] = append(neededBy[to], i)
			}
		}
		if soft {
			consumers = append(consumers, n)
		}
	}
	slices.SortFunc(consumers, func(a, b *Node) int { return cmp.Compare(a.Seq, b.Seq) })

	// Many consumers may share a large group: whom a member is given to is a set of them, so that a search takes them all in at once.
	givenTo := make([]set, len(component))
	for at, n := range consumers {
		dependents, open := newSet(len(component)), newSet(len(consumers))
		for earlier := range at {
			open.add(earlier)
		}
		dependents.add(index[n])
		visit := func(next []int, d int) []int {
			if dependents.add(d) {
				return append(next, d)
			}
			return next
		}
		for next := []int{index[n]}; len(next) > 0; {
			m := next[len(next)-1]
			next = next[:len(next)-1]
			for _, d := range neededBy[m] {
				next = visit(next, d)
			}
			for consumer := range open.take(givenTo[m]) {
				next = visit(next, index[consumers[consumer]])
			}
		}
		edges := given(n)
		remaining := make([]Edge, 0, len(edges))
		for _, e := range edges {
			to, inside := index[e.To]
			if inside && e.Soft {
				if dependents.has(to) {
					continue
				}
				if givenTo[to] == nil {
					givenTo[to] = newSet(len(consumers))
				}
				givenTo[to].add(at)
			}
			remaining = append(remaining, e)
		}
		if len(remaining) < len(edges) {
			g.trimmed[n] = remaining
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

// set is a set of small numbers.
type set []uint64

func newSet(limit int) set { return make(set, (limit+63)/64) }

func (s set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

// add reports whether i was not there yet.
func (s set) add(i int) bool {
	if s.has(i) {
		return false
	}
	s[i/64] |= 1 << (i % 64)
	return true
}

// take removes what is in other, too, and yields it.
func (s set) take(other set) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := range other {
			both := s[at] & other[at]
			s[at] &^= both
			for ; both != 0; both &= both - 1 {
				if !yield(at*64 + bits.TrailingZeros64(both)) {
					return
				}
			}
		}
	}
}
