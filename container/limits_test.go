package container_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// When the start timeout passes, the start is given up: what runs is stopped in
// order, with the stop timeout as its budget.
func TestStartTimeout(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.WithStartTimeout(10*time.Second), container.WithStopTimeout(20*time.Second))
		app.Provide(func() *Config { time.Sleep(4 * time.Second); return nil })
		app.Provide(func(*Config) *Database { return &Database{takes(0, 15*time.Second)} })
		app.Provide(func(*Database) *Cache { return &Cache{takes(7*time.Second, 0)} })
		began := time.Now()

		err := app.RunContext(t.Context())

		if !errors.Is(err, process.ErrStartTimeout) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("error is %v, want ErrStartTimeout alone", err)
		}
		wantText(t, err, "app not ready in time: 10s", "*container_test.Cache (container_test.", "limits_test.go:")
		if took := time.Since(began); took != 25*time.Second {
			t.Errorf("took %v, want 25s: the construction counts, and the stop has a budget of its own", took)
		}
		if e := find[hooks.AppStopping](r)[0]; e.Why != hooks.WhyTimeout || !errors.Is(e.Cause, process.ErrStartTimeout) {
			t.Errorf("stopping: %+v", e)
		}
		wantBefore(t, r.story(), "started *container_test.Database", "starting *container_test.Cache", "app stopping: timeout",
			"stopped *container_test.Cache", "stopping *container_test.Database", "stopped *container_test.Database", "app stopped")
		wantWellFormed(t, r)
	})
}

// A constructor that goes on past the start timeout is waited for as long as what
// is forced.
func TestStartTimeoutDuringConstruction(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Config { time.Sleep(62 * time.Second); return nil })
		app.Provide(newDatabase)
		err := app.RunContext(t.Context())
		if !errors.Is(err, process.ErrStartTimeout) || errors.Is(err, container.ErrStuck) {
			t.Errorf("error is %v, want ErrStartTimeout alone", err)
		}
		wantText(t, err, "limits_test.go:")
		wantEqual(t, "started", r.started(), nil)
		wantWellFormed(t, r)
	})
}

func TestStuckConstructor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		release := make(chan struct{})
		defer close(release)
		app.Provide(func() *Config {
			go func() { <-release }()
			hangInConstructor(release)
			return nil
		})
		app.Provide(newDatabase)
		began := time.Now()

		err := app.RunContext(t.Context())

		if took := time.Since(began); took != 63*time.Second {
			t.Errorf("took %v, want 63s", took)
		}
		if !errors.Is(err, process.ErrStartTimeout) || !errors.Is(err, container.ErrStuck) {
			t.Errorf("error is %v", err)
		}
		wantText(t, err, "TestStuckConstructor", "limits_test.go:", "(construct for 1m3s)", "hangInConstructor")
		if units := find[hooks.Stuck](r)[0].Units; len(units) != 1 || strings.Contains(units[0].Stack, "created by") {
			t.Errorf("stuck: %+v", units)
		}
		wantWellFormed(t, r)
		if err := app.Provide(newCache); !errors.Is(err, container.ErrStarted) {
			t.Errorf("Provide returned %v when the app had ended, want ErrStarted", err)
		}
	})
}

func hangInConstructor(release <-chan struct{}) { <-release }

// When the stop timeout passes, everything is forced at once, and nothing is
// skipped.
func TestStopTimeout(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.WithStopTimeout(10*time.Second))
		app.Provide(func() *Database { return &Database{takes(0, time.Hour)} })
		app.Provide(func(*Database) *Cache { return &Cache{takes(0, time.Hour)} })
		app.Provide(func(*Cache) *Server { return &Server{takes(0, time.Second)} })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()

		err := app.RunContext(ctx)

		if took := time.Since(began); took != 70*time.Second {
			t.Errorf("took %v, want 1m10s", took)
		}
		if !errors.Is(err, process.ErrStopTimeout) || errors.Is(err, context.Canceled) || container.ExitCode(err) != 1 {
			t.Errorf("exit code %d for %v", container.ExitCode(err), err)
		}
		wantText(t, err, "app not stopped in time: 10s", "*container_test.Cache (container_test.", "limits_test.go:")
		if n := strings.Count(err.Error(), "not stopped in time"); n != 1 {
			t.Errorf("told %d times: %v", n, err)
		}
		forced := map[string]bool{}
		for _, e := range find[hooks.UnitStopped](r) {
			forced[e.Unit.Name] = e.Forced
		}
		if len(forced) != 3 || forced["*container_test.Server"] || !forced["*container_test.Cache"] || !forced["*container_test.Database"] {
			t.Errorf("forced: %v", forced)
		}
		wantWellFormed(t, r)
	})
}

// The budget of a stop begins with its reason, whoever that is.
func TestStopTimeoutAfterACrash(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		app := newApp(schedule, container.WithStopTimeout(10*time.Second))
		app.Provide(func() *Database { return &Database{fails(time.Minute, errBoom)} })
		app.Provide(func(*Database) *Server { return &Server{takes(0, time.Hour)} })
		began := time.Now()
		err := app.RunContext(t.Context())
		if took := time.Since(began); took != 70*time.Second {
			t.Errorf("took %v, want 1m10s", took)
		}
		lines := strings.Split(err.Error(), "\n")
		if !errors.Is(err, errBoom) || !errors.Is(err, process.ErrStopTimeout) || !strings.HasPrefix(lines[0], "run *container_test.Database (") {
			t.Errorf("error is %v", err)
		}
	})
}

// What does not even end when forced is given up, and told with its stacks, and
// what had failed before is not lost.
func TestStuckUnits(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		release := make(chan struct{})
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, 0)} })
		app.Provide(func(*Database) *Cache { return &Cache{deafStop(release)} })
		app.Provide(func() *Queue { return &Queue{fails(time.Minute, errBoom)} })
		began := time.Now()

		err := app.RunContext(t.Context())

		if took := time.Since(began); took != 60*time.Second+25*time.Second+3*time.Second {
			t.Errorf("took %v", took)
		}
		if !errors.Is(err, container.ErrStuck) || !errors.Is(err, errBoom) || !errors.Is(err, process.ErrStopTimeout) || container.ExitCode(err) != 1 {
			t.Errorf("exit code %d for %v", container.ExitCode(err), err)
		}
		if !strings.HasPrefix(err.Error(), "run *container_test.Queue (container_test.") {
			t.Errorf("error is %v, want the culprit first", err)
		}
		wantText(t, err, "stuck: *container_test.Cache (stop for 28s)", ".deafStop")
		if n := strings.Count(err.Error(), "app not stopped in time"); n != 1 {
			t.Errorf("told %d times: %v", n, err)
		}
		units := find[hooks.Stuck](r)[0].Units
		if len(units) != 1 || units[0].Unit != "*container_test.Cache" || units[0].Phase != hooks.PhaseStop || !strings.Contains(units[0].Stack, "deafStop") {
			t.Errorf("stuck: %+v", units)
		}
		wantWellFormed(t, r)
		close(release)
	})
}

func TestStuckStart(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		release := make(chan struct{})
		app := newApp(schedule)
		app.Provide(func() *Cache { return &Cache{deafStart(release)} })
		err := app.RunContext(t.Context())
		if !errors.Is(err, container.ErrStuck) || !errors.Is(err, process.ErrStartTimeout) {
			t.Errorf("error is %v", err)
		}
		wantText(t, err, "stuck: *container_test.Cache (start for 1m28s)", ".deafStart")
		close(release)
	})
}

// Zero is no limit.
func TestNoLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp(container.WithStartTimeout(0), container.WithStopTimeout(0), container.WithForceTimeout(0))
		app.Provide(func() *Config { time.Sleep(time.Hour); return nil })
		app.Provide(func(*Config) *Database { return &Database{takes(time.Hour, time.Hour)} })
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
	})
}

// An observer that hangs keeps nobody from ending.
func TestObserverThatHangs(t *testing.T) {
	for _, event := range []any{hooks.Planned{}, hooks.AppStarted{}, hooks.AppStopping{}, hooks.UnitStarting{}, hooks.UnitStopping{}, hooks.AppStopped{}} {
		bubble(t, func(t *testing.T) {
			release := make(chan struct{})
			app := newApp(container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
				if fmt.Sprintf("%T", e) == fmt.Sprintf("%T", event) {
					<-release
				}
			})))
			app.Provide(func() *Database { return &Database{process.Nop()} })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			err := app.RunContext(ctx)
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("%T: took %v", event, took)
			}
			if ended := errors.Is(err, container.ErrStuck) || err == nil; !ended {
				t.Errorf("%T: error is %v", event, err)
			}
			close(release)
		})
	}
}

// A heartbeat that hangs in an observer does not keep a process from heeding a
// Shutdown, nor from ending.
func TestHeartbeatThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		stopped := make(chan struct{})
		app := newApp(container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			if _, ok := e.(hooks.StillStarting); ok {
				<-release
			}
		})))
		s := shutdowner(t, app)
		app.Provide(func() *Database {
			return &Database{process.StartStop(func(ctx context.Context) error {
				err := sleep(ctx, time.Hour)
				close(stopped)
				return err
			}, func(context.Context) error { return nil })}
		})
		p, err := app.Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, func() { _ = s.Shutdown() })
		began := time.Now()
		go func() { _ = p.Start(t.Context()) }()
		<-stopped
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the start was aborted after %v", took)
		}
		close(release)
		<-p.Done()
	})
}

// What an adapter made of a value is told of the drain, if the value has no Drain.
func TestDrainOfWhatIsAdapted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		drained := 0
		adapt := func(*Plain) process.Runner { return &drains{process.Nop(), func() { drained++ }} }
		app := newApp(container.WithAdapter(adapt), container.WithDrainDelay(time.Second))
		app.Provide(func() *Plain { return new(Plain) })
		if err := startAndStop(t, app); err != nil || drained != 1 {
			t.Errorf("drained %d times, %v", drained, err)
		}
	})
}

// A wrapper has no Drain of what is in it, a type that embeds that and wraps it in Run has.
func TestDrainIsHiddenByAWrapperAndNotByEmbedding(t *testing.T) {
	for name, c := range map[string]struct {
		supply func(*drains) process.Runner
		want   int
	}{
		"wrapped":  {func(d *drains) process.Runner { return process.BestEffort(d, nil) }, 0},
		"limited":  {func(d *drains) process.Runner { return process.StopTimeout(time.Second, d) }, 0},
		"embedded": {func(d *drains) process.Runner { return &bestEffort{d} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				drained := 0
				app := newApp(container.WithDrainDelay(time.Second))
				app.Supply(c.supply(&drains{process.Nop(), func() { drained++ }}))
				if err := startAndStop(t, app); err != nil || drained != c.want {
					t.Errorf("drained %d times, want %d; %v", drained, c.want, err)
				}
			})
		})
	}
}

// bestEffort is a part that others can do without, and has all methods of that.
type bestEffort struct{ *drains }

func (b *bestEffort) Run(ctx context.Context, callback process.Callback) error {
	return process.BestEffort(b.drains, nil).Run(ctx, callback)
}

// drains tells when it is asked to drain.
type drains struct {
	process.Runner
	drain func()
}

func (d *drains) Drain() { d.drain() }

// When its context ends, an app that has started goes on for the drain delay.
func TestDrain(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		drained := 0
		app := newApp(schedule, container.WithObserver(r), container.WithDrainDelay(5*time.Second))
		app.Provide(func() *drains { return &drains{process.Nop(), func() { drained++; panic("drain") }} })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 65*time.Second || drained != 1 {
			t.Errorf("took %v, drained %d times", took, drained)
		}
		wantBefore(t, r.story(), "app stopping: context", "draining", "misuse", "stopping *container_test.drains")
		wantText(t, find[hooks.Misuse](r)[0].Err, "drain *container_test.drains (container_test.", "limits_test.go:", "panic: drain")
		wantWellFormed(t, r)
	})
}

// A drain is a part of the stop, and ends with a death or a shutdown.
func TestDrainIsAPartOfTheStop(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(app *container.App, s container.Shutdowner)
		want time.Duration
	}{
		"the stop timeout": {func(app *container.App, s container.Shutdowner) {
			app.Provide(func() *Cache { return &Cache{takes(0, time.Hour)} })
		}, 25 * time.Second},
		"a death": {func(app *container.App, s container.Shutdowner) {
			app.Provide(func() *Cache { return &Cache{fails(61*time.Second, nil)} })
		}, time.Second},
		"a shutdown": {func(app *container.App, s container.Shutdowner) {
			time.AfterFunc(62*time.Second, func() { s.Shutdown() })
		}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			schedules(t, func(t *testing.T, schedule container.Option) {
				app := newApp(schedule, container.WithDrainDelay(20*time.Second))
				test.end(app, shutdowner(t, app))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began := time.Now()
				err := app.RunContext(ctx)
				if took := time.Since(began) - time.Minute; took != test.want {
					t.Errorf("stopped in %v, want %v: %v", took, test.want, err)
				}
			})
		})
	}
}

// A Drain that does not return is waited for as long as what is forced.
func TestStuckDrain(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		release := make(chan struct{})
		app := newApp(schedule, container.WithObserver(r), container.WithDrainDelay(5*time.Second))
		app.Provide(func() *drains { return &drains{process.Nop(), func() { hangInDrain(release) }} })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		err := app.RunContext(ctx)
		if took := time.Since(began); took != 88*time.Second || !errors.Is(err, container.ErrStuck) {
			t.Errorf("took %v: %v", took, err)
		}
		wantText(t, err, "app not stopped in time: 25s; still running the Drain of *container_test.drains (",
			"stuck: *container_test.drains (stop for 28s)", "hangInDrain")
		wantWellFormed(t, r)
		close(release)
	})
}

// A Drain that takes longer than the delay has as long as the stop may take.
func TestDrainThatOutlastsTheDelay(t *testing.T) {
	for _, c := range []struct {
		takes, ends time.Duration
		want        string
	}{
		{20 * time.Second, 80 * time.Second, ""},
		{26 * time.Second, 86 * time.Second, "app not stopped in time: 25s; still running the Drain of *container_test.drains ("},
	} {
		schedules(t, func(t *testing.T, schedule container.Option) {
			app := newApp(schedule, container.WithDrainDelay(5*time.Second))
			app.Provide(func() *drains { return &drains{process.Nop(), func() { time.Sleep(c.takes) }} })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			err := app.RunContext(ctx)
			if took := time.Since(began); took != c.ends {
				t.Errorf("a Drain of %v: took %v, want %v", c.takes, took, c.ends)
			}
			if c.want != "" {
				wantText(t, err, c.want)
			} else if err != nil {
				t.Errorf("a Drain of %v: %v", c.takes, err)
			}
		})
	}
}

func hangInDrain(release <-chan struct{}) { <-release }

// What fails because something else did is told after it, though it ends first. Who
// is first is a matter of goroutines, so it is tried often.
func TestRootCauseComesFirst(t *testing.T) {
	errLost := errors.New("lost")
	schedules(t, func(t *testing.T, schedule container.Option) {
		for range 200 {
			app := newApp(schedule)
			app.Provide(func() *Database { return &Database{fails(time.Minute, errBoom)} })
			app.Provide(func(*Database) *Server {
				return &Server{process.StartStop(func(context.Context) error { return nil }, func(context.Context) error { return errLost })}
			})
			err := app.RunContext(t.Context())
			if !errors.Is(err, errBoom) || !errors.Is(err, errLost) || !strings.HasPrefix(err.Error(), "run *container_test.Database (") {
				t.Fatalf("error is %v, want what the database failed with first", err)
			}
		}
	})
}

// Beside what is stuck, too, the errors stand in the order in which they happened: why
// all was forced comes before what that led to.
func TestWhatForceLedToComesAfterIt(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		release := make(chan struct{})
		app := newApp(schedule)
		app.Provide(func() *Database {
			return &Database{process.StartStop(
				func(context.Context) error { return nil },
				func(ctx context.Context) error {
					<-ctx.Done()
					return errors.New("flush interrupted")
				},
			)}
		})
		app.Provide(func(*Database) *Cache { return &Cache{deafStop(release)} })
		app.Provide(func(*Cache) *Server { return &Server{takesBadly()} })

		err := runFor(t, app)

		var lines []string
		for _, line := range strings.Split(err.Error(), "\n") {
			for _, text := range []string{"boom", "app not stopped in time", "flush interrupted", "stuck:"} {
				if strings.Contains(line, text) {
					lines = append(lines, text)
				}
			}
		}
		wantEqual(t, "errors", lines, []string{"boom", "app not stopped in time", "flush interrupted", "stuck:"})
		close(release)
	})
}

// takesBadly returns a runner of which the stop fails.
func takesBadly() process.Runner {
	return process.StartStop(
		func(context.Context) error { return nil },
		func(context.Context) error { return errors.New("boom") },
	)
}

// The app stops for the unit that failed first, also if another fails for that while
// observers are still being told.
func TestAppStopsForWhatFailedFirst(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			if _, ok := e.(hooks.UnitFailed); ok {
				time.Sleep(100 * time.Millisecond)
			}
		})))
		app.Provide(func() *Database { return &Database{fails(time.Minute, errors.New("disk full"))} })
		app.Provide(func(*Database) *Cache { return &Cache{fails(time.Minute+time.Millisecond, errors.New("no database"))} })

		err := app.RunContext(t.Context())

		if first, _, _ := strings.Cut(err.Error(), "\n"); !strings.HasSuffix(first, "disk full") {
			t.Errorf("the first error is %q", first)
		}
		stopping := find[hooks.AppStopping](r)[0]
		if stopping.Unit != "*container_test.Database" || !strings.HasSuffix(stopping.Cause.Error(), "disk full") {
			t.Errorf("stops for %s: %v", stopping.Unit, stopping.Cause)
		}
		wantBefore(t, r.story(), "failed *container_test.Database", "app stopping: failure")
	})
}

// A unit of which the context ends with a cause has failed with that, whatever its Run
// returns: the app does not end as if nothing had happened.
func TestWhatAUnitFailedWithIsInTheResult(t *testing.T) {
	for name, returned := range map[string]func(ctx context.Context) error{
		"nothing":                  func(context.Context) error { return nil },
		"the error of its context": func(ctx context.Context) error { return ctx.Err() },
		"the cause":                context.Cause,
	} {
		t.Run(name, func(t *testing.T) {
			schedules(t, func(t *testing.T, schedule container.Option) {
				app := newApp(schedule)
				app.Provide(func() *Database {
					return &Database{process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
						own, cancel := context.WithCancelCause(ctx)
						time.AfterFunc(time.Minute, func() { cancel(errBoom) })
						if err := callback(own); err != nil {
							return err
						}
						return returned(own)
					})}
				})

				err := app.RunContext(t.Context())

				if !errors.Is(err, errBoom) || container.ExitCode(err) != 1 || !strings.HasPrefix(fmt.Sprint(err), "run *container_test.Database (") {
					t.Errorf("error is %v", err)
				}
			})
		})
	}
}
