package container_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// digs is what dig.Container, dig.Scope, App and Scope have in common.
type digs interface {
	container.Provider
	Scope(name string, opts ...dig.ScopeOption) digs
}

// digScope makes digs of dig's types and of those of this package, of which the
// scopes have types of their own.
type digScope struct {
	container.Provider
	scope func(name string, opts ...dig.ScopeOption) digs
}

func (s digScope) Scope(name string, opts ...dig.ScopeOption) digs { return s.scope(name, opts...) }

func digsOfDig(s interface {
	container.Provider
	Scope(string, ...dig.ScopeOption) *dig.Scope
}) digs {
	return digScope{s, func(name string, opts ...dig.ScopeOption) digs { return digsOfDig(s.Scope(name, opts...)) }}
}

func digsOfApp(s interface {
	container.Provider
	Scope(string, ...dig.ScopeOption) *container.Scope
}) digs {
	return digScope{s, func(name string, opts ...dig.ScopeOption) digs { return digsOfApp(s.Scope(name, opts...)) }}
}

// usage is code that is written for dig. It is run on a container of dig's and on
// Apps, and may not see a difference.
type usage func(u *user)

// user does what such code wants done, and writes down all that it sees of it.
type user struct {
	digs
	dig  *dig.Container
	seen *[]string
}

func (u *user) say(format string, args ...any) {
	text := address.ReplaceAllString(fmt.Sprintf(format, args...), "0x?")
	*u.seen = append(*u.seen, strings.Split(text, "\n")...)
}

// address is what a pointer is printed as.
var address = regexp.MustCompile(`0x[0-9a-f]+`)

func (u *user) Provide(constructor any, opts ...dig.ProvideOption) error {
	return u.sees("Provide", u.digs.Provide(constructor, opts...))
}

func (u *user) Decorate(decorator any, opts ...dig.DecorateOption) error {
	return u.sees("Decorate", u.digs.Decorate(decorator, opts...))
}

func (u *user) Invoke(function any, opts ...dig.InvokeOption) error {
	return u.sees("Invoke", u.digs.Invoke(function, opts...))
}

func (u *user) Scope(name string, opts ...dig.ScopeOption) *user {
	return &user{u.digs.Scope(name, opts...), u.dig, u.seen}
}

// sees writes down all that dig has to say of an error.
func (u *user) sees(what string, err error) error {
	u.say("%s: %v", what, err)
	if err == nil {
		return nil
	}
	u.say("in lines: %+v", err)
	for e := err; e != nil; e = errors.Unwrap(e) {
		if t := reflect.TypeOf(e); !strings.Contains(t.String(), "wiring.") {
			u.say("type: %v", t)
		}
	}
	root := dig.RootCause(err)
	u.say("root cause: %T %v", root, root)
	u.say("dig's: %t %t", errors.As(err, new(dig.Error)), errors.As(root, new(dig.Error)))
	if p := (dig.PanicError{}); errors.As(err, &p) {
		u.say("panic: %v %v", p.Panic, p)
	}
	u.say("cycle: %t", dig.IsCycleDetected(err))
	u.say("can be visualized: %t", dig.CanVisualizeError(err))
	u.picture(dig.VisualizeError(err))
	return err
}

// picture writes down what dig shows of the container.
func (u *user) picture(opts ...dig.VisualizeOption) {
	var b strings.Builder
	if err := dig.Visualize(u.dig, &b, opts...); err != nil {
		u.say("picture: %v", err)
	}
	u.say("%s", standIns.ReplaceAllString(b.String(), `${1}"?${2}?${3}`))
}

// standIns are the constructors that stand in for the App's own in a container of
// dig's, or those.
var standIns = regexp.MustCompile(
	`(label = )"[^"]*(";\n\t\tconstructor_\d+ \[shape=plaintext label=")[^"]*("\];\n\t\t"(?:hooks.Lifecycle|container.Shutdowner)")`)

// values writes down what is in the container.
func (u *user) values() {
	lines := strings.Split(u.dig.String(), "\n")
	slices.Sort(lines)
	u.say("%s", lifecycle.ReplaceAllString(strings.Join(lines, "\n"), "$1"))
}

var lifecycle = regexp.MustCompile(`(hooks.Lifecycle => ).*`)

// asDig checks that such code sees the same on dig and on Apps, one of which has a
// container of its own and one that was made before. On dig it has to see what is
// wanted, so that it is known to do something.
func asDig(t *testing.T, p usage, wants ...string) {
	t.Helper()
	asDigWith(t, nil, p, wants...)
}

func asDigWith(t *testing.T, options []dig.Option, p usage, wants ...string) {
	t.Helper()
	all := append([]dig.Option{dig.DeferAcyclicVerification(), dig.RecoverFromPanics()}, options...)
	plain := dig.New(all...)
	own := newApp(container.WithDig(options...))
	attached := attach(dig.New(all...))
	provideAll(t, plain,
		func() hooks.Lifecycle { return discarding{} },
		func() container.Shutdowner { return nil })

	use := func(c digs, d *dig.Container) (seen []string) {
		provideAll(t, c, func() token { return token{} })
		u := &user{c, d, &seen}
		p(u)
		u.picture()
		u.values()
		return seen
	}
	want := use(digsOfDig(plain), plain)
	for _, text := range wants {
		if !strings.Contains(strings.Join(want, "\n"), text) {
			t.Errorf("dig itself does not say %q", text)
		}
	}
	compare := func(who string, got []string) {
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Errorf("%s differs from dig, after\n%s\nit says\n%s\nwant\n%s", who,
					excerpt(want, i-5, i), excerpt(got, i, i+10), excerpt(want, i, i+10))
				return
			}
		}
	}
	compare("the App", use(digsOfApp(own), own.Dig()))
	compare("the attached App", use(digsOfApp(attached), attached.Dig()))
}

func excerpt(lines []string, from, to int) string {
	to = min(to, len(lines))
	return strings.Join(lines[max(0, min(from, to)):to], "\n")
}

type discarding struct{}

func (discarding) Append(hooks.Hook) {}

// All of it is run with constructors that the App leaves alone and with those that
// it has to wrap, because their values run, or because they take a Lifecycle: the type
// A is that of a value that does not run, or of one that does, and L is a type without
// a meaning, or the Lifecycle.
type (
	counted interface{ ~int }
	still   int
	running int
	token   struct{}
)

func (*running) Run(ctx context.Context, callback process.Callback) error { return callback(ctx) }

var _ process.Runner = (*running)(nil)

func of[A counted](n int) *A {
	a := A(n)
	return &a
}

func number[A counted](a *A) int {
	if a == nil {
		return -1
	}
	return int(*a)
}

// numbers are those of a group, of which dig shuffles the members.
func numbers[A counted](members []*A) []int {
	var ns []int
	for _, a := range members {
		ns = append(ns, number(a))
	}
	slices.Sort(ns)
	return ns
}

// behaviour is a usage in all its forms, and what dig is known to say.
type behaviour struct {
	promise             string
	still, runs, hooked usage
	wants               []string
}

func same(t *testing.T, behaviours []behaviour) {
	t.Helper()
	for _, b := range behaviours {
		t.Run(b.promise, func(t *testing.T) {
			t.Run("with values that do not run", func(t *testing.T) { asDig(t, b.still, b.wants...) })
			t.Run("with values that run", func(t *testing.T) { asDig(t, b.runs, b.wants...) })
			t.Run("with a Lifecycle", func(t *testing.T) { asDig(t, b.hooked, b.wants...) })
		})
	}
}

// Other types of the programs.
type (
	b struct{ n int }
	c struct{ n int }

	shape interface{ Sides() int }
	color interface{ Shade() int }
	cube  struct{ n int }
)

func (q *cube) Sides() int { return q.n }
func (q *cube) Shade() int { return -q.n }

func TestProvideDoesWhatDigDocuments(t *testing.T) {
	same(t, []behaviour{
		{"constructors of all shapes are taken", shapes[still, token], shapes[running, token], shapes[still, hooks.Lifecycle],
			[]string{"each: 1 2 [3] [4] map[5:6] 7 8 9 ten false 11"}},
		{"results and parameters may be objects, nested", objects[still, token], objects[running, token], objects[still, hooks.Lifecycle],
			[]string{"named 1, group [2 3 4], nested 5, optional <nil>"}},
		{"constructors are lazy, and called once", once[still, token], once[running, token], once[still, hooks.Lifecycle],
			[]string{"calls: 1", "Invoke: <nil>"}},
		{"Name, Group and As are heeded", labels[still, token], labels[running, token], labels[still, hooks.Lifecycle],
			[]string{"named 1, 2, quoted 3, group [4 5], flat [6 7]", "missing type: *container_test.cube"}},
		{"infos are filled", infos[still, token], infos[running, token], infos[still, hooks.Lifecycle],
			[]string{`[name = "one"]`, `[optional]`, `group = "many"`, "all different: true"}},
		{"callbacks are called", callbacks[still, token], callbacks[running, token], callbacks[still, hooks.Lifecycle],
			[]string{"before github.com/strata-go/strata/container_test.callbacks", "boom"}},
		{"LocationForPC is believed", locations[still, token], locations[running, token], locations[still, hooks.Lifecycle],
			[]string{"container_test\".newConfig (", "after github.com/strata-go/strata/container_test.newConfig"}},
		{"duplicates name each other", duplicates[still, token], duplicates[running, token], duplicates[still, hooks.Lifecycle],
			[]string{"already provided by", "dig_test.go:"}},
	})
}

func shapes[A counted, L any](u *user) {
	type (
		pointers map[int]int
		fn       func() int
	)
	u.Provide(func(L) *A { return of[A](1) })
	u.Provide(func(L) A { return *of[A](2) })
	u.Provide(func(L) []*A { return []*A{of[A](3)} })
	u.Provide(func(L) [1]*A { return [1]*A{of[A](4)} })
	u.Provide(func(L) pointers { return pointers{5: 6} })
	u.Provide(func(L) (chan int, error) { c := make(chan int, 1); c <- 7; return c, nil })
	u.Provide(func(L) fn { return func() int { return 8 } })
	u.Provide(func(L) (shape, int) { return &cube{9}, 10 })
	u.Provide((&namer[A, L]{"ten"}).name)
	u.Provide(func(_ L, many ...string) bool { return len(many) > 0 })
	u.Provide(func(L) (*b, *c, error) { return nil, &c{11}, nil })
	u.Invoke(func(p *A, v A, s []*A, a [1]*A, m pointers, ch chan int, f fn, i shape, n string, v2 bool, none *b, c *c) {
		u.say("each: %d %d [%d] [%d] %v %d %d %d %s %t %d", number(p), number(&v), number(s[0]), number(a[0]), m, <-ch, f(), i.Sides(), n, v2, c.n)
		u.say("nil: %t", none == nil)
	})
}

type namer[A, L any] struct{ called string }

func (f *namer[A, L]) name(L) string { return f.called }

func objects[A counted, L any](u *user) {
	type inner struct {
		dig.Out
		D *b
	}
	type out struct {
		dig.Out
		A     *A   `name:"one"`
		B     *A   `group:"many"`
		C     []*A `group:"many,flatten"`
		Inner inner
	}
	type deep struct {
		dig.In
		D *b
	}
	type in struct {
		dig.In `ignore-unexported:"true"`
		L      L
		One    *A   `name:"one"`
		Many   []*A `group:"many"`
		Deep   deep
		None   *cube `optional:"true"`
		hidden int
	}
	u.Provide(func(L) (out, error) {
		return out{A: of[A](1), B: of[A](2), C: []*A{of[A](3), of[A](4)}, Inner: inner{D: &b{5}}}, nil
	})
	u.Provide(func(in in) *c {
		u.say("named %d, group %v, nested %d, optional %v, hidden %d", number(in.One), numbers(in.Many), in.Deep.D.n, in.None, in.hidden)
		return nil
	})
	u.Invoke(func(*c, in) {})
}

func once[A counted, L any](u *user) {
	calls := 0
	u.Provide(func(L) (*A, *b) { calls++; return of[A](1), nil })
	u.Provide(func(L) *c { u.say("never"); return nil })
	u.say("calls: %d", calls)
	for range 2 {
		u.Invoke(func(*b) {})
		u.Invoke(func(a *A, _ *b) { u.say("the same: %d", number(a)) })
	}
	u.say("calls: %d", calls)
}

func labels[A counted, L any](u *user) {
	u.Provide(func(L) *A { return of[A](1) }, dig.Name("one"))
	u.Provide(func(L) *A { return of[A](2) }, dig.Name("two"))
	u.Provide(func(L) *A { return of[A](3) }, dig.Name("with\"quotes\"\nand lines"))
	u.Provide(func(L) *A { return of[A](4) }, dig.Group("many"))
	u.Provide(func(L) *A { return of[A](5) }, dig.Group("many"))
	u.Provide(func(L) []*A { return []*A{of[A](6), of[A](7)} }, dig.Group("flat,flatten"))
	type in struct {
		dig.In
		One    *A   `name:"one"`
		Two    *A   `name:"two"`
		Quoted *A   `name:"with\"quotes\"\nand lines"`
		Many   []*A `group:"many"`
		Flat   []*A `group:"flat"`
	}
	u.Invoke(func(in in) {
		u.say("named %d, %d, quoted %d, group %v, flat %v", number(in.One), number(in.Two), number(in.Quoted), numbers(in.Many), numbers(in.Flat))
	})
	u.Invoke(func(*A) {})

	u.Provide(func(L) *cube { return &cube{8} }, dig.As(new(shape), new(color)))
	u.Provide(func(L) *cube { return &cube{9} }, dig.As(new(shape)), dig.Name("nine"))
	u.Provide(func(L) *cube { return &cube{10} }, dig.As(new(shape), new(color)), dig.Group("shapes"))
	type as struct {
		dig.In
		Shape  shape
		Color  color
		Nine   shape   `name:"nine"`
		Shapes []shape `group:"shapes"`
		Colors []color `group:"shapes"`
	}
	u.Invoke(func(as as) {
		u.say("as %d %d %d %d %d", as.Shape.Sides(), as.Color.Shade(), as.Nine.Sides(), as.Shapes[0].Sides(), as.Colors[0].Shade())
	})
	u.Invoke(func(*cube) {})
	u.Provide(func(L) *cube { return nil }, dig.As(new(shape)))
}

func infos[A counted, L any](u *user) {
	type in struct {
		dig.In
		One  *b   `name:"one"`
		Opt  *c   `optional:"true"`
		Many []*b `group:"many"`
	}
	type out struct {
		dig.Out
		A *A
		B *b   `name:"one"`
		C *b   `group:"many"`
		D []*b `group:"many,flatten"`
	}
	var first, second, twice, refused dig.ProvideInfo
	u.Provide(func(in, L) (out, error) { return out{}, nil }, dig.FillProvideInfo(&first))
	again := func(L) *A { return nil }
	u.Provide(again, dig.Name("again"), dig.FillProvideInfo(&second))
	u.Provide(again, dig.Name("twice"), dig.FillProvideInfo(&first), dig.FillProvideInfo(&twice))
	u.Provide(again, dig.Name("twice"), dig.FillProvideInfo(&refused))
	u.Provide(func(L) *A { return of[A](1) }, dig.Name("none"), dig.FillProvideInfo(nil))
	u.Provide(func(L) *cube { return nil }, dig.As(new(shape)), dig.Group("shapes"), dig.Export(true), dig.FillProvideInfo(nil))
	for _, i := range []dig.ProvideInfo{first, second, twice, refused} {
		u.say("provided %v: %v -> %v", i.ID, i.Inputs, i.Outputs)
	}
	u.say("all different: %t", first.ID != second.ID)

	var decorated, decoratedToo dig.DecorateInfo
	u.Decorate(func(a *A, _ in, _ L) (*A, error) { return a, nil }, dig.FillDecorateInfo(&decorated))
	u.Decorate(func(in in, _ L) struct {
		dig.Out
		Many []*b `group:"many"`
	} {
		panic("not called")
	}, dig.FillDecorateInfo(&decoratedToo))
	u.Decorate(func(x *c, _ L) *c { return x }, dig.FillDecorateInfo(nil))
	for _, i := range []dig.DecorateInfo{decorated, decoratedToo} {
		u.say("decorated %v: %v -> %v", i.ID, i.Inputs, i.Outputs)
	}

	var invoked, missed dig.InvokeInfo
	u.Invoke(func(L, struct {
		dig.In
		A *A `name:"none"`
		C *c `optional:"true"`
	}) {
	}, dig.FillInvokeInfo(&invoked))
	u.Invoke(func(*namer[A, L]) {}, dig.FillInvokeInfo(&missed))
	u.Invoke(func(L) {}, dig.FillInvokeInfo(nil))
	u.say("invoked: %v, %v", invoked.Inputs, missed.Inputs)
}

func callbacks[A counted, L any](u *user) {
	before := func(who string) dig.BeforeCallback {
		return func(i dig.BeforeCallbackInfo) { u.say("%sbefore %s", who, i.Name) }
	}
	after := func(who string) dig.Callback {
		return func(i dig.CallbackInfo) { u.say("%safter %s: %v %t", who, i.Name, i.Error, i.Runtime >= 0) }
	}
	both := []dig.ProvideOption{dig.WithProviderBeforeCallback(before("")), dig.WithProviderCallback(after(""))}
	decorator := []dig.DecorateOption{dig.WithDecoratorBeforeCallback(before("")), dig.WithDecoratorCallback(after(""))}
	fail := true
	u.Provide(func(L) (*A, error) {
		if fail {
			return nil, errBoom
		}
		return of[A](1), nil
	}, both...)
	u.Provide(func(_ L, _ *A) *b { return &b{2} }, both[1])
	u.Provide(func(_ L, _ *A) *c { panic("oh") }, both[0])
	u.Provide(func(L) (*A, error) { return nil, nil }, dig.Name("late"),
		dig.WithProviderCallback(after("not ")), dig.WithProviderCallback(after("")), dig.WithProviderCallback(nil))
	u.Provide(func(L) *A { return of[A](1) }, dig.Name("last"),
		dig.WithProviderCallback(after("not ")), dig.WithProviderCallback(after("")),
		dig.WithProviderBeforeCallback(before("not ")), dig.WithProviderBeforeCallback(before("")))
	u.Provide(func(L) string { return "raw" }, both...)
	u.Decorate(func(s string, _ L) (string, error) { return "decorated", nil }, decorator...)
	u.Provide(func(L) int { return 1 }, both...)
	u.Decorate(func(n int, _ L) (int, error) { return 0, errBoom }, decorator[1])
	u.Decorate(func(x *namer[A, L], _ L) *namer[A, L] { panic("oh") }, decorator...)
	u.Provide(func() *namer[A, L] { return nil })
	for range 2 {
		u.Invoke(func(*b) {})
		fail = false
	}
	u.Invoke(func(b *b, s string) { u.say("%d %s", b.n, s) })
	u.Invoke(func(*c) {})
	u.Invoke(func(int) {})
	u.Invoke(func(*namer[A, L]) {})
	u.Invoke(func(struct {
		dig.In
		Late *A `name:"late"`
		Last *A `name:"last"`
	}) {
	})
}

func locations[A counted, L any](u *user) {
	elsewhere := dig.LocationForPC(reflect.ValueOf(newConfig).Pointer())
	after := dig.WithProviderCallback(func(i dig.CallbackInfo) { u.say("after %s", i.Name) })
	u.Provide(func(L) (*A, error) { return nil, errBoom }, elsewhere, after)
	u.Provide(func(L) (*b, error) { panic("oh") }, elsewhere, after)
	u.Provide(func(L, *cube) *c { return nil }, elsewhere, after)
	u.Provide(func(L) *A { return nil }, elsewhere)
	u.Provide(func(L) {}, elsewhere)
	u.Provide(func(L) (shape, error) { return nil, errBoom }, dig.LocationForPC(0))
	u.Invoke(func(*A) {})
	u.Invoke(func(*b) {})
	u.Invoke(func(*c) {})
	u.Invoke(func(shape) {})
}

func duplicates[A counted, L any](u *user) {
	type out struct {
		dig.Out
		A *A
		B *A `name:"b"`
	}
	u.Provide(func(L) *A { return nil })
	u.Provide(func(L) (*b, *A) { return nil, nil })
	u.Provide(func(L) (*c, *c) { return nil, nil })
	u.Provide(func(L) out { return out{} })
	u.Provide(func(L) *A { return nil }, dig.Name("b"))
	u.Provide(func(L) struct {
		dig.Out
		A *A `name:"a"`
		B *A `name:"a"`
	} {
		panic("not called")
	})
	child := u.Scope("child")
	child.Provide(func(L) *A { return of[A](2) })
	child.Provide(func(L) *A { return nil }, dig.Export(true))
	child.Invoke(func(a *A) { u.say("%d", number(a)) })
	u.Invoke(func(a *A) { u.say("%d", number(a)) })
}
