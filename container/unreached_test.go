package container_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// Buffer writes to what it needs when it is closed: that has to run then. It is of
// one of several types, so that tests can build chains of them.
type (
	Buffer struct{ closing }
	Outer  struct{ closing }
)

// closing is called by the test that a value of it is closed in.
type closing func(ctx context.Context) error

func (c closing) Close(ctx context.Context) error { return c(ctx) }

// quick is a closing that takes no time.
func quick(context.Context) error { return nil }

func lasts(d time.Duration) closing {
	return func(ctx context.Context) error { return sleep(ctx, d) }
}

func deafTo(release <-chan struct{}) closing {
	return func(context.Context) error { <-release; return nil }
}

const (
	database = "*container_test.Database"
	cache    = "*container_test.Cache"
	buffer   = "*container_test.Buffer"
	outer    = "*container_test.Outer"
)

// What a failed start never reached is stopped after what needs it, and before what
// it needs, though its layer was never started.
func TestUnreachedIsStoppedInOrder(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.AdaptStop[any]())
		app.Provide(func() *Database { return &Database{takes(time.Second, time.Second)} })
		app.Provide(func(*Database) *Cache { return &Cache{failsAtStart(time.Second, errBoom)} })
		app.Provide(func(*Cache) *Buffer { return &Buffer{lasts(time.Second)} })
		app.Provide(func(*Buffer) *Queue { return &Queue{process.Nop()} })
		app.Provide(func(*Queue) *Outer {
			return &Outer{func(ctx context.Context) error { return errors.New("cannot flush") }}
		})
		app.Invoke(func(*Outer) {})

		err := app.RunContext(t.Context())

		wantText(t, err, "start "+cache, "boom\nstop "+outer+" (container_test.TestUnreachedIsStoppedInOrder", "unreached_test.go:", "cannot flush")
		wantEqual(t, "story", r.story(), []string{
			"planned", "app starting",
			"starting " + database, "started " + database,
			"starting " + cache, "failed " + cache, "app stopping: failure", "stopped " + cache,
			"stopping " + outer, "stopped " + outer,
			"stopping " + buffer, "stopped " + buffer,
			"stopping " + database, "stopped " + database,
			"app stopped",
		})
		stopped := find[hooks.UnitStopped](r)
		if e := stopped[1]; e.Err == nil || e.Forced || e.Took != 0 {
			t.Errorf("stopped: %+v", e)
		}
		if e := stopped[2]; e.Err != nil || e.Forced || e.Took != time.Second || e.Layer != 2 {
			t.Errorf("stopped: %+v", e)
		}
	})
}

// failsAtStart returns a runner that is never ready.
func failsAtStart(after time.Duration, err error) process.Runner {
	return process.StartStop(
		func(ctx context.Context) error {
			if sleep(ctx, after) != nil {
				return ctx.Err()
			}
			return err
		},
		func(context.Context) error { panic("not called") },
	)
}

// What needs nothing that runs is stopped, too.
func TestUnreachedOnTopOfNothing(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.AdaptStop[*Buffer]())
		app.Provide(func() *Cache { return &Cache{failsAtStart(time.Second, errBoom)} })
		app.Provide(func(*Cache) *Buffer { return &Buffer{quick} })
		if err := app.RunContext(t.Context()); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		wantBefore(t, r.story(), "stopped "+cache, "stopping "+buffer, "stopped "+buffer, "app stopped")
		wantWellFormed(t, r)
	})
}

// What was built before the construction failed is stopped, and nothing else has
// started.
func TestBuiltIsStoppedWhenConstructionFails(t *testing.T) {
	for _, test := range []struct {
		name  string
		setup func(app *container.App)
		want  string
	}{
		{"a constructor fails", func(app *container.App) {
			app.Provide(func(*Outer) (*Server, error) { return nil, errBoom })
		}, "boom"},
		{"a constructor panics", func(app *container.App) {
			app.Provide(func(*Outer) *Server { panic(errBoom) })
		}, "boom"},
		{"a constructor exits", func(app *container.App) {
			app.Provide(func(*Outer) *Server { goexit(); return nil })
		}, process.ErrGoexit.Error()},
		{"an adapter panics", func(app *container.App) {
			app.Provide(func(*Outer) *panics { return new(panics) })
		}, "boom"},
		{"an adapter exits", func(app *container.App) {
			app.Provide(func(*Outer) *exits { return new(exits) })
		}, "construct container_test.TestBuiltIsStoppedWhenConstructionFails.func5.1 (unreached_test.go:"},
		{"it was built by an Invoke, and something is missing", func(app *container.App) {
			app.Invoke(func(*Outer) {})
			app.Provide(func(*Config) *Server { return nil })
		}, "*container_test.Config"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, run := range []string{"RunContext", "Runner", "Process"} {
				bubble(t, func(t *testing.T) {
					r := new(recorder)
					app := newApp(container.WithObserver(r), container.AdaptStop[any](),
						container.WithAdapter(func(*panics) process.Runner { panic(errBoom) }),
						container.WithAdapter(func(*exits) process.Runner { goexit(); return nil }))
					app.Provide(func() *Database { return &Database{process.Nop()} })
					app.Provide(func(*Database) *Buffer { return &Buffer{lasts(time.Second)} })
					app.Provide(func(*Buffer) *Outer { return &Outer{lasts(time.Second)} })
					test.setup(app)
					var err error
					switch run {
					case "RunContext":
						err = app.RunContext(t.Context())
					case "Runner":
						if strings.HasSuffix(test.name, "exits") {
							return // it ends our goroutine
						}
						_, err = app.Runner()
					case "Process":
						if strings.HasSuffix(test.name, "exits") {
							return
						}
						_, err = app.Process(t.Context())
					}

					wantText(t, err, test.want)
					wantEqual(t, run+": story", r.story(), []string{
						"app stopping: failure",
						"stopping " + outer, "stopped " + outer,
						"stopping " + buffer, "stopped " + buffer,
						"app stopped",
					})
				})
			}
		})
	}
}

// exits is a value whose adapter ends the goroutine.
type exits struct{ _ int }

// A construction that fails is told as before if there is nothing to stop.
func TestNothingIsStoppedWhenNothingWasBuilt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r), container.AdaptStop[any]())
		app.Provide(func() (*Database, error) { return nil, errBoom })
		app.Provide(func(*Database) *Buffer { return &Buffer{quick} })
		if err := app.RunContext(t.Context()); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		wantEqual(t, "story", r.story(), []string{"app stopped"})
	})
}

// What was replaced by a decorator is not stopped beside what replaced it.
func TestReplacedIsNotStoppedWhenConstructionFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r), container.AdaptStop[any]())
		app.Provide(func() *Buffer { return &Buffer{func(context.Context) error { panic("not called") }} })
		app.Decorate(func(*Buffer) *Buffer { return &Buffer{quick} })
		app.Provide(func(*Buffer) (*Server, error) { return nil, errBoom })
		err := app.RunContext(t.Context())
		if !errors.Is(err, errBoom) || strings.Contains(err.Error(), "panic") {
			t.Error(err)
		}
		wantEqual(t, "story", r.story(), []string{"app stopping: failure", "stopping " + buffer, "stopped " + buffer, "app stopped"})
	})
}

// An app that is to stop while it is built stops what it has built.
func TestBuiltIsStoppedWhenTheBuildIsGivenUp(t *testing.T) {
	for _, test := range []struct {
		name  string
		setup func(app *container.App, cancel func())
	}{
		{"in a constructor", func(app *container.App, cancel func()) {
			app.Provide(func(*Buffer) *Cache { cancel(); return &Cache{process.Nop()} })
			app.Provide(func(*Cache) *Server { panic("not called") })
		}},
		{"in the last constructor", func(app *container.App, cancel func()) {
			app.Provide(func(*Buffer) *Cache { cancel(); return &Cache{process.Nop()} })
		}},
		{"in an adapter", func(app *container.App, cancel func()) {
			app.Provide(func(*Buffer) *Client { return &Client{&journal{ended: make(chan struct{})}} })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := new(recorder)
				ctx, end := context.WithCancel(t.Context())
				cancel := func() { end(); time.Sleep(time.Second) }
				app := newApp(container.WithObserver(r), container.AdaptStop[*Buffer](),
					container.WithAdapter(func(*Client) process.Runner { cancel(); return process.Nop() }))
				app.Provide(func() *Buffer { return &Buffer{lasts(time.Second)} })
				test.setup(app, cancel)
				if err := app.RunContext(ctx); err != nil {
					t.Error(err)
				}
				story := r.story()
				wantBefore(t, story, "app stopping: context", "stopping "+buffer, "stopped "+buffer, "app stopped")
				if s := strings.Join(story, " "); strings.Contains(s, "starting") {
					t.Errorf("something has started: %s", s)
				}
				if e := find[hooks.UnitStopped](r)[0]; e.Forced || e.Took != time.Second || e.Err != nil {
					t.Errorf("stopped: %+v", e)
				}
			})
		})
	}
}

// A construction that takes longer than the start timeout, but comes to an end, has
// the stop timeout for what it has built.
func TestBuiltIsStoppedAfterTheStartTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r), container.AdaptStop[*Buffer](), container.WithStartTimeout(time.Second))
		app.Provide(func() *Buffer { return &Buffer{lasts(10 * time.Second)} })
		app.Provide(func(*Buffer) *Cache { time.Sleep(3 * time.Second); return &Cache{process.Nop()} })
		err := app.RunContext(t.Context())
		if !errors.Is(err, process.ErrStartTimeout) || errors.Is(err, process.ErrStopTimeout) {
			t.Error(err)
		}
		if e := find[hooks.UnitStopped](r)[0]; e.Forced || e.Took != 10*time.Second {
			t.Errorf("stopped: %+v", e)
		}
	})
}

// A stop of what was never reached counts into the stop timeout; then its context
// ends, and what does not end by that is stuck.
func TestUnreachedIsStoppedInTime(t *testing.T) {
	for _, constructed := range []bool{true, false} {
		for _, deaf := range []bool{true, false} {
			t.Run(fmt.Sprintf("constructed %v, deaf %v", constructed, deaf), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					r := new(recorder)
					release := make(chan struct{})
					defer func() { // after the app was given up
						close(release)
						time.Sleep(time.Minute)
					}()
					stop := lasts(time.Hour)
					if deaf {
						stop = deafTo(release)
					}
					app := newApp(container.WithObserver(r), container.AdaptStop[*Buffer](), container.WithStopTimeout(10*time.Second))
					app.Provide(func() *Database { return &Database{process.Nop()} })
					app.Provide(func(*Database) (*Cache, error) {
						return &Cache{failsAtStart(time.Second, errBoom)}, nil
					})
					app.Provide(func(*Cache) *Buffer { return &Buffer{stop} })
					app.Provide(func(*Buffer) (*Server, error) {
						if !constructed {
							return nil, errBoom
						}
						return &Server{process.Nop()}, nil
					})
					began := time.Now()
					err := app.RunContext(t.Context())

					for _, want := range []error{errBoom, process.ErrStopTimeout} {
						if !errors.Is(err, want) {
							t.Errorf("error is %v, want it to have %v", err, want)
						}
					}
					wantText(t, err, "still running "+buffer)
					took := 10 * time.Second
					if constructed {
						took += time.Second
					}
					if deaf {
						took += 3 * time.Second
						if !errors.Is(err, container.ErrStuck) {
							t.Error(err)
						}
						wantText(t, err, "stuck: "+buffer+" (stop for 13s)", "deafTo")
					} else if e := find[hooks.UnitStopped](r); e[len(e)-1].Took != 10*time.Second && e[len(e)-2].Took != 10*time.Second {
						t.Errorf("stopped: %+v", e)
					}
					if since := time.Since(began); since != took {
						t.Errorf("took %v, want %v", since, took)
					}
				})
			})
		}
	}
}

// Runner has nobody's context for what it stops, so the stop timeout bounds it.
func TestRunnerStopsInTimeWhatItHasBuilt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp(container.AdaptStop[*Buffer]())
		app.Provide(func() *Buffer { return &Buffer{lasts(time.Hour)} })
		app.Provide(func(*Buffer) (*Server, error) { return nil, errBoom })
		began := time.Now()
		_, err := app.Runner()
		if !errors.Is(err, errBoom) || !errors.Is(err, process.ErrStopTimeout) {
			t.Error(err)
		}
		if took := time.Since(began); took != 25*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// On force everything is stopped at once, with a context that has ended, once.
func TestUnreachedIsStoppedOnForce(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		var mu sync.Mutex // guards calls
		var calls []string
		note := func(name string) closing {
			return func(ctx context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				calls = append(calls, fmt.Sprint(name, " ", ctx.Err()))
				return ctx.Err()
			}
		}
		app := newApp(schedule, container.AdaptStop[any]())
		app.Provide(func() *Buffer { return &Buffer{note("reached")} })
		app.Provide(func(*Buffer) *Cache { return &Cache{takes(time.Hour, 0)} })
		app.Provide(func(*Cache) *Outer { return &Outer{note("unreached")} })
		app.Invoke(func(*Outer) {})
		r, err := app.Runner()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = r.Run(ctx, func(context.Context) error { panic("not called") })
		if err != context.DeadlineExceeded {
			t.Error(err)
		}
		slices.Sort(calls)
		wantEqual(t, "calls", calls, []string{"reached context deadline exceeded", "unreached context deadline exceeded"})
	})
}

// The same before anything was started.
func TestUnreachedIsStoppedWhenTheContextHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.AdaptStop[any](), container.WithObserver(r))
		app.Provide(func() *Buffer { return &Buffer{quick} })
		app.Provide(func(*Buffer) *Cache { return &Cache{process.Nop()} })
		runner, err := app.Runner()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := runner.Run(ctx, func(context.Context) error { return nil }); err != context.Canceled {
			t.Error(err)
		}
		wantBefore(t, r.story(), "app starting", "app stopping: context", "stopping "+buffer, "stopped "+buffer, "app stopped")
	})
}

// A process that is stopped while it starts stops what it has not reached, while the
// context of Stop lives.
func TestUnreachedIsStoppedByAProcess(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.AdaptStop[any](), container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, time.Second)} })
		app.Provide(func(*Database) *Cache { return &Cache{takes(time.Hour, 0)} })
		app.Provide(func(*Cache) *Buffer { return &Buffer{lasts(time.Second)} })
		app.Invoke(func(*Buffer) {})
		p, err := app.Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Second)
			if err := p.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		if err := p.Start(t.Context()); err != process.ErrAborted {
			t.Error(err)
		}
		<-p.Done()
		wantBefore(t, r.story(), "app stopping: stop", "stopping "+buffer, "stopped "+buffer, "stopping "+database, "stopped "+database, "app stopped")
		for _, e := range find[hooks.UnitStopped](r) {
			if e.Forced || e.Err != nil || e.Unit.Name == buffer && e.Took != time.Second {
				t.Errorf("stopped: %+v", e)
			}
		}
	})
}

// That its start is aborted, before it is ready, does not end the context of a stop.
func TestAbortDoesNotReachTheStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fail := make(chan struct{})
		r := new(recorder)
		app := newApp(container.WithSchedule(container.ByDependency), container.AdaptStop[*Buffer](), container.WithObserver(r), container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			if e, ok := e.(hooks.UnitStarting); ok && e.Unit.Name == buffer {
				close(fail)
				time.Sleep(time.Second) // the start is given up meanwhile
			}
		})))
		// After the others, so that nobody else is telling the observer something then.
		app.Provide(func() *Database { return &Database{takes(time.Second, 0)} })
		app.Provide(func(*Database) *Buffer { return &Buffer{lasts(time.Second)} })
		app.Provide(func() *Cache {
			return &Cache{process.StartStop(func(context.Context) error { <-fail; return errBoom }, func(context.Context) error { return nil })}
		})
		if err := app.RunContext(t.Context()); !errors.Is(err, errBoom) || errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for _, e := range find[hooks.UnitStopped](r) {
			if e.Unit.Name == buffer && (e.Err != nil || e.Forced) {
				t.Errorf("stopped: %+v", e)
			}
		}
		if at := find[hooks.AppStopped](r)[0]; at.Took != 2*time.Second {
			t.Errorf("the stop took %v, want 2s", at.Took)
		}
	})
}

// What has failed to stop is told though something else is stuck.
func TestUnreachedIsToldBesideWhatIsStuck(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		defer func() { close(release); time.Sleep(time.Minute) }()
		app := newApp(container.AdaptStop[any]())
		app.Provide(func() *Buffer { return &Buffer{deafTo(release)} })
		app.Provide(func() *Outer { return &Outer{func(context.Context) error { return errors.New("cannot flush") }} })
		app.Provide(func(*Buffer, *Outer) (*Server, error) { return nil, errBoom })
		err := app.RunContext(t.Context())
		wantText(t, err, "boom", "stop "+outer, "cannot flush", "stuck: "+buffer)
	})
}

// Where the decorated value cannot be had any more, what was decorated is stopped.
func TestDecoratedIsStoppedWhenItsDecoratorFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.AdaptStop[any](), container.WithObserver(r))
		type group struct {
			dig.In
			Buffers []*Buffer `group:"buffers"`
		}
		type decorated struct {
			dig.Out
			Buffers []*Buffer `group:"buffers"`
		}
		app.Provide(func() *Buffer { return &Buffer{quick} }, dig.Group("buffers"))
		child := app.Scope("child")
		child.Decorate(func(g group) decorated { return decorated{Buffers: g.Buffers} })
		child.Invoke(func(group) {})
		app.Decorate(func(group) (decorated, error) { return decorated{}, errBoom })
		if err := app.RunContext(t.Context()); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		wantBefore(t, r.story(), "app stopping: failure", "stopping "+buffer+"[group=buffers]", "stopped "+buffer+"[group=buffers]", "app stopped")
	})
}

// Also where decorators leave no order to start in.
func TestBuiltIsStoppedInACycle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.AdaptStop[any](), container.WithObserver(r))
		app.Provide(func() *Buffer { return &Buffer{quick} })
		app.Provide(func(*Buffer) *Outer { return &Outer{quick} })
		app.Decorate(func(b *Buffer, _ *Outer) *Buffer { return b })
		app.Invoke(func(*Buffer) {})
		wantText(t, app.RunContext(t.Context()), "cycle: ")
		for _, name := range []string{buffer, outer} {
			wantBefore(t, r.story(), "app stopping: failure", "stopping "+name, "stopped "+name, "app stopped")
		}
	})
}

// What the start never reached is stopped though a unit hangs, be it one that it has
// nothing to do with, or one that it needs.
func TestUnreachedIsStoppedBesideWhatIsStuck(t *testing.T) {
	for name, setUp := range map[string]func(app *container.App, release <-chan struct{}){
		"another hangs in its stop": func(app *container.App, release <-chan struct{}) {
			app.Provide(func() *Cache { return &Cache{deafStop(release)} })
			app.Provide(func() *Database { return &Database{failsAtStart(time.Second, errBoom)} })
		},
		"what it needs hangs in its start": func(app *container.App, release <-chan struct{}) {
			app.Provide(func() *Database { return &Database{deafStart(release)} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			schedules(t, func(t *testing.T, schedule container.Option) {
				release := make(chan struct{})
				r := new(recorder)
				var calls []error // the contexts' errors
				app := newApp(schedule, container.WithObserver(r), container.AdaptStop[any]())
				setUp(app, release)
				app.Provide(func(*Database) *Buffer {
					return &Buffer{func(ctx context.Context) error { calls = append(calls, ctx.Err()); return nil }}
				})
				app.Invoke(func(*Buffer) {})

				err := runFor(t, app)

				if !errors.Is(err, container.ErrStuck) || len(calls) != 1 || calls[0] != nil {
					t.Errorf("contexts of the stop: %v; error is %v", calls, err)
				}
				wantBefore(t, r.story(), "stopping "+buffer, "stopped "+buffer, "stuck", "app stopped")
				wantWellFormed(t, r)
				close(release)
			})
		})
	}
}

// A stop at any moment of the start leaves a stop-only value stopped once, with a
// context that lives.
func TestStopOnlyIsStoppedOnceWheneverTheStartIsGivenUp(t *testing.T) {
	for range 100 {
		bubble(t, func(t *testing.T) {
			calls := 0
			app := newApp(container.AdaptStop[any]())
			app.Provide(func() *Buffer {
				return &Buffer{func(ctx context.Context) error {
					calls++
					return errors.Join(ctx.Err(), sleep(ctx, time.Second))
				}}
			})
			s := shutdowner(t, app)
			app.Invoke(func(*Buffer) {})
			go s.Shutdown()
			if err := app.RunContext(t.Context()); err != nil || calls != 1 {
				t.Errorf("stopped %d times, error is %v", calls, err)
			}
		})
	}
}

// Whatever is built of any graph, whatever fails, and whenever the app is ended: what
// has to be stopped is stopped once, after what needs it, and before what it needs.
func TestStopOnlyIsStoppedInOrderWhateverHappens(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { stopAtRandom(t, rand.New(rand.NewPCG(seed, 2))) })
		})
	}
}

// node is a value that has to be stopped, or runs.
type node struct {
	process.Runner
	number int
}

// closable is a value that has to be stopped.
type closable struct {
	number int
	closing
}

func stopAtRandom(t *testing.T, random *rand.Rand) {
	const units = 14
	var (
		r        = new(recorder)
		upTo     = func(limit time.Duration) time.Duration { return time.Duration(random.Int64N(int64(limit))) + 1 }
		failing  = random.IntN(2 * units) // at the start
		broken   = random.IntN(4 * units) // in its constructor
		dying    = random.IntN(2 * units) // while others may still start
		forced   = random.IntN(4) == 0
		built    [units]bool
		stops    [units]int
		stopOnly [units]bool
		types    [units]reflect.Type
		needs    [units][]int
	)
	limit := time.Hour
	if forced {
		limit = upTo(2 * time.Second)
	}
	app := newApp(container.WithObserver(r), container.WithSchedule(container.Schedule(random.IntN(2))), container.WithStopTimeout(limit),
		container.AdaptFunc(nil, func(ctx context.Context, c *closable) error { return c.closing(ctx) }))
	for i := range units {
		for range random.IntN(4) {
			if n := random.IntN(i+1) - 1; n >= 0 {
				needs[i] = append(needs[i], n)
			}
		}
		start, stop, life := upTo(time.Second), upTo(time.Second), upTo(5*time.Second)
		types[i] = reflect.TypeFor[*node]()
		if stopOnly[i] = random.IntN(2) == 0; stopOnly[i] {
			types[i] = reflect.TypeFor[*closable]()
		}
		provideNode(app, i, needs[i], types[:], func() (any, error) {
			time.Sleep(time.Millisecond)
			if i == broken {
				return nil, errBoom
			}
			built[i] = true
			if stopOnly[i] {
				return &closable{i, func(ctx context.Context) error { stops[i]++; return sleep(ctx, stop) }}, nil
			}
			if i == failing {
				return &node{failsAtStart(start, errBoom), i}, nil
			}
			if i == dying {
				return &node{process.Sequential(takes(start, stop), fails(life, errBoom)), i}, nil
			}
			return &node{takes(start, stop), i}, nil
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), upTo(10*time.Second))
	defer cancel()

	if err := app.RunContext(ctx); err != nil && !errors.Is(err, errBoom) && !(forced && errors.Is(err, process.ErrStopTimeout)) {
		t.Errorf("error is %v", err)
	}

	wantWellFormed(t, r)
	at := make(map[string]int)
	for i, word := range r.story() {
		if at[word] > 0 {
			t.Errorf("%q twice", word)
		}
		at[word] = i + 1
	}
	name := func(i int) string {
		if stopOnly[i] {
			return fmt.Sprintf("*container_test.closable[name=%d]", i)
		}
		return fmt.Sprintf("*container_test.node[name=%d]", i)
	}
	reaches := make([]map[int]bool, units)
	for i := range units {
		reaches[i] = make(map[int]bool)
		for _, n := range needs[i] {
			reaches[i][n] = true
			for m := range reaches[n] {
				reaches[i][m] = true
			}
		}
		if want := built[i] && stopOnly[i]; want != (stops[i] == 1) || want != (at["stopped "+name(i)] > 0) && stopOnly[i] {
			t.Errorf("%s, built %v: stopped %d times", name(i), built[i], stops[i])
		}
		for n := range reaches[i] {
			stopping, stopped := at["stopping "+name(n)], at["stopped "+name(i)]
			if stopping > 0 && stopped > stopping && !forced {
				t.Errorf("%s was asked to stop before %s had ended", name(n), name(i))
			}
		}
	}
}

// provideNode provides the value with a number, which needs those with other numbers.
// types are those of all values.
func provideNode(app *container.App, number int, needs []int, types []reflect.Type, build func() (any, error)) {
	fields := []reflect.StructField{{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true}}
	for i, need := range needs {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprint("Need", i), Type: types[need], Tag: reflect.StructTag(fmt.Sprintf(`name:"%d"`, need)),
		})
	}
	out := []reflect.Type{types[number], reflect.TypeFor[error]()}
	constructor := reflect.MakeFunc(
		reflect.FuncOf([]reflect.Type{reflect.StructOf(fields)}, out, false),
		func([]reflect.Value) []reflect.Value {
			value, err := build()
			if err != nil {
				return []reflect.Value{reflect.Zero(out[0]), reflect.ValueOf(&err).Elem()}
			}
			return []reflect.Value{reflect.ValueOf(value), reflect.Zero(out[1])}
		})
	if err := app.Provide(constructor.Interface(), dig.Name(fmt.Sprint(number))); err != nil {
		panic(err)
	}
}
