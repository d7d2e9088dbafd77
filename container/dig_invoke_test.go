package container_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/hooks"
)

func TestInvokeDoesWhatDigDocuments(t *testing.T) {
	same(t, []behaviour{
		{"errors of constructors are found", failing[still, token], failing[running, token], failing[still, hooks.Lifecycle],
			[]string{"received non-nil error from function", "the user's own: true", "calls: 3"}},
		{"typed nil pointers are errors", typedNil[still, token], typedNil[running, token], typedNil[still, hooks.Lifecycle],
			[]string{"received non-nil error from function", "nothing wrong"}},
		{"errors of the function are returned as they are", ownErrors[still, token], ownErrors[running, token], ownErrors[still, hooks.Lifecycle],
			[]string{"as it is: true", "ignored: true"}},
		{"what is missing is named", missing[still, token], missing[running, token], missing[still, hooks.Lifecycle],
			[]string{"missing types: ", "missing dependencies for function", `[name="one"]`}},
		{"what may be meant is named", meant[still, token], meant[running, token], meant[still, hooks.Lifecycle],
			[]string{"(did you mean ", "did you mean to use one of", "did you mean to Provide it?"}},
		{"optional parameters may be missing, not fail", optionally[still, token], optionally[running, token], optionally[still, hooks.Lifecycle],
			[]string{"optional <nil> <nil> 1 -1", "boom"}},
		{"groups have all members, or none", groups[still, token], groups[running, token], groups[still, hooks.Lifecycle],
			[]string{"empty []", "members [1 1 2 3 4]", "could not build value group"}},
		{"soft groups have what was built", softly[still, token], softly[running, token], softly[still, hooks.Lifecycle],
			[]string{"soft []", "soft [1]", "soft [1 2]"}},
		{"panics are errors", panicking[still, token], panicking[running, token], panicking[still, hooks.Lifecycle],
			[]string{"panic: oh", "dig.PanicError"}},
		{"cycles are told of", cycles[still, token], cycles[running, token], cycles[still, hooks.Lifecycle],
			[]string{"cycle detected in dependency graph:\n", "cycle: true"}},
		{"setup is re-entrant", reentrant[still, token], reentrant[running, token], reentrant[still, hooks.Lifecycle],
			[]string{"inside 1 2 3", "constructor saw 2"}},
	})
}

type codeError struct{ code int }

func (e *codeError) Error() string {
	if e == nil {
		return "nothing wrong"
	}
	return fmt.Sprint("code ", e.code)
}

func failing[A counted, L any](u *user) {
	calls := 0
	u.Provide(func(L) (*A, error) {
		if calls++; calls < 3 {
			return of[A](calls), &codeError{calls}
		}
		return of[A](calls), nil
	})
	u.Provide(func(_ L, a *A) *b { return &b{number(a)} })
	u.Provide(func(struct {
		dig.In
		L L
		B *b
	}) (*c, *cube, error) {
		return &c{1}, nil, nil
	})
	for range 3 {
		err := u.Invoke(func(c *c) { u.say("called: %d", c.n) })
		if code := (*codeError)(nil); errors.As(err, &code) {
			u.say("the user's own: %t %d", errors.Is(err, code), code.code)
		}
	}
	u.say("calls: %d", calls)
}

func typedNil[A counted, L any](u *user) {
	var nothing *codeError
	u.Provide(func(L) (*A, error) { return of[A](1), nothing })
	u.Provide(func(L) (*b, *codeError) { return &b{2}, nil })
	u.Provide(func(L) (*c, error) { return nil, nil })
	u.Invoke(func(*A) {})
	u.Invoke(func(b *b) { u.say("called: %d", b.n) })
	u.Invoke(func(c *c) { u.say("called: %t", c == nil) })
	u.Invoke(func(L) error { return nothing })
	u.Invoke(func(L) *codeError { return nil })
}

func ownErrors[A counted, L any](u *user) {
	u.Provide(func(L) *A { return of[A](1) })
	for _, f := range []any{
		func(*A) error { return errBoom },
		func(L, *A) (int, error) { return 1, errBoom },
		func(L, ...string) error { return errBoom },
	} {
		err := u.Invoke(f)
		u.say("as it is: %t", err == errBoom)
	}
	err := u.Invoke(func(L) (*codeError, int) { return &codeError{1}, 1 })
	u.say("ignored: %t", err == nil)
	u.Invoke(func(L, *A, ...*b) (*A, bool) { return nil, false })
	wrapped := fmt.Errorf("wrapped: %w", errBoom)
	err = u.Invoke(func(L) error { return wrapped })
	u.say("as it is: %t", err == wrapped)
	// An error of dig's that is the function's own.
	var inner error
	err = u.Invoke(func(L) error { inner = u.Invoke(func(*cube) {}); return inner })
	u.say("inner: %t", fmt.Sprint(err) == fmt.Sprint(inner))
}

func missing[A counted, L any](u *user) {
	type in struct {
		dig.In
		L    L
		One  *b `name:"one"`
		C    *c
		Opt  *cube   `optional:"true"`
		Many []*cube `group:"many"`
	}
	u.Invoke(func(L, *b) { u.say("called") })
	u.Invoke(func(L, *b, in, string) { u.say("called") })
	u.Invoke(func(in, ...string) { u.say("called") })
	u.Provide(func(_ L, _ *b, _ in) *A { return of[A](1) })
	u.Provide(func(_ L, _ *A) bool { return true })
	u.Invoke(func(L, *A) { u.say("called") })
	u.Invoke(func(L, bool) { u.say("called") })
	u.Provide(func(_ L, _ *A) *namer[A, L] { return nil }, dig.Group("many"))
	u.Invoke(func(struct {
		dig.In
		Many []*namer[A, L] `group:"many"`
	}) {
		u.say("called")
	})
	u.Provide(func(L) *b { return nil }, dig.Name("One"))
	u.Invoke(func(in) { u.say("called") })
}

func meant[A counted, L any](u *user) {
	u.Provide(func(L) *A { return of[A](1) })
	u.Provide(func(L) b { return b{} })
	u.Provide(func(L) []*b { return nil })
	u.Provide(func(L) [2]b { return [2]b{} })
	u.Provide(func(L) *cube { return nil })
	u.Provide(func(L) *c { return nil }, dig.Name("named"))
	u.Provide(func(L) color { return nil })
	for _, f := range []any{
		func(A) {}, func(*b) {}, func([]b) {}, func([2]*b) {}, func(shape) {}, func(c) {}, func(cube) {}, func(L, string) {},
		func(interface{ Shade() int }, shape, **A) {},
		func(struct {
			dig.In
			C c `name:"named"`
		}) {
		},
	} {
		u.Invoke(f)
	}
}

func optionally[A counted, L any](u *user) {
	type in struct {
		dig.In
		None    *cube `optional:"true"`
		Lacking *b    `optional:"true"`
		There   *A    `optional:"true"`
		Named   *A    `optional:"true" name:"named"`
	}
	u.Provide(func(L) *A { return of[A](1) })
	u.Provide(func(L, *c) *b { return nil })
	u.Invoke(func(_ L, in in) {
		u.say("optional %v %v %d %d", in.None, in.Lacking, number(in.There), number(in.Named))
	})
	u.Provide(func(_ L, in in) string { return fmt.Sprint("built with ", number(in.There), in.None == nil) })
	u.Invoke(func(s string) { u.say("%s", s) })
	u.Provide(func(L) (*A, error) { return of[A](2), errBoom }, dig.Name("named"))
	u.Invoke(func(in) { u.say("called") })
}

func groups[A counted, L any](u *user) {
	type in struct {
		dig.In
		Many []*A `group:"many"`
	}
	type out struct {
		dig.Out
		One  *A   `group:"many"`
		More []*A `group:"many,flatten"`
		Text string
	}
	u.Invoke(func(in in) { u.say("empty %v", numbers(in.Many)) })
	calls := 0
	u.Provide(func(L) out { calls++; return out{One: of[A](1), More: []*A{of[A](2), of[A](3)}} })
	u.Provide(func(_ L, _ string) *A { return of[A](4) }, dig.Group("many"))
	u.Provide(func(L) *A { return of[A](1) }, dig.Group("many"))
	u.Provide(func(L) *A { u.say("never"); return nil }, dig.Group("other"))
	u.Provide(func(L) int { return 1 }, dig.Group("many"))
	u.Provide(func(in in) *b { return &b{len(in.Many)} })
	u.Invoke(func(_ L, in in, b *b) { u.say("members %v, %d, calls %d", numbers(in.Many), b.n, calls) })
	child := u.Scope("child")
	child.Provide(func(L) (*A, error) { return nil, errBoom }, dig.Group("many"))
	child.Invoke(func(in) { u.say("called") })
	u.Invoke(func(in in) { u.say("members %v", numbers(in.Many)) })
}

func softly[A counted, L any](u *user) {
	type in struct {
		dig.In
		L    L
		Soft []*A `group:"many,soft"`
	}
	type both struct {
		dig.In
		Soft []*A `group:"many,soft"`
		B    *b
	}
	u.Provide(func(L) struct {
		dig.Out
		A *A `group:"many"`
		B *b
	} {
		return struct {
			dig.Out
			A *A `group:"many"`
			B *b
		}{A: of[A](1)}
	})
	u.Provide(func(L) (*A, *c) { return of[A](2), nil }, dig.Group("many"))
	u.Provide(func(L) *c { return nil })
	u.Invoke(func(in in) { u.say("soft %v", numbers(in.Soft)) })
	u.Invoke(func(in both) { u.say("soft %v", numbers(in.Soft)) })
	u.Invoke(func(in struct {
		dig.In
		Hard []*A `group:"many"`
		Soft []*A `group:"many,soft"`
	}) {
		u.say("hard %v, soft %v", numbers(in.Hard), numbers(in.Soft))
	})
	u.Invoke(func(in in) { u.say("soft %v", numbers(in.Soft)) })
}

func panicking[A counted, L any](u *user) {
	calls := 0
	u.Provide(func(L) *A {
		if calls++; calls == 1 {
			panic(errBoom)
		}
		return of[A](calls)
	})
	u.Provide(func(L) *b { panic("oh") }, dig.Group("many"))
	u.Provide(func(L, *A) string { return "raw" })
	u.Provide(func(L) (*c, error) { return nil, nil })
	u.Decorate(func(*c, L) *c { panic("oh") })
	u.Invoke(func(string) { u.say("called") })
	u.Invoke(func(*A) { panic("oh") })
	u.Invoke(func(L) { panic(fmt.Sprintf("%d", 5)) })
	u.Invoke(func(struct {
		dig.In
		Many []*b `group:"many"`
	}) {
		u.say("called")
	})
	u.Invoke(func(*c) { u.say("called") })
	u.Invoke(func(a *A, s string) { u.say("called: %d %s", number(a), s) })
}

func cycles[A counted, L any](u *user) {
	u.Provide(func(L) string { return "s" })
	u.Provide(func(L, *c) *A { u.say("called"); return nil })
	u.Provide(func(L, struct {
		dig.In
		A *A
	}) *b {
		u.say("called")
		return nil
	})
	u.Provide(func(L, *b) *c { u.say("called"); return nil })
	u.Invoke(func(L, *c) { u.say("called") })
	u.Invoke(func(string) { u.say("called, though dig sees a cycle elsewhere") })
	u.Invoke(func(*cube, *c) { u.say("called") })
	u.Scope("child").Invoke(func(*A) { u.say("called") })
}

func reentrant[A counted, L any](u *user) {
	u.Provide(func(L) *b {
		u.Invoke(func(c *c) { u.say("constructor saw %d", c.n) })
		u.Provide(func(L) *cube { return &cube{3} })
		u.Decorate(func(n int, _ L) int { return n + 1 })
		return &b{1}
	})
	u.Provide(func(L) *c { return &c{2} })
	u.Provide(func(L) int { return 1 })
	u.Provide(func(_ L, b *b) *A { return of[A](b.n) })
	u.Invoke(func(_ L, a *A) error {
		child := u.Scope("inside")
		child.Provide(func(L) string { return "inner" })
		child.Invoke(func(s string, n int) { u.say("%s %d", s, n) })
		return u.Invoke(func(_ L, a *A, c *c, q *cube) { u.say("inside %d %d %d", number(a), c.n, q.n) })
	})
	u.Invoke(func(n int) { u.say("decorated %d", n) })
	var order []string
	u.Provide(func(L) bool { order = append(order, "bool"); return true })
	u.Provide(func(L) next { order = append(order, "next"); u.Invoke(func(bool) {}); return 1 })
	u.Provide(func(_ L, _ next) (uint, error) {
		order = append(order, "uint")
		return 1, u.Invoke(func() error { return errBoom })
	})
	u.Invoke(func(uint) {})
	u.Invoke(func(_ bool, _ L, _ next) { order = append(order, "function") })
	u.say("order %v", slices.Clone(order))
}

type next int
