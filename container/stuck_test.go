package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// runFor runs an app for a minute.
func runFor(t *testing.T, app *container.App) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return app.RunContext(ctx)
}

// A report of many that are stuck can be read: it says how many it leaves out.
func TestStuckReportIsBounded(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		const units = 1000
		r := new(recorder)
		release := make(chan struct{})
		app := newApp(schedule, container.WithObserver(r))
		for i := range units {
			app.Provide(func() *Cache { return &Cache{deafStop(release)} }, dig.Name(fmt.Sprint(i)))
		}

		err := runFor(t, app)

		if !errors.Is(err, container.ErrStuck) || len(err.Error()) > 100_000 {
			t.Errorf("error has %d bytes: %.1000v", len(err.Error()), err)
		}
		stuck := find[hooks.Stuck](r)[0].Units
		stacks, shown := 0, 0
		for _, u := range stuck {
			stacks += len(u.Stack)
			if u.Stack != "" {
				shown++
			}
		}
		if len(stuck) != units || shown < 10 || stacks > 70_000 {
			t.Errorf("told of %d units, %d with stacks, of %d bytes", len(stuck), shown, stacks)
		}
		for _, line := range strings.Split(err.Error(), "\n")[:2] { // of the stop timeout, and of what is stuck
			if !strings.HasSuffix(line, "and 980 more") || !strings.Contains(line, "*container_test.Cache[name=19] (") {
				t.Errorf("line is %q", line)
			}
		}
		wantText(t, err, fmt.Sprintf("\nno stacks shown of %d of 1000", units-shown))
		close(release)
	})
}

func hangHere(release <-chan struct{})    { <-release }
func hangThere(release <-chan struct{})   { <-release }
func hangBeside(release <-chan struct{})  { <-release }
func hangBetween(release <-chan struct{}) { <-release }

// What is shown of a unit are its own goroutines, those that it has started, too, and
// not those of a unit of the same name in another app.
func TestStacksAreThoseOfTheUnit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		stubborn := func(hangs func(<-chan struct{})) process.Runner {
			return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				started := make(chan struct{})
				go func() {
					hangBeside(release)
					close(started)
				}()
				err := callback(ctx)
				hangs(release)
				<-started
				return err
			})
		}
		other := newApp()
		other.Provide(func() *Cache { return &Cache{stubborn(hangThere)} })
		p, err := other.Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		go func() { _ = p.Stop(t.Context()) }()
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		app.Provide(func() *Cache { return &Cache{stubborn(hangHere)} })
		app.Provide(func(*Cache) *Queue { return &Queue{stubborn(hangBetween)} })

		err = runFor(t, app)

		if strings.Contains(err.Error(), "hangThere") {
			t.Errorf("shows another app: %v", err)
		}
		for _, u := range find[hooks.Stuck](r)[0].Units {
			own, others := "hangHere", "hangBetween"
			if u.Unit != "*container_test.Cache" {
				own, others = others, own
			}
			if n := strings.Count(u.Stack, "hangBeside"); n != 1 || !strings.Contains(u.Stack, own) || strings.Contains(u.Stack, others) {
				t.Errorf("%s: %d goroutines beside\n%s", u.Unit, n, u.Stack)
			}
		}
		close(release)
		<-p.Done()
	})
}

// Of a unit that is an app itself, it is shown where the units of that hang.
func TestStacksOfAnAppInAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		inner := newApp()
		inner.Provide(func() *Database { return &Database{process.Nop()} })
		inner.Provide(func(*Database) *Cache {
			return &Cache{process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				err := callback(ctx)
				hangHere(release)
				return err
			})}
		})
		run, err := inner.Runner()
		if err != nil {
			t.Fatal(err)
		}
		app := newApp()
		app.Provide(func() *Server { return &Server{run} })

		err = runFor(t, app)

		wantText(t, err, "stuck: *container_test.Server (stop for 28s)", "container_test.hangHere")
		close(release)
	})
}

// The goroutines that stand between layers are nobody's, though units have started them.
func TestGoroutinesBetweenLayersHaveNoLabels(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp(container.Provide(newConfig, newDatabase, newCache))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- app.RunContext(ctx) }()
		<-app.Ready()
		between := 0
		for _, stack := range strings.Split(goroutines(t), "\n\n") {
			if strings.Contains(stack, "runBarrier") {
				between++
				if strings.Contains(stack, "# labels:") {
					t.Errorf("labelled:\n%s", stack)
				}
			}
		}
		if between != 1 {
			t.Errorf("%d goroutines between two layers", between)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// What is stuck keeps nothing from stopping in order that it does not depend on; when
// the stop timeout passes, it and what it depends on are forced together.
func TestStuckUnitHoldsOnlyWhatItDependsOn(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, time.Hour)} })
		app.Provide(func(*Database) *Cache { return &Cache{takes(0, time.Hour)} })
		app.Provide(func(*Database) *Queue { return &Queue{takes(0, 2*time.Second)} })
		app.Provide(func(*Queue) *Server { return &Server{takes(0, time.Second)} })
		began := time.Now()

		err := runFor(t, app)

		if !errors.Is(err, process.ErrStopTimeout) || errors.Is(err, container.ErrStuck) {
			t.Errorf("error is %v", err)
		}
		for unit, want := range map[string]struct {
			at     time.Duration
			forced bool
		}{
			"*container_test.Server":   {time.Second, false},
			"*container_test.Queue":    {3 * time.Second, false},
			"*container_test.Cache":    {25 * time.Second, true},
			"*container_test.Database": {25 * time.Second, true},
		} {
			if e := stoppedOf(t, r, unit); e.Forced != want.forced || e.At.Sub(began)-time.Minute != want.at {
				t.Errorf("%s: after %v: %+v", unit, e.At.Sub(began)-time.Minute, e)
			}
		}
	})
}

// returnsAfter returns a runner that is ready at once and returns after a while, whether it
// is needed or not.
func returnsAfter(after time.Duration, err error) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		go func() { _ = callback(ctx) }()
		time.Sleep(after)
		return err
	})
}

// What waits for a unit that stops is what it depends on, as long as that runs.
func TestStillStoppingNamesWhatWaits(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, 0)} })
		app.Provide(func() *Queue { return &Queue{returnsAfter(30*time.Second, errBoom)} })
		app.Provide(func(*Database, *Queue) *Cache { return &Cache{takes(0, 6*time.Second)} })
		if err := runFor(t, app); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		told := find[hooks.StillStopping](r)
		if len(told) != 1 || len(told[0].Pending) != 1 || told[0].Pending[0].Unit != "*container_test.Cache" ||
			!slices.Equal(told[0].Pending[0].Holds, []string{"*container_test.Database"}) {
			t.Errorf("told %+v", told)
		}
	})
}

// A force timeout of zero is no limit: it is waited for what is forced.
func TestNoForceTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		app := newApp(container.WithForceTimeout(0))
		app.Provide(func() *Cache { return &Cache{deafStop(release)} })
		time.AfterFunc(time.Hour, func() { close(release) })
		began := time.Now()
		err := runFor(t, app)
		if took := time.Since(began); took != time.Hour || errors.Is(err, container.ErrStuck) || !errors.Is(err, process.ErrStopTimeout) {
			t.Errorf("took %v: %v", took, err)
		}
	})
}

// Of an option that is given twice the last counts.
func TestTheLastOptionCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp(
			container.WithStartTimeout(-1), container.WithStartTimeout(time.Hour),
			container.WithStopTimeout(time.Second), container.WithStopTimeout(2*time.Second),
			container.WithForceTimeout(time.Second), container.WithForceTimeout(5*time.Second),
			container.WithDrainDelay(time.Hour), container.WithDrainDelay(0),
			container.WithSchedule(7), container.WithSchedule(container.ByDependency),
		)
		if err := app.Err(); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		app.Provide(func() *Config { time.Sleep(2 * time.Minute); return nil })
		app.Provide(func(*Config) *Cache { return &Cache{deafStop(release)} })
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		began := time.Now()
		err := app.RunContext(ctx)
		if took := time.Since(began) - 3*time.Minute; took != 7*time.Second || !errors.Is(err, container.ErrStuck) {
			t.Errorf("stopped in %v: %v", took, err)
		}
		if plan := planOf(t, app); plan.Schedule != container.ByDependency {
			t.Errorf("schedule is %v", plan.Schedule)
		}
		close(release)
	})
}

// The limits, and the drain, are those of Run and RunContext: a process has those of
// its owner's contexts.
func TestLimitsAreNotThoseOfAProcess(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		drained := false
		app := newApp(schedule, container.WithStartTimeout(time.Second), container.WithStopTimeout(time.Second),
			container.WithForceTimeout(time.Second), container.WithDrainDelay(time.Second))
		app.Provide(func() *Config { time.Sleep(time.Minute); return nil })
		app.Provide(func(*Config) *drains {
			return &drains{takes(time.Minute, time.Minute), func() { drained = true }}
		})
		p, err := app.Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := errors.Join(p.Start(t.Context()), p.Stop(t.Context())); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 2*time.Minute || drained {
			t.Errorf("took %v, drained: %v", took, drained)
		}
	})
}

// Neither a Shutdown nor a death drains.
func TestDrainIsForSignalsAndContexts(t *testing.T) {
	for name, provide := range map[string]func(app *container.App, s container.Shutdowner){
		"shutdown": func(_ *container.App, s container.Shutdowner) {
			time.AfterFunc(30*time.Second, func() { _ = s.Shutdown() })
		},
		"death": func(app *container.App, _ container.Shutdowner) {
			app.Provide(func() *Cache { return &Cache{fails(30*time.Second, nil)} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			schedules(t, func(t *testing.T, schedule container.Option) {
				r := new(recorder)
				app := newApp(schedule, container.WithObserver(r), container.WithDrainDelay(10*time.Second))
				app.Provide(func() *drains { return &drains{process.Nop(), func() { t.Error("drained") }} })
				provide(app, shutdowner(t, app))
				began := time.Now()
				if err := runFor(t, app); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != 30*time.Second || len(find[hooks.Draining](r)) > 0 {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A construction that is to stop has the stop timeout for that, and is given up like
// what is forced; also if there is no limit for the start.
func TestAStopDuringTheConstructionIsBounded(t *testing.T) {
	for _, limits := range []struct{ start, stop, want time.Duration }{
		{time.Minute, 25 * time.Second, 38 * time.Second},
		{0, 25 * time.Second, 38 * time.Second},
		{time.Minute, 0, 63 * time.Second}, // what is left
	} {
		bubble(t, func(t *testing.T) {
			r := new(recorder)
			release := make(chan struct{})
			app := newApp(container.WithObserver(r), container.WithStartTimeout(limits.start), container.WithStopTimeout(limits.stop))
			app.Provide(func() *Database { hangInConstructor(release); return nil })
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began := time.Now()

			err := app.RunContext(ctx)

			if took := time.Since(began); took != limits.want {
				t.Errorf("took %v, want %v", took, limits.want)
			}
			if !errors.Is(err, container.ErrStuck) || errors.Is(err, process.ErrStopTimeout) != (limits.stop > 0) || container.ExitCode(err) != 1 {
				t.Errorf("exit code %d for %v", container.ExitCode(err), err)
			}
			if limits.stop > 0 {
				wantText(t, err, "app not stopped in time: 25s; still running container_test.TestAStopDuringTheConstruction")
			}
			wantText(t, err, fmt.Sprintf("(construct for %v)", limits.want), "hangInConstructor")
			wantWellFormed(t, r)
			close(release)
		})
	}
}

// That the constructor returns in the end does not make it a clean stop.
func TestAConstructionThatIsLateToStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp()
		app.Provide(func() *Database { time.Sleep(36 * time.Second); return &Database{process.Nop()} })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := app.RunContext(ctx)
		if !errors.Is(err, process.ErrStopTimeout) || errors.Is(err, container.ErrStuck) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error is %v", err)
		}
	})
}

// What was constructed late is stopped all the same, at once.
func TestAConstructionThatEndsAfterTheStopTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		closed := false
		app := newApp(container.AdaptStop[*Reservoir]())
		app.Provide(func() *Reservoir {
			time.Sleep(36 * time.Second)
			return &Reservoir{func(ctx context.Context) error { closed = sleep(ctx, time.Hour) != nil; return nil }}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		err := app.RunContext(ctx)
		if took := time.Since(began); took != 36*time.Second || !closed {
			t.Errorf("took %v, closed at once: %v", took, closed)
		}
		if n := strings.Count(err.Error(), "not stopped in time"); n != 1 || !errors.Is(err, process.ErrStopTimeout) || errors.Is(err, container.ErrStuck) {
			t.Errorf("error is %v", err)
		}
	})
}
