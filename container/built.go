package container

import (
	"cmp"
	"slices"

	"github.com/strata-go/strata/internal/wiring"
)

// built returns what runs, exactly. It is called after the build. The error is that of
// an adapter.
func (a *App) built(decorated *decorations, adapt adaptation) (*sources, error) {
	makers := a.allMakers() // sealed: they do not change any more
	b := &settlement{
		adapt:     adapt,
		decorated: decorated,
		raw:       make(map[instance][]*wiring.Node),
		known:     make(map[instance]*wiring.Node),
	}
	for _, m := range makers {
		b.findReplaced(m)
	}
	for _, m := range makers {
		b.noteReplaced(m)
	}
	// In the order of the calls, so that what is passed on belongs to who made it.
	rest := decorated.list
	for _, m := range makers {
		for len(rest) > 0 && byCall(rest[0].node, m.node) < 0 {
			b.addDecorated(rest[0])
			rest = rest[1:]
		}
		if err := b.addMade(m); err != nil {
			return nil, err
		}
	}
	for _, at := range rest {
		b.addDecorated(at)
	}
	return &b.sources, nil
}

// byCall compares nodes by when they were called.
func byCall(x, y *wiring.Node) int {
	i, _ := x.Called()
	j, _ := y.Called()
	return cmp.Compare(i, j)
}

// decorations are the values that decorators have returned and that run.
type decorations struct {
	list   []decoration // in the order of the calls
	values map[decoration][]value
}

// decoration is what a decorator returned for one key.
type decoration struct {
	node *wiring.Node
	key  wiring.Key
}

// decorations asks dig for the values of the decorators that were called.
func (a *App) decorations(adapt adaptation) (*decorations, error) {
	found := &decorations{values: make(map[decoration][]value)}
	for _, n := range a.root.wiring.Nodes() {
		if _, called := n.Called(); !called || n.Kind != wiring.Decorator {
			continue
		}
		for _, r := range n.Results {
			if !a.mayRun(r) {
				continue
			}
			at := decoration{n, r.Keys[0]}
			v, err := n.Scope.Value(at.key)
			if err != nil {
				return nil, err
			}
			for _, of := range a.running(v, r.Flatten) {
				v, err := adapt(n, value{of: of, key: at.key})
				if err != nil {
					return nil, err
				}
				if v.runner != nil {
					found.values[at] = append(found.values[at], v)
				}
			}
			if len(found.values[at]) > 0 {
				found.list = append(found.list, at)
			}
		}
	}
	slices.SortStableFunc(found.list, func(x, y decoration) int { return byCall(x.node, y.node) })
	return found, nil
}

// settlement decides, of all values that were made, which run, and in whose place.
type settlement struct {
	sources
	adapt     adaptation
	decorated *decorations
	raw       map[instance][]*wiring.Node // the decorators whose values run instead
	known     map[instance]*wiring.Node   // who made what runs already
}

// findReplaced notes the values of m that decorators replace.
func (b *settlement) findReplaced(m *maker) {
	for _, v := range m.values {
		d := b.replacing(m.node, v)
		if d == nil {
			continue
		}
		b.replaced.note(m.node, d)
		if id, ok := instanceOf(v.of); ok {
			b.raw[id] = append(b.raw[id], d)
		}
	}
}

// noteReplaced notes those values of m that are replaced under another key, under
// which somebody has passed them on.
func (b *settlement) noteReplaced(m *maker) {
	for _, v := range m.values {
		if id, ok := instanceOf(v.of); ok {
			for _, d := range b.raw[id] {
				b.replaced.note(m.node, d)
			}
		}
	}
}

// addMade adds the hooks and values of m that run. A value that is replaced does
// not, under whatever other key it is passed on.
func (b *settlement) addMade(m *maker) error {
	if len(m.hooks) > 0 {
		b.get(m.node).addHooks(m.hooks)
	}
	for _, v := range m.values {
		if id, ok := instanceOf(v.of); ok && b.raw[id] != nil || b.replacing(m.node, v) != nil {
			continue
		}
		v, err := b.adapt(m.node, v)
		if err != nil {
			return err
		}
		if v.runner != nil {
			b.add(m.node, v)
		}
	}
	return nil
}

// addDecorated adds what a decorator returned for a key and what runs.
func (b *settlement) addDecorated(at decoration) {
	for _, v := range b.decorated.values[at] {
		b.add(at.node, v)
	}
}

// add adds v, unless it is there already: then n is noted to share it with who made
// it first.
func (b *settlement) add(n *wiring.Node, v value) {
	if id, ok := instanceOf(v.of); ok {
		if first := b.known[id]; first != nil {
			if first != n {
				b.shared.note(n, first)
			}
			return
		}
		b.known[id] = n
	}
	b.get(n).add(v)
}

// replacing returns the decorator whose value runs in the place of v, which n made,
// nil if there is none.
func (b *settlement) replacing(n *wiring.Node, v value) *wiring.Node {
	for _, r := range n.Results {
		if r.Keys[0] != v.key {
			continue
		}
		if d := replacing(n, r, b.runs); d != nil {
			return d
		}
	}
	return nil
}

// runs reports whether d returned something that runs for k.
func (b *settlement) runs(d *wiring.Node, k wiring.Key) bool {
	return len(b.decorated.values[decoration{d, k}]) > 0
}
