package container

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
)

// unit is one thing that starts and stops, in its place.
type unit struct {
	hooks.Unit
	layer    int
	function string // "shop.NewServer"
	location string // "server.go:42"
	value
	limits     unitLimits
	named      reflect.Type  // what it is named after; nil if it has a name of its own
	after      []*unit       // what it waits for, directly
	dependents []*unit       // what waits for it, directly
	cleared    chan struct{} // of run.clear; guarded by run.mu
	track      track
}

// arrange turns sources into units with names, layers and dependencies, in the order
// of registration of what made them. What is not used nobody waits for. The error is
// that of newOrder. The order is not changed afterwards.
func arrange(from *sources, used map[*wiring.Node]bool) (*order, error) {
	o, err := newOrder(from, used)
	if err != nil {
		return nil, err
	}
	for _, s := range o.list {
		for _, p := range s.parts {
			u := &unit{
				Unit:     hooks.Unit{Name: p.name, Type: p.typ, Constructor: s.node.String()},
				function: s.node.Name,
				location: s.node.Location(),
				value:    p.value,
				named:    p.named,
			}
			o.units[s.node] = append(o.units[s.node], u)
			o.all = append(o.all, u)
		}
	}
	tellPackagesApart(o.all)
	makeUnique(o.all)
	for _, s := range o.list {
		o.connect(s)
	}
	return o, nil
}

// order finds who waits for whom, on the graph of what dig wires.
type order struct {
	list    []*source // in the order of registration
	all     []*unit   // in that order, too
	used    map[*wiring.Node]bool
	units   map[*wiring.Node][]*unit
	instead map[*wiring.Node][]detour       // what a node waits for beside its edges
	near    map[*wiring.Node][]*wiring.Node // the nearest nodes with units that a node reaches
	layers  map[*wiring.Node]int
}

// detour is what a node waits for beside its edges. Who waits for whom then is
//
//   - a decorator for what Depend says of the constructor of which it stands for the
//     value: that has edge, and made is the constructor;
//   - who took the raw value, by edge, for the decorator that stands for it;
//   - who returns what another one has made, for that: it has no edge.
type detour struct {
	to   *wiring.Node
	edge wiring.Edge
	made *wiring.Node
}

// detour adds what n waits for, once.
func (o *order) detour(n *wiring.Node, d detour) {
	if slices.ContainsFunc(o.instead[n], func(known detour) bool { return known.to == d.to }) {
		return
	}
	if o.instead == nil {
		o.instead = make(map[*wiring.Node][]detour)
	}
	o.instead[n] = append(o.instead[n], d)
}

// newOrder returns the order of sources. The error is a cycle that only shows when
// decorators stand in the place of what they decorate.
func newOrder(from *sources, used map[*wiring.Node]bool) (*order, error) {
	o := &order{
		list:   slices.SortedFunc(slices.Values(from.list), func(x, y *source) int { return bySeq(x.node, y.node) }),
		used:   used,
		units:  make(map[*wiring.Node][]*unit),
		near:   make(map[*wiring.Node][]*wiring.Node),
		layers: make(map[*wiring.Node]int),
	}
	if err := o.replace(from.replaced); err != nil {
		return nil, err
	}
	o.share(from.shared)
	return o, nil
}

// replace has a decorator wait for what Depend says of the constructor that it
// stands for, and has who takes the raw value wait for the decorator, too, unless
// the decorator needs it and it took the value under another key.
func (o *order) replace(replaced relation) error {
	if len(replaced) == 0 {
		return nil
	}
	for _, c := range replaced.nodes() {
		for _, e := range o.edges(c) {
			for _, d := range replaced[c] {
				if !e.Link || e.Guess || e.To == d {
					continue
				}
				if o.reaches(e.To, d) {
					return fmt.Errorf("cycle: %v needs the value of %v, which runs in the place of that of %v, and so waits for the first by Depend", e.To, d, c)
				}
				o.detour(d, detour{to: e.To, edge: e, made: c})
			}
		}
	}
	reached := make(map[*wiring.Node]bool)
	for _, s := range o.list {
		o.reach(s.node, reached)
	}
	above := make(map[*wiring.Node]map[*wiring.Node]bool) // decorators: what they reach
	for _, n := range sorted(reached) {
		edges := slices.Clip(o.edges(n))
		for _, d := range o.instead[n] {
			edges = append(edges, wiring.Edge{To: d.to, Link: true}) // without a Param, as no other has
		}
		for _, e := range edges {
			for _, d := range replaced[e.To] {
				if above[d] == nil {
					above[d] = make(map[*wiring.Node]bool)
					o.reach(d, above[d])
				}
				switch {
				case n == d:
				case !above[d][n]:
					o.detour(n, detour{to: d, edge: e})
					for _, reached := range above {
						if reached[n] {
							maps.Copy(reached, above[d])
						}
					}
				case !e.Link && decoratesKey(d, e.Param.Key):
					return fmt.Errorf("cycle: %v decorates %v and waits for %v, which took that undecorated; decorate before that is called", d, e.Param.Key, n)
				}
			}
		}
	}
	return nil
}

// share has a constructor that returns what another one has made wait for that, and
// so who takes it from there: it runs where it was made first. If the other waits for
// the former, by Depend, there is nothing to do.
func (o *order) share(shared relation) {
	for _, n := range shared.nodes() {
		for _, first := range shared[n] {
			passedOn := slices.Contains(o.waitsFor(n), first) || o.reaches(n, first)
			if !passedOn && !o.reaches(first, n) {
				o.detour(n, detour{to: first})
			}
		}
	}
}

// reaches reports whether from waits for to, directly or not.
func (o *order) reaches(from, to *wiring.Node) bool {
	reached := make(map[*wiring.Node]bool)
	o.reach(from, reached)
	return reached[to]
}

// decoratesKey reports whether d returns a value for k.
func decoratesKey(d *wiring.Node, k wiring.Key) bool {
	return slices.ContainsFunc(d.Results, func(r wiring.Result) bool { return slices.Contains(r.Keys, k) })
}

// reach adds n, and all that it waits for, to reached.
func (o *order) reach(n *wiring.Node, reached map[*wiring.Node]bool) {
	if reached[n] {
		return
	}
	reached[n] = true
	for _, to := range o.waitsFor(n) {
		o.reach(to, reached)
	}
}

// edges returns the edges of n that count.
func (o *order) edges(n *wiring.Node) []wiring.Edge {
	edges := n.Edges()
	if !slices.ContainsFunc(edges, o.isIdle) {
		return edges
	}
	return slices.DeleteFunc(slices.Clone(edges), o.isIdle)
}

// isIdle reports whether an edge, of Depend or a soft group, leads to what is not
// used: there is no value to wait for. Of invoked functions, and of what is known by an
// outline only, it is not noted.
func (o *order) isIdle(e wiring.Edge) bool {
	return (e.Link || e.Soft) && !o.used[e.To] && e.To.Kind != wiring.Function && !e.To.Outlined()
}

// waitsFor returns what n waits for directly.
func (o *order) waitsFor(n *wiring.Node) []*wiring.Node {
	var to []*wiring.Node
	for _, e := range o.edges(n) {
		to = append(to, e.To)
	}
	for _, d := range o.instead[n] {
		to = append(to, d.to)
	}
	return to
}

// connect gives the units of a source their layer and dependencies. Its hooks start
// in the order of Append, then its values, all at once.
func (o *order) connect(s *source) {
	var after []*unit
	for _, n := range o.nearest(s.node) {
		after = append(after, o.last(n)...)
	}
	layer := o.layer(s.node)
	for i, u := range o.units[s.node] {
		u.layer = layer
		u.after = after
		u.DependsOn = slices.Grow(u.DependsOn, len(after))
		for _, d := range after {
			u.DependsOn = append(u.DependsOn, d.Name)
		}
		if s.parts[i].hook {
			after = []*unit{u}
		}
	}
}

// last returns the units of n that run when all of them do: its values, or else its
// last hook.
func (o *order) last(n *wiring.Node) []*unit {
	units := o.units[n]
	first := slices.IndexFunc(units, func(u *unit) bool { return u.Type != "" })
	if first < 0 {
		first = len(units) - 1
	}
	return units[first:]
}

// layer is 1 + the highest layer among the nearest that run, 0 if there is none.
func (o *order) layer(n *wiring.Node) int {
	if l, ok := o.layers[n]; ok {
		return l
	}
	layer := 0
	for _, d := range o.nearest(n) {
		layer = max(layer, 1+o.layer(d))
	}
	o.layers[n] = layer
	return layer
}

// nearest returns the nodes with units that n reaches through such without, in the
// order of registration.
func (o *order) nearest(n *wiring.Node) []*wiring.Node {
	if near, ok := o.near[n]; ok {
		return near
	}
	var found []*wiring.Node
	for _, to := range o.waitsFor(n) {
		if len(o.units[to]) > 0 {
			found = append(found, to)
		} else {
			found = append(found, o.nearest(to)...)
		}
	}
	slices.SortFunc(found, bySeq)
	o.near[n] = slices.Compact(found)
	return o.near[n]
}

// sorted returns nodes in the order of registration.
func sorted(nodes map[*wiring.Node]bool) []*wiring.Node {
	return slices.SortedFunc(maps.Keys(nodes), bySeq)
}
