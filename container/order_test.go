package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

func schedules(t *testing.T, f func(t *testing.T, schedule container.Option)) {
	for _, schedule := range []container.Schedule{container.ByLayer, container.ByDependency} {
		t.Run(schedule.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) { f(t, container.WithSchedule(schedule)) })
		})
	}
}

// What depends on a unit starts after it is ready, and has ended before it is asked
// to stop.
func TestStartsInOrderAndStopsInReverse(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(time.Second, time.Second)} })
		app.Provide(func(*Database) *Cache { return &Cache{takes(2*time.Second, time.Second)} })
		app.Provide(func(*Cache) *Server { return &Server{takes(time.Second, time.Second)} })

		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}

		database, cache, server := "*container_test.Database", "*container_test.Cache", "*container_test.Server"
		wantEqual(t, "story", r.story(), []string{
			"planned", "app starting",
			"starting " + database, "started " + database,
			"starting " + cache, "started " + cache,
			"starting " + server, "started " + server,
			"app started", "app stopping: context",
			"stopping " + server, "stopped " + server,
			"stopping " + cache, "stopped " + cache,
			"stopping " + database, "stopped " + database,
			"app stopped",
		})
		for _, e := range find[hooks.AppStarted](r) {
			var chain []string
			for _, step := range e.Critical {
				chain = append(chain, fmt.Sprint(step.Unit, " ", step.Took))
			}
			wantEqual(t, "critical chain", chain, []string{database + " 1s", cache + " 2s", server + " 1s"})
			if e.Took != 4*time.Second {
				t.Errorf("took %v to start", e.Took)
			}
		}
		for _, e := range find[hooks.UnitStopped](r) {
			if e.Took != time.Second || e.Err != nil || e.Forced {
				t.Errorf("stopped: %+v", e)
			}
		}
		if e := find[hooks.AppStopped](r)[0]; e.Took != 3*time.Second || e.Err != nil {
			t.Errorf("app stopped: %+v", e)
		}
	})
}

// By layer the start takes the sum of the slowest of each layer, by dependency the
// longest chain.
func TestSchedules(t *testing.T) {
	for schedule, want := range map[container.Schedule]time.Duration{
		container.ByLayer: 10 * time.Second, container.ByDependency: 6 * time.Second,
	} {
		bubble(t, func(t *testing.T) {
			r := new(recorder)
			app := newApp(container.WithSchedule(schedule), container.WithObserver(r))
			app.Provide(func() *Database { return &Database{takes(5*time.Second, 0)} })
			app.Provide(func() *Cache { return &Cache{takes(time.Second, 0)} })
			app.Provide(func(*Database) *Queue { return &Queue{takes(time.Second, 0)} })
			app.Provide(func(*Cache) *Server { return &Server{takes(5*time.Second, 0)} })
			if err := startAndStop(t, app); err != nil {
				t.Fatal(err)
			}
			if took := find[hooks.AppStarted](r)[0].Took; took != want {
				t.Errorf("%v: took %v to start, want %v", schedule, took, want)
			}
		})
	}
}

// Of one constructor the hooks start in the order of Append, then its values, in
// parallel.
func TestHooksBelongToTheirConstructor(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		hook := func(name string) hooks.Hook {
			return hooks.Hook{Name: name,
				OnStart: func(ctx context.Context) error { return sleep(ctx, time.Second) },
				OnStop:  func(ctx context.Context) error { return sleep(ctx, time.Second) }}
		}
		app.Provide(func(l hooks.Lifecycle) *Config { l.Append(hook("config")); return new(Config) })
		app.Provide(func(_ *Config, l hooks.Lifecycle) (*Database, *Cache) {
			l.Append(hook("migrate"))
			l.Append(hook("warm"))
			return &Database{takes(time.Second, time.Second)}, &Cache{takes(time.Second, time.Second)}
		})
		type in struct {
			dig.In
			Cache     *Cache
			Lifecycle hooks.Lifecycle `optional:"true"`
		}
		app.Invoke(func(in in) { in.Lifecycle.Append(hook("invoked")) })

		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}

		wantEqual(t, "layers", layers(planOf(t, app)), []string{
			"0: config",
			"1: migrate after config, warm after migrate, *container_test.Database after warm, *container_test.Cache after warm",
			"2: invoked after *container_test.Database *container_test.Cache",
		})
		story := r.story()
		wantBefore(t, story, "started config", "starting migrate", "started migrate", "starting warm", "started warm",
			"starting *container_test.Database", "started *container_test.Database", "starting invoked", "stopping invoked", "stopped invoked",
			"stopping *container_test.Cache", "stopped *container_test.Cache", "stopping warm", "stopped warm", "stopping migrate", "stopped migrate", "stopping config")
		if took := find[hooks.AppStarted](r)[0].Took; took != 5*time.Second {
			t.Errorf("took %v to start, want 5s: the values of one constructor start in parallel", took)
		}
		for _, e := range find[hooks.UnitStarting](r) {
			if isHook := e.Unit.Type == ""; isHook != (e.Value == nil) {
				t.Errorf("unit %+v has the value %v", e.Unit, e.Value)
			}
		}
	})
}

// A constructor that failed has appended nothing.
func TestHooksOfAFailedCallDoNotRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp()
		calls := 0
		app.Provide(func(l hooks.Lifecycle) (*Config, error) {
			calls++
			l.Append(hooks.Hook{Name: fmt.Sprint("call ", calls)})
			if calls == 1 {
				return nil, errBoom
			}
			return nil, nil
		})
		if err := app.Invoke(func(*Config) {}); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		app.Invoke(func(*Config) {})
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "layers", layers(planOf(t, app)), []string{"0: call 2"})
	})
}

// A hook appended after the start is told at once, and in the result.
func TestLateHookIsReportedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r))
		var lifecycle hooks.Lifecycle
		app.Provide(func(l hooks.Lifecycle) *Config { lifecycle = l; return nil })
		app.Provide(newDatabase)
		go func() {
			<-app.Ready()
			lifecycle.Append(hooks.Hook{OnStart: func(context.Context) error { t.Error("ran"); return nil }})
			synctest.Wait()
			if len(find[hooks.Misuse](r)) != 1 {
				t.Error("not told")
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := app.RunContext(ctx)
		wantText(t, err, "hook without a name appended by container_test.", "order_test.go:", "it will not run")
		if container.ExitCode(err) != 1 {
			t.Errorf("exit code %d", container.ExitCode(err))
		}
	})
}

// tracing is what a decorator returns.
type tracing struct{ process.Runner }

func TestDecorators(t *testing.T) {
	type databaseAs interface{ process.Runner }
	for _, test := range []struct {
		name  string
		setup func(app *container.App)
		want  []string
	}{
		{"the decorated value runs in the place of the original", func(app *container.App) {
			app.Provide(func() *Cache { return &Cache{process.Nop()} })
			app.Provide(func() process.Runner { return &Database{process.Nop()} })
			app.Decorate(func(r process.Runner, _ *Cache) process.Runner { return &tracing{r} })
			app.Provide(func(process.Runner) *Server { return &Server{process.Nop()} })
		}, []string{
			"0: *container_test.Cache",
			"1: *container_test.tracing after *container_test.Cache",
			"2: *container_test.Server after *container_test.tracing",
		}},
		{"also if it is the same instance", func(app *container.App) {
			app.Provide(func() *Cache { return &Cache{process.Nop()} })
			app.Provide(func() *Database { return &Database{process.Nop()} })
			app.Decorate(func(d *Database, _ *Cache) *Database { return d })
			app.Provide(func(*Database) *Server { return &Server{process.Nop()} })
		}, []string{
			"0: *container_test.Cache",
			"1: *container_test.Database after *container_test.Cache",
			"2: *container_test.Server after *container_test.Database",
		}},
		{"also before what dig gives the original", func(app *container.App) {
			app.Provide(func() *Cache { return &Cache{process.Nop()} })
			app.Provide(func() *Database { return &Database{process.Nop()} }, dig.As(new(process.Runner), new(databaseAs)))
			app.Decorate(func(r process.Runner, _ *Cache) process.Runner { return &tracing{r} })
			app.Provide(func(databaseAs) *Server { return &Server{process.Nop()} })
		}, []string{
			"0: *container_test.Cache",
			"1: *container_test.tracing after *container_test.Cache",
			"2: *container_test.Server after *container_test.tracing",
		}},
		{"also before what dig gives the original where it was made, if it is decorated where it was passed on", func(app *container.App) {
			app.Provide(func() *Database { return &Database{process.Nop()} })
			app.Provide(func(d *Database) process.Runner { return d })
			app.Decorate(func(r process.Runner) process.Runner { return &tracing{r} })
			app.Provide(func(*Database) *Server { return &Server{process.Nop()} })
		}, []string{"0: *container_test.tracing", "1: *container_test.Server after *container_test.tracing"}},
		{"it runs where it was decorated, if it is passed on after", func(app *container.App) {
			app.Provide(func() *Cache { return &Cache{process.Nop()} })
			app.Provide(func() *Database { return &Database{process.Nop()} })
			app.Decorate(func(d *Database, _ *Cache) *Database { return &Database{d} })
			app.Provide(func(d *Database) process.Runner { return d })
			app.Provide(func(*Database) *Server { return &Server{process.Nop()} })
		}, []string{
			"0: *container_test.Cache",
			"1: *container_test.Database after *container_test.Cache",
			"2: *container_test.Server after *container_test.Database",
		}},
		{"also if it is passed on before", func(app *container.App) {
			app.Provide(func() (*Database, process.Runner) {
				d := &Database{process.Nop()}
				return d, d
			})
			app.Decorate(func(r process.Runner) process.Runner { return &tracing{r} })
		}, []string{"0: *container_test.tracing"}},
		{"one that returns nothing that runs leaves the original", func(app *container.App) {
			app.Provide(func() any { return &Database{process.Nop()} })
			app.Decorate(func(any) any { return 1 })
			app.Provide(func(any) *Server { return &Server{process.Nop()} })
		}, []string{"0: *container_test.Database", "1: *container_test.Server after *container_test.Database"}},
		{"one that returns nil leaves the original", func(app *container.App) {
			app.Provide(func() *Database { return &Database{process.Nop()} })
			app.Decorate(func(*Database) *Database { return nil })
		}, []string{"0: *container_test.Database"}},
		{"one of a child scope leaves the original", func(app *container.App) {
			app.Provide(func() process.Runner { return &Database{process.Nop()} })
			scope := app.Scope("child")
			scope.Decorate(func(r process.Runner) process.Runner { return &tracing{r} })
			scope.Provide(func(process.Runner) *Server { return &Server{process.Nop()} })
		}, []string{"0: *container_test.Database", "1: *container_test.tracing after *container_test.Database", "2: *container_test.Server after *container_test.tracing"}},
		{"one of the scope above replaces it", func(app *container.App) {
			app.Decorate(func() process.Runner { return &tracing{process.Nop()} })
			app.Scope("child").Provide(func() process.Runner { return &Database{process.Nop()} })
		}, []string{"0: *container_test.tracing"}},
		{"an exported value is the root's", func(app *container.App) {
			app.Decorate(func(r process.Runner) process.Runner { return &tracing{r} })
			app.Scope("child").Provide(func() process.Runner { return &Database{process.Nop()} }, dig.Export(true))
		}, []string{"0: *container_test.tracing"}},
		{"of a group", func(app *container.App) {
			type in struct {
				dig.In
				Workers []process.Runner `group:"workers"`
			}
			type out struct {
				dig.Out
				Workers []process.Runner `group:"workers"`
			}
			app.Provide(func() process.Runner { return &Database{process.Nop()} }, dig.Group("workers"))
			app.Provide(func() process.Runner { return &Cache{process.Nop()} }, dig.Group("workers"))
			app.Decorate(func(in in) out { return out{Workers: []process.Runner{&tracing{process.Parallel(in.Workers...)}}} })
			app.Invoke(func(in) {})
		}, []string{"0: *container_test.tracing[group=workers]"}},
		{"with hooks", func(app *container.App) {
			app.Provide(func() *Database { return &Database{process.Nop()} })
			app.Decorate(func(d *Database, l hooks.Lifecycle) *Database {
				l.Append(hooks.Hook{Name: "decorated"})
				return d
			})
			app.Provide(func(*Database) *Server { return &Server{process.Nop()} })
		}, []string{"0: decorated, *container_test.Database after decorated", "1: *container_test.Server after *container_test.Database"}},
		{"two that wait for who takes the other's original", func(app *container.App) {
			type databaseRaw interface{ process.Runner }
			type cacheRaw interface{ process.Runner }
			type cacheAs interface{ process.Runner }
			app.Provide(func() *Database { return &Database{process.Nop()} }, dig.As(new(databaseAs), new(databaseRaw)))
			app.Provide(func() *Cache { return &Cache{process.Nop()} }, dig.As(new(cacheAs), new(cacheRaw)))
			app.Provide(func(databaseRaw) *Queue { return &Queue{process.Nop()} })
			app.Provide(func(cacheRaw) *Server { return &Server{process.Nop()} })
			app.Decorate(func(d databaseAs, _ *Server) databaseAs { return &tracing{d} })
			app.Decorate(func(c cacheAs, _ *Queue) cacheAs { return &tracing{c} })
			app.Invoke(func(databaseAs, cacheAs) {})
		}, []string{
			"0: *container_test.Server",
			"1: *container_test.tracing#1 after *container_test.Server",
			"2: *container_test.Queue after *container_test.tracing#1",
			"3: *container_test.tracing#2 after *container_test.Queue",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				app := newApp()
				test.setup(app)
				if err := startAndStop(t, app); err != nil {
					t.Fatal(err)
				}
				wantEqual(t, "layers", layers(planOf(t, app)), test.want)
			})
		})
	}
}

// A crash stops what depends on the culprit first, and is told with the culprit.
func TestCrashStopsDependentsFirst(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Config { return nil })
		app.Provide(func(*Config) *Database { return &Database{takes(0, time.Second)} })
		app.Provide(func(*Database) *Queue { return &Queue{fails(time.Minute, errBoom)} })
		app.Provide(func(*Queue) *Server {
			return &Server{process.StartStop(
				func(context.Context) error { return nil },
				func(ctx context.Context) error {
					return errors.Join(sleep(ctx, time.Second), errors.New("connections left"))
				},
			)}
		})

		err := app.RunContext(t.Context())

		if !errors.Is(err, errBoom) || container.ExitCode(err) != 1 {
			t.Errorf("exit code %d for %v", container.ExitCode(err), err)
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != 2 ||
			!strings.HasPrefix(lines[0], "run *container_test.Queue (container_test.TestCrashStopsDependentsFirst.") ||
			!strings.HasSuffix(lines[0], "): boom") || !strings.Contains(lines[0], ", order_test.go:") ||
			!strings.HasPrefix(lines[1], "stop *container_test.Server (container_test.") || !strings.HasSuffix(lines[1], "): connections left") {
			t.Errorf("error is %v", err)
		}
		queue, server, database := "*container_test.Queue", "*container_test.Server", "*container_test.Database"
		wantBefore(t, r.story(), "failed "+queue, "app stopping: failure", "stopping "+server, "stopped "+server, "stopping "+database, "stopped "+database)
		if e := find[hooks.AppStopping](r)[0]; e.Unit != queue || !errors.Is(e.Cause, errBoom) {
			t.Errorf("stopping for %+v", e)
		}
		if e := find[hooks.UnitFailed](r)[0]; e.Phase != hooks.PhaseRun || !errors.Is(e.Cause, errBoom) {
			t.Errorf("failed: %+v", e)
		}
		wantWellFormed(t, r)
	})
}

// A unit that ends by itself ends the app, without an error.
func TestUnitThatEndsStopsTheApp(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Database { return &Database{process.Nop()} })
		app.Provide(func(*Database) *Queue { return &Queue{fails(time.Minute, nil)} })
		if err := app.RunContext(t.Context()); err != nil {
			t.Error(err)
		}
		wantBefore(t, r.story(), "app started", "failed *container_test.Queue", "app stopping: unit ended", "stopped *container_test.Database")
		wantWellFormed(t, r)
	})
}

// A failed start stops what runs, in order, aborts what is starting, never runs the
// rest, and is told with the one culprit.
func TestFailedStart(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *Database { return &Database{takes(0, time.Second)} })
		app.Provide(func(*Database) *Cache { return &Cache{takes(time.Hour, 0)} })
		app.Provide(func(*Database) *Queue {
			return &Queue{process.StartStop(func(ctx context.Context) error {
				return errors.Join(sleep(ctx, time.Second), errBoom)
			}, func(context.Context) error { return nil })}
		})
		app.Provide(newServer)

		err := app.RunContext(t.Context())

		wantText(t, err, "start *container_test.Queue (container_test.", "boom")
		if n := strings.Count(err.Error(), "\n"); n != 0 {
			t.Errorf("more than the culprit: %v", err)
		}
		if slices.Contains(r.story(), "starting *container_test.Server") {
			t.Error("the server was started")
		}
		wantBefore(t, r.story(), "failed *container_test.Queue", "app stopping: failure", "stopped *container_test.Cache", "stopping *container_test.Database",
			"stopped *container_test.Database", "app stopped")
		wantWellFormed(t, r)
	})
}
