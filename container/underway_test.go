package container_test

import (
	"errors"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
)

// What follows ended in a stack overflow inside dig, which looks for cycles only before
// it begins, or in a value that was silently not decorated.

type (
	first struct{ _ int } // its constructor changes what comes next
	loop  struct{ _ int }
	back  struct{ _ int }
	gate  struct{ _ int }
)

type maybeBack struct {
	dig.In
	Back *back `optional:"true"`
}

type maybeGate struct {
	dig.In
	Gate *gate `optional:"true"`
}

func TestWhatIsDoneInAConstructorCannotCloseACycle(t *testing.T) {
	softly := func(struct {
		dig.In
		All []*back `group:"backs,soft"`
	}) *loop {
		return new(loop)
	}
	whole := func(in struct {
		dig.In
		All []*back `group:"backs"`
	}) (out struct {
		dig.Out
		All []*back `group:"backs"`
	}) {
		out.All = in.All
		return out
	}
	for name, c := range map[string]struct {
		before []any
		group  string
		gates  bool // a decorator makes a gate of nothing
		inside func(app *container.App) error
		invoke any
	}{
		"Provide of a cycle": {
			inside: func(app *container.App) error {
				return errors.Join(
					app.Provide(func(*back) *loop { return new(loop) }),
					app.Provide(func(*loop) *back { return new(back) }))
			},
			invoke: func(struct {
				dig.In
				First *first
				Back  *back `optional:"true"`
			}) {
			},
		},
		"Provide of what was missing": {
			before: []any{func(maybeBack) *loop { return new(loop) }, func(*loop, *gate) *back { return new(back) }},
			inside: func(app *container.App) error { return app.Provide(func() *gate { return new(gate) }) },
			invoke: func(*first, *loop) {},
		},
		"Invoke of what was missing": {
			before: []any{func(maybeBack) *loop { return new(loop) }, func(*loop, *gate) *back { return new(back) }},
			gates:  true,
			inside: func(app *container.App) error { return app.Invoke(func(maybeGate) {}) },
			invoke: func(*first, *loop) {},
		},
		"Decorate of a soft group": {
			before: []any{softly, func(*loop) *back { return new(back) }},
			group:  "backs",
			inside: func(app *container.App) error { return app.Decorate(whole) },
			invoke: func(*first, *loop) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			for i, f := range c.before {
				var opts []dig.ProvideOption
				if c.group != "" && i == len(c.before)-1 {
					opts = append(opts, dig.Group(c.group))
				}
				if err := app.Provide(f, opts...); err != nil {
					t.Fatal(err)
				}
			}
			if c.gates {
				if err := app.Decorate(func() *gate { return new(gate) }); err != nil {
					t.Fatal(err)
				}
			}
			var inside error
			provideAll(t, app, func() *first {
				inside = c.inside(app)
				return new(first)
			})
			if err := app.Invoke(c.invoke); err != nil {
				t.Errorf("the outer Invoke returns %v", err)
			}
			if !dig.IsCycleDetected(inside) {
				t.Errorf("inside there is %v, want a cycle", inside)
			}
		})
	}
}

// An App may be given in a constructor what needs what that constructor makes: it has
// what it takes.
func TestAConstructorMayProvideWhatNeedsIt(t *testing.T) {
	app := newApp()
	provideAll(t, app, func(maybeBack) (*loop, error) {
		return new(loop), app.Provide(func(*loop) *back { return new(back) })
	})
	if err := app.Invoke(func(*loop) {}); err != nil {
		t.Error(err)
	}
	if err := app.Invoke(func(*back) {}); err != nil {
		t.Error(err)
	}
}

func TestADecoratorThatFailedInsideFailsTheInvokeAround(t *testing.T) {
	broken := errors.New("broken")
	for name, makeBack := range map[string]any{
		"and hides nothing": func() *back { return new(back) },
		"and hides a cycle": func(*loop) *back { return new(back) },
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			provideAll(t, app, makeBack, func(*back) *loop { return new(loop) }, func() (*gate, error) { return nil, broken })
			if err := app.Decorate(func(*gate) *back { return new(back) }); err != nil {
				t.Fatal(err)
			}
			provideAll(t, app, func() *first {
				if err := app.Invoke(func(*back) {}); !errors.Is(err, broken) {
					t.Errorf("inside there is %v", err)
				}
				return new(first)
			})
			if err := app.Invoke(func(*first, *loop) {}); !errors.Is(err, broken) {
				t.Errorf("the Invoke around returns %v, though the decorator has failed", err)
			}
			if err := app.Dig().Invoke(func(*loop) {}); !errors.Is(err, broken) && !dig.IsCycleDetected(err) {
				t.Errorf("dig itself returns %v", err)
			}
		})
	}
}

// The Invoke that has dig told that there is no cycle is the one after which there is.
func TestWhatAnInvokeMakesPossibleIsNoCycleThatDigIsToldOf(t *testing.T) {
	app := newApp()
	provideAll(t, app, func(*back) *loop { return new(loop) }, func(*loop, *gate) *back { return new(back) })
	if err := app.Decorate(func() *gate { return new(gate) }); err != nil {
		t.Fatal(err)
	}
	_ = app.Invoke(func(struct {
		dig.In
		Back *back `optional:"true"`
		Gate *gate `optional:"true"`
	}) {
	})
	if err := app.Dig().Invoke(func(*loop) {}); !dig.IsCycleDetected(err) {
		t.Errorf("dig returns %v, want a cycle", err)
	}
}
