package container_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// zeroSize runs, and has no state.
type zeroSize struct{}

func (*zeroSize) Run(ctx context.Context, callback process.Callback) error { return callback(ctx) }

// byValue runs, and cannot be compared.
type byValue struct{ _ []int }

func (byValue) Run(ctx context.Context, callback process.Callback) error { return callback(ctx) }

// runsAndFails is an error, and would run.
type runsAndFails struct{ process.Runner }

func (*runsAndFails) Error() string { return "runs and fails" }

type servers struct {
	dig.Out

	Low   *Server `name:"low"`
	High  *Server `name:"high"`
	Inner innerServers
	None  *Server `name:"none"`
}

type innerServers struct {
	dig.Out

	Member process.Runner `group:"workers"`
	Many   []*Queue       `group:"queues,flatten"`
	Plain  []*Cache
}

// Every value that was made and implements Runner runs, whatever it was declared
// as.
func TestWhatRuns(t *testing.T) {
	for _, test := range []struct {
		name  string
		setup func(app *container.App)
		want  []string
	}{
		{"nothing", func(app *container.App) { app.Provide(newConfig) }, nil},
		{"a result", func(app *container.App) {
			app.Provide(newConfig)
			app.Provide(newDatabase)
		}, []string{"*container_test.Database"}},
		{"two results and no error", func(app *container.App) {
			app.Provide(func() (*Database, *Cache, error) {
				return &Database{process.Nop()}, &Cache{process.Nop()}, nil
			})
		}, []string{"*container_test.Cache", "*container_test.Database"}},
		{"fields of a dig.Out, nested ones, too", func(app *container.App) {
			app.Provide(func() servers {
				return servers{
					Low:  &Server{process.Nop()},
					High: &Server{process.Nop()},
					Inner: innerServers{
						Member: &Database{process.Nop()},
						Many:   []*Queue{{process.Nop()}, nil, {process.Nop()}},
						Plain:  []*Cache{{process.Nop()}},
					},
				}
			})
		}, []string{
			"*container_test.Database[group=workers]",
			"*container_test.Queue[group=queues]#1", "*container_test.Queue[group=queues]#2",
			"*container_test.Server[name=high]", "*container_test.Server[name=low]",
		}},
		{"members of groups", func(app *container.App) {
			app.Provide(newConfig)
			app.Provide(newDatabase, dig.Group("workers"))
			app.Provide(newDatabase, dig.Group("workers"))
		}, []string{"*container_test.Database[group=workers]#1", "*container_test.Database[group=workers]#2"}},
		{"flattened slices", func(app *container.App) {
			app.Provide(func() []process.Runner {
				return []process.Runner{&Cache{process.Nop()}, nil, &Queue{process.Nop()}, process.Nop()}
			}, dig.Group("workers,flatten"))
		}, []string{"*container_test.Cache[group=workers]", "*container_test.Queue[group=workers]", "*process.runner[group=workers]"}},
		{"As", func(app *container.App) {
			app.Provide(newConfig)
			app.Provide(newDatabase, dig.As(new(process.Runner)))
		}, []string{"*container_test.Database"}},
		{"As several types", func(app *container.App) {
			app.Provide(func() *Cache { return &Cache{process.Nop()} }, dig.As(new(any), new(process.Runner)))
		}, []string{"*container_test.Cache"}},
		{"supplied values", func(app *container.App) {
			app.Supply(&Database{process.Nop()}, new(Config), process.Nop(), (*Cache)(nil))
		}, []string{"*container_test.Database", "*process.runner"}},
		{"values in scopes", func(app *container.App) {
			app.Provide(newConfig)
			a, b := app.Scope("a"), app.Scope("b")
			a.Provide(newDatabase)
			b.Scope("c").Provide(newDatabase)
			b.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Export(true))
		}, []string{"*container_test.Database#1", "*container_test.Database#2", "*container_test.Queue"}},
		{"a nil pointer does not", func(app *container.App) {
			app.Provide(func() (*Database, error) { return nil, nil })
		}, nil},
		{"a nil interface does not", func(app *container.App) {
			app.Provide(func() process.Runner { return nil })
			app.Provide(func() process.Runner { return (*Database)(nil) }, dig.Name("typed"))
			app.Provide(func() process.RunnerFunc { return nil })
		}, nil},
		{"a plain slice does not", func(app *container.App) {
			app.Provide(func() []*Database { return []*Database{{process.Nop()}} })
			app.Invoke(func([]*Database) {})
		}, nil},
		{"an interface that turns out to run", func(app *container.App) {
			app.Provide(func() any { return &Database{process.Nop()} })
			app.Provide(func() io.Closer { return nil })
			app.Provide(func(any, io.Closer) *Cache { return &Cache{process.Nop()} })
		}, []string{"*container_test.Cache", "*container_test.Database"}},
		{"one instance under two types runs once", func(app *container.App) {
			app.Provide(newConfig)
			app.Provide(newDatabase)
			app.Provide(func(d *Database) process.Runner { return d })
			app.Provide(func(d *Database) *Database { return d }, dig.Name("again"))
			app.Provide(func(d *Database) *Database { return d }, dig.Group("all"))
		}, []string{"*container_test.Database"}},
		{"one instance from one constructor runs once", func(app *container.App) {
			app.Provide(func() (*Database, process.Runner) {
				d := &Database{process.Nop()}
				return d, d
			})
		}, []string{"*container_test.Database"}},
		{"pointers to a zero-size type run twice", func(app *container.App) {
			app.Provide(func() *zeroSize { return new(zeroSize) })
			app.Provide(func() *zeroSize { return new(zeroSize) }, dig.Name("other"))
		}, []string{"*container_test.zeroSize", "*container_test.zeroSize[name=other]"}},
		{"values that cannot be compared", func(app *container.App) {
			app.Provide(func() process.RunnerFunc { return process.Nop().Run })
			app.Provide(func() process.RunnerFunc { return process.Nop().Run }, dig.Name("other"))
			app.Provide(func() byValue { return byValue{} })
			app.Provide(func() byValue { return byValue{} }, dig.Group("values"))
		}, []string{"container_test.byValue", "container_test.byValue[group=values]", "process.RunnerFunc", "process.RunnerFunc[name=other]"}},
		{"what Invoke asked for", func(app *container.App) {
			app.Provide(func() any { return &Database{process.Nop()} })
			app.Invoke(func(any) {})
		}, []string{"*container_test.Database"}},
		{"what nobody asked for does not", func(app *container.App) {
			app.Provide(func() any { return &Database{process.Nop()} })
		}, nil},
		{"what a constructor provides", func(app *container.App) {
			app.Provide(newConfig)
			app.Provide(func() (*Queue, error) {
				return &Queue{process.Nop()}, app.Provide(newDatabase)
			})
		}, []string{"*container_test.Database", "*container_test.Queue"}},
		{"what was called with success after a failure, once", func(app *container.App) {
			calls := 0
			app.Provide(func() (*Database, error) {
				if calls++; calls == 1 {
					return &Database{process.Nop()}, errBoom
				}
				return &Database{process.Nop()}, nil
			})
			if err := app.Invoke(func(*Database) {}); !errors.Is(err, errBoom) {
				t.Error(err)
			}
		}, []string{"*container_test.Database"}},
		{"not what was given to the dig container", func(app *container.App) {
			app.Dig().Provide(func() *Database { return &Database{process.Nop()} })
			app.Dig().Invoke(func(*Database) {})
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := new(recorder)
				app := newApp(container.WithObserver(r))
				test.setup(app)

				if err := startAndStop(t, app); err != nil {
					t.Fatal(err)
				}

				wantEqual(t, "started", r.started(), test.want)
				wantWellFormed(t, r)
			})
		})
	}
}

// An error that a constructor returns beside nothing else is no value.
func TestErrorsDoNotRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp()
		app.Provide(func() (*Config, error) { return nil, &runsAndFails{process.Nop()} })
		app.Provide(newDatabase)
		err := app.RunContext(t.Context())
		wantText(t, err, "construct: ", "runs and fails")
	})
}

// A value that is passed on runs where it was made, and before what takes it under
// the other key.
func TestReexportedValueRunsWhereItWasMade(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp()
		app.Provide(func() *Database { return &Database{process.Nop()} })
		app.Provide(func(d *Database, _ *Cache) process.Runner { return d })
		app.Provide(func() *Cache { return &Cache{process.Nop()} })
		app.Provide(func(process.Runner) *Server { return &Server{process.Nop()} })

		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}

		plan := planOf(t, app)
		wantEqual(t, "layers", layers(plan), []string{
			"0: *container_test.Database, *container_test.Cache",
			"1: *container_test.Server after *container_test.Database *container_test.Cache",
		})
	})
}
