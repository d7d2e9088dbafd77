package container_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// An app where nothing runs goes on until it is stopped.
func TestAppWithoutUnits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}
		if ran := time.Since(began); ran != time.Hour {
			t.Errorf("ran for %v", ran)
		}
		wantEqual(t, "story", r.story(), []string{"planned", "app starting", "app started", "app stopping: context", "app stopped"})
	})
}

// The end of the context, whenever it comes, is no error if all stop clean.
func TestRunContextEndsWithItsContext(t *testing.T) {
	for name, after := range map[string]time.Duration{
		"before the start": 0, "while constructing": time.Second, "while starting": 3 * time.Second, "while running": time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			schedules(t, func(t *testing.T, schedule container.Option) {
				r := new(recorder)
				app := newApp(schedule, container.WithObserver(r))
				app.Provide(func() *Database { time.Sleep(2 * time.Second); return &Database{takes(0, time.Second)} })
				app.Provide(func(*Database) *Server { return &Server{takes(2*time.Second, time.Second)} })
				ctx, cancel := context.WithTimeout(t.Context(), after+1)
				defer cancel()
				if after == 0 {
					cancel()
				}
				err := app.RunContext(ctx)
				if err != nil || container.ExitCode(err) != 0 {
					t.Errorf("exit code %d for %v", container.ExitCode(err), err)
				}
				if e := find[hooks.AppStopping](r); len(e) != 1 || e[0].Why != hooks.WhyContext {
					t.Errorf("stopping: %+v", e)
				}
				wantWellFormed(t, r)
				if after == 0 && len(find[hooks.Constructed](r)) > 0 {
					t.Error("constructors were called")
				}
			})
		})
	}
}

// As a process the app starts and stops when its owner says so, and the end of a
// context forces.
func TestProcess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(newConfig)
		app.Provide(newDatabase)
		p, err := app.Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-app.Ready()
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		wantEqual(t, "story", r.story(), []string{
			"planned", "app starting", "starting *container_test.Database", "started *container_test.Database", "app started",
			"app stopping: stop", "stopping *container_test.Database", "stopped *container_test.Database", "app stopped",
		})
	})
}

func TestProcessIsForcedByItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, time.Hour)} })
		app.Provide(func(*Database) *Server { return &Server{takes(0, time.Hour)} })
		ctx, cancel := context.WithCancelCause(t.Context())
		p, err := app.Process(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		cancel(errBoom)
		<-p.Done()
		if !errors.Is(p.Err(), errBoom) {
			t.Errorf("error is %v, want the cause", p.Err())
		}
		if e := find[hooks.AppStopping](r); len(e) != 1 || e[0].Why != hooks.WhyContext || e[0].Cause != errBoom {
			t.Errorf("stopping: %+v", e)
		}
		wantWellFormed(t, r)
	})
}

// As a runner the app nests: what is outside starts before it and stops after it,
// and an abort from outside stops what runs in it, in order.
func TestRunnerNests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, time.Second)} })
		app.Provide(func(*Database) *Server { return &Server{takes(time.Hour, 0)} })
		inner, err := app.Runner()
		if err != nil {
			t.Fatal(err)
		}
		p := process.NewProcess(t.Context(), process.Parallel(
			process.Sequential(process.Nop(), inner),
			process.StartStop(func(ctx context.Context) error { return errors.Join(sleep(ctx, time.Minute), errBoom) }, func(context.Context) error { return nil }),
		))
		err = p.Start(t.Context())
		if err == nil || err.Error() != "boom" {
			t.Errorf("error is %v, want the one culprit", err)
		}
		wantBefore(t, r.story(), "started *container_test.Database", "app stopping: stop", "stopped *container_test.Server", "stopping *container_test.Database", "app stopped")
		wantWellFormed(t, r)
		for _, e := range find[hooks.UnitStopped](r) {
			if e.Unit.Name == "*container_test.Database" && (e.Forced || e.Took != time.Second) {
				t.Errorf("the database was not stopped gracefully: %+v", e)
			}
		}
	})
}

func TestRunnerRunsOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp()
		app.Provide(func() *Database { return &Database{process.Nop()} })
		runner, err := app.Runner()
		if err != nil {
			t.Fatal(err)
		}
		var none context.Context
		if err := runner.Run(none, func(context.Context) error { return nil }); err == nil {
			t.Error("Run with a nil context returned nil")
		}
		if err := runner.Run(t.Context(), nil); err == nil {
			t.Error("Run with a nil callback returned nil")
		}
		again := func(ctx context.Context) error {
			return runner.Run(ctx, func(context.Context) error { t.Error("called back"); return nil })
		}
		err = runner.Run(t.Context(), func(ctx context.Context) error {
			if err := again(ctx); !errors.Is(err, container.ErrStarted) {
				t.Errorf("second Run returned %v inside the first", err)
			}
			return errBoom
		})
		if !errors.Is(err, errBoom) {
			t.Errorf("error is %v, want the callback's", err)
		}
		if err := again(t.Context()); !errors.Is(err, container.ErrStarted) {
			t.Errorf("second Run returned %v", err)
		}
	})
}

// A panic of the callback goes on when everything has ended, and the log does not
// tell of a clean end.
func TestRunnerWithACallbackThatPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Database { return &Database{process.Nop()} })
		runner, err := app.Runner()
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if recover() != "boom" {
				t.Error("no panic")
			}
			wantWellFormed(t, r)
			wantBefore(t, r.story(), "app stopping: stop", "stopped *container_test.Database", "app stopped")
			if e := find[hooks.AppStopped](r)[0]; e.Err == nil {
				t.Error("it is told that the app ended well")
			}
		}()
		_ = runner.Run(t.Context(), func(context.Context) error { panic("boom") })
	})
}

// An observer may come at any time: it is told the past first.
func TestObserveTellsThePast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		early, late, after := new(recorder), new(recorder), new(recorder)
		app := newApp(container.WithObserver(early))
		app.Provide(func() *Database { return &Database{process.Nop()} })
		go func() {
			<-app.Ready()
			app.Observe(late)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}
		app.Observe(after)
		synctest.Wait() // somebody else may be delivering
		wantEqual(t, "story of a late observer", late.story(), early.story())
		wantEqual(t, "story told afterwards", after.story(), early.story())
		if n := len(early.all()); n < 8 || len(late.all()) != n || len(after.all()) != n {
			t.Errorf("%d, %d and %d events", n, len(late.all()), len(after.all()))
		}
	})
}

// An observer that panics, or ends its goroutine, is reported and left out; nobody
// else suffers.
func TestBrokenObserversAreLeftOut(t *testing.T) {
	for name, breaks := range map[string]func(){"panic": func() { panic("boom") }, "goexit": runtime.Goexit} {
		for _, event := range []hooks.Event{hooks.Constructing{}, hooks.Constructed{}, hooks.Planned{}, hooks.AppStarting{}, hooks.AppStarted{}, hooks.AppStopping{}, hooks.AppStopped{}} {
			t.Run(fmt.Sprintf("%s at %T", name, event), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					told, broken := 0, false
					r := new(recorder)
					app := newApp(container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
						if broken {
							told++
						}
						if fmt.Sprintf("%T", e) == fmt.Sprintf("%T", event) {
							broken = true
							breaks()
						}
					}), r))
					app.Provide(func() *Database { return &Database{process.Nop()} })
					err := startAndStop(t, app)
					synctest.Wait()
					misuse := find[hooks.Misuse](r)
					if len(misuse) != 1 {
						t.Fatalf("reported %+v, want one misuse", misuse)
					}
					wantText(t, misuse[0].Err, "observer container_test.TestBrokenObserversAreLeftOut", "run_test.go:", "is told nothing more")
					if told != 0 {
						t.Errorf("told of %d events more", told)
					}
					if n := len(find[hooks.AppStopped](r)); n != 1 {
						t.Errorf("%d times app stopped", n)
					}
					// To end the goroutine of a constructor is to fail it.
					if err != nil && !(name == "goexit" && errors.Is(err, process.ErrGoexit)) {
						t.Error(err)
					}
				})
			})
		}
	}
}

// Everything that may be called at any time may be called by an observer, and in a
// constructor.
func TestMethodsMayBeCalledInsideObserversAndConstructors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var app *container.App
		call := func() {
			_ = app.Err()
			_, _ = app.Plan()
			_ = app.Verify()
			_ = app.Ready()
			app.Observe(hooks.ObserverFunc(func(hooks.Event) {}))
			if err := app.RunContext(t.Context()); app != nil && !errors.Is(err, container.ErrStarted) {
				t.Errorf("RunContext inside returned %v", err)
			}
			if _, err := app.Runner(); !errors.Is(err, container.ErrStarted) {
				t.Errorf("Runner inside returned %v", err)
			}
		}
		calling := false
		app = newApp()
		app.Provide(func() *Database { call(); return &Database{process.Nop()} })
		app.Provide(func(d *Database) (*Queue, error) {
			err := app.Invoke(func(inner *Database) {
				if inner != d {
					t.Error("another database")
				}
			})
			return &Queue{process.Nop()}, errors.Join(err, app.Scope("late").Provide(func(*Database) *Cache { return &Cache{process.Nop()} }))
		})
		app.Observe(hooks.ObserverFunc(func(e hooks.Event) {
			switch e.(type) {
			case hooks.Provided, hooks.Misuse: // what call makes itself
				return
			}
			if calling {
				return
			}
			calling = true
			defer func() { calling = false }()
			call()
		}))
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		wantEqual(t, "layers", layers(planOf(t, app)), []string{
			"0: *container_test.Database",
			"1: *container_test.Queue after *container_test.Database, *container_test.Cache after *container_test.Database",
		})
	})
}

// Events come one at a time, whatever the number of goroutines that emit them.
func TestEventsComeOneAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var busy sync.Mutex
		app := newApp(container.WithObserver(hooks.ObserverFunc(func(hooks.Event) {
			if !busy.TryLock() {
				t.Error("two at a time")
				return
			}
			runtime.Gosched()
			busy.Unlock()
		})))
		for i := range 50 {
			provideNumbered(app, i)
		}
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
	})
}

// What may be called from any goroutine at any time races with nothing.
func TestQueriesFromOtherGoroutines(t *testing.T) {
	app := newApp()
	var s container.Shutdowner
	app.Invoke(func(given container.Shutdowner) { s = given })
	var goroutines sync.WaitGroup
	for range 3 {
		goroutines.Go(func() {
			for range 30 {
				_ = app.Err()
				_, _ = app.Plan()
				app.Observe(new(recorder))
				runtime.Gosched()
			}
		})
	}
	for i := range 20 {
		provideNumbered(app, i, i-1)
	}
	app.Provide(func() *Queue { return &Queue{process.Nop()} })
	goroutines.Go(func() {
		<-app.Ready()
		for range 3 {
			if err := s.Shutdown(); err != nil {
				t.Error(err)
			}
		}
	})
	if err := app.RunContext(t.Context()); err != nil {
		t.Error(err)
	}
	goroutines.Wait()
}

// A start and a stop that take long say what they wait for.
func TestHeartbeat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(12*time.Second, 12*time.Second)} })
		app.Provide(func(*Database) *Server { return &Server{takes(0, 0)} })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}
		starting, stopping := find[hooks.StillStarting](r), find[hooks.StillStopping](r)
		if len(starting) != 2 || len(stopping) != 2 {
			t.Fatalf("told %d times of the start and %d times of the stop, want 2", len(starting), len(stopping))
		}
		want := func(took time.Duration, pending []hooks.Pending, holds []string) {
			t.Helper()
			if took != 10*time.Second || len(pending) != 1 || pending[0].Unit != "*container_test.Database" || pending[0].For != took || !slices.Equal(pending[0].Holds, holds) {
				t.Errorf("after %v: %+v", took, pending)
			}
		}
		want(starting[1].Took, starting[1].Pending, []string{"*container_test.Server"})
		want(stopping[1].Took, stopping[1].Pending, nil)
	})
}

// What a runner reports becomes an event.
func TestReport(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Database {
			return &Database{process.StartStop(func(ctx context.Context) error {
				process.Report(ctx, "retrying")
				return nil
			}, func(context.Context) error { return nil })}
		})
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		if e := find[hooks.UnitReported](r); len(e) != 1 || e[0].Value != "retrying" || e[0].Unit.Name != "*container_test.Database" {
			t.Errorf("reported %+v", e)
		}
	})
}

// syncs is an observer with a buffer.
type syncs struct {
	recorder
	synced int // how many events it had then
}

func (s *syncs) Sync() error {
	s.synced = len(s.all())
	return errBoom
}

// Observers write out what they hold back, after the last event.
func TestObserversAreFlushed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := new(syncs)
		app := newApp(container.WithObserver(s))
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		if n := len(s.all()); s.synced != n || n == 0 {
			t.Errorf("flushed after %d of %d events", s.synced, n)
		}
	})
}
