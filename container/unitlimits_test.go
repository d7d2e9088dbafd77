package container_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// Patient is a runner that says how long it may take.
type Patient struct {
	process.Runner
	start, stop func() time.Duration
}

func (p *Patient) StartTimeout() time.Duration { return p.start() }
func (p *Patient) StopTimeout() time.Duration  { return p.stop() }

func patient(r process.Runner, start, stop time.Duration) *Patient {
	return &Patient{r, func() time.Duration { return start }, func() time.Duration { return stop }}
}

const thePatient = "*container_test.Patient"

// ways has f run an app for an hour, or until it ends, in each schedule, by RunContext
// and as a process.
func ways(t *testing.T, f func(t *testing.T, schedule container.Option, run func(app *container.App) error)) {
	for name, run := range map[string]func(t *testing.T, app *container.App) error{
		"RunContext": func(t *testing.T, app *container.App) error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			return app.RunContext(ctx)
		},
		"Process": func(t *testing.T, app *container.App) error {
			p, err := app.Process(t.Context())
			if err != nil {
				return err
			}
			if err := p.Start(t.Context()); err != nil {
				return err
			}
			select {
			case <-time.After(time.Hour):
				return p.Stop(t.Context())
			case <-p.Done():
				return p.Err()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			schedules(t, func(t *testing.T, schedule container.Option) {
				f(t, schedule, func(app *container.App) error { return run(t, app) })
			})
		})
	}
}

func stoppedOf(t *testing.T, r *recorder, unit string) hooks.UnitStopped {
	t.Helper()
	for _, e := range find[hooks.UnitStopped](r) {
		if e.Unit.Name == unit {
			return e
		}
	}
	t.Errorf("%s has not stopped: %q", unit, r.story())
	return hooks.UnitStopped{}
}

// A unit that is not ready in its own time has failed: the start is given up, what runs
// stops in order.
func TestStartTimeoutOfAUnit(t *testing.T) {
	ways(t, func(t *testing.T, schedule container.Option, run func(app *container.App) error) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, time.Second)} })
		app.Provide(func(*Database) *Patient { return patient(takes(time.Hour, 0), 5*time.Second, 0) })
		app.Provide(func(*Database) *Cache { return &Cache{takes(30*time.Second, 0)} })
		app.Provide(func(*Patient) *Server { return &Server{process.Nop()} })
		began := time.Now()

		err := run(app)

		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("took %v, want 6s", took)
		}
		if !errors.Is(err, process.ErrStartTimeout) || container.ExitCode(err) != 1 {
			t.Errorf("exit code %d for %v", container.ExitCode(err), err)
		}
		wantEqual(t, "error", withoutPlaces(strings.Split(err.Error(), "\n")...), []string{
			"start *container_test.Patient (container_test.F, unitlimits_test.go): not ready in time: 5s",
		})
		failed, stopping := find[hooks.UnitFailed](r), find[hooks.AppStopping](r)
		if len(failed) != 1 || failed[0].Unit.Name != thePatient || failed[0].Phase != hooks.PhaseStart ||
			!errors.Is(failed[0].Cause, process.ErrStartTimeout) || failed[0].At.Sub(began) != 5*time.Second {
			t.Errorf("failed: %+v", failed)
		}
		if len(stopping) != 1 || stopping[0].Why != hooks.WhyFailure || stopping[0].Unit != thePatient {
			t.Errorf("stopping: %+v", stopping)
		}
		for unit, took := range map[string]time.Duration{"*container_test.Database": time.Second, "*container_test.Cache": 0, thePatient: 0} {
			if e := stoppedOf(t, r, unit); e.Forced || e.Took != took || (e.Err != nil) != (unit == thePatient) {
				t.Errorf("stopped: %+v", e)
			}
		}
		wantBefore(t, r.story(), "failed "+thePatient, "app stopping: failure", "stopped "+thePatient,
			"stopping *container_test.Database", "stopped *container_test.Database", "app stopped")
		wantWellFormed(t, r)
	})
}

// A unit that does not stop in its own time is forced alone, and what it depends on
// then stops in order.
func TestStopTimeoutOfAUnit(t *testing.T) {
	ways(t, func(t *testing.T, schedule container.Option, run func(app *container.App) error) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, time.Second)} })
		app.Provide(func(*Database) *Patient { return patient(takes(0, time.Hour), 0, 5*time.Second) })
		app.Provide(func(*Database) *Cache { return &Cache{takes(0, 20*time.Second)} })
		app.Provide(func(*Patient) *Server { return &Server{takes(0, 2*time.Second)} })
		began := time.Now()

		err := run(app)

		if took := time.Since(began) - time.Hour; took != 21*time.Second && took != 23*time.Second {
			t.Errorf("stopped in %v, want 21s, or 23s by layer", took)
		}
		if !errors.Is(err, process.ErrStopTimeout) || container.ExitCode(err) != 1 {
			t.Errorf("exit code %d for %v", container.ExitCode(err), err)
		}
		wantEqual(t, "error", withoutPlaces(strings.Split(err.Error(), "\n")...), []string{
			"stop *container_test.Patient (container_test.F, unitlimits_test.go): not stopped in time: 5s",
		})
		if n := len(find[hooks.UnitFailed](r)); n > 0 {
			t.Errorf("%d units failed", n)
		}
		for unit, took := range map[string]time.Duration{
			"*container_test.Database": time.Second, "*container_test.Cache": 20 * time.Second,
			"*container_test.Server": 2 * time.Second, thePatient: 5 * time.Second,
		} {
			e, late := stoppedOf(t, r, unit), unit == thePatient
			if e.Forced != late || e.Took != took || errors.Is(e.Err, process.ErrStopTimeout) != late || (e.Err != nil) != late {
				t.Errorf("stopped: %+v", e)
			}
		}
		wantBefore(t, r.story(), "stopped *container_test.Server", "stopping "+thePatient, "stopped "+thePatient,
			"stopping *container_test.Database", "app stopped")
		wantWellFormed(t, r)
	})
}

// The limits of the app hold for units with limits of their own, too.
func TestLimitsOfTheAppBoundThoseOfUnits(t *testing.T) {
	for _, test := range []struct {
		name   string
		runner func(release <-chan struct{}) process.Runner
		limit  time.Duration
		took   time.Duration
		want   []string
	}{
		{"a longer start", func(<-chan struct{}) process.Runner { return takes(time.Hour, 0) }, 2 * time.Hour, time.Minute, []string{
			"app not ready in time: 1m0s; still waiting for " + thePatient,
		}},
		{"a longer stop", func(<-chan struct{}) process.Runner { return takes(0, time.Hour) }, 2 * time.Hour, time.Minute + 25*time.Second, []string{
			"app not stopped in time: 25s; still running " + thePatient,
		}},
		{"a start that is deaf", deafStart, 5 * time.Second, 5*time.Second + 25*time.Second + 3*time.Second, []string{
			"start " + thePatient, "app not stopped in time: 25s; still running " + thePatient, "stuck: " + thePatient + " (start for 33s)",
		}},
		{"a stop that is deaf", deafStop, 5 * time.Second, time.Minute + 25*time.Second + 3*time.Second, []string{
			"stop " + thePatient, "app not stopped in time: 25s; still running " + thePatient, "stuck: " + thePatient + " (stop for 28s)",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			schedules(t, func(t *testing.T, schedule container.Option) {
				release := make(chan struct{})
				app := newApp(schedule)
				app.Provide(func() *Patient { return patient(test.runner(release), test.limit, test.limit) })
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute+1)
				defer cancel()
				began := time.Now()

				err := app.RunContext(ctx)

				if took := time.Since(began); took != test.took && took != test.took+1 {
					t.Errorf("took %v, want %v", took, test.took)
				}
				lines := strings.Split(err.Error(), "\n")
				for i, want := range test.want {
					if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
						t.Errorf("error is %v, want line %d to begin with %q", err, i, want)
					}
				}
				close(release)
			})
		})
	}
}

func TestZeroIsNoLimitOfAUnit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp(container.WithStartTimeout(0), container.WithStopTimeout(0))
		app.Provide(func() *Patient { return patient(takes(time.Hour, time.Hour), 0, 0) })
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
	})
}

// A method that returns a negative duration, or does not return, is an error of its
// unit, at the start: nothing runs.
func TestBadLimitsOfUnits(t *testing.T) {
	says := func(d time.Duration) func() time.Duration { return func() time.Duration { return d } }
	panics := func() time.Duration { panic(errBoom) }
	exits := func() time.Duration { runtime.Goexit(); return 0 }
	for name, test := range map[string]struct {
		start, stop func() time.Duration
		is          error
		want        []string
	}{
		"negative": {says(-1), says(-time.Second), nil, []string{
			"StartTimeout: the duration is negative (-1ns), want zero or more",
			"StopTimeout: the duration is negative (-1s), want zero or more",
		}},
		"panic":  {says(time.Hour), panics, errBoom, []string{"StopTimeout: panic: boom"}},
		"goexit": {exits, says(time.Hour), process.ErrGoexit, []string{"StartTimeout: goroutine ended by runtime.Goexit"}},
	} {
		t.Run(name, func(t *testing.T) {
			ways(t, func(t *testing.T, schedule container.Option, run func(app *container.App) error) {
				r := new(recorder)
				app := newApp(schedule, container.WithObserver(r))
				app.Provide(newConfig)
				app.Provide(newDatabase)
				app.Provide(func(*Database) *Patient { return &Patient{process.Nop(), test.start, test.stop} })

				err := run(app)

				if err == nil || test.is != nil && !errors.Is(err, test.is) || container.ExitCode(err) != 1 {
					t.Fatalf("error is %v, want %v", err, test.is)
				}
				var want []string
				for _, text := range test.want {
					want = append(want, "start *container_test.Patient (container_test.F, unitlimits_test.go): "+text)
				}
				wantEqual(t, "error", withoutPlaces(strings.Split(err.Error(), "\n")...), want)
				if n := len(find[hooks.UnitStarting](r)); n > 0 {
					t.Errorf("%d units were started", n)
				}
				wantWellFormed(t, r)
			})
		})
	}
}

// A unit is asked for its limits once, when everything is constructed.
func TestUnitsAreAskedForTheirLimitsOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		asked, constructed := 0, false
		says := func() time.Duration {
			if asked++; !constructed {
				t.Error("asked before everything was constructed")
			}
			return time.Minute
		}
		app := newApp()
		app.Provide(func() *Patient { return &Patient{process.Nop(), says, says} })
		app.Provide(func(*Patient) *Server { constructed = true; return &Server{process.Nop()} })
		_, _ = app.Plan()
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		if asked != 2 {
			t.Errorf("asked %d times, want twice: for the start and for the stop", asked)
		}
	})
}

// Reservoir is what an adapter runs. It says itself how long it may take to stop.
type Reservoir struct {
	close func(ctx context.Context) error
}

func (p *Reservoir) Close(ctx context.Context) error { return p.close(ctx) }
func (p *Reservoir) StopTimeout() time.Duration      { return 5 * time.Second }

// The limits of a value that an adapter runs are its own, also if all there is to do is
// to stop it, and also if the start never reached it.
func TestLimitsOfAdaptedValues(t *testing.T) {
	failing := func() (*Config, error) { return nil, errBoom }
	for name, provide := range map[string]func(app *container.App){
		"running": func(app *container.App) {
			app.Provide(func(*Reservoir) *Server { return &Server{fails(time.Minute, errBoom)} })
		},
		"not reached": func(app *container.App) {
			app.Provide(func() *Server { return &Server{failsAtStart(30*time.Second, errBoom)} })
			app.Depend(new(*Reservoir), new(*Server))
		},
		"after a failed construction": func(app *container.App) {
			app.Provide(failing)
			app.Provide(func(*Config, *Reservoir) *Server { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			ways(t, func(t *testing.T, schedule container.Option, run func(app *container.App) error) {
				for _, ends := range []string{"late", "deadline", "cause"} {
					r := new(recorder)
					app := newApp(schedule, container.WithObserver(r), container.AdaptStop[*Reservoir]())
					app.Provide(func() *Reservoir {
						return &Reservoir{func(ctx context.Context) error {
							err := sleep(ctx, time.Hour)
							switch ends {
							case "late":
								return err
							case "cause":
								return fmt.Errorf("%w: %w", errors.New("flush"), context.Cause(ctx))
							}
							return nil
						}}
					})
					provide(app)

					err := run(app)

					if !errors.Is(err, errBoom) || !errors.Is(err, process.ErrStopTimeout) || errors.Is(err, context.Canceled) {
						t.Errorf("error is %v", err)
					}
					wantText(t, err, "stop *container_test.Reservoir (container_test.", "): ", "not stopped in time: 5s")
					if n := strings.Count(err.Error(), "not stopped in time"); n != 1 {
						t.Errorf("told %d times: %v", n, err)
					}
					if e := stoppedOf(t, r, "*container_test.Reservoir"); !e.Forced || e.Took != 5*time.Second || !errors.Is(e.Err, process.ErrStopTimeout) {
						t.Errorf("stopped: %+v", e)
					}
					wantWellFormed(t, r)
				}
			})
		})
	}
}

// The time of a unit to stop counts from when it is asked to, and that is when what
// needs it has ended, also what the start never reached.
func TestStopTimeoutOfAUnitCountsFromItsStop(t *testing.T) {
	ways(t, func(t *testing.T, schedule container.Option, run func(app *container.App) error) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.AdaptStop[*Reservoir]())
		app.Provide(func() *Patient { return patient(takes(0, time.Second), 0, 2*time.Second) })
		app.Provide(func(*Patient) *Server { return &Server{failsAtStart(30*time.Second, errBoom)} })
		app.Provide(func(*Patient, *Server) *Reservoir {
			return &Reservoir{func(ctx context.Context) error { return sleep(ctx, 4*time.Second) }}
		})
		err := run(app)
		if !errors.Is(err, errBoom) || errors.Is(err, process.ErrStopTimeout) {
			t.Errorf("error is %v", err)
		}
		wantBefore(t, r.story(), "app stopping: failure", "stopped *container_test.Reservoir", "stopping "+thePatient, "stopped "+thePatient)
		if e := stoppedOf(t, r, thePatient); e.Forced || e.Took != time.Second {
			t.Errorf("stopped: %+v", e)
		}
	})
}

// A pool that only has to be stopped, and is asked to while the start is given up, is
// stopped gracefully.
func TestAnAbortDoesNotReachWhatOnlyStops(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.AdaptStop[*Reservoir]())
		app.Provide(func() *Reservoir {
			return &Reservoir{func(ctx context.Context) error { return sleep(ctx, 3*time.Second) }}
		})
		app.Provide(func(*Reservoir) *Server { return &Server{failsAtStart(30*time.Second, errBoom)} })
		err := app.RunContext(t.Context())
		if !errors.Is(err, errBoom) || errors.Is(err, process.ErrStopTimeout) {
			t.Errorf("error is %v", err)
		}
		if e := stoppedOf(t, r, "*container_test.Reservoir"); e.Forced || e.Took != 3*time.Second || e.Err != nil {
			t.Errorf("stopped: %+v", e)
		}
	})
}

// What a decorator returns has its own limits, and a hook has none, whatever its
// constructor returns.
func TestLimitsAreThoseOfTheValueThatRuns(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func(lc hooks.Lifecycle) *Patient {
			lc.Append(hooks.Hook{Name: "slow", OnStop: func(ctx context.Context) error { return sleep(ctx, 12*time.Second) }})
			return patient(process.Nop(), time.Second, time.Second)
		})
		app.Decorate(func(p *Patient) *Patient { return patient(takes(10*time.Second, 10*time.Second), 0, 0) })
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		for unit, took := range map[string]time.Duration{thePatient: 10 * time.Second, "slow": 12 * time.Second} {
			if e := stoppedOf(t, r, unit); e.Took != took {
				t.Errorf("%s took %v to stop", unit, e.Took)
			}
		}
	})
}
