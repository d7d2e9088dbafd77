package container

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
)

// source is a constructor, a decorator or an invoked function of which something
// runs.
type source struct {
	node  *wiring.Node
	parts []part // hooks first, then values
}

// part is one thing of a source that runs: a unit to be.
type part struct {
	value
	hook  bool
	name  string       // before it is made unique
	named reflect.Type // what it is named after; nil if it has a name of its own
	typ   string       // of the value, empty for a hook
}

// addHooks adds hooks, which are named after the function unless they have names.
func (s *source) addHooks(appended []hooks.Hook) {
	for _, h := range appended {
		name := tidy(h.Name)
		if name == "" {
			name = s.node.Name + " hook"
		}
		s.parts = append(s.parts, part{value: value{runner: hooks.Runner(h)}, hook: true, name: name})
	}
}

// add adds a value that runs.
func (s *source) add(v value) {
	t := reflect.TypeOf(v.of)
	p := part{value: v, name: ownName(v.of), typ: typeName(t)}
	if p.name == "" {
		p.name, p.named = valueName(p.typ, v.key), t
	}
	s.parts = append(s.parts, p)
}

// name returns what the value is called in an error.
func (v value) name() string {
	if name := ownName(v.of); name != "" {
		return name
	}
	return valueName(typeName(reflect.TypeOf(v.of)), v.key)
}

// addDeclared adds a result that will run, going by its type.
func (s *source) addDeclared(r wiring.Result) {
	p := part{value: value{key: r.Keys[0]}, named: r.Declared, typ: typeName(r.Declared)}
	p.name = valueName(p.typ, p.key)
	s.parts = append(s.parts, p)
}

// sources are the sources of an app, each once, and what is known of others beside.
type sources struct {
	list     []*source
	of       map[*wiring.Node]*source
	replaced relation // by constructors: the decorators that run in the place of their values
	shared   relation // by constructors that return what others have made: those
}

func (s *sources) get(n *wiring.Node) *source {
	if s.of == nil {
		s.of = make(map[*wiring.Node]*source)
	}
	if s.of[n] == nil {
		s.of[n] = &source{node: n}
		s.list = append(s.list, s.of[n])
	}
	return s.of[n]
}

// relation has other nodes by node, each once.
type relation map[*wiring.Node][]*wiring.Node

func (r *relation) note(n, other *wiring.Node) {
	if *r == nil {
		*r = make(relation)
	}
	if !slices.Contains((*r)[n], other) {
		(*r)[n] = append((*r)[n], other)
	}
}

// nodes returns the nodes that have others, in the order of registration.
func (r relation) nodes() []*wiring.Node {
	return slices.SortedFunc(maps.Keys(r), bySeq)
}

func bySeq(x, y *wiring.Node) int { return cmp.Compare(x.Seq, y.Seq) }

// decorator returns the decorator of k that is nearest to a scope, on the way to
// the root.
func decorator(from *wiring.Scope, k wiring.Key) *wiring.Node {
	for at := from; at != nil; at = at.Parent() {
		if d := at.Decorator(k); d != nil {
			return d
		}
	}
	return nil
}

// replacing returns the decorator whose value runs in the place of result r of n,
// nil if there is none.
func replacing(n *wiring.Node, r wiring.Result, runs func(d *wiring.Node, k wiring.Key) bool) *wiring.Node {
	for _, k := range r.Keys {
		if d := decorator(n.Home, k); d != nil && runs(d, k) && decorates(d, k, n) {
			return d
		}
	}
	return nil
}

// decorates reports whether what d returns for k stands for the value of n: d takes
// that value, or none at all.
func decorates(d *wiring.Node, k wiring.Key, n *wiring.Node) bool {
	takes := false
	for _, e := range d.Edges() {
		if e.Link || e.Param.Key != k {
			continue
		}
		takes = true
		if e.To == n || e.To.Kind == wiring.Decorator && decorates(e.To, k, n) {
			return true
		}
	}
	return !takes
}
