package container_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
)

var errBoom = errors.New("boom")

// A mistake in the options is told where New was called.
func TestRunTellsWhatIsWrongWithTheOptions(t *testing.T) {
	for _, test := range []struct {
		name   string
		option container.Option
		want   string
	}{
		{"constructors", container.Provide(newConfig, newConfig), "Provide: cannot provide function"},
		{"values", container.Supply(nil), "Supply: value 1 of 1: cannot supply an untyped nil"},
		{"start timeout", container.WithStartTimeout(-1), "New: WithStartTimeout(-1ns): the duration is negative"},
		{"stop timeout", container.WithStopTimeout(-1), "New: WithStopTimeout(-1ns): the duration is negative"},
		{"force timeout", container.WithForceTimeout(-1), "New: WithForceTimeout(-1ns): the duration is negative"},
		{"drain delay", container.WithDrainDelay(-1), "New: WithDrainDelay(-1ns): the duration is negative"},
		{"long drain delay", container.WithDrainDelay(time.Minute), "New: WithDrainDelay(1m0s): longer than the stop timeout (25s)"},
		{"schedule", container.WithSchedule(7), "New: WithSchedule(Schedule(7)): want ByLayer or ByDependency"},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := container.New(container.WithLogger(zap.NewNop()), test.option)

			err := app.RunContext(t.Context())

			wantText(t, err, "badinput_test.go:", test.want)
		})
	}
}

// An option, an observer or a dig option that is nil is none.
func TestNilOptionsAreIgnored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp(container.Option{}, container.WithObserver(nil, hooks.ObserverFunc(nil)), container.WithDig(nil),
			container.WithLogger(nil), container.WithLogger(zap.NewNop()), container.Provide(), container.Supply())
		app.Observe(nil)
		if err := app.Provide(newConfig, nil); err != nil {
			t.Error(err)
		}
		if err := app.Decorate(func(c *Config) *Config { return c }, nil); err != nil {
			t.Error(err)
		}
		if err := app.Scope("inner", nil).Provide(newDatabase, nil); err != nil {
			t.Error(err)
		}
		if err := app.Invoke(func(*Config) {}, nil); err != nil {
			t.Error(err)
		}
		if err := app.Invoke(func(s container.Shutdowner) error { return s.Shutdown(container.ShutdownOption{}) }); err != nil {
			t.Error(err)
		}
		if err := app.RunContext(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// What Err keeps is what Verify, Plan, Runner and Process return, too.
func TestSetupErrorsAreKept(t *testing.T) {
	app := newApp()
	if err := app.Err(); err != nil {
		t.Fatalf("error of an empty app: %v", err)
	}
	provideErr := app.Provide(42)
	decorateErr := app.Decorate(42)
	err := app.Err()
	if !errors.Is(err, provideErr) || !errors.Is(err, decorateErr) {
		t.Errorf("Err is %v, want it to have both errors", err)
	}
	if err := app.Verify(); err == nil || err.Error() != app.Err().Error() {
		t.Errorf("Verify returns %v, want what Err returns", err)
	}
	if _, err := app.Plan(); err == nil || err.Error() != app.Err().Error() {
		t.Errorf("Plan returns %v, want what Err returns", err)
	}
	if _, err := app.Process(t.Context()); err == nil || err.Error() != app.Err().Error() {
		t.Errorf("Process returns %v, want what Err returns", err)
	}
}

// The errors of dig are returned as they are.
func TestErrorsAreThoseOfDig(t *testing.T) {
	app, plain := newApp(), dig.New()
	for _, constructor := range []any{nil, 42, func() {}, func() error { return nil }, newConfig, newConfig} {
		got, want := app.Provide(constructor), plain.Provide(constructor)
		if (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
			t.Errorf("Provide(%T) returns %v, want %v", constructor, got, want)
		}
	}
}

// To probe by Invoke is everyday use of dig: its errors are the caller's.
func TestErrorsOfInvokeAreNotKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		if err := app.Invoke(func(*Server) {}); err == nil {
			t.Error("Invoke of something that nobody provides returned nil")
		}
		if err := app.Invoke(func() error { return errBoom }); !errors.Is(err, errBoom) {
			t.Errorf("Invoke returns %v, want boom", err)
		}
		if err := app.Err(); err != nil {
			t.Errorf("Err is %v, want nil", err)
		}
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		invoked := find[hooks.Invoked](r)
		if len(invoked) != 2 || invoked[0].Err == nil || !errors.Is(invoked[1].Err, errBoom) {
			t.Errorf("events %+v, want both errors", invoked)
		}
	})
}

// The setup is over when the app was started, by whatever method.
func TestSetupAfterTheStartIsRefused(t *testing.T) {
	ways := map[string]func(t *testing.T, app *container.App){
		"Runner":     func(t *testing.T, app *container.App) { _, _ = app.Runner() },
		"Process":    func(t *testing.T, app *container.App) { _, _ = app.Process(t.Context()) },
		"RunContext": func(t *testing.T, app *container.App) { _ = startAndStop(t, app) },
		"a RunContext that fails": func(t *testing.T, app *container.App) {
			_ = app.Provide(func() (*Database, error) { return nil, errBoom })
			_ = app.RunContext(t.Context())
		},
	}
	methods := map[string]func(app *container.App, scope *container.Scope) error{
		"Provide": func(app *container.App, _ *container.Scope) error { return app.Provide(newConfig) },
		"Decorate": func(app *container.App, _ *container.Scope) error {
			return app.Decorate(func(c *Config) *Config { return c })
		},
		"Invoke":        func(app *container.App, _ *container.Scope) error { return app.Invoke(func() {}) },
		"Supply":        func(app *container.App, _ *container.Scope) error { return app.Supply(1) },
		"Depend":        func(app *container.App, _ *container.Scope) error { return app.Depend(new(int), new(string)) },
		"Scope.Provide": func(_ *container.App, s *container.Scope) error { return s.Provide(newConfig) },
		"Scope.Decorate": func(_ *container.App, s *container.Scope) error {
			return s.Decorate(func(c *Config) *Config { return c })
		},
		"Scope.Supply": func(_ *container.App, s *container.Scope) error { return s.Supply(1) },
		"Scope.Invoke": func(_ *container.App, s *container.Scope) error { return s.Invoke(func() {}) },
		"a late Scope": func(app *container.App, _ *container.Scope) error { return app.Scope("late").Provide(newConfig) },
		"Runner":       func(app *container.App, _ *container.Scope) error { _, err := app.Runner(); return err },
		"Process": func(app *container.App, _ *container.Scope) error {
			_, err := app.Process(context.Background())
			return err
		},
		"RunContext": func(app *container.App, _ *container.Scope) error { return app.RunContext(context.Background()) },
	}
	for way, start := range ways {
		t.Run(way, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				app := newApp()
				scope := app.Scope("inner")
				start(t, app)
				before := app.Err()
				for method, call := range methods {
					err := call(app, scope)
					if !errors.Is(err, container.ErrStarted) {
						t.Errorf("%s returns %v, want ErrStarted", method, err)
						continue
					}
					wantText(t, err, "badinput_test.go:", "the app was started already")
				}
				if after := app.Err(); after != before && after.Error() != before.Error() {
					t.Errorf("Err is %v, want %v", after, before)
				}
			})
		})
	}
}

// Errors of the setup are often ignored, so a Provide that came too late is told to
// observers.
func TestLateProvideIsReported(t *testing.T) {
	r := new(recorder)
	app := newApp(container.WithObserver(r))
	if _, err := app.Process(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = app.Provide(newConfig)
	reported := find[hooks.Misuse](r)
	if len(reported) != 1 {
		t.Fatalf("reported %+v, want one misuse", reported)
	}
	wantText(t, reported[0].Err, "badinput_test.go:", "Provide: the app was started already")
}

func TestRunContextWithoutContext(t *testing.T) {
	app := newApp()
	var none context.Context
	err := app.RunContext(none)
	wantText(t, err, "RunContext with a nil context")
	if err := app.Provide(newConfig); err != nil {
		t.Errorf("it was not started, but Provide returns %v", err)
	}
}
