package wiring

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/dig"
)

type (
	a struct{ n int }
	b struct{ n int }
	c struct{ n int }
	d struct{ n int }

	stringer interface{ String() string }
)

func newRoot() *Scope { return New(newContainer()) }

func provide(t *testing.T, s *Scope, f any, opts ...dig.ProvideOption) *Node {
	t.Helper()
	n, err := s.Provide(f, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// through provides f with an interceptor that only passes on.
func through(t *testing.T, s *Scope, f any, opts ...dig.ProvideOption) *Node {
	t.Helper()
	n, err := s.Provide(f, opts, pass)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func pass(*Node) Interceptor {
	return func(args []reflect.Value, call func([]reflect.Value) []reflect.Value) []reflect.Value {
		return call(args)
	}
}

func decorate(t *testing.T, s *Scope, f any) *Node {
	t.Helper()
	n, err := s.Decorate(f, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func invoke(t *testing.T, s *Scope, f any) *Node {
	t.Helper()
	n, err := s.Invoke(f, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func targets(n *Node) []*Node {
	var to []*Node
	for _, e := range n.Edges() {
		to = append(to, e.To)
	}
	return to
}

func expect(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("got %v, want %q", err, want)
	}
}

type app struct{}

func (*app) newA() *a { return nil }

func newGeneric[T any]() *T { return new(T) }

func TestNamesAreReadable(t *testing.T) {
	s := newRoot()
	for want, f := range map[string]any{
		"wiring.provide":                      provide,
		"wiring.(*app).newA":                  (&app{}).newA,
		"wiring.newGeneric":                   newGeneric[b],
		"wiring.TestNamesAreReadable.func1":   func() *c { return nil },
		"wiring.TestNamesAreReadable.func2":   func() *d { return nil },
		"errors.New":                          errors.New,
		"strings.(*Builder).String":           new(strings.Builder).String,
		"wiring.(*Node).String":               (*Node).String,
		"wiring.newRoot":                      newRoot,
		"dig.New":                             dig.New,
		"wiring.TestTheGraphKnowsWhatDigDoes": TestTheGraphKnowsWhatDigDoes,
	} {
		if n := newNode(Function, s, reflect.ValueOf(f)); n.Name != want {
			t.Errorf("%q, want %q", n.Name, want)
		}
	}
	for path, want := range map[string]string{"example.com/shop": "shop", "example.com/shop/v2": "shop", "main": "main", "gopkg.in/yaml.v3": "yaml.v3"} {
		if got := packageName(path); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLocationForPCWins(t *testing.T) {
	pc := reflect.ValueOf(newRoot).Pointer()
	n := through(t, newRoot(), func() *a { return nil }, dig.LocationForPC(pc))
	if n.Name != "wiring.newRoot" || !strings.HasPrefix(n.Location(), "wiring_test.go:") {
		t.Fatal(n)
	}
}

func TestWrappingIsNotSeenInErrors(t *testing.T) {
	newA := func(*b) (*a, error) { return nil, errors.New("boom") }
	newB := func() *b { return nil }
	plain := newContainer()
	_ = plain.Provide(newA)
	s := newRoot()
	through(t, s, newA)
	use := func(*a) {}
	compare := func() {
		t.Helper()
		want := plain.Invoke(use)
		if _, err := s.Invoke(use, nil, nil); text(err) != text(want) || !strings.Contains(text(err), "wiring_test.go") {
			t.Fatalf("%v\nwant %v", err, want)
		}
	}
	compare()
	_ = plain.Provide(newB)
	through(t, s, newB)
	compare()
	want := plain.Provide(newA)
	if _, err := s.Provide(newA, nil, pass); text(err) != text(want) {
		t.Fatalf("%v\nwant %v", err, want)
	}
}

func TestWrappedConstructorsAreToldApart(t *testing.T) {
	plain, ours := newContainer(), newContainer()
	child, plainChild := New(ours).Child("child"), plain.Scope("child")
	for i, f := range []any{
		func() *a { return nil },
		func() (*b, error) { return nil, errors.New("boom") },
		func(*a, *b) *c { return nil },
		func() *d { return nil },
	} {
		var want, got dig.ProvideInfo
		_ = plainChild.Provide(f, dig.FillProvideInfo(&want), dig.Export(i == 0))
		through(t, child, f, dig.FillProvideInfo(&got), dig.Export(i == 0))
		if got.ID != want.ID {
			t.Errorf("the ID of constructor %d is %v, want %v", i, got.ID, want.ID)
		}
	}
	use := func(*c) {}
	picture := func(c *dig.Container, err error) string {
		var b strings.Builder
		if err := dig.Visualize(c, &b, dig.VisualizeError(err)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := picture(plain, plainChild.Invoke(use))
	_, err := child.Invoke(use, nil, nil)
	if got := picture(ours, err); got != want {
		t.Errorf("dig shows\n%s\nwant\n%s", got, want)
	}
}

func TestWrappedDecoratorsAndFunctionsAreNamedInErrors(t *testing.T) {
	for name, decorator := range map[string]any{
		"failed":  func(x *a) (*a, error) { return x, errors.New("boom") },
		"panics":  func(x *a) *a { panic("boom") },
		"misses":  func(x *a, _ *d) *a { return x },
		"in turn": func(x *a, _ *c) *a { return x },
	} {
		t.Run(name, func(t *testing.T) {
			plain, s := newContainer(), newRoot()
			for _, f := range []any{func() *a { return nil }, func(*a) *b { return nil }, func() (*c, error) { return nil, errors.New("boom") }} {
				_ = plain.Provide(f)
				through(t, s, f)
			}
			_ = plain.Decorate(decorator)
			if _, err := s.Decorate(decorator, nil, pass); err != nil {
				t.Fatal(err)
			}
			use := func(*b) {}
			want := plain.Invoke(use)
			if _, err := s.Invoke(use, nil, pass); text(err) != text(want) || fmt.Sprintf("%+v", err) != fmt.Sprintf("%+v", want) {
				t.Fatalf("%v\nwant %v", err, want)
			}
		})
	}
	plain, s := newContainer(), newRoot()
	for _, use := range []any{func(*a) {}, func() { panic("boom") }, func() error { return errors.New("boom") }} {
		want := plain.Invoke(use)
		if _, err := s.Invoke(use, nil, pass); text(err) != text(want) {
			t.Fatalf("%v\nwant %v", err, want)
		}
	}
}

func TestBadInputIsAnError(t *testing.T) {
	s := newRoot()
	var none func() *a
	container := newContainer()
	if err := container.Provide(func() *dig.Container { return container }); err != nil {
		t.Fatal(err)
	}
	for _, f := range []any{nil, 5, "x", none, container, struct{}{}, func(dig.Out) *a { return nil }, func() {}} {
		if n, err := s.Provide(f, nil, pass); err == nil || n != nil {
			t.Errorf("Provide(%T): %v, %v", f, n, err)
		}
	}
	for _, f := range []any{nil, 5, none, container, func(dig.Out) *a { return nil }} {
		if n, err := s.Decorate(f, nil, pass); err == nil || n != nil {
			t.Errorf("Decorate(%T): %v, %v", f, n, err)
		}
		if n, err := s.Invoke(f, nil, pass); err == nil || n != nil {
			t.Errorf("Invoke(%T): %v, %v", f, n, err)
		}
	}
	if _, err := s.Value(Key{}); err == nil {
		t.Error("Value of no type")
	}
	if len(s.Nodes()) != 0 {
		t.Error("something was registered")
	}
	provideNil := []dig.ProvideOption{nil, dig.Name("x"), nil}
	if n, err := s.Provide(func() *a { return nil }, provideNil, nil); err != nil || n.Results[0].Keys[0].Name != "x" {
		t.Error(err)
	}
	if _, err := s.Decorate(func() *b { return nil }, []dig.DecorateOption{nil}, nil); err != nil {
		t.Error(err)
	}
	if _, err := s.Invoke(func() {}, []dig.InvokeOption{nil}, nil); err != nil {
		t.Error(err)
	}
}

func TestDecorateIsAtomic(t *testing.T) {
	s, plain := newRoot(), newContainer()
	first, both := func(*b) *b { return nil }, func(*a, *b) (*a, *b) { return nil, nil }
	decorate(t, s, first)
	_, err := s.Decorate(both, nil, nil)
	_ = plain.Decorate(first)
	want := plain.Decorate(both)
	if text(err) != text(want) || reflect.TypeOf(err) != reflect.TypeOf(want) {
		t.Fatalf("%v, want %v", err, want)
	}
	decorate(t, s, func(*a) *a { return nil }) // the key before was not taken
	_, err = s.Child("x").Decorate(func() (*c, *c) { return nil, nil }, nil, nil)
	expect(t, err, "*wiring.c already decorated")
}

func TestCallbacksOfUsersStillFire(t *testing.T) {
	s := newRoot()
	var seen []string
	type mine struct{ dig.ProvideOption } // options can be embedded
	n := provide(t, s, func() *a { return nil },
		mine{dig.WithProviderCallback(func(i dig.CallbackInfo) { seen = append(seen, i.Name) })},
		dig.WithProviderBeforeCallback(func(dig.BeforeCallbackInfo) { seen = append(seen, "before") }))
	s.OnCalled(func(called *Node, _ time.Duration, _ error) {
		if called == n {
			seen = append(seen, "hook")
		}
	})
	provide(t, s, func(*a) *b { return nil }, dig.WithProviderCallback(nil))
	dn, err := s.Decorate(func(x *a) *a { return x }, []dig.DecorateOption{
		dig.WithDecoratorCallback(func(i dig.CallbackInfo) { seen = append(seen, i.Name) })}, pass)
	if err != nil {
		t.Fatal(err)
	}
	f := invoke(t, s, func(*b) {})
	this := "github.com/strata-go/strata/internal/wiring.TestCallbacksOfUsersStillFire."
	if got, want := strings.Join(seen, " "), "before hook "+this+"func1 "+this+"func6"; got != want {
		t.Fatalf("%v, want %v", got, want)
	}
	for i, n := range []*Node{n, dn, s.Providers(reflect.TypeFor[*b]())[0], f} {
		if order, ok := n.Called(); !ok || order != i+1 {
			t.Fatal(n, order, ok)
		}
	}
}

func TestVariadicArgumentsStayEmpty(t *testing.T) {
	s := newRoot()
	n := through(t, s, func(xs ...string) *a { return &a{len(xs)} })
	if err := n.Build(); err != nil || len(n.Params) != 0 {
		t.Fatal(err)
	}
	if _, err := s.Invoke(func(x *a, more ...int) error { return fmt.Errorf("got %d %d", x.n, len(more)) }, nil, pass); text(err) != "got 0 0" {
		t.Fatal(err)
	}
}

func TestEdgesStayAsTheyWereOnceCalled(t *testing.T) {
	s := newRoot()
	na := provide(t, s, func() *a { return nil })
	nb := provide(t, s, func(*a) *b { return nil })
	f := invoke(t, s, func(*b) {})
	nd := decorate(t, s, func(x *a) *a { return x })
	if got := targets(nb); len(got) != 1 || got[0] != na {
		t.Fatal(got)
	}
	if got := targets(f); len(got) != 1 || got[0] != nb {
		t.Fatal(got)
	}
	nc := provide(t, s, func(*a) *c { return nil })
	if got := targets(nc); len(got) != 1 || got[0] != nd {
		t.Fatal(got)
	}
}

type softA struct {
	dig.In
	Group []*a `group:"g,soft"`
}

type softB struct {
	dig.In
	Group []*b `group:"h,soft"`
}

func TestSoftEdgesCloseNoCycle(t *testing.T) {
	s := newRoot()
	before := provide(t, s, func() *a { return nil }, dig.Group("g"))
	consumer := provide(t, s, func(softA) *b { return nil })
	provide(t, s, func(*b) *a { return nil }, dig.Group("g")) // needs the consumer: cannot be built before it
	if got := targets(consumer); len(got) != 1 || got[0] != before {
		t.Fatal(got)
	}

	s = newRoot()
	if got := targets(provide(t, s, func(softA) *a { return nil }, dig.Group("g"))); len(got) != 0 { // but to itself
		t.Fatal(got)
	}

	s = newRoot()
	first := provide(t, s, func(softA) *b { return nil }, dig.Group("h"))
	second := provide(t, s, func(softB) *a { return nil }, dig.Group("g"))
	if got := targets(first); len(got) != 1 || got[0] != second {
		t.Fatal(got)
	}
	if got := targets(second); len(got) != 0 {
		t.Fatal(got)
	}
	if err := s.Cycle(s.Nodes()); err != nil {
		t.Fatal(err)
	}
	decorated := decorate(t, s, func(softA) struct {
		dig.Out
		Group []*a `group:"g"`
	} {
		panic("unused")
	})
	if e := first.Edges(); len(e) != 1 || e[0].To != decorated || e[0].Soft {
		t.Fatal(e)
	}
}

func TestLinksCount(t *testing.T) {
	s := newRoot()
	na := provide(t, s, func() *a { return nil })
	nb := provide(t, s, func(*a) *b { return nil })
	s.Link(na, nil)
	s.Link(na, na)
	if err := s.Cycle([]*Node{na, nil}); err != nil {
		t.Fatal(err)
	}
	s.Link(na, nb)
	s.Link(na, nb)
	if e := na.Edges(); len(e) != 1 || !e[0].Link || e[0].To != nb {
		t.Fatal(e)
	}
	err := s.Cycle([]*Node{nb})
	want := fmt.Sprintf("cycle: %v needs *wiring.a, made by %v, which waits for %v by Depend", nb, na, nb)
	if text(err) != want {
		t.Fatalf("%v\nwant %v", err, want)
	}
	invoke(t, s, func(*b) {}) // dig knows nothing of links
}

// Each of these kills the program, or calls a constructor twice, if dig is let at it.
func TestInvokeFindsCyclesThatDigDoesNot(t *testing.T) {
	t.Run("export across scopes", func(t *testing.T) {
		s := newRoot()
		child := s.Child("child")
		na := provide(t, child, func(*b) *a { return nil }, dig.Export(true))
		nb := provide(t, child, func(*a) *b { return nil })
		_, err := s.Invoke(func(*a) { t.Error("called") }, nil, nil)
		want := fmt.Sprintf("cycle: %v needs *wiring.b, made by %v, which needs *wiring.a, made by %v", na, nb, na)
		if text(err) != want {
			t.Fatalf("%v\nwant %v", err, want)
		}
		expect(t, na.Build(), "cycle: ")
		if _, err := child.Value(Key{Type: reflect.TypeFor[*b]()}); err == nil {
			t.Fatal("no cycle")
		}
		expect(t, s.Cycle([]*Node{na}), "cycle: ")
	})
	t.Run("decorator", func(t *testing.T) {
		s := newRoot()
		calls := 0
		provide(t, s, func() *a { return nil })
		nb := provide(t, s, func(*a) *b { calls++; return nil })
		nd := decorate(t, s, func(x *a, _ *b) *a { return x })
		_, err := s.Invoke(func(*b) { t.Error("called") }, nil, nil)
		want := fmt.Sprintf("cycle: %v needs *wiring.a, decorated by %v, which needs *wiring.b, made by %v", nb, nd, nb)
		if text(err) != want {
			t.Fatalf("%v\nwant %v", err, want)
		}
		// From this side dig goes no circle.
		invoke(t, s, func(*a) {})
		if calls != 1 {
			t.Fatal(calls)
		}
		if err := s.Cycle(s.Nodes()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("behind an optional parameter that misses something", func(t *testing.T) {
		s := newRoot()
		child := s.Child("child")
		provide(t, child, func(*b) *a { return nil }, dig.Export(true))
		provide(t, child, func(*a, *c) *b { return nil })
		provide(t, s, func(*d) *c { return nil })
		_, err := s.Invoke(func(struct {
			dig.In
			A *a `optional:"true"`
		}) {
		}, nil, nil)
		expect(t, err, "cycle: ")
	})
	t.Run("out of a constructor that invokes", func(t *testing.T) {
		s := newRoot()
		calls := 0
		var inner error
		na := provide(t, s, func() *a {
			if calls++; calls > 1 {
				t.Fatal("called twice")
			}
			_, inner = s.Invoke(func(*b) {}, nil, nil)
			return nil
		})
		provide(t, s, func(*a) *b { return nil })
		invoke(t, s, func(*b) {})
		expect(t, inner, "made by "+na.String()+", which invokes ")
	})
}

func TestDigsOwnCyclesAreDigsToo(t *testing.T) {
	s := newRoot()
	provide(t, s, func(*b) *a { return nil })
	provide(t, s, func(*a) *b { return nil })
	_, err := s.Invoke(func(*a) {}, nil, nil)
	var cycle *CycleError
	if !errors.As(err, &cycle) || !dig.IsCycleDetected(err) || len(cycle.Path) != 2 {
		t.Fatal(err)
	}
	expect(t, err, "cycle detected in dependency graph: ")
}

func TestEachCycleIsDetectedToDig(t *testing.T) {
	s := newRoot()
	na := provide(t, s, func() *a { return nil })
	nb := provide(t, s, func(*a) *b { return nil })
	s.Link(na, nb)
	err := s.Cycle([]*Node{nb})
	if !dig.IsCycleDetected(fmt.Errorf("verify: %w", err)) {
		t.Errorf("%v is no cycle to dig", err)
	}
	if root := dig.RootCause(err); root != err {
		t.Errorf("root cause is %v, want the cycle", root)
	}
}

func TestInvokeIsReentrant(t *testing.T) {
	s := newRoot()
	provide(t, s, func() *a { return &a{1} })
	nb := provide(t, s, func() (*b, error) {
		got := 0
		if _, err := s.Provide(func() *d { return &d{7} }, nil, nil); err != nil {
			return nil, err
		}
		_, err := s.Invoke(func(x *a, y *d) { got = x.n + y.n }, nil, nil)
		return &b{got}, err
	})
	provide(t, s, func(x *b) *c { return &c{x.n} })
	got := 0
	invoke(t, s, func(x *c) { got = x.n })
	if got != 8 {
		t.Fatal(got)
	}
	if order, _ := nb.Called(); order != 4 { // a, d and the inner function came before
		t.Fatal(order)
	}
}

func TestAFailedDecoratorFailsForEver(t *testing.T) {
	boom := errors.New("boom")
	for name, decorator := range map[string]any{
		"itself":            func(x *a) (*a, error) { return x, boom },
		"its parameter":     func(x *a, _ *b) *a { return x },
		"its missing type":  func(x *a, _ *d) *a { return x },
		"by panic":          func(x *a) *a { panic(boom) },
		"further down even": func(x *a, _ *c) *a { return x },
	} {
		t.Run(name, func(t *testing.T) {
			s := newRoot()
			fails := true
			provide(t, s, func() *a { return nil })
			provide(t, s, func() (*b, error) {
				if fails {
					return nil, boom
				}
				return nil, nil
			})
			provide(t, s, func(*b) *c { return nil })
			decorate(t, s, decorator)
			_, first := s.Invoke(func(*a) { t.Error("called") }, nil, nil)
			if first == nil {
				t.Fatal("no error")
			}
			fails = false
			if _, second := s.Invoke(func(*a) { t.Error("called") }, nil, nil); text(second) != text(first) {
				t.Fatalf("%v, want %v", second, first)
			}
			invoke(t, s, func(*b) {})
		})
	}
}

func TestADecoratorThatWasPassedOverFailsForEver(t *testing.T) {
	boom := errors.New("boom")
	type optional struct {
		dig.In
		A *a `optional:"true"`
	}
	for name, fails := range map[string]error{"by an Invoke without an error": nil, "by one whose function has failed": boom} {
		t.Run(name, func(t *testing.T) {
			s := newRoot()
			provide(t, s, func() *a { return nil })
			decorate(t, s, func(x *a, _ *b) *a { return x })
			provide(t, s, func(*a) *c { return nil })
			if _, err := s.Invoke(func(struct {
				dig.In
				C *c `optional:"true"`
			}) error {
				return fails
			}, nil, nil); err != fails {
				t.Fatal(err)
			}
			_, err := s.Invoke(func(optional) { t.Error("called") }, nil, nil)
			expect(t, err, "was not called")
		})
	}
}

func TestMissingTellsWhatIsClose(t *testing.T) {
	s := newRoot()
	child := s.Child("admin")
	server := provide(t, s, func(*a) *d { return nil })
	missing := func() string {
		errs := s.Missing([]*Node{server})
		if len(errs) != 1 {
			t.Fatal(errs)
		}
		return errs[0].Error()
	}
	start := server.String() + " needs *wiring.a, which nobody provides"
	if got := missing(); got != start {
		t.Fatal(got)
	}
	named := provide(t, s, func() *a { return nil }, dig.Name("ro"))
	want := start + fmt.Sprintf(`; did you mean *wiring.a[name="ro"] (%s, %s; a field with the tag name:"ro" in a dig.In takes it)?`, named.Name, named.Location())
	if got := missing(); got != want {
		t.Fatalf("%s\nwant %s", got, want)
	}
	value := provide(t, s, func() a { return a{} })
	hidden := provide(t, child, func() *a { return nil })
	want = start + fmt.Sprintf(`; did you mean *wiring.a (%s, %s, seen only in scope admin; dig.Export(true) shows it everywhere), `+
		`*wiring.a[name="ro"] (%s, %s; a field with the tag name:"ro" in a dig.In takes it), or wiring.a (%s, %s)?`,
		hidden.Name, hidden.Location(), named.Name, named.Location(), value.Name, value.Location())
	if got := missing(); got != want {
		t.Fatalf("%s\nwant %s", got, want)
	}
	if errs := s.Missing([]*Node{provide(t, child, func(*a) *c { return nil })}); errs != nil {
		t.Fatal(errs)
	}
}

func TestLikeness(t *testing.T) {
	type (
		DB       struct{}
		Database struct{}
		Server   struct{}
		Sever    struct{}
		Cache    struct{}
	)
	for _, c := range []struct {
		missing, k any
		want       bool
	}{
		{new(DB), new(Database), true},
		{new(Server), new(Sever), true},
		{new(Server), new(Cache), false},
		{new(DB), DB{}, true},
		{[]DB{}, []*DB{}, true},
		{1, "x", false},
		{new(time.Duration), new(Cache), false},
	} {
		if got := likeness(Key{Type: reflect.TypeOf(c.missing)}, Key{Type: reflect.TypeOf(c.k)}) > 0; got != c.want {
			t.Errorf("%T, %T: %v", c.missing, c.k, got)
		}
	}
	if likeness(Key{Type: reflect.TypeFor[stringer]()}, Key{Type: reflect.TypeFor[*Node]()}) == 0 {
		t.Error("a *Node is a stringer")
	}
}

func TestOptionalThatCannotBeBuiltIsNoEdge(t *testing.T) {
	s := newRoot()
	provide(t, s, func(*d) *c { return nil })
	nb := provide(t, s, func(*c) *b { return nil })
	na := provide(t, s, func(struct {
		dig.In
		B *b `optional:"true"`
	}) *a {
		return nil
	})
	if got := targets(na); len(got) != 0 {
		t.Fatal(got)
	}
	if errs := s.Missing([]*Node{na}); errs != nil {
		t.Fatal(errs)
	}
	provide(t, s, func() *d { return nil })
	if got := targets(na); len(got) != 1 || got[0] != nb {
		t.Fatal(got)
	}
}

func TestLargeGraphsAreLinear(t *testing.T) {
	const n = 10_000
	scopes := []*Scope{newRoot()}
	for i := range 9 {
		scopes = append(scopes, scopes[0].Child(fmt.Sprint(i)))
	}
	in := func(name string) reflect.Type {
		return structOf(inType, Key{Type: reflect.TypeFor[*a](), Name: name})
	}
	type made struct {
		f    any
		opts []dig.ProvideOption
	}
	var all []made
	for i := range n {
		var params []reflect.Type
		if i > 0 {
			params = append(params, in(fmt.Sprint((i-1)/2%50)))
		}
		f := reflect.MakeFunc(reflect.FuncOf(params, []reflect.Type{reflect.TypeFor[*a]()}, false),
			func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(new(a))} })
		opts := []dig.ProvideOption{dig.Group(fmt.Sprint(i % 100))}
		if i < 50 {
			opts = []dig.ProvideOption{dig.Name(fmt.Sprint(i))}
		}
		all = append(all, made{f.Interface(), opts})
	}
	plain := newContainer()
	start := time.Now()
	for _, m := range all {
		_ = plain.Provide(m.f, m.opts...)
	}
	alone := time.Since(start)

	start = time.Now()
	for i, m := range all {
		s := scopes[0]
		if i >= 50 {
			s = scopes[i%10]
		}
		provide(t, s, m.f, m.opts...)
	}
	took := time.Since(start)
	start = time.Now()
	edges := 0
	for _, n := range scopes[0].Nodes() {
		edges += len(n.Edges())
	}
	graph := time.Since(start)
	start = time.Now()
	if err := errors.Join(scopes[0].Missing(scopes[0].Nodes())...); err != nil {
		t.Fatal(err)
	}
	if err := scopes[0].Cycle(scopes[0].Nodes()); err != nil {
		t.Fatal(err)
	}
	t.Logf("Provide %v (dig alone %v), %d edges %v, Missing and Cycle %v", took, alone, edges, graph, time.Since(start))
	if graph > time.Second {
		t.Errorf("edges took %v", graph)
	}
}

func BenchmarkProvide(b *testing.B) {
	f := func(*c, *d) *a { return nil }
	b.Run("dig", func(b *testing.B) {
		c := newContainer()
		for range b.N {
			_ = c.Provide(f, dig.Group("g"))
		}
	})
	b.Run("wiring", func(b *testing.B) {
		s := newRoot()
		opts := []dig.ProvideOption{dig.Group("g")}
		for range b.N {
			_, _ = s.Provide(f, opts, nil)
		}
	})
}
