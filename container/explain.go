package container

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
)

// chains returns why each unit waits for what it waits for, in the order of the plan:
// for each the shortest chain, and of those of one length the one that dig goes first.
func (a *App) chains(o *order) []hooks.Chain {
	makers := make(map[*unit]*wiring.Node, len(o.all))
	for n, units := range o.units {
		for _, u := range units {
			makers[u] = n
		}
	}
	e := &explanation{app: a, order: o, hops: make(map[*wiring.Node][]hop)}
	layers := make([][]hooks.Chain, len(o.all)) // there are no more
	for _, s := range o.list {
		ways := e.waysFrom(s.node)
		for _, u := range o.units[s.node] {
			for _, d := range u.after {
				chain := hooks.Chain{Unit: u.Name, DependsOn: d.Name}
				if to := makers[d]; to == s.node {
					chain.Links = []hooks.Link{e.link(s.node, together(s.node, u))}
				} else {
					chain.Links = e.links(ways, s.node, to)
				}
				layers[u.layer] = append(layers[u.layer], chain)
			}
		}
	}
	return slices.Concat(layers...)
}

// together says why a unit waits for another one of the same constructor, which is a
// hook.
func together(n *wiring.Node, u *unit) string {
	if u.Type == "" {
		return said(n) + " appended that hook first"
	}
	return said(n) + " appended that hook, and the hooks of a constructor start before its values"
}

// explanation finds chains, and puts them into words.
type explanation struct {
	app   *App
	order *order
	hops  map[*wiring.Node][]hop // by where they begin
}

// hop is one thing that a node waits for: by one of its edges, or by a detour.
type hop struct {
	from, to *wiring.Node
	edge     wiring.Edge
	detour   *detour
}

// hopsFrom returns the hops of a node, the edges in dig's order first.
func (e *explanation) hopsFrom(n *wiring.Node) []hop {
	if hops, known := e.hops[n]; known {
		return hops
	}
	var hops []hop
	for _, edge := range e.order.edges(n) {
		hops = append(hops, hop{from: n, to: edge.To, edge: edge})
	}
	for i, d := range e.order.instead[n] {
		hops = append(hops, hop{from: n, to: d.to, edge: d.edge, detour: &e.order.instead[n][i]})
	}
	e.hops[n] = hops
	return hops
}

// waysFrom returns, for each node that is reached from n through such of which nothing
// runs, the last hop of the shortest way there.
func (e *explanation) waysFrom(n *wiring.Node) map[*wiring.Node]hop {
	ways := make(map[*wiring.Node]hop)
	left := len(e.order.near[n])
	for next := []*wiring.Node{n}; len(next) > 0 && left > 0; next = next[1:] {
		for _, h := range e.hopsFrom(next[0]) {
			if _, known := ways[h.to]; known || h.to == n {
				continue
			}
			ways[h.to] = h
			if len(e.order.units[h.to]) > 0 {
				left--
			} else if len(e.order.near[h.to]) > 0 {
				next = append(next, h.to)
			}
		}
	}
	return ways
}

// links returns the chain from one node to another; none if somebody changes the setup
// meanwhile.
func (e *explanation) links(ways map[*wiring.Node]hop, from, to *wiring.Node) []hooks.Link {
	var chain []hop
	for at := to; at != from; at = chain[len(chain)-1].from {
		h, known := ways[at]
		if !known {
			return nil
		}
		chain = append(chain, h)
	}
	slices.Reverse(chain)
	var links []hooks.Link
	for i, h := range chain {
		l := e.link(h.from, e.clause(chain[:i], h))
		if h.takes() {
			l.Takes = keyText(h.edge.Param)
		}
		links = append(links, l)
	}
	return append(links, e.link(to, e.end(chain)))
}

func (e *explanation) link(n *wiring.Node, text string) hooks.Link {
	l := hooks.Link{Constructor: n.String(), File: n.File, Line: n.Line, Text: text}
	if n.Location() == "?" {
		l.File, l.Line = "", 0
	}
	return l
}

// takes reports whether what is waited for is a parameter, as dig fills it.
func (h hop) takes() bool { return h.detour == nil && !h.edge.Link }

// clause says why the start of h waits for its end. The sentence goes on from the hops
// before, if there are any: the last has ended with the key that is taken, or with the
// name of who is waited for.
func (e *explanation) clause(before []hop, h hop) string {
	n, verb := h.from, e.verb(h)
	if len(before) == 0 {
		return said(n) + " " + verb
	}
	last := before[len(before)-1]
	if !last.takes() {
		return "which " + verb
	}
	and, key := joint(before), last.edge.Param.Key
	switch {
	case !h.takes() && n.Kind == wiring.Decorator:
		return and + "decorated by " + said(n) + ", which " + verb
	case !h.takes() && key.Group != "":
		return and + "with a member by " + said(n) + ", which " + verb
	case !h.takes():
		return and + "made by " + said(n) + ", which " + verb
	case h.decoratesFor(last):
		return and + "which " + said(n) + " decorates"
	case n.Kind == wiring.Decorator:
		return and + "which " + said(n) + " decorates with " + keyText(h.edge.Param)
	case key.Group != "":
		return and + "to which " + said(n) + " adds what it builds from " + keyText(h.edge.Param)
	}
	return and + "which " + said(n) + " builds from " + keyText(h.edge.Param)
}

// end says who has made what the last hop of a chain takes; nothing if that has named
// it.
func (e *explanation) end(chain []hop) string {
	last := chain[len(chain)-1]
	if !last.takes() {
		return ""
	}
	and, n := joint(chain), last.to
	switch {
	case n.Kind == wiring.Decorator:
		return and + "which " + said(n) + " decorates"
	case last.edge.Param.Key.Group != "":
		return and + "to which " + said(n) + " adds"
	case e.app.isSupplied(n):
		return and + "which " + said(n) + " supplies"
	}
	return and + "which " + said(n) + " makes"
}

// decoratesFor reports whether a decorator takes what it decorates for the hop before.
func (h hop) decoratesFor(before hop) bool {
	return h.from.Kind == wiring.Decorator && h.takes() && before.takes() && h.edge.Param.Key == before.edge.Param.Key
}

// joint is how a sentence goes on from hops: of what is decorated it has told the
// decorator, and the maker follows.
func joint(before []hop) string {
	if i := len(before) - 1; i > 0 && before[i].decoratesFor(before[i-1]) {
		return "and "
	}
	return ""
}

// verb says how the start of h waits for its end: it ends with the key that is taken,
// or else with who is waited for.
func (e *explanation) verb(h hop) string {
	switch {
	case h.takes():
		return "takes " + keyText(h.edge.Param)
	case h.detour != nil:
		return e.detourVerb(h.from, h.detour)
	}
	return e.linkVerb(h.from, h.edge)
}

func (e *explanation) detourVerb(n *wiring.Node, d *detour) string {
	const instead = ", in the place of whose value runs that of "
	switch {
	case d.made != nil:
		return "runs in the place of what " + said(d.made) + " made, which " + e.linkVerb(d.made, d.edge)
	case d.edge.To == nil:
		return "returns what was made by " + said(d.to)
	case d.edge.Link:
		return e.linkVerb(n, d.edge) + instead + said(d.to)
	}
	return "takes " + keyText(d.edge.Param) + " from " + said(d.edge.To) + instead + said(d.to)
}

// linkVerb is verb for a link, which may stand for a detour.
func (e *explanation) linkVerb(n *wiring.Node, edge wiring.Edge) string {
	to := said(edge.To)
	if edge.Param == nil {
		for i, d := range e.order.instead[n] {
			if d.to == edge.To {
				return e.detourVerb(n, &e.order.instead[n][i])
			}
		}
	}
	switch {
	case edge.To.Kind == wiring.Function:
		return "invokes " + to
	case n.Outlined():
		return "takes what is made by " + to
	case edge.Guess:
		return "waits, as it is not known who made what, for " + to
	}
	return "waits, by " + strings.Join(e.app.dependsBetween(n, edge.To), " and ") + ", for " + to
}

// dependsBetween returns the calls of Depend that have one node wait for another:
// "Depend (main.go:40)".
func (a *App) dependsBetween(n, to *wiring.Node) []string {
	a.mu.Lock()
	depends := a.depends
	a.mu.Unlock()
	var calls []string
	for _, d := range depends {
		call := "Depend (" + d.at + ")"
		if n.Provides(d.dependent) && to.Provides(d.dependency) && !slices.Contains(calls, call) {
			calls = append(calls, call)
		}
	}
	if len(calls) == 0 {
		calls = []string{"Depend"}
	}
	return calls
}

func (a *App) isSupplied(n *wiring.Node) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.supplied[n]
}

// said is how a node is called in a sentence: "shop.NewServer (server.go:42)", with its
// scope unless it is the root.
func said(n *wiring.Node) string {
	if name := n.Scope.Name(); name != "" {
		return fmt.Sprintf("%v in scope %s", n, strconv.Quote(name))
	}
	return n.String()
}

// keyText is a parameter in dig's notation: *shop.DB[name="ro", optional].
func keyText(p *wiring.Param) string {
	var tags []string
	if p.Key.Name != "" {
		tags = append(tags, fmt.Sprintf("name=%q", p.Key.Name))
	}
	if p.Key.Group != "" {
		tags = append(tags, fmt.Sprintf("group=%q", p.Key.Group))
	}
	if p.Optional {
		tags = append(tags, "optional")
	}
	if p.Soft {
		tags = append(tags, "soft")
	}
	text := typeName(p.Key.Type)
	if len(tags) > 0 {
		text += "[" + strings.Join(tags, ", ") + "]"
	}
	return text
}
