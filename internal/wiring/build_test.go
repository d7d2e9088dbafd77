package wiring

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/dig"
	"pgregory.net/rapid"
)

type groupA struct {
	dig.In
	Group []*a `group:"g"`
}

func value[T any](t *testing.T, s *Scope, name string) T {
	t.Helper()
	v, err := s.Value(Key{Type: reflect.TypeFor[T](), Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return v.Interface().(T)
}

func TestBuildCallsAGroupMemberAlone(t *testing.T) {
	s := newRoot()
	calls := ""
	member := func(name string) *Node {
		n := through(t, s, func() *a { calls += name; return &a{len(calls)} }, dig.Group("g"),
			dig.WithProviderCallback(func(dig.CallbackInfo) { calls += strings.ToUpper(name) }))
		return n
	}
	s.OnCalled(func(*Node, time.Duration, error) { calls += "!" })
	one, two := member("x"), member("y")
	if err := one.Build(); err != nil || calls != "x!" {
		t.Fatal(calls, err)
	}
	if order, _ := one.Called(); order != 1 {
		t.Fatal(order)
	}
	if err := two.Build(); err != nil || calls != "x!Xy!Y" {
		t.Fatal(calls, err)
	}
	calls = ""
	invoke(t, s, func(g groupA) {
		if len(g.Group) != 2 || g.Group[0] == g.Group[1] {
			t.Error(len(g.Group))
		}
	})
	if err := errors.Join(one.Build(), two.Build()); err != nil || calls != "" {
		t.Fatal(calls, err)
	}
}

func TestBuildCallsNoDecorator(t *testing.T) {
	s := newRoot()
	child := s.Child("child")
	calls := ""
	na := through(t, s, func(*b) *a { calls += "a"; return &a{1} })
	nb := through(t, child, func() *b { calls += "b"; return &b{} }, dig.Export(true))
	decorate(t, s, func(x *a) *a { calls += "d"; return &a{x.n + 1} })
	decorate(t, child, func(x *a) *a { calls += "e"; return &a{x.n + 10} })
	decorate(t, child, func(x *b) *b { calls += "f"; return x })
	if err := errors.Join(na.Build(), nb.Build()); err != nil || calls != "ba" {
		t.Fatal(calls, err)
	}
	if got := value[*a](t, child, ""); got.n != 12 || calls != "bade" {
		t.Fatal(got.n, calls)
	}
	if order, _ := na.Called(); order != 2 {
		t.Fatal(order)
	}
}

func TestBuildGivesErrorsAsDigDoes(t *testing.T) {
	boom := errors.New("boom")
	for _, key := range []dig.ProvideOption{dig.Group("g"), dig.Name("n")} {
		t.Run(fmt.Sprint(key), func(t *testing.T) {
			s := newRoot()
			fails := true
			na := through(t, s, func() (*a, error) {
				if fails {
					return nil, boom
				}
				return nil, nil
			}, key)
			nb := through(t, s, func() *b { panic(boom) }, key)
			nc := through(t, s, func(*d) *c { return nil }, key)
			err := na.Build()
			if !errors.Is(err, boom) {
				t.Fatal(err)
			}
			expect(t, err, `received non-nil error from function "github.com/strata-go/strata/internal/wiring".TestBuildGivesErrorsAsDigDoes.func1.1 (`)
			err = nb.Build()
			if panicked := (dig.PanicError{}); !errors.As(err, &panicked) || panicked.Panic != boom {
				t.Fatal(err)
			}
			expect(t, err, `panic: "boom" in func: "github.com/strata-go/strata/internal/wiring".TestBuildGivesErrorsAsDigDoes.func1.2 (`)
			expect(t, nc.Build(), `missing dependencies for function "github.com/strata-go/strata/internal/wiring".TestBuildGivesErrorsAsDigDoes.func1.3 (`)
			fails = false
			if err := na.Build(); err != nil {
				t.Fatal(err)
			}
		})
	}
	s := newRoot()
	n := decorate(t, s, func(x *a) *a { return x })
	expect(t, n.Build(), "only a constructor can be built")
}

func TestBuildFindsCycles(t *testing.T) {
	s := newRoot()
	child := s.Child("child")
	na := through(t, child, func(*b) *a { return nil }, dig.Group("g"), dig.Export(true))
	through(t, child, func(groupA) *b { return nil })
	expect(t, na.Build(), "cycle: ")
}

func TestBuildFromInsideIsAnError(t *testing.T) {
	s := newRoot()
	var inner error
	var n *Node
	n = through(t, s, func() *a { inner = n.Build(); return nil }, dig.Group("g"))
	through(t, s, func() *a { return nil }, dig.Group("g"))
	if err := n.Build(); err != nil {
		t.Fatal(err)
	}
	expect(t, inner, "is being called")
}

func TestReadersNeedNotWait(t *testing.T) {
	s := newRoot()
	done := make(chan struct{})
	read := make(chan struct{})
	go func() {
		defer close(read)
		for {
			select {
			case <-done:
				return
			default:
			}
			for _, n := range s.Nodes() {
				n.Edges()
				n.Called()
			}
			_ = s.Cycle(s.Nodes())
			_ = s.Missing(s.Nodes())
		}
	}()
	for i := range 50 {
		through(t, s, func(groupA) *b { return nil }, dig.Name(fmt.Sprint(i)))
		n := through(t, s, func() *a { return nil }, dig.Group("g"))
		if err := n.Build(); err != nil {
			t.Fatal(err)
		}
		value[*b](t, s, fmt.Sprint(i))
	}
	close(done)
	<-read
}

func TestValueIsWhatDigHandsOut(t *testing.T) {
	s := newRoot()
	child := s.Child("child")
	provide(t, s, func() *a { return &a{1} })
	provide(t, s, func() *a { return &a{2} }, dig.Name("x y\"z"))
	provide(t, s, func() *a { return &a{3} }, dig.Group("g"))
	decorate(t, child, func(x *a) *a { return &a{x.n + 10} })
	for _, got := range [][2]int{
		{value[*a](t, s, "").n, 1},
		{value[*a](t, child, "").n, 11},
		{value[*a](t, child, "x y\"z").n, 2},
	} {
		if got[0] != got[1] {
			t.Error(got)
		}
	}
	v, err := child.Value(Key{Type: reflect.TypeFor[*a](), Group: "g"})
	if err != nil || v.Len() != 1 {
		t.Fatal(err)
	}
	_, err = s.Value(Key{Type: reflect.TypeFor[*b]()})
	expect(t, err, "missing type: *wiring.b")
}

// TestBuildChangesNothing runs random programs with all constructors built in advance, in any order, and compares with plain
// dig what the invoked functions get: the same values, but for soft groups.
func TestBuildChangesNothing(t *testing.T) {
	counts := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		program := drawProgram(t)
		run := func(program []step) string { return compareBuilt(program, counts) }
		if run(program) != "" {
			t.Fatal(run(smallest(program, run)))
		}
	})
	t.Log(counts)
}

func compareBuilt(program []step, counts map[string]int) (failed string) {
	plain, ours := newWorld(program), newWorld(program)
	digs, scopes := []digScope{newContainer()}, []*Scope{New(newContainer())}
	ids := map[*Node]int{}
	fail := func(format string, args ...any) string {
		s := fmt.Sprintf(format, args...) + "\nprogram:\n"
		for _, p := range program {
			s += p.String() + "\n"
		}
		return s + "called:\n" + strings.Join(ours.log, "\n")
	}
	for _, s := range program { // first everything that is no Invoke, so that both know the same when they build
		s.Scope, s.Fails = s.Scope%len(scopes), 0
		switch s.What {
		case "scope":
			digs = append(digs, digs[s.Scope].Scope(""))
			scopes = append(scopes, scopes[s.Scope].Child(""))
		case "provide":
			_ = digs[s.Scope].Provide(plain.function(s), plain.provideOptions(s)...)
			if n, err := scopes[s.Scope].Provide(ours.function(s), ours.provideOptions(s), pass); err == nil {
				ids[n] = s.ID
			}
		case "decorate":
			if _, ok := decoratedTwice(scopes[s.Scope], s); !ok {
				_ = digs[s.Scope].Decorate(plain.function(s))
				if n, err := scopes[s.Scope].Decorate(ours.function(s), nil, nil); err == nil {
					ids[n] = s.ID
				}
			}
		}
	}
	root := scopes[0]
	if root.Cycle(root.Nodes()) != nil {
		return ""
	}
	nodes := root.Nodes()
	for _, n := range nodes {
		for _, r := range n.Results {
			if k := r.Keys[0]; n.Kind == Decorator && k.Group == "" && root.graph.missing(&Param{Key: k}, n.Scope, func(*Node) bool { return false }) {
				return "" // whether dig can fill it depends on what was called before
			}
		}
	}
	slices.Reverse(nodes)
	for _, n := range nodes {
		if n.Kind != Constructor || root.Missing([]*Node{n}) != nil {
			continue
		}
		before := ours.count()
		need, inVain := reached(n)
		err := n.Build()
		if dig.IsCycleDetected(err) {
			counts["cycle by dig"]++
			return ""
		}
		if errors.As(err, new(loss)) {
			counts["lost"]++ // a decorator that was passed over for what was built before
			continue
		}
		if _, ok := n.Called(); err != nil || !ok {
			return fail("Build of %d: %v", ids[n], err)
		}
		counts["built"]++
		for _, id := range ours.since(before) {
			// On the way to an optional value that it cannot make, dig calls what that would need, and leaves it.
			if !inVain && !slices.ContainsFunc(slices.Collect(keys(need)), func(n *Node) bool { return ids[n] == id }) {
				return fail("Build of %d has called %d", ids[n], id)
			}
		}
	}
	for _, s := range program {
		s.Scope, s.Fails = s.Scope%len(scopes), 0
		if s.What != "invoke" || root.Missing([]*Node{newNode(Function, scopes[s.Scope], reflect.ValueOf(ours.function(s)))}) != nil {
			continue
		}
		_, err := scopes[s.Scope].Invoke(ours.function(s), nil, nil)
		if want := invokeAlike(digs[s.Scope], plain.function(s), err, counts); want != nil {
			continue // what was called in advance may have made it possible
		}
		if errors.As(err, new(loss)) {
			continue // plain dig passes over a decorator, or will the next time
		}
		if err != nil {
			return fail("Invoke of %d: %v", s.ID, err)
		}
		counts["invoked"]++
		for i, p := range s.In {
			_, paths := partType(p, inType, true)
			for j, slot := range p.Slots {
				at := fmt.Sprint(i, paths[j])
				if !slot.Soft && !slices.Equal(ours.given[s.ID][at], plain.given[s.ID][at]) {
					return fail("%d was given %v, want %v", s.ID, ours.given[s.ID], plain.given[s.ID])
				}
			}
		}
	}
	for id, calls := range ours.called {
		if calls > 1 {
			return fail("%d was called %d times", id, calls)
		}
	}
	return ""
}
