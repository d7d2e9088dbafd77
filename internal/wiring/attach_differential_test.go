package wiring

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/dig"
)

// directly gives steps of a program to plain dig in both cases.
//
// What dig refuses and keeps a part of is not for the graph to know, and ends the program: a constructor that closes a cycle
// may stay in a parent scope, and a decorator whose second key is decorated already decorates the first, and hands out its
// second result, too, once it was called for the first.
type directly struct {
	container    *dig.Container
	plain, same  *world
	plainScopes  []digScope
	ours         []digScope
	shadow       []*Scope // a graph of the first steps, which tells what would kill dig
	shadowed     *world
	constructors map[*dig.Scope][]int
	decorators   map[*dig.Scope]map[Key]int
	identified   map[*dig.Scope]int
	half         bool           // dig has refused something, and kept a part of it: see below
	called       map[*Node]bool // before the last step that was done directly
}

func newDirectly(plain, ours *world, program []step, eager bool) *directly {
	newContainer := newContainer
	if eager {
		newContainer = func() *dig.Container { return dig.New(dig.RecoverFromPanics()) } // looks for cycles in Provide
	}
	d := &directly{
		container: newContainer(), plain: plain, same: ours,
		plainScopes: []digScope{newContainer()}, shadow: []*Scope{New(newContainer())}, shadowed: newWorld(program),
		constructors: map[*dig.Scope][]int{}, decorators: map[*dig.Scope]map[Key]int{}, identified: map[*dig.Scope]int{},
	}
	d.ours = []digScope{d.container}
	return d
}

// before does a step before the container is attached to.
func (d *directly) before(s step) {
	s.Scope %= len(d.ours)
	shadow := d.shadow[s.Scope]
	switch s.What {
	case "scope":
		d.shadow = append(d.shadow, shadow.Child("shadow"))
	case "provide":
		_, _ = shadow.Provide(d.shadowed.function(s), d.shadowed.provideOptions(s), nil)
	case "decorate":
		if _, twice := decoratedTwice(shadow, s); !twice {
			_, _ = shadow.Decorate(d.shadowed.function(s), nil, nil)
		}
	case "invoke":
		f := d.shadowed.function(s)
		w := shadow.graph.walk(newNode(Function, shadow, reflect.ValueOf(f)))
		_, err := shadow.Invoke(f, nil, nil)
		if errors.As(err, new(*CycleError)) || w.err != nil {
			return
		}
	}
	d.do(s)
}

// after does a step on a container that was attached to, unless it would kill dig.
func (d *directly) after(s step, root *Scope) {
	d.called = map[*Node]bool{}
	for _, n := range root.Nodes() {
		_, d.called[n] = n.Called()
	}
	s.Scope %= len(d.ours)
	if s.What == "invoke" {
		at := d.scopes(root)[s.Scope]
		w := root.graph.walk(newNode(Function, at, reflect.ValueOf(d.same.function(s))))
		if w.err != nil {
			return
		}
		_ = root.Look()
	}
	d.do(s)
}

// do does a step in both cases.
func (d *directly) do(s step) {
	plain, ours := d.plainScopes[s.Scope], d.ours[s.Scope]
	at := d.digScope(ours)
	switch s.What {
	case "scope":
		d.plainScopes = append(d.plainScopes, plain.Scope(fmt.Sprint("s", s.ID)))
		d.ours = append(d.ours, ours.Scope(fmt.Sprint("s", s.ID)))
	case "provide":
		_ = plain.Provide(d.plain.function(s), d.plain.provideOptions(s)...)
		err := ours.Provide(d.same.function(s), d.same.provideOptions(s)...)
		d.half = d.half || dig.IsCycleDetected(err)
		if err == nil {
			if s.Export {
				at = d.digScope(d.container)
			}
			d.constructors[at] = append(d.constructors[at], s.ID)
		}
	case "decorate":
		_ = plain.Decorate(d.plain.function(s), d.plain.decorateOptions(s)...)
		_ = ours.Decorate(d.same.function(s), d.same.decorateOptions(s)...)
		if d.decorators[at] == nil {
			d.decorators[at] = map[Key]int{}
		}
		for _, p := range s.Out {
			for i, slot := range p.Slots {
				k := Key{slot.Type, slot.Name, slot.Group}
				if _, known := d.decorators[at][k]; known {
					d.half = d.half || i > 0
					return
				}
				d.decorators[at][k] = s.ID
			}
		}
	case "invoke":
		_ = plain.Invoke(d.plain.function(s))
		_ = ours.Invoke(d.same.function(s))
	}
}

func (d *directly) digScope(s digScope) *dig.Scope {
	if child, ok := s.(*dig.Scope); ok {
		return child
	}
	return nil // the root
}

func (d *directly) scopes(root *Scope) []*Scope {
	var all []*Scope
	for _, s := range d.ours {
		at := root
		if child := d.digScope(s); child != nil {
			at = root.graph.attached.scopes[child]
		}
		all = append(all, at)
	}
	return all
}

// identify tells which step the nodes are that were found.
func (d *directly) identify(root *Scope, ids map[*Node]int, loose map[*Node]bool, fail func(string, ...any)) {
	for _, n := range root.Nodes() {
		if !n.Attached() {
			continue
		}
		if _, known := ids[n]; !known {
			home := d.digScope(n.Home.dig)
			if n.Kind == Constructor {
				if d.identified[home] >= len(d.constructors[home]) {
					fail("too many constructors are found: %v", n)
				}
				ids[n] = d.constructors[home][d.identified[home]]
				d.identified[home]++
			} else {
				for k, at := range n.Home.decorators {
					if at == n {
						ids[n] = d.decorators[home][k]
					}
				}
			}
		}
		if _, ok := n.Called(); ok && !d.called[n] {
			loose[n] = true
		}
	}
	for home, all := range d.constructors {
		if d.identified[home] != len(all) {
			fail("%d of %d constructors are found", d.identified[home], len(all))
		}
	}
}

func checkOrder(n *Node, ids map[*Node]int, fail func(string, ...any)) {
	order, _ := n.Called()
	for _, e := range n.Edges() {
		if e.Link {
			continue
		}
		if to, ok := e.To.Called(); !ok || to >= order {
			fail("%d has an edge to %d, which was called later or not at all", ids[n], ids[e.To])
		}
	}
}

// checkReturned compares what a constructor that was found is said to have returned with who has made it.
func checkReturned(n *Node, root *Scope, ids map[*Node]int, counts map[string]int, fail func(string, ...any)) {
	if !n.Attached() || n.Kind != Constructor {
		return
	}
	for i, r := range n.Results {
		k := r.Keys[0]
		if slices.ContainsFunc(root.Unsure(), func(s string) bool { return strings.HasPrefix(s, k.String()) }) {
			counts["unsure"]++
			continue
		}
		values := n.Returned(i)
		if !r.Flatten && len(values) != 1 {
			fail("%d has returned %d values for %v", ids[n], len(values), k)
		}
		counts["returned"]++
		for _, v := range values {
			for _, maker := range makersOf(v) {
				if id, _, _ := strings.Cut(maker, "#"); id != fmt.Sprint(ids[n]) {
					fail("%d is said to have made %v for %v", ids[n], maker, k)
				}
			}
		}
	}
}
