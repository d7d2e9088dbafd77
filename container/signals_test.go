package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// slowly is a runner that takes its time.
type slowly struct{ process.Runner }

func newSlowly(start, stop time.Duration) *slowly {
	wait := func(d time.Duration) func(context.Context) error {
		return func(ctx context.Context) error {
			select {
			case <-time.After(d):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return &slowly{process.StartStop(wait(start), wait(stop))}
}

// A signal arrives so long after the start.
type arrival struct {
	after  time.Duration
	signal os.Signal
}

// Signals stop, force and end an app, by their number.
func TestSignals(t *testing.T) {
	const construct, start, stop = 10 * time.Second, 10 * time.Second, 10 * time.Second
	hang := make(chan struct{})
	deaf := func() *slowly {
		return &slowly{process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			err := callback(ctx)
			<-hang
			return err
		})}
	}
	interrupt, term := os.Interrupt, os.Signal(syscall.SIGTERM)
	for _, test := range []struct {
		name    string
		opts    []Option
		deaf    bool
		signals []arrival
		ends    time.Duration
		code    int
		stuck   bool
	}{
		{"one stops gracefully", nil, false, []arrival{{time.Minute, interrupt}}, 70 * time.Second, 0, false},
		{"SIGTERM without a drain delay, too", nil, false, []arrival{{time.Minute, term}}, 70 * time.Second, 0, false},
		{"a pair is one", nil, false, []arrival{{time.Minute, interrupt}, {time.Minute + 499*time.Millisecond, interrupt}}, 70 * time.Second, 0, false},
		{"a second forces", nil, false, []arrival{{time.Minute, interrupt}, {time.Minute + 500*time.Millisecond, interrupt}}, 60500 * time.Millisecond, 130, false},
		{"the code is the second's", nil, false, []arrival{{time.Minute, interrupt}, {62 * time.Second, term}}, 62 * time.Second, 143, false},
		{"what a second does not end is stuck", nil, true, []arrival{{time.Minute, term}, {62 * time.Second, interrupt}}, 65 * time.Second, 130, true},
		{"a third ends at once", nil, true, []arrival{{time.Minute, term}, {62 * time.Second, interrupt}, {63 * time.Second, term}}, 63 * time.Second, 130, true},
		{"a third of a pair does not count", nil, true, []arrival{{time.Minute, term}, {62 * time.Second, interrupt}, {62100 * time.Millisecond, interrupt}}, 65 * time.Second, 130, true},
		{"during the construction", nil, false, []arrival{{5 * time.Second, interrupt}}, construct, 0, false},
		{"a second during the construction", nil, false, []arrival{{5 * time.Second, interrupt}, {6 * time.Second, interrupt}}, 6 * time.Second, 130, true},
		{"during the start", nil, false, []arrival{{15 * time.Second, term}}, 15 * time.Second, 0, false},
		{"SIGTERM drains", []Option{WithDrainDelay(5 * time.Second)}, false, []arrival{{time.Minute, term}}, 75 * time.Second, 0, false},
		{"SIGINT does not", []Option{WithDrainDelay(5 * time.Second)}, false, []arrival{{time.Minute, interrupt}}, 70 * time.Second, 0, false},
		{"a second ends the drain", []Option{WithDrainDelay(5 * time.Second)}, false,
			[]arrival{{time.Minute, term}, {62 * time.Second, term}}, 72 * time.Second, 0, false},
		{"a third then forces", []Option{WithDrainDelay(5 * time.Second)}, false,
			[]arrival{{time.Minute, term}, {62 * time.Second, term}, {63 * time.Second, term}}, 63 * time.Second, 143, false},
		{"SIGTERM during the start does not drain", []Option{WithDrainDelay(5 * time.Second)}, false, []arrival{{15 * time.Second, term}}, 15 * time.Second, 0, false},
	} {
		for _, schedule := range []Schedule{ByLayer, ByDependency} {
			t.Run(test.name+", "+schedule.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					hang = make(chan struct{})
					var events []hooks.Event
					app := New(append(test.opts, WithLogger(zap.NewNop()), WithSchedule(schedule), WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
						events = append(events, e)
					})))...)
					app.Provide(func() *slowly {
						time.Sleep(construct)
						if test.deaf {
							return deaf()
						}
						return newSlowly(start, stop)
					})
					source := make(chan os.Signal, 8)
					for _, a := range test.signals {
						time.AfterFunc(a.after, func() { source <- a.signal })
					}
					began := time.Now()

					err := app.host("Run", t.Context(), source)

					if took := time.Since(began); took != test.ends {
						t.Errorf("ended after %v, want %v", took, test.ends)
					}
					want := ""
					if test.code != 0 {
						want = "forced by a second signal: "
						if test.name == "a third then forces" {
							want = "forced by a third signal: "
						}
					}
					if !strings.HasPrefix(fmt.Sprint(err), want) {
						t.Errorf("error is %v, want %q first", err, want)
					}
					if code := ExitCode(err); code != test.code || (code == 0) != (err == nil) {
						t.Errorf("exit code %d for %v, want %d", code, err, test.code)
					}
					if stuck := errors.Is(err, ErrStuck); stuck != test.stuck {
						t.Errorf("stuck is %v: %v", stuck, err)
					}
					stopping, stopped := 0, 0
					for _, e := range events {
						switch e := e.(type) {
						case hooks.AppStopping:
							stopping++
							if e.Why != hooks.WhySignal || e.Signal != test.signals[0].signal {
								t.Errorf("stopping: %+v", e)
							}
						case hooks.UnitStopping:
							if stopping == 0 {
								t.Error("a unit was stopped before the app")
							}
						case hooks.AppStopped:
							stopped++
						}
					}
					if stopping != 1 || stopped != 1 {
						t.Errorf("%d times stopping, %d times stopped", stopping, stopped)
					}
					close(hang)
					time.Sleep(time.Hour) // for what was given up
				})
			})
		}
	}
}

// What a unit says beside the cause of the force does not hide the signal.
func TestExitCodeOfAForceBySignalOfAUnitThatSaysMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := New(WithLogger(zap.NewNop()))
		app.Provide(func() *process.Pool[int] {
			return process.NewPool(1, 2, func(ctx context.Context, _ int) error {
				<-ctx.Done()
				return context.Cause(ctx)
			})
		})
		if err := app.Invoke(func(pool *process.Pool[int]) {
			time.AfterFunc(time.Second, func() {
				for job := range 3 {
					if err := pool.Submit(t.Context(), job); err != nil {
						t.Error(err)
					}
				}
			})
		}); err != nil {
			t.Fatal(err)
		}
		source := make(chan os.Signal, 2)
		time.AfterFunc(2*time.Second, func() { source <- syscall.SIGTERM })
		time.AfterFunc(3*time.Second, func() { source <- syscall.SIGTERM })

		err := app.host("Run", t.Context(), source)

		if code := ExitCode(err); code != 143 || !strings.Contains(fmt.Sprint(err), "2 accepted jobs were not begun") {
			t.Errorf("exit code %d for %v", code, err)
		}
	})
}

// A signal stops an app that stops already for another reason no sooner, a second
// one does.
func TestSignalsDuringAnotherStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := New(WithLogger(zap.NewNop()))
		app.Provide(func(s Shutdowner) *slowly {
			time.AfterFunc(time.Minute, func() { s.Shutdown() })
			return newSlowly(0, 20*time.Second)
		})
		source := make(chan os.Signal, 8)
		time.AfterFunc(61*time.Second, func() { source <- os.Interrupt })
		time.AfterFunc(65*time.Second, func() { source <- os.Interrupt })
		began := time.Now()
		err := app.host("Run", t.Context(), source)
		if took := time.Since(began); took != 65*time.Second || ExitCode(err) != 130 {
			t.Errorf("ended after %v with exit code %d: %v", took, ExitCode(err), err)
		}
	})
}

// A signal during the start aborts it: what is starting is cancelled, what runs stops
// in order, with the budget of a stop.
func TestSignalDuringTheStart(t *testing.T) {
	type database struct{ *slowly }
	type cache struct{ *slowly }
	type server struct{ *slowly }
	for _, schedule := range []Schedule{ByLayer, ByDependency} {
		synctest.Test(t, func(t *testing.T) {
			var story []string
			note := func(format string, args ...any) { story = append(story, fmt.Sprintf(format, args...)) }
			app := New(WithLogger(zap.NewNop()), WithSchedule(schedule), WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
				switch e := e.(type) {
				case hooks.AppStopping:
					note("%v", e.Why)
				case hooks.UnitStarting:
					note("start %s", e.Unit.Name)
				case hooks.UnitStopped:
					note("%s: %v, %v, %v", e.Unit.Name, e.Took, e.Forced, e.Err)
				}
			})))
			app.Provide(func() *database { return &database{newSlowly(0, 20*time.Second)} })
			app.Provide(func(*database) *cache { return &cache{newSlowly(time.Second, 3*time.Second)} })
			app.Provide(func(*cache) *server { return &server{newSlowly(time.Hour, 0)} })
			app.Provide(func(*server) *slowly { return newSlowly(0, 0) })
			source := make(chan os.Signal, 8)
			time.AfterFunc(50*time.Second, func() { source <- os.Interrupt })
			began := time.Now()

			err := app.host("Run", t.Context(), source)

			if took := time.Since(began); err != nil || took != 73*time.Second {
				t.Errorf("took %v: %v", took, err)
			}
			want := []string{
				"start *container.database", "start *container.cache", "start *container.server", "signal",
				"*container.server: 0s, false, <nil>", "*container.cache: 3s, false, <nil>", "*container.database: 20s, false, <nil>",
			}
			if !slices.Equal(story, want) {
				t.Errorf("got\n%q\nwant\n%q", story, want)
			}
		})
	}
}

// A signal when the app has ended is nobody's, and one in the instant of the end does
// no harm.
func TestSignalWhenTheAppHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := make(chan os.Signal, 8)
		app := New(WithLogger(zap.NewNop()), WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			if _, ended := e.(hooks.AppStopped); ended {
				source <- os.Interrupt
				source <- os.Interrupt
			}
		})))
		app.Provide(func(s Shutdowner) *slowly {
			time.AfterFunc(time.Minute, func() { s.Shutdown() })
			return newSlowly(0, time.Second)
		})
		if err := app.host("Run", t.Context(), source); err != nil {
			t.Error(err)
		}
		source <- os.Interrupt
		synctest.Wait()
		if n := len(source); n != 3 {
			t.Errorf("%d of 3 signals are left", n)
		}
	})
}

// A second Run does not end the process under the feet of the first: it waits, and has
// the same exit code, or 1.
func TestRunTwice(t *testing.T) {
	for _, fails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var misuse []error
			app := New(WithLogger(zap.NewNop()), WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
				if e, ok := e.(hooks.Misuse); ok {
					misuse = append(misuse, e.Err)
				}
			})))
			app.Provide(func() *slowly { return newSlowly(0, time.Hour) })
			source := make(chan os.Signal, 8)
			time.AfterFunc(time.Minute, func() { source <- os.Interrupt })
			if fails {
				time.AfterFunc(62*time.Second, func() { source <- syscall.SIGTERM })
			} else {
				app.config.stop = 0
			}
			first := make(chan error, 1)
			go func() { first <- app.host("Run", t.Context(), source) }()
			time.Sleep(time.Second)

			err := app.host("Run", t.Context(), make(chan os.Signal))

			synctest.Wait()
			select {
			case end := <-first:
				if code := ExitCode(err); fails && (end != err || code != 143) || !fails && (end != nil || code != 1 || !errors.Is(err, ErrStarted)) {
					t.Errorf("first returned %v, second %v, with exit code %d", end, err, code)
				}
			default:
				t.Error("the second returned before the first had ended")
			}
			if len(misuse) != 1 || !errors.Is(misuse[0], ErrStarted) || !strings.Contains(misuse[0].Error(), "Run: the app was started already; an app runs once") {
				t.Errorf("misuse: %v", misuse)
			}
			if again := app.host("Run", t.Context(), nil); ExitCode(again) != ExitCode(err) {
				t.Errorf("a third returned %v", again)
			}
			if again := app.host("RunContext", t.Context(), nil); !errors.Is(again, ErrStarted) {
				t.Errorf("RunContext returned %v", again)
			}
		})
	}
}

// Where nobody has run the app by Run or RunContext there is nobody to wait for.
func TestRunOfAProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := New(WithLogger(zap.NewNop()))
		if _, err := app.Process(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := app.host("Run", t.Context(), nil); !errors.Is(err, ErrStarted) || ExitCode(err) != 1 {
			t.Errorf("returned %v", err)
		}
	})
}

func TestExitCode(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("boom"), 1},
		{ErrStuck, 1},
		{&ExitError{Code: 7}, 7},
		{errors.Join(errors.New("boom"), &signalError{syscall.SIGTERM, 2}), 143},
		{&ExitError{Code: 7, Cause: &signalError{syscall.SIGTERM, 2}}, 7},
		{join(&signalError{os.Interrupt, 2}, &stuckError{}), 130},
	} {
		if got := ExitCode(test.err); got != test.want {
			t.Errorf("ExitCode(%v) is %d, want %d", test.err, got, test.want)
		}
	}
}

func TestWithout(t *testing.T) {
	target, other, third := errors.New("target"), errors.New("other"), errors.New("third")
	for _, test := range []struct{ err, want error }{
		{nil, nil},
		{target, nil},
		{other, other},
		{errors.Join(target), nil},
		{errors.Join(target, other), other},
		{errors.Join(errors.Join(target, target), other), other},
		{uncomparable{}, uncomparable{}},
	} {
		if got := without(test.err, target); (got == nil) != (test.want == nil) || got != nil && got.Error() != test.want.Error() {
			t.Errorf("without(%v) is %v, want %v", test.err, got, test.want)
		}
	}
	if got := without(errors.Join(other, target, third), target); !errors.Is(got, other) || !errors.Is(got, third) || errors.Is(got, target) {
		t.Errorf("got %v", got)
	}
}

type uncomparable struct{ _ []int }

func (uncomparable) Error() string { return "uncomparable" }

// A signal that comes when everything is built, and the start is about to begin, leaves
// nothing to start: it is not told to begin after it was told to stop.
func TestSignalJustBeforeTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []hooks.Event
		app := New(WithLogger(zap.NewNop()), WithObserver(hooks.ObserverFunc(func(e hooks.Event) { events = append(events, e) })))
		app.Provide(func() *slowly { return newSlowly(time.Second, 0) })
		r, err := app.build()
		if err != nil {
			t.Fatal(err)
		}
		r.hosted = true
		app.beginStop(hooks.AppStopping{Why: hooks.WhySignal, Signal: os.Interrupt})

		err = r.Run(t.Context(), func(context.Context) error { return nil })

		if !errors.Is(err, process.ErrAborted) {
			t.Errorf("error is %v, want ErrAborted", err)
		}
		synctest.Wait()
		for _, e := range events {
			switch e.(type) {
			case hooks.AppStarting, hooks.UnitStarting:
				t.Errorf("told %+v", e)
			}
		}
	})
}

// Both may be seen at once: that everything has started, and that its time is up.
func TestAnAppThatHasStartedInTimeIsNotLate(t *testing.T) {
	app := New()
	close(app.started)
	h := &host{app: app, phase: hostStarting}
	if hopeless := h.limitPassed(); hopeless || isClosed(app.stopping) {
		t.Error("the app was stopped")
	}
}
