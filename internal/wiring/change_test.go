package wiring

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"go.uber.org/dig"
)

func TestAStalledDecoratorIsNoEdgeOfWhoTakesASoftGroup(t *testing.T) {
	container := newContainer()
	for _, f := range []any{
		func() *c { return nil },
		func() *d { return nil },
		func(softA, *c) *b { return nil },
	} {
		if err := container.Provide(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := container.Provide(func(*d) *a { return nil }, dig.Group("g")); err != nil {
		t.Fatal(err)
	}
	for _, f := range []any{
		func() (*c, error) { return nil, errors.New("boom") },
		func(x *d, _ *b) *d { return x }, // has the member of the group need who takes it, so that there is no soft edge
	} {
		if err := container.Decorate(f); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Attach(container)
	if err != nil {
		t.Fatal(err)
	}
	raw, consumer := s.Provider(Key{Type: reflect.TypeFor[*c]()}), s.Provider(Key{Type: reflect.TypeFor[*b]()})
	if got, want := targets(consumer), []*Node{s.Decorator(raw.Results[0].Keys[0])}; !slices.Equal(got, want) {
		t.Fatal(got, want)
	}
	expect(t, container.Invoke(func(*c) {}), "boom")
	if err := s.Look(); err != nil {
		t.Fatal(err)
	}
	if got := targets(consumer); !slices.Equal(got, []*Node{raw}) {
		t.Fatal(got)
	}
}

// What seems to need a decorator that wants what is missing can be called after all: inside of that decorator, which dig passes over
// meanwhile.
func TestWhatWasCalledInSpiteOfAllIsAnEdge(t *testing.T) {
	type (
		lacking  struct{}
		inVain   struct{}
		reading  struct{}
		optional struct {
			dig.In
			Value *inVain `optional:"true"`
		}
		later struct{}
		reads struct {
			dig.In
			Value *d     `optional:"true"`
			Later *later `optional:"true"`
		}
		read struct{}
	)
	s := newRoot()
	provide(t, s, func() *a { return nil })
	provide(t, s, func() *b { return nil })
	provide(t, s, func(*lacking) *c { return nil })
	called := provide(t, s, func(*a) *d { return nil })
	decorate(t, s, func(x *a, _ *b, _ *c) *a { return x })
	decorate(t, s, func(x *b, _ *d) *b { return x })
	provide(t, s, func(*a) *inVain { return nil })
	made := provide(t, s, func(*b) *later { return nil })
	reader := provide(t, s, func(reads) *read { return nil })
	var inside []*Node
	provide(t, s, func() *reading { inside = targets(reader); return nil })
	if got := targets(reader); len(got) != 0 {
		t.Fatal(got)
	}
	_, _ = s.Invoke(func(optional, *reading) {}, nil, nil)
	if !slices.Equal(inside, []*Node{called, made}) {
		t.Fatal(inside)
	}
	if got := targets(reader); !slices.Equal(got, []*Node{called, made}) {
		t.Fatal(got)
	}
}

func TestWhatLackedSomethingIsCalledOnceADecoratorGivesIt(t *testing.T) {
	s := newRoot()
	provide(t, s, func() *c { return nil })
	made := provide(t, s, func(*a) *b { return nil })
	user := provide(t, s, func(*b) *d { return nil })
	decorate(t, s, func(x *c) (*c, *a) { return x, nil }) // nobody provides *a
	type optional struct {
		dig.In
		Value *b `optional:"true"`
	}
	invoke(t, s, func(optional, *c, *d) {})
	if got := targets(user); !slices.Equal(got, []*Node{made}) {
		t.Fatal(got)
	}
}

func TestAPassedOverDecoratorTellsWhatItLacked(t *testing.T) {
	s := newRoot()
	type (
		decorated struct{}
		user      struct{}
		optional  struct {
			dig.In
			B *b `optional:"true"`
			C *c `optional:"true"`
		}
		maybe struct {
			dig.In
			Value *user `optional:"true"`
		}
	)
	provide(t, s, func(*a) *b { return nil })
	provide(t, s, func(*d) *c { return nil })
	provide(t, s, func() *decorated { return nil })
	provide(t, s, func(*decorated) *user { return nil })
	decorate(t, s, func(x *decorated, _ optional, _ *b) *decorated { return x })
	invoke(t, s, func(maybe) {})
	_, err := s.Invoke(func(*decorated) {}, nil, nil)
	expect(t, err, "needs *wiring.a, which nobody provided")
}

func TestWhatADecoratorGivesHasOptionalValuesBuilt(t *testing.T) {
	s := newRoot()
	type optional struct {
		dig.In
		Value *b `optional:"true"`
	}
	provide(t, s, func() *c { return nil })
	made := provide(t, s, func(*a) *b { return nil })
	user := provide(t, s, func(optional) *d { return nil })
	decorate(t, s, func(x *c) (*c, *a) { return x, nil }) // nobody provides *a
	if got := targets(user); len(got) != 0 {
		t.Fatal(got)
	}
	invoke(t, s, func(*c) {})
	if got := targets(user); !slices.Equal(got, []*Node{made}) {
		t.Fatal(got)
	}
}

func TestADecoratorThatWasLookedAtWhileItWasCalledIsAnEdge(t *testing.T) {
	container := newContainer()
	s, err := Attach(container)
	if err != nil {
		t.Fatal(err)
	}
	provide(t, s, func() *a { return nil })
	if err := container.Decorate(func(x *a) (*a, error) { return x, s.Look() }); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(container.Invoke(func(*a) {}), s.Look()); err != nil {
		t.Fatal(err)
	}
	user := provide(t, s, func(*a) *b { return nil })
	decorator := s.Decorator(Key{Type: reflect.TypeFor[*a]()})
	if got := targets(user); !slices.Equal(got, []*Node{decorator}) || decorator.Stalled() {
		t.Fatal(got, decorator.Stalled())
	}
}

// The walk ahead knows it, but is worth nothing once more was provided.
func TestOfASoftGroupOnlyWhatWasCalledIsAnEdge(t *testing.T) {
	s := newRoot()
	kept := through(t, s, func() *a { return nil }, dig.Group("g"))
	through(t, s, func() *a { return nil }, dig.Group("g"))
	if err := kept.Build(); err != nil { // dig does not know of it yet
		t.Fatal(err)
	}
	first := provide(t, s, func() *c { provide(t, s, func() *d { return nil }); return nil })
	consumer := provide(t, s, func(_ *c, soft softA) *b {
		if len(soft.Group) != 0 {
			t.Error("given a member")
		}
		return nil
	})
	invoke(t, s, func(*b) {})
	if got := targets(consumer); !slices.Equal(got, []*Node{first}) {
		t.Fatal(got)
	}
}

func TestOfManyThatTakeEachOtherSoftlyNoneWaitsForOneBefore(t *testing.T) {
	s := newRoot()
	var all []*Node
	for range 150 {
		all = append(all, provide(t, s, func(softA) *a { return nil }, dig.Group("g")))
	}
	for i, n := range all {
		if got := targets(n); !slices.Equal(got, all[i+1:]) {
			t.Fatalf("%d has %d edges, want %d", i, len(got), len(all)-i-1)
		}
	}
}

func TestASoftEdgeThatClosedACycleIsOneOnceTheMemberWasCalled(t *testing.T) {
	type (
		decorated struct{}
		first     struct{}
		second    struct{}
	)
	s := newRoot()
	var consumer *Node
	var before, inside []*Node
	provide(t, s, func() *decorated { before = targets(consumer); return nil })
	member := provide(t, s, func(*decorated) *a { return nil }, dig.Group("g"))
	provide(t, s, func(groupA) *first { return nil })
	consumer = provide(t, s, func(softA) *b { return nil })
	provide(t, s, func() *second { inside = targets(consumer); return nil })
	decorate(t, s, func(x *decorated, _ *first, _ *second, _ *b) *decorated { return x })
	invoke(t, s, func(*decorated) {})
	if len(before) != 0 || !slices.Equal(inside, []*Node{member}) {
		t.Fatal(before, inside)
	}
}

func TestASoftGroupIsTakenThoughAMemberCannotBeBuilt(t *testing.T) {
	s := newRoot()
	type optional struct {
		dig.In
		Value *b `optional:"true"`
	}
	provide(t, s, func(*d) *a { return nil }, dig.Group("g")) // nobody provides *d
	made := provide(t, s, func(softA) *b { return nil })
	if got := targets(provide(t, s, func(optional) *c { return nil })); !slices.Equal(got, []*Node{made}) {
		t.Fatal(got)
	}
}

func TestDecoratorsOfAGroupStandForItFromTheRootOn(t *testing.T) {
	type (
		list  []*a
		taken struct {
			dig.In
			Group list `group:"g"`
		}
		given struct {
			dig.Out
			Group list `group:"g"`
			Other []*a `group:"h"`
		}
	)
	s := newRoot()
	child := s.Child("child")
	member := provide(t, s, func() *a { return nil }, dig.Group("g"))
	below := decorate(t, child, func(taken) given { return given{} })
	above := decorate(t, s, func(taken) given { return given{} })
	for _, test := range []struct {
		consumer any
		want     []*Node
	}{
		{func(taken) *b { return nil }, []*Node{above, below}},
		{func(groupA) *c { return nil }, []*Node{above, below, member}}, // dig keeps the slices by their type
	} {
		if got := targets(provide(t, child, test.consumer)); !slices.Equal(got, test.want) {
			t.Errorf("%T has edges to %v, want %v", test.consumer, got, test.want)
		}
	}
}

func TestAStalledDecoratorOfAGroupIsPassedOver(t *testing.T) {
	type given struct {
		dig.Out
		Group []*a `group:"g"`
	}
	container := newContainer()
	if err := container.Decorate(func() (given, error) { return given{}, errors.New("boom") }); err != nil {
		t.Fatal(err)
	}
	expect(t, container.Invoke(func(groupA) {}), "boom")
	s, err := Attach(container)
	if err != nil {
		t.Fatal(err)
	}
	member := provide(t, s, func() *a { return nil }, dig.Group("g"))
	if got := targets(provide(t, s, func(groupA) *b { return nil })); !slices.Equal(got, []*Node{member}) {
		t.Fatal(got)
	}
}

func TestAFailedDecoratorIsNotCalledAgainForWhatItAloneGives(t *testing.T) {
	s := newRoot()
	calls := 0
	provide(t, s, func() *c { return nil })
	decorate(t, s, func(x *c) (*c, *a, error) { // nobody provides *a
		calls++
		return x, new(a), errors.New("boom")
	})
	for _, use := range []any{func(*c) {}, func(*a) { t.Error("called") }} {
		_, err := s.Invoke(use, nil, nil)
		expect(t, err, "boom")
	}
	if calls != 1 {
		t.Fatal(calls)
	}
}
