package container_test

import (
	"testing"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/hooks"
)

func TestDecorateDoesWhatDigDocuments(t *testing.T) {
	same(t, []behaviour{
		{"values, names and groups are decorated", decorations[still, token], decorations[running, token], decorations[still, hooks.Lifecycle],
			[]string{"decorated 11, named 12, group [13 14]", "replaced by 1"}},
		{"decorators of scopes compose", decoratedScopes[still, token], decoratedScopes[running, token], decoratedScopes[still, hooks.Lifecycle],
			[]string{"root 11, child 111, grandchild 111, sibling 11", "groups [1] [11] [111]"}},
		{"a decorator that cannot be called is an error", lostDecorators[still, token], lostDecorators[running, token], lostDecorators[still, hooks.Lifecycle],
			[]string{"missing dependencies for function", "missing type: *container_test.cube", "boom"}},
		{"a decorator that is refused is told why", refusedDecorators[still, token], refusedDecorators[running, token], refusedDecorators[still, hooks.Lifecycle],
			[]string{"already decorated", "decorating a value group requires decorating the entire value group"}},
	})
}

func decorations[A counted, L any](u *user) {
	type group struct {
		dig.In
		Many []*A `group:"many"`
	}
	type decorated struct {
		dig.Out
		Many []*A `group:"many"`
	}
	type named struct {
		dig.In
		A *A `name:"named"`
	}
	type namedOut struct {
		dig.Out
		A *A `name:"named"`
	}
	calls := 0
	u.Decorate(func(_ L, a *A) *A { calls++; return of[A](number(a) + 10) }) // before it is provided
	u.Provide(func(L) *A { return of[A](1) })
	u.Provide(func(L) *A { return of[A](2) }, dig.Name("named"))
	u.Provide(func(L) *A { return of[A](3) }, dig.Group("many"))
	u.Provide(func(L) *A { return of[A](4) }, dig.Group("many"))
	u.Provide(func(_ L, a *A) *b { return &b{number(a)} })
	u.Decorate(func(_ L, in named) (namedOut, error) { return namedOut{A: of[A](number(in.A) + 10)}, nil })
	u.Decorate(func(in group, _ L, _ struct {
		dig.In
		Q *cube `optional:"true"`
	}) decorated {
		var out decorated
		for _, n := range numbers(in.Many) {
			out.Many = append(out.Many, of[A](n+10))
		}
		return out
	})
	for range 2 {
		u.Invoke(func(a *A, b *b, n named, g group) {
			u.say("decorated %d, named %d, group %v; %d, calls %d", number(a), number(n.A), numbers(g.Many), b.n, calls)
		})
	}
	u.Provide(func(L) *c { u.say("never"); return nil })
	u.Decorate(func(L) *c { return &c{1} })
	u.Decorate(func(_ L, c *c, s string) string { return s }) // what nobody provides, and asks for
	u.Invoke(func(c *c) { u.say("replaced by %d", c.n) })
	u.Provide(func(L) (bool, int) { return true, 1 })
	u.Decorate(func(_ L, t bool, n int) (bool, int, error) { return !t, n + 1, nil })
	u.Invoke(func(t bool, n int) { u.say("both: %t %d", t, n) })
	u.Decorate(func(x color, _ L) color { return x })
	u.Provide(func(L) *cube { return &cube{3} }, dig.As(new(color)))
	u.Invoke(func(c color) { u.say("as: %d", c.Shade()) })
}

func decoratedScopes[A counted, L any](u *user) {
	type group struct {
		dig.In
		Many []*A `group:"many"`
	}
	type decorated struct {
		dig.Out
		Many []*A `group:"many"`
	}
	child, sibling := u.Scope("child"), u.Scope("sibling")
	grandchild := child.Scope("grandchild")
	u.Provide(func(L) *A { return of[A](1) })
	child.Provide(func(L) *A { return of[A](1) }, dig.Group("many"), dig.Export(true))
	child.Provide(func(_ L, a *A) *b { return &b{number(a)} }, dig.Export(true))
	child.Decorate(func(_ L, a *A) *A { return of[A](number(a) + 100) })
	u.Decorate(func(_ L, a *A) *A { return of[A](number(a) + 10) })
	child.Decorate(func(_ L, in group) decorated {
		return decorated{Many: []*A{of[A](numbers(in.Many)[0] + 10)}}
	})
	grandchild.Decorate(func(in group, _ L) decorated {
		return decorated{Many: []*A{of[A](numbers(in.Many)[0] + 100)}}
	})
	seen := make(map[string]int)
	use := func(name string) func(*A, group) {
		return func(a *A, _ group) { seen[name] = number(a) }
	}
	grandchild.Invoke(use("grandchild"))
	sibling.Invoke(use("sibling"))
	child.Invoke(use("child"))
	u.Invoke(use("root"))
	u.say("root %d, child %d, grandchild %d, sibling %d", seen["root"], seen["child"], seen["grandchild"], seen["sibling"])
	u.Invoke(func(b *b, g group) { u.say("exported %d %v", b.n, numbers(g.Many)) })
	var members [][]int
	for _, s := range []*user{u, child, grandchild} {
		s.Invoke(func(g group) { members = append(members, numbers(g.Many)) })
	}
	u.say("groups %v %v %v", members[0], members[1], members[2])
}

func lostDecorators[A counted, L any](u *user) {
	u.Decorate(func(_ L, q *cube) *cube { return q })
	u.Invoke(func(*cube) { u.say("called") })
	u.Provide(func(L) *A { return of[A](1) })
	u.Decorate(func(_ L, a *A, _ *namer[A, L]) *A { return a })
	u.Invoke(func(_ L, _ *A) { u.say("called") })
	u.Provide(func(L) *b { return nil })
	u.Decorate(func(L, *b) (*b, error) { return nil, errBoom })
	u.Invoke(func(L, *b) { u.say("called") })
	u.Provide(func(L) (string, error) { return "", errBoom })
	u.Provide(func(L) *c { return nil })
	u.Decorate(func(_ string, x *c, _ L) *c { return x })
	u.Invoke(func(*c) { u.say("called") })
	u.Provide(func(L) bool { return true }, dig.Group("many"))
	type group struct {
		dig.In
		Many []bool `group:"many"`
	}
	u.Decorate(func(group, L) (struct {
		dig.Out
		Many []bool `group:"many"`
	}, error) {
		return struct {
			dig.Out
			Many []bool `group:"many"`
		}{}, errBoom
	})
	u.Invoke(func(group) { u.say("called") })
}

func refusedDecorators[A counted, L any](u *user) {
	type single struct {
		dig.Out
		A *A `group:"many"`
	}
	type pair struct {
		dig.Out
		A []*A `group:"many"`
		B *b
	}
	u.Provide(func(L) *A { return of[A](1) })
	u.Decorate(func(_ L, a *A) *A { return a })
	u.Decorate(func(L) *A { return of[A](2) })
	u.Decorate(func(L) single { return single{} })
	u.Decorate(func(L) pair { return pair{} })
	u.Decorate(func(L, pair) *c { return nil })
	u.Decorate(func(L) struct{ dig.In } { panic("not called") })
	u.Decorate(func(L, *struct{ dig.In }) *c { panic("not called") })
	u.Decorate(func(L) *struct{ dig.Out } { panic("not called") })
	u.Decorate(func(L) (*codeError, *c) { return nil, nil })
	u.Decorate(func(L) error { return nil })
	u.Decorate(func(L) {})
	u.Scope("child").Decorate(func(L) *A { return of[A](3) })
	u.Invoke(func(a *A) { u.say("%d", number(a)) })
}

func TestScopeDoesWhatDigDocuments(t *testing.T) {
	same(t, []behaviour{
		{"what is provided is seen in the scope and below", visibility[still, token], visibility[running, token], visibility[still, hooks.Lifecycle],
			[]string{"grandchild sees 2", "missing type: *container_test.b", "late sees 5"}},
		{"Export is seen everywhere, and takes from its own scope", exported[still, token], exported[running, token], exported[still, hooks.Lifecycle],
			[]string{"exported 2 of 1", "already provided"}},
		{"a child may shadow, and adds to groups", shadows[still, token], shadows[running, token], shadows[still, hooks.Lifecycle],
			[]string{"root 1 child 2", "root [1], child [1 2], grandchild [1 2 3]"}},
		{"cycles of scopes are told of", scopeCycles[still, token], scopeCycles[running, token], scopeCycles[still, hooks.Lifecycle],
			[]string{"[scope \"child\"]"}},
	})
}

func visibility[A counted, L any](u *user) {
	child := u.Scope("child")
	grandchild, sibling := child.Scope("grandchild"), u.Scope("child") // names need not differ
	child.Provide(func(_ L, a *A) *b { return &b{number(a) + 1} })
	u.Provide(func(L) *A { return of[A](1) })
	u.Invoke(func(*b) { u.say("called") })
	sibling.Invoke(func(*b) { u.say("called") })
	grandchild.Invoke(func(_ *A, b *b) { u.say("grandchild sees %d", b.n) })
	child.Invoke(func(_ *A, b *b) { u.say("child sees %d", b.n) })
	u.Provide(func(_ L, _ *b) *c { return nil })
	child.Invoke(func(*c) { u.say("called") }) // is the root's, which has no *b
	u.Provide(func(L) *cube { return &cube{5} })
	u.Scope("").Scope("late").Invoke(func(q *cube) { u.say("late sees %d", q.n) })
}

func exported[A counted, L any](u *user) {
	var info dig.ProvideInfo
	child := u.Scope("child")
	child.Provide(func(L) *A { return of[A](1) })
	child.Provide(func(_ L, a *A) *b { return &b{number(a)} }, dig.Export(true), dig.FillProvideInfo(&info))
	child.Provide(func(L) *b { return nil }, dig.Export(false))
	child.Provide(func(L) *c { return &c{2} }, dig.Export(true), dig.Export(false))
	u.Invoke(func(b *b) { u.say("exported 2 of %d: %v", b.n, info.Outputs) })
	u.Provide(func(L) *b { return nil })
	u.Invoke(func(*c) { u.say("called") })
	u.Invoke(func(*A) { u.say("called") })
}

func shadows[A counted, L any](u *user) {
	type group struct {
		dig.In
		Many []*A `group:"many"`
	}
	child := u.Scope("child")
	grandchild := child.Scope("grandchild")
	u.Provide(func(L) *A { return of[A](1) })
	child.Provide(func(_ L, s string) *A { return of[A](2) })
	child.Provide(func(L) string { return "" })
	u.Provide(func(_ L, a *A) *b { return &b{number(a)} })
	root := 0
	u.Invoke(func(a *A) { root = number(a) })
	child.Invoke(func(a *A, b *b) { u.say("root %d child %d, of the root %d", root, number(a), b.n) })

	var members [][]int
	for i, s := range []*user{u, child, grandchild} {
		s.Provide(func(L) *A { return of[A](i + 1) }, dig.Group("many"))
	}
	for _, s := range []*user{grandchild, u, child} {
		s.Invoke(func(g group) { members = append(members, numbers(g.Many)) })
	}
	u.say("root %v, child %v, grandchild %v", members[1], members[2], members[0])
}

func scopeCycles[A counted, L any](u *user) {
	child := u.Scope("child")
	u.Provide(func(_ L, _ *b) *A { return nil })
	child.Provide(func(_ L, _ *c) *b { return nil })
	u.Provide(func(_ L, _ *A) *c { return nil })
	child.Invoke(func(_ L, _ *b) { u.say("called") })
	u.Invoke(func(_ L, _ *A) { u.say("called") })
	u.Invoke(func(L) {})
}

func TestCallbacksAreToldHowLongACallTook(t *testing.T) {
	for _, p := range []usage{took[still, token], took[running, token], took[still, hooks.Lifecycle]} {
		bubble(t, func(t *testing.T) { asDig(t, p, "1s", "2s") })
	}
}

func took[A counted, L any](u *user) {
	u.Provide(func(L) *A { time.Sleep(time.Second); return of[A](1) },
		dig.WithProviderCallback(func(i dig.CallbackInfo) { u.say("%v", i.Runtime) }))
	u.Decorate(func(_ L, a *A) *A { time.Sleep(2 * time.Second); return a },
		dig.WithDecoratorCallback(func(i dig.CallbackInfo) { u.say("%v", i.Runtime) }))
	u.Invoke(func(*A) {})
}
