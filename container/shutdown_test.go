package container_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// A shutdown stops the app whenever it comes, and the first call counts.
func TestShutdownAtAnyTime(t *testing.T) {
	for _, test := range []struct {
		when    string
		started bool // whether the database ever ran
		arrange func(app *container.App, shutdown func())
	}{
		{"before the start", false, func(app *container.App, shutdown func()) { shutdown() }},
		{"in a constructor", false, func(app *container.App, shutdown func()) {
			app.Provide(func(*Database) *Cache { shutdown(); return &Cache{process.Nop()} })
		}},
		{"during the construction", false, func(app *container.App, shutdown func()) {
			app.Provide(func(*Database) *Cache {
				go shutdown()
				time.Sleep(time.Second)
				return &Cache{process.Nop()}
			})
		}},
		{"during the start", true, func(app *container.App, shutdown func()) {
			app.Provide(func(*Database) *Cache {
				return &Cache{process.StartStop(func(ctx context.Context) error {
					shutdown()
					return sleep(ctx, time.Hour)
				}, func(context.Context) error { return nil })}
			})
		}},
		{"while running", true, func(app *container.App, shutdown func()) {
			app.Provide(func(*Database) *Cache { return &Cache{process.Nop()} })
			go func() { <-app.Ready(); shutdown() }()
		}},
		{"in the stop of a unit", true, func(app *container.App, shutdown func()) {
			app.Provide(func(*Database) *Cache {
				return &Cache{process.StartStop(func(ctx context.Context) error { return nil },
					func(context.Context) error { shutdown(); return nil })}
			})
			app.Provide(func() *Queue { return &Queue{fails(time.Minute, nil)} })
		}},
	} {
		t.Run(test.when, func(t *testing.T) {
			schedules(t, func(t *testing.T, schedule container.Option) {
				for code := range 3 {
					r := new(recorder)
					app := newApp(schedule, container.WithObserver(r))
					app.Provide(func() *Database { return &Database{takes(0, time.Second)} })
					s := shutdowner(t, app)
					test.arrange(app, func() {
						s.Shutdown(container.WithExitCode(code), container.WithCause(errBoom))
						s.Shutdown(container.WithExitCode(9))
					})

					err := app.RunContext(t.Context())

					if container.ExitCode(err) != code {
						t.Errorf("exit code %d for %v, want %d", container.ExitCode(err), err, code)
					}
					var exit *container.ExitError
					if isExit := errors.As(err, &exit); isExit != (code != 0) || isExit && (exit.Code != code || !errors.Is(err, errBoom)) {
						t.Errorf("error is %#v for code %d", err, code)
					}
					if ran := len(r.started()) > 0; ran != test.started {
						t.Errorf("started %q", r.started())
					}
					wantWellFormed(t, r)
					if test.when != "in the stop of a unit" {
						if e := find[hooks.AppStopping](r); len(e) != 1 || e[0].Why != hooks.WhyShutdown || e[0].Cause != errBoom {
							t.Errorf("stopping: %+v", e)
						}
					}
					for _, e := range find[hooks.UnitStopped](r) {
						if e.Unit.Name == "*container_test.Database" && (e.Forced || e.Took != time.Second) {
							t.Errorf("the database was not stopped gracefully: %+v", e)
						}
					}
				}
			})
		})
	}
}

// It is why the app stops, too, if the context has ended as well.
func TestAShutdownBeforeTheStartCallsNoConstructor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Database { t.Error("called"); return nil })
		shutdowner(t, app).Shutdown(container.WithExitCode(3))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := app.RunContext(ctx); container.ExitCode(err) != 3 {
			t.Errorf("exit code %d for %v", container.ExitCode(err), err)
		}
		if e := find[hooks.AppStopping](r); len(e) != 1 || e[0].Why != hooks.WhyShutdown {
			t.Errorf("stopping: %+v", e)
		}
		wantWellFormed(t, r)
	})
}

func shutdowner(t *testing.T, app *container.App) (s container.Shutdowner) {
	t.Helper()
	if err := app.Invoke(func(given container.Shutdowner) { s = given }); err != nil {
		t.Fatal(err)
	}
	return s
}

// A shutdown ends the app also when its owner runs it.
func TestShutdownOfAProcess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp()
		app.Provide(func() *Database { return &Database{takes(0, time.Second)} })
		s := shutdowner(t, app)
		p, err := app.Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Shutdown(container.WithExitCode(4), container.WithCause(errBoom))
		<-p.Done()
		if err := p.Err(); container.ExitCode(err) != 4 || !errors.Is(err, errBoom) || err.Error() != "exit code 4: boom" {
			t.Errorf("exit code %d for %v", container.ExitCode(err), err)
		}
	})
}

func TestShutdownBeforeTheStartOfAProcess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Database { return &Database{process.Nop()} })
		s := shutdowner(t, app)
		p, err := app.Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.Shutdown()
		if err := p.Start(t.Context()); !errors.Is(err, process.ErrAborted) {
			t.Errorf("Start returned %v, want ErrAborted", err)
		}
		wantEqual(t, "started", r.started(), nil)
		wantWellFormed(t, r)
	})
}

// An exit code of 0 hides no failure, any other has the failure as a part.
func TestShutdownDoesNotHideFailures(t *testing.T) {
	for code, want := range map[int]int{0: 1, 3: 3} {
		bubble(t, func(t *testing.T) {
			app := newApp()
			app.Provide(func() *Database {
				return &Database{process.StartStop(func(context.Context) error { return nil }, func(context.Context) error { return errBoom })}
			})
			s := shutdowner(t, app)
			go func() { <-app.Ready(); s.Shutdown(container.WithExitCode(code)) }()
			err := app.RunContext(t.Context())
			if container.ExitCode(err) != want || !errors.Is(err, errBoom) {
				t.Errorf("exit code %d for %v, want %d", container.ExitCode(err), err, want)
			}
			wantText(t, err, "stop *container_test.Database (container_test.", "shutdown_test.go:")
		})
	}
}
