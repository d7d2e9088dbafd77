package wiring

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"go.uber.org/dig"
	"pgregory.net/rapid"

	"github.com/strata-go/strata/internal/digtypes"
)

// The differential test gives the same random program, of Scope, Provide, Decorate and Invoke, to plain dig and to this
// package, and compares what was called in which order with which arguments, all errors, and what the graph
// had predicted. A second one gives the beginning of the program, and a part of the rest, to plain dig in both cases, and attaches to
// that.

func newContainer() *dig.Container {
	return dig.New(dig.DeferAcyclicVerification(), dig.RecoverFromPanics())
}

func TestTheGraphKnowsWhatDigDoes(t *testing.T) {
	counts := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		program := drawProgram(t)
		run := func(program []step) string { return compare(program, counts, 0) }
		if run(program) != "" {
			t.Fatal(run(smallest(program, run)))
		}
	})
	t.Log(counts)
}

func TestAnAttachedGraphKnowsWhatDigDoes(t *testing.T) {
	counts := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		program := drawProgram(t)
		from := 1 + int(rapid.Uint64().Draw(t, "from")%uint64(len(program)-1))
		run := func(program []step) string { return compare(program, counts, from) }
		if run(program) != "" {
			t.Fatal(run(smallest(program, run)))
		}
	})
	t.Log(counts)
}

// smallest leaves out of a failing program what it fails without.
func smallest(program []step, run func([]step) string) []step {
	for i := 0; i < len(program); {
		if less := slices.Delete(slices.Clone(program), i, i+1); run(less) != "" {
			program, i = less, 0
			continue
		}
		i++
	}
	return program
}

type failure string

// compare attaches to a container that was given all steps with a number below from, if that is not 0.
func compare(program []step, counts map[string]int, from int) (failed string) {
	plain, ours := newWorld(program), newWorld(program)
	c := newContainer()
	plainScopes, scopes := []digScope{c}, []*Scope{New(newContainer())}
	root := scopes[0]
	ids := map[*Node]int{}
	var direct *directly
	if from > 0 {
		direct = newDirectly(plain, ours, program, from%3 == 0)
		plainScopes = direct.plainScopes
		scopes = nil
	}
	loose := map[*Node]bool{} // called without our walking ahead
	byID := map[int]step{}
	wrapping := func(s step) func(*Node) Interceptor {
		if !s.Wrap {
			return nil
		}
		return func(*Node) Interceptor {
			return func(args []reflect.Value, call func([]reflect.Value) []reflect.Value) []reflect.Value {
				return call(args)
			}
		}
	}
	fail := func(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			failed = string(p) + "\nprogram:\n"
			for _, s := range program {
				failed += s.String() + "\n"
			}
			failed += "called:\n" + strings.Join(ours.log, "\n")
		case runtime.Error:
			if direct == nil || !strings.Contains(string(debug.Stack()), "dig/internal/graph.isAcyclic") {
				panic(p)
			}
			counts["dig is lost"]++ // when it looks for cycles in Provide, groups and scopes make it read past an end
		default:
			panic(p)
		}
	}()

	stale := ""                            // dig recovers from panics
	if program[len(program)-1].ID%2 == 0 { // not always, as it keeps nothing for long
		ours.look = func() { stale = cmp.Or(stale, checkKept(root)) }
	}
	for _, s := range program {
		counts[s.What]++
		byID[s.ID] = s
		if ours.look != nil {
			ours.look()
		}
		if stale != "" {
			fail("%s", stale)
		}
		if direct != nil {
			if s.ID < from {
				direct.before(s)
				if direct.half {
					counts["refused by half"]++
					return ""
				}
				plainScopes = direct.plainScopes
				continue
			}
			if scopes == nil {
				var err error
				if root, err = Attach(direct.container); err != nil {
					fail("Attach: %v", err)
				}
				counts["attached"]++
				scopes = direct.scopes(root)
				direct.identify(root, ids, loose, fail)
			}
			if (s.ID*7+from)%4 == 0 {
				counts["direct "+s.What]++
				direct.after(s, root)
				if direct.half {
					counts["refused by half"]++
					return ""
				}
				if err := root.Look(); err != nil {
					fail("Look: %v", err)
				}
				plainScopes, scopes = direct.plainScopes, direct.scopes(root)
				direct.identify(root, ids, loose, fail)
				continue
			}
			direct.ours = nil // they are made again when needed
			for _, s := range scopes {
				direct.ours = append(direct.ours, s.dig)
			}
		}
		s.Scope %= len(scopes)
		switch s.What {
		case "scope":
			plainScopes = append(plainScopes, plainScopes[s.Scope].Scope(fmt.Sprint("s", s.ID)))
			scopes = append(scopes, scopes[s.Scope].Child(fmt.Sprint("s", s.ID)))
			if direct != nil {
				direct.plainScopes = plainScopes
				direct.ours = append(direct.ours, scopes[len(scopes)-1].dig)
			}

		case "provide":
			want := plainScopes[s.Scope].Provide(plain.function(s), plain.provideOptions(s)...)
			n, err := scopes[s.Scope].Provide(ours.function(s), ours.provideOptions(s), wrapping(s))
			if text(err) != text(want) {
				fail("Provide: %v, want %v", err, want)
			}
			if direct != nil && dig.IsCycleDetected(err) {
				counts["refused by half"]++
				return ""
			}
			if err == nil {
				ids[n] = s.ID
			} else if n != nil {
				fail("a node with an error")
			}

		case "decorate":
			// dig's is not atomic, so it is spared what would be refused.
			if key, ok := decoratedTwice(scopes[s.Scope], s); ok {
				_, err := scopes[s.Scope].Decorate(ours.function(s), ours.decorateOptions(s), wrapping(s))
				if err == nil || !strings.HasSuffix(err.Error(), key.String()+" already decorated") {
					fail("Decorate: %v, want %v already decorated", err, key)
				}
				continue
			}
			want := plainScopes[s.Scope].Decorate(plain.function(s), plain.decorateOptions(s)...)
			n, err := scopes[s.Scope].Decorate(ours.function(s), ours.decorateOptions(s), wrapping(s))
			if text(err) != text(want) {
				fail("Decorate: %v, want %v", err, want)
			}
			if err == nil {
				ids[n] = s.ID
			}

		case "invoke":
			f := ours.function(s)
			probe := newNode(Function, scopes[s.Scope], reflect.ValueOf(f))
			var predicted []int
			before := ours.count()
			w := root.graph.walk(probe)
			for _, n := range w.order {
				if n != probe {
					predicted = append(predicted, ids[n])
				}
			}
			cycle := root.Cycle([]*Node{probe})
			missing := root.Missing([]*Node{probe})
			closure, zeros := reached(probe)

			n, err := scopes[s.Scope].Invoke(f, nil, wrapping(s))
			var cycleErr *CycleError
			if errors.As(err, &cycleErr) {
				counts["cycle"]++
				checkCycle(cycleErr, fail)
				if cycle == nil && len(w.lost) == 0 {
					fail("Invoke: %v, but Cycle finds none", err)
				}
				if ours.count() != before {
					fail("something was built in spite of a cycle")
				}
				continue // plain dig would die
			}
			if w.err != nil {
				counts["broken"]++
				if err == nil {
					fail("a failed decorator was passed over")
				}
				continue // plain dig would pass over it
			}
			want := invokeAlike(plainScopes[s.Scope], plain.function(s), err, counts)
			if text(err) != text(want) {
				fail("Invoke: %v, want %v", err, want)
			}
			if !slices.Equal(ours.log, plain.log) {
				fail("calls differ:\n%v\nwant\n%v", strings.Join(ours.log, "\n"), strings.Join(plain.log, "\n"))
			}
			if !slices.Equal(ours.infos, plain.infos) {
				fail("callbacks differ: %v, want %v", ours.infos, plain.infos)
			}
			if dig.IsCycleDetected(err) {
				counts["cycle by dig"]++
				continue
			}
			if err == nil && slices.ContainsFunc(root.Nodes(), (*Node).Stalled) {
				counts["stalled"]++ // what it returned beside its error may be handed out
				continue
			}
			actual := ours.since(before)
			if i := slices.Index(actual, s.ID); i >= 0 {
				actual = slices.Delete(actual, i, i+1)
			}
			if err == nil && !slices.Equal(actual, predicted) {
				fail("called %v, predicted %v", actual, predicted)
			}
			if len(actual) > len(predicted) || !slices.Equal(actual, predicted[:len(actual)]) {
				fail("called %v with %v, predicted %v", actual, err, predicted)
			}
			if err == nil {
				counts["invoked"]++
				checkEdges(n, s, ours, ids, fail)
				for n := range ids {
					if _, ok := n.Called(); !ok {
						continue
					}
					if loose[n] {
						checkOrder(n, ids, fail)
					} else {
						checkEdges(n, byID[ids[n]], ours, ids, fail)
					}
					checkReturned(n, root, ids, counts, fail)
				}
			}
			if cycle == nil && len(w.lost) == 0 {
				fails := strings.Contains(text(err), "fails")
				if !fails && (err == nil) != (w.ended == built) {
					fail("Invoke: %v, but predicted %v", err, w.ended)
				}
				if !fails && err != nil && len(missing) == 0 {
					fail("Invoke: %v, but nothing is missing", err)
				}
				if err == nil && len(missing) > 0 && !decoratedAlone(missing, scopes) {
					fail("Invoke has succeeded, but missing %v", missing)
				}
				if err == nil {
					for n := range closure {
						if _, ok := n.Called(); !ok && n != probe {
							fail("%d was not called", ids[n])
						}
					}
					if !zeros {
						for _, id := range actual {
							if !slices.ContainsFunc(slices.Collect(keys(closure)), func(n *Node) bool { return ids[n] == id }) {
								fail("%d was called, but no edge leads to it", id)
							}
						}
					}
				}
			} else {
				counts["static cycle"]++
			}
		}
	}
	return ""
}

// decoratedAlone reports whether one of the missing keys is decorated without being provided: dig fills it after all if the
// decorator happened to be called for another key before.
func decoratedAlone(missing []error, scopes []*Scope) bool {
	for _, err := range missing {
		for _, s := range scopes {
			if s.decorators[err.(*MissingError).Key] != nil {
				return true
			}
		}
	}
	return false
}

func keys(m map[*Node]bool) func(func(*Node) bool) {
	return func(yield func(*Node) bool) {
		for n := range m {
			if !yield(n) {
				return
			}
		}
	}
}

func (w *world) count() int { return len(w.log) }

// since returns who was called after the first so many calls.
func (w *world) since(n int) []int {
	var ids []int
	for _, line := range w.log[n:] {
		var id int
		fmt.Sscanf(line, "%d#", &id)
		ids = append(ids, id)
	}
	return ids
}

// reached is what hard edges lead to from n, among what was not called, and whether an optional parameter on the way gets nothing
// though there is a constructor.
func reached(n *Node) (map[*Node]bool, bool) {
	found, zeros := map[*Node]bool{}, false
	var visit func(n *Node)
	visit = func(n *Node) {
		if _, ok := n.Called(); ok || found[n] {
			return
		}
		found[n] = true
		for i, p := range n.Params {
			if !p.Optional {
				continue
			}
			_, members := n.Scope.graph.resolve(&n.Params[i], n.Scope, func(d *Node) bool { return d == n })
			for _, m := range members {
				zeros = zeros || n.Scope.graph.cannotBuild(m)
			}
		}
		for _, e := range n.Edges() {
			if !e.Soft {
				visit(e.To)
			}
		}
	}
	visit(n)
	return found, zeros
}

func decoratedTwice(s *Scope, of step) (Key, bool) {
	seen := map[Key]bool{}
	for _, p := range of.Out {
		for _, slot := range p.Slots {
			k := Key{slot.Type, slot.Name, slot.Group}
			if s.decorators[k] != nil || seen[k] {
				return k, true
			}
			seen[k] = true
		}
	}
	return Key{}, false
}

func checkCycle(c *CycleError, fail func(string, ...any)) {
	for i, s := range c.Path {
		next := c.Path[(i+1)%len(c.Path)].Node
		if s.Edge.To != next {
			fail("broken path: %v", c)
		}
		if _, ok := next.Called(); ok {
			fail("%v was called: %v", next, c)
		}
		if !next.Provides(s.Edge.Param.Key.Type) {
			fail("%v does not provide %v", next, s.Edge.Param.Key)
		}
	}
}

// checkEdges compares the edges of a called node with the makers of the arguments that it was given.
func checkEdges(n *Node, s step, w *world, ids map[*Node]int, fail func(string, ...any)) {
	order, _ := n.Called()
	edges := map[string][]string{}
	decorated := map[string]bool{}
	for _, e := range n.Edges() {
		if e.Link {
			continue
		}
		if to, ok := e.To.Called(); !ok || to >= order {
			fail("%d has an edge to %d, which was called later or not at all", s.ID, ids[e.To])
		}
		at := fmt.Sprint(e.Param.Arg, e.Param.Index())
		edges[at] = append(edges[at], fmt.Sprint(ids[e.To]))
		decorated[at] = decorated[at] || e.To.Kind == Decorator
	}
	for at, makers := range w.given[s.ID] {
		var who []string
		for _, m := range makers {
			id, _, _ := strings.Cut(m, "#")
			who = append(who, id)
		}
		slices.Sort(who)
		who = slices.Compact(who)
		slices.Sort(edges[at])
		if !decorated[at] && !slices.Equal(who, edges[at]) || !subset(who, edges[at]) {
			fail("parameter %s of %d was given values of %v, and has edges to %v", at, s.ID, who, edges[at])
		}
	}
}

// checkKept compares the edges of all nodes with what they are if nothing is kept of what was found out before, and keeps that.
func checkKept(root *Scope) (stale string) {
	all := func() (edges [][]Edge) {
		for _, n := range root.Nodes() {
			edges = append(edges, n.Edges())
		}
		return edges
	}
	kept := all()
	root.graph.mu.Lock()
	root.graph.changed()
	root.graph.mu.Unlock()
	for i, anew := range all() {
		if !slices.Equal(kept[i], anew) {
			return fmt.Sprintf("the edges of %v were kept as %v, and are %v", root.Nodes()[i], kept[i], anew)
		}
	}
	return checkSoft(root)
}

// checkSoft compares the soft edges that remain with those that are found one by one: of each node in order of registration those
// to what does not lead back to it.
func checkSoft(root *Scope) (wrong string) {
	g := root.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	needs := map[*Node][]Edge{}
	all := func(n *Node) []Edge {
		if n.order > 0 {
			return n.given
		}
		return g.staticEdges(n)
	}
	for _, n := range g.nodes {
		for _, e := range all(n) {
			if n.order > 0 || !e.Soft {
				needs[n] = append(needs[n], e)
			}
		}
	}
	for _, n := range g.nodes {
		seen := map[*Node]bool{}
		var leadsBack func(at *Node) bool
		leadsBack = func(at *Node) bool {
			if at == n || seen[at] {
				return at == n
			}
			seen[at] = true
			return slices.ContainsFunc(needs[at], func(e Edge) bool { return leadsBack(e.To) })
		}
		var remaining []Edge
		for _, e := range all(n) {
			if n.order == 0 && e.Soft {
				clear(seen)
				if leadsBack(e.To) {
					continue
				}
			}
			remaining = append(remaining, e)
		}
		needs[n] = remaining
		if got := slices.DeleteFunc(slices.Clone(n.edges()), func(e Edge) bool { return e.Link }); !slices.Equal(got, remaining) {
			return fmt.Sprintf("the edges of %v are %v, want %v", n, got, remaining)
		}
	}
	return ""
}

func subset(a, b []string) bool {
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}

// invokeAlike invokes a function in a scope of plain dig's, in spite of what that takes for a cycle if ours did not.
func invokeAlike(plain digScope, f any, ours error, counts map[string]int) error {
	invoke := func() error { return plain.Invoke(f) }
	if dig.IsCycleDetected(plain.Invoke(func() {})) && !dig.IsCycleDetected(ours) {
		counts["dig's false alarm"]++
		return digtypes.Past(plain, invoke)
	}
	return invoke()
}
