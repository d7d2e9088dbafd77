package wiring

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// stock is a group in the scope where its members are registered.
type stock struct {
	home *Scope
	key  Key
}

// portion is what a constructor gives to a group: one member, or any number if it is flattened.
type portion struct {
	node   *Node
	result int
	first  bool // the result's first key: the others have the same values
}

// Returned returns the values of a result of a constructor that was found and called, not decorated; elements, if it is flattened.
// Where several constructors feed one group and it is not known in which order they were called, a value goes by its type; those
// that it does not tell apart are all returned for one of the constructors that may have made them, and links make sure that
// they count as made by each: see [Scope.Unsure].
func (n *Node) Returned(result int) []reflect.Value {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	if n.found == nil || n.order == 0 {
		return nil
	}
	return g.attached.returned[n][result]
}

// Unsure says of which groups it is not known which constructor made which member.
func (s *Scope) Unsure() []string {
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	if s.graph.attached == nil {
		return nil
	}
	return slices.Clone(s.graph.attached.unsure)
}

// attribute gives the values that dig has got since the last time to their makers: who was called since then, in the order in which
// they were called, if that is certain.
func (g *graph) attribute(makers []*Node, certain bool) {
	var stocks []stock
	parts := make(map[stock][]portion)
	for _, n := range makers {
		if n.Kind != Constructor {
			continue
		}
		for i, r := range n.Results {
			for j, k := range r.Keys {
				if k.Group == "" {
					if v, ok := n.Home.read.Value(k.read()); ok && n.found != nil && j == 0 {
						portion{n, i, true}.give([]reflect.Value{v})
					}
					continue
				}
				at := stock{n.Home, k}
				if parts[at] == nil {
					stocks = append(stocks, at)
				}
				parts[at] = append(parts[at], portion{n, i, j == 0})
			}
		}
	}
	for _, at := range stocks {
		all := at.home.read.Group(at.key.read())
		values := all[min(g.attached.taken[at], len(all)):]
		g.attached.taken[at] = len(all)
		if !(certain || g.isChain(parts[at])) || !deal(values, parts[at]) {
			g.guess(at, values, parts[at])
		}
	}
}

// deal gives values to parts in order, and reports whether the numbers allow for it.
func deal(values []reflect.Value, parts []portion) bool {
	single, flattened := 0, 0
	for _, p := range parts {
		if p.node.Results[p.result].Flatten {
			flattened++
		} else {
			single++
		}
	}
	if flattened > 1 && !oneNode(parts) || single > len(values) || flattened == 0 && single != len(values) {
		return false
	}
	for _, p := range parts {
		count := 1
		if p.node.Results[p.result].Flatten {
			count = len(values) - single
		} else {
			single--
		}
		p.give(values[:count])
		values = values[count:]
	}
	return true
}

// oneNode reports whether all parts are one constructor's: it does not matter then which result is which.
func oneNode(parts []portion) bool {
	return !slices.ContainsFunc(parts, func(p portion) bool { return p.node != parts[0].node })
}

func (p portion) give(values []reflect.Value) {
	if p.node.found == nil || !p.first {
		return
	}
	returned := p.node.Scope.graph.attached.returned
	if returned[p.node] == nil {
		returned[p.node] = make(map[int][]reflect.Value)
	}
	returned[p.node][p.result] = append(returned[p.node][p.result], values...)
}

// isChain reports whether each node needs the one before it, so that there is but one order in which they can have been called.
func (g *graph) isChain(parts []portion) bool {
	for i := 1; i < len(parts); i++ {
		if parts[i].node != parts[i-1].node && !reaches(parts[i].node, parts[i-1].node) {
			return false
		}
	}
	return true
}

func reaches(from, to *Node) bool {
	seen := make(map[*Node]bool)
	var visit func(n *Node) bool
	visit = func(n *Node) bool {
		if n == to {
			return true
		}
		if seen[n] {
			return false
		}
		seen[n] = true
		return slices.ContainsFunc(n.edges(), func(e Edge) bool { return visit(e.To) })
	}
	return visit(from)
}

// guess gives values to makers by their types, and what types do not tell apart to the last called of those that may have made it: it
// may need the others, and none of them needs it.
func (g *graph) guess(at stock, values []reflect.Value, parts []portion) {
	shared := make(map[*Node]bool)
	for _, v := range values {
		var fits []portion
		for _, p := range slices.Backward(parts) {
			if mayBe(v, p.node.Results[p.result].Declared) {
				fits = append(fits, p)
			}
		}
		if len(fits) == 0 {
			fits = slices.Clone(parts)
			slices.Reverse(fits)
		}
		slices.SortStableFunc(fits, func(x, y portion) int { // ours know their values
			return cmp.Compare(rank(x.node), rank(y.node))
		})
		fits[0].give([]reflect.Value{v})
		if oneNode(fits) || !slices.ContainsFunc(fits, func(p portion) bool { return p.node.found != nil }) {
			continue
		}
		for _, p := range fits[1:] {
			shared[p.node] = true
			g.standFor(fits[0].node, p.node)
		}
		shared[fits[0].node] = true
	}
	if len(shared) == 0 {
		return
	}
	var names []string
	for _, p := range parts {
		if name := p.node.String(); shared[p.node] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	g.attached.unsure = append(g.attached.unsure, fmt.Sprintf(
		"%v: built before it was looked at, so it is not known which member is whose; each waits for what is needed by any of %s",
		at.key, strings.Join(names, ", ")))
}

func rank(n *Node) int {
	if n.found != nil {
		return 0
	}
	return 1
}

// standFor makes first count for other, too: it waits for what other needs, and who needs other waits for first.
func (g *graph) standFor(first, other *Node) {
	for _, e := range other.given {
		g.linkFreely(first, e.To)
	}
	g.linkFreely(other, first)
}

// linkFreely adds a link, unless it would close a cycle.
func (g *graph) linkFreely(from, to *Node) {
	if !slices.Contains(from.links, to) && !reaches(to, from) {
		from.links = append(from.links, to)
		g.guessed[guess{from, to}] = true
	}
}

// StandFor makes first count for other, too, of two nodes that may have made the same value: first waits for what other needs, and
// who needs other waits for first.
func (s *Scope) StandFor(first, other *Node) {
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	for _, to := range other.links {
		s.graph.linkFreely(first, to)
	}
	s.graph.standFor(first, other)
}

// mayBe reports whether a constructor that declares type t can have made v.
func mayBe(v reflect.Value, t reflect.Type) bool {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return t.Kind() == reflect.Interface
	}
	if t.Kind() == reflect.Interface {
		return v.Type().Implements(t)
	}
	return v.Type() == t
}
