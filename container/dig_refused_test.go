package container_test

import (
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/hooks"
)

func TestProvideRefusesWhatDigRefuses(t *testing.T) {
	asDig(t, refusedConstructors,
		"can't provide an untyped nil",
		"must provide constructor function, got 5 (type int)",
		"must provide at least one non-error type")
	asDig(t, refusedOptions,
		"cannot use named values with value groups: name:\"n\" provided with group:\"g\"",
		"names cannot contain backquotes",
		"group names cannot contain backquotes",
		"argument must be a pointer to an interface",
		"does not implement container_test.shape",
		"cannot parse group",
		"flatten can be applied to slices only",
		"cannot use soft with result value groups")
	asDig(t, refusedParameters,
		"cannot depend on result objects",
		"embed dig.In instead",
		"cannot depend on a pointer to a parameter object",
		"unexported fields not allowed in dig.In",
		"for \"optional\" tag",
		"for \"ignore-unexported\" tag",
		"value groups may be consumed as slices only",
		"cannot use flatten in parameter value groups",
		"requested with group",
		"value groups cannot be optional")
	asDig(t, refusedResults,
		"cannot provide parameter objects",
		"embed dig.Out instead",
		"cannot return a pointer to a result object",
		"unexported fields not allowed in dig.Out",
		"cannot specify a name for result objects",
		"cannot return an error here",
		"cannot specify a group for result objects",
		"value groups cannot be optional")
	asDig(t, refusedFunctions, "can't invoke an untyped nil", "can't invoke non-function 5 (type int)", "bad argument 2")
}

func refusedConstructors(u *user) {
	for _, constructor := range []any{
		nil, 5, "text", &cube{}, cube{}, []int{1}, errBoom,
		func() {},
		func() error { return nil },
		func(*cube) {},
		func() (error, error) { return nil, nil },
		func() (*cube, *codeError, *b) { return nil, nil, nil },
		func() (*codeError, *cube) { return nil, nil },
		func() *codeError { return nil },
	} {
		u.Provide(constructor)
	}
}

func refusedOptions(u *user) {
	newCube := func() *cube { return &cube{} }
	var none shape
	for _, opts := range [][]dig.ProvideOption{
		{dig.Name("n"), dig.Group("g")},
		{dig.Name("`")},
		{dig.Group("`")},
		{dig.Group("g,flatten")},
		{dig.Group("g,soft")},
		{dig.Group("g,unknown")},
		{dig.As(nil)},
		{dig.As(none)},
		{dig.As(5)},
		{dig.As(new(int))},
		{dig.As(new(*shape))},
		{dig.As(new(shape), new(error))},
		{dig.As(new(error))},
		{dig.As(new(interface{ Other() })), dig.Group("g")},
		{dig.As(new(shape)), dig.Name("`")},
		{dig.As(new(shape), new(shape))},
	} {
		u.Provide(newCube, opts...)
	}
	u.Provide(func() b { return b{} }, dig.As(new(shape)))
	u.Provide(func() *cube { return nil }, dig.As(new(shape), new(color)))
	u.Provide(func() *cube { return nil }, dig.As(new(color)))
}

func refusedParameters(u *user) {
	type in struct {
		dig.In
		B *b
	}
	type out struct {
		dig.Out
		B *b
	}
	for _, constructor := range []any{
		func(out) *c { return nil },
		func(*in) *c { return nil },
		func(*out) *c { return nil },
		func(struct{ *dig.In }) *c { return nil },
		func(struct{ *dig.Out }) *c { return nil },
		func(struct {
			dig.In
			dig.Out
		}) *c {
			return nil
		},
		func(struct {
			dig.In
			hidden *b
		}) *c {
			return nil
		},
		func(struct {
			dig.In `ignore-unexported:"maybe"`
			hidden *b
		}) *c {
			return nil
		},
		func(struct {
			dig.In `ignore-unexported:"false"`
			hidden *b
		}) *c {
			return nil
		},
		func(struct {
			in
			hidden *b
		}) *c {
			return nil
		},
		func(struct {
			dig.In
			B *b `optional:"maybe"`
		}) *c {
			return nil
		},
		func(struct {
			dig.In
			B *b `group:"g"`
		}) *c {
			return nil
		},
		func(struct {
			dig.In
			B []*b `group:"g,flatten"`
		}) *c {
			return nil
		},
		func(struct {
			dig.In
			B []*b `group:"g,unknown"`
		}) *c {
			return nil
		},
		func(struct {
			dig.In
			B []*b `group:"g" name:"n"`
		}) *c {
			return nil
		},
		func(struct {
			dig.In
			B []*b `group:"g" optional:"true"`
		}) *c {
			return nil
		},
		func(struct {
			dig.In
			Inner struct {
				dig.In
				hidden *b
			}
		}) *c {
			return nil
		},
	} {
		u.Provide(constructor)
		u.Invoke(constructor)
		u.Decorate(constructor)
	}
}

func refusedResults(u *user) {
	type in struct {
		dig.In
		B *b
	}
	type out struct {
		dig.Out
		B *b
	}
	for _, constructor := range []any{
		func() in { panic("not called") },
		func() *in { return nil },
		func() *out { return nil },
		func() (int, struct{ *dig.Out }) { panic("not called") },
		func() struct{ *dig.In } { panic("not called") },
		func() struct {
			dig.Out
			hidden *b
		} {
			panic("not called")
		},
		func() struct {
			dig.Out
			Err error
		} {
			panic("not called")
		},
		func() struct {
			dig.Out
			O out `name:"n"`
		} {
			panic("not called")
		},
		func() struct {
			dig.Out
			O out `group:"g"`
		} {
			panic("not called")
		},
		func() struct {
			dig.Out
			B *b `group:"g,flatten"`
		} {
			panic("not called")
		},
		func() struct {
			dig.Out
			B *b `group:"g,soft"`
		} {
			panic("not called")
		},
		func() struct {
			dig.Out
			B *b `group:"g" name:"n"`
		} {
			panic("not called")
		},
		func() struct {
			dig.Out
			B *b `group:"g" optional:"true"`
		} {
			panic("not called")
		},
		func() struct {
			dig.Out
			B, C *b
		} {
			panic("not called")
		},
		func() struct{ dig.Out } { panic("not called") },
	} {
		u.Provide(constructor)
	}
	u.Provide(func() out { return out{} }, dig.Name("n"))
	u.Provide(func() out { return out{} }, dig.Group("g"))
	u.Provide(func() struct {
		dig.Out
		A, B *cube
	} {
		panic("not called")
	}, dig.As(new(shape)))
}

func refusedFunctions(u *user) {
	for _, function := range []any{nil, 5, "text", cube{}, &cube{}, errBoom, func(int, struct {
		dig.In
		hidden int
	}) {
	}} {
		u.Invoke(function)
	}
}

func TestADryContainerCallsNothing(t *testing.T) {
	for _, p := range []usage{dry[still, token], dry[running, token], dry[still, hooks.Lifecycle]} {
		asDigWith(t, []dig.Option{dig.DryRun(true)}, p, "Invoke: <nil>", "missing type", "cycle: true")
		asDigWith(t, []dig.Option{dig.DryRun(true), dig.DryRun(false)}, p, "called")
	}
}

func dry[A counted, L any](u *user) {
	u.Provide(func(L) (*A, error) { u.say("called"); return of[A](1), nil })
	u.Provide(func(L) (*c, error) { u.say("called"); return nil, errBoom })
	u.Provide(func(L) *b { u.say("called"); return &b{} }, dig.Group("many"), dig.WithProviderCallback(func(i dig.CallbackInfo) { u.say("after %s", i.Name) }))
	u.Decorate(func(_ L, a *A) *A { u.say("called"); return a },
		dig.WithDecoratorCallback(func(i dig.CallbackInfo) { u.say("after %s %v", i.Name, i.Error) }))
	u.Scope("child").Invoke(func(L, *A, struct {
		dig.In
		Many []*b `group:"many"`
	}) error {
		u.say("called")
		return errBoom
	})
	u.Invoke(func(*c, ...int) { u.say("called") })
	u.Invoke(func(*cube) { u.say("called") })
	u.Provide(func(_ L, q *cube) *cube { u.say("called"); return q })
	u.Invoke(func(*cube) { u.say("called") })
}
