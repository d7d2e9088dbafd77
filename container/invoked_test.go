package container_test

import (
	"context"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// A constructor may fetch what it needs by an Invoke instead of a parameter.
func TestAConstructorWaitsForWhatItInvokes(t *testing.T) {
	wanted := []string{
		"0: *container_test.Database",
		"1: *container_test.Queue after *container_test.Database",
		"2: *container_test.Server after *container_test.Queue",
	}
	for name, provide := range map[string]func(app *container.App, p container.Provider){
		"itself": func(app *container.App, p container.Provider) {
			p.Provide(func() (*Queue, error) { return &Queue{process.Nop()}, p.Invoke(func(*Database) {}) })
		},
		"through what does not run": func(app *container.App, p container.Provider) {
			p.Provide(func(*Database) *Config { return new(Config) })
			p.Provide(func() (*Queue, error) { return &Queue{process.Nop()}, p.Invoke(func(*Config) {}) })
		},
		"in an invoked function": func(app *container.App, p container.Provider) {
			p.Provide(func() (*Queue, error) {
				return &Queue{process.Nop()}, p.Invoke(func() error { return p.Invoke(func(*Database) {}) })
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for where, in := range map[string]func(*container.App) container.Provider{
				"app":   func(app *container.App) container.Provider { return app },
				"scope": func(app *container.App) container.Provider { return app.Scope("scope") },
			} {
				app := newApp(container.Provide(func() *Database { return &Database{process.Nop()} }))
				p := in(app)
				provide(app, p)
				p.Provide(func(*Queue) *Server { return &Server{process.Nop()} })
				if _, err := app.Runner(); err != nil {
					t.Fatal(err)
				}
				wantEqual(t, where, layers(planOf(t, app)), wanted)
			}
		})
	}
}

func TestAConstructorWaitsForTheHooksOfWhatItInvokes(t *testing.T) {
	app := newApp()
	app.Provide(func() (*Queue, error) {
		return &Queue{process.Nop()}, app.Invoke(func(l hooks.Lifecycle) {
			l.Append(hooks.Hook{Name: "migrate", OnStart: func(context.Context) error { return nil }})
		})
	})
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "layers", layers(planOf(t, app)), []string{"0: migrate", "1: *container_test.Queue after migrate"})
}

func TestWhatIsInvokedInVainIsNotWaitedFor(t *testing.T) {
	app := newApp(container.Provide(func() *Database { return &Database{process.Nop()} }))
	app.Provide(func() *Queue {
		if err := app.Invoke(func(*Database, *Cache) {}); err == nil {
			t.Error("no error")
		}
		return &Queue{process.Nop()}
	})
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "layers", layers(planOf(t, app)), []string{"0: *container_test.Database, *container_test.Queue"})
}

// What package process makes of runners is one thing, like a pointer.
func TestCombinedRunnersThatArePassedOnRunOnce(t *testing.T) {
	for name, r := range map[string]process.Runner{
		"Sequential":    process.Sequential(process.Nop(), process.Nop()),
		"Parallel":      process.Parallel(process.Nop()),
		"Chain":         process.Chain(process.Nop()),
		"StartTimeout":  process.StartTimeout(1, process.Nop()),
		"StopTimeout":   process.StopTimeout(1, process.Nop()),
		"PrefixedError": process.PrefixedError("x", process.Nop()),
		"StartStop":     process.StartStop(noStep, noStep),
		"Nop":           process.Nop(),
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(container.Provide(func() process.Runner { return r }))
			app.Provide(func(r process.Runner) process.Runner { return r }, dig.Name("again"))
			app.Provide(func(r process.Runner) struct {
				dig.Out
				A process.Runner `name:"a"`
				B process.Runner `group:"b"`
			} {
				return struct {
					dig.Out
					A process.Runner `name:"a"`
					B process.Runner `group:"b"`
				}{A: r, B: r}
			})
			if _, err := app.Runner(); err != nil {
				t.Fatal(err)
			}
			if l := layers(planOf(t, app)); len(l) != 1 {
				t.Error(l)
			}
		})
	}
}

func noStep(context.Context) error { return nil }
