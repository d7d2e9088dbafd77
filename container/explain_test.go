package container_test

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// What stands between units in these tests: it does not run.
type (
	Repository struct{ of *Database }
	Handlers   struct{ of *Repository }
	Sheet      struct{ _ int }
)

func newRepository(d *Database) *Repository         { return &Repository{d} }
func newHandlers(r *Repository) *Handlers           { return &Handlers{r} }
func newSheet(*Database) *Sheet                     { return new(Sheet) }
func newLooseDatabase() *Database                   { return &Database{process.Nop()} }
func newLooseQueue() *Queue                         { return &Queue{process.Nop()} }
func newLooseCache() *Cache                         { return &Cache{process.Nop()} }
func newServerOnHandlers(*Handlers) *Server         { return &Server{process.Nop()} }
func newServerOnCache(*Cache) *Server               { return &Server{process.Nop()} }
func newServerOnNames(byName) *Server               { return &Server{process.Nop()} }
func newServerOnRoutes(routes) *Server              { return &Server{process.Nop()} }
func newServerOnConfig(*Config) *Server             { return &Server{process.Nop()} }
func newServerOnRunner(process.Runner) *Server      { return &Server{process.Nop()} }
func limitConfig(c *Config, _ *Queue) *Config       { return c }
func addSheet(in routes, _ *Queue) routesOut        { return routesOut{Routes: in.Routes} }
func guardDatabase(d *Database, _ *Cache) *Database { return &Database{d.Runner} }
func sameDatabase(d *Database) process.Runner       { return d }
func newWarmServer(l hooks.Lifecycle) *Server {
	l.Append(hooks.Hook{Name: "warm"})
	l.Append(hooks.Hook{Name: "hot"})
	return &Server{process.Nop()}
}
func newPlainCache(*Queue) *plainCache               { return new(plainCache) }
func newServerOnPlainCache(c *plainCache) *Server    { return &Server{process.Nop()} }
func onlyLifecycle(l hooks.Lifecycle, _ *Repository) { l.Append(hooks.Hook{Name: "report"}) }

func newQueuedDatabase(*Queue) *Database                    { return &Database{process.Nop()} }
func anotherDatabase(d *Database) *Database                 { return &Database{d.Runner} }
func guardRunner(_ process.Runner, _ *Cache) process.Runner { return newLooseDatabase() }
func newServerOnNamed(otherRunner) *Server                  { return &Server{process.Nop()} }

type otherRunner interface{ process.Runner }

type plainCache struct{ _ int }

type byName struct {
	dig.In
	Low  *Queue `name:"low"`
	Next nested
}

type nested struct {
	dig.In
	Cache *Cache `optional:"true"`
}

type routes struct {
	dig.In
	Routes []*Sheet `group:"routes"`
}

type routesOut struct {
	dig.Out
	Routes []*Sheet `group:"routes"`
}

// explained is what an app says of a unit: without its layer, the lines of files, the
// names of packages and the numbers of functions that have no names.
func explained(t *testing.T, app *container.App, unit string) string {
	t.Helper()
	text, err := planOf(t, app).Explain("*container_test." + unit)
	if err != nil {
		text, err = planOf(t, app).Explain(unit)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, less := range []struct{ pattern, short string }{
		{`container_test\.`, ""},
		{`\w+_test\.go:\d+`, "x.go:1"},
		{`Test\w+\.func[0-9.func]* `, "func "},
		{`(?m)^.* is in layer .*\n`, ""},
	} {
		text = regexp.MustCompile(less.pattern).ReplaceAllString(text, less.short)
	}
	return text
}

func TestExplainTellsTheChain(t *testing.T) {
	cases := map[string]struct {
		setUp func(app *container.App)
		unit  string
		want  string
		after string // the build, if it is something else
	}{
		"of a unit that waits for nothing": {
			func(app *container.App) { app.Provide(newLooseDatabase) },
			"Database",
			"*Database waits for nothing\n", "",
		},
		"of one constructor": {
			func(app *container.App) { app.Provide(newLooseDatabase); app.Provide(newCache) },
			"Cache",
			"*Cache waits for *Database because newCache (x.go:1) takes *Database, which newLooseDatabase (x.go:1) makes\n", "",
		},
		"through several that do not run": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(newRepository)
				app.Provide(newHandlers)
				app.Provide(newServerOnHandlers)
			},
			"Server",
			"*Server waits for *Database because newServerOnHandlers (x.go:1) takes *Handlers, which newHandlers (x.go:1) builds from *Repository, which newRepository (x.go:1) builds from *Database, which newLooseDatabase (x.go:1) makes\n", "",
		},
		"the shortest": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(newRepository)
				app.Provide(newHandlers)
				app.Provide(func(*Handlers, *Repository) *Server { return &Server{process.Nop()} }, dig.LocationForPC(codeOf(newServer)))
			},
			"Server",
			"*Server waits for *Database because newServer (x.go:1) takes *Repository, which newRepository (x.go:1) builds from *Database, which newLooseDatabase (x.go:1) makes\n", "",
		},
		"of each that it waits for": {
			func(app *container.App) {
				app.Provide(newLooseQueue)
				app.Provide(newLooseCache)
				app.Provide(newServer)
			},
			"Server",
			"*Server waits for *Queue because newServer (x.go:1) takes *Queue, which newLooseQueue (x.go:1) makes\n" +
				"*Server waits for *Cache because newServer (x.go:1) takes *Cache, which newLooseCache (x.go:1) makes\n", "",
		},
		"by a name, and by an optional field of a nested dig.In": {
			func(app *container.App) {
				app.Provide(newLooseQueue, dig.Name("low"))
				app.Provide(newLooseCache)
				app.Provide(newServerOnNames)
			},
			"Server",
			`*Server waits for *Queue[name=low] because newServerOnNames (x.go:1) takes *Queue[name="low"], which newLooseQueue (x.go:1) makes` + "\n" +
				"*Server waits for *Cache because newServerOnNames (x.go:1) takes *Cache[optional], which newLooseCache (x.go:1) makes\n", "",
		},
		"by a group": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(newSheet, dig.Group("routes"))
				app.Provide(newServerOnRoutes)
			},
			"Server",
			`*Server waits for *Database because newServerOnRoutes (x.go:1) takes *Sheet[group="routes"], to which newSheet (x.go:1) adds what it builds from *Database, which newLooseDatabase (x.go:1) makes` + "\n", "",
		},
		"by a member of a group that runs": {
			func(app *container.App) {
				app.Provide(newLooseDatabase, dig.Group("all"))
				app.Provide(func(in struct {
					dig.In
					All []*Database `group:"all"`
				}) *Server {
					return &Server{process.Nop()}
				}, dig.LocationForPC(codeOf(newServer)))
			},
			"Server",
			`*Server waits for *Database[group=all] because newServer (x.go:1) takes *Database[group="all"], to which newLooseDatabase (x.go:1) adds` + "\n", "",
		},
		"by a soft group": {
			func(app *container.App) {
				app.Provide(newLooseDatabase, dig.Group("all"))
				app.Provide(func(in struct {
					dig.In
					All []*Database `group:"all,soft"`
				}) *Server {
					return &Server{process.Nop()}
				}, dig.LocationForPC(codeOf(newServer)))
			},
			"Server",
			`*Server waits for *Database[group=all] because newServer (x.go:1) takes *Database[group="all", soft], to which newLooseDatabase (x.go:1) adds` + "\n", "",
		},
		"by an interface": {
			func(app *container.App) {
				app.Provide(newLooseDatabase, dig.As(new(process.Runner)))
				app.Provide(newServerOnRunner)
			},
			"Server",
			"*Server waits for *Database because newServerOnRunner (x.go:1) takes process.Runner, which newLooseDatabase (x.go:1) makes\n", "",
		},
		"by a decorator": {
			func(app *container.App) {
				app.Provide(newConfig)
				app.Provide(newLooseQueue)
				app.Decorate(limitConfig)
				app.Provide(newServerOnConfig)
			},
			"Server",
			"*Server waits for *Queue because newServerOnConfig (x.go:1) takes *Config, which limitConfig (x.go:1) decorates with *Queue, which newLooseQueue (x.go:1) makes\n", "",
		},
		"by what is decorated": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(newRepository)
				app.Decorate(func(r *Repository) *Repository { return r })
				app.Provide(newHandlers)
				app.Provide(newServerOnHandlers)
			},
			"Server",
			"*Server waits for *Database because newServerOnHandlers (x.go:1) takes *Handlers, which newHandlers (x.go:1) builds from *Repository, which func (x.go:1) decorates, and which newRepository (x.go:1) builds from *Database, which newLooseDatabase (x.go:1) makes\n", "",
		},
		"by the decorator of a group": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(newLooseQueue)
				app.Provide(newSheet, dig.Group("routes"))
				app.Decorate(addSheet)
				app.Provide(newServerOnRoutes)
			},
			"Server",
			`*Server waits for *Database because newServerOnRoutes (x.go:1) takes *Sheet[group="routes"], which addSheet (x.go:1) decorates, and to which newSheet (x.go:1) adds what it builds from *Database, which newLooseDatabase (x.go:1) makes` + "\n" +
				`*Server waits for *Queue because newServerOnRoutes (x.go:1) takes *Sheet[group="routes"], which addSheet (x.go:1) decorates with *Queue, which newLooseQueue (x.go:1) makes` + "\n", "",
		},
		"to a decorator that runs itself": {
			func(app *container.App) {
				app.Provide(newLooseCache)
				app.Provide(newLooseDatabase)
				app.Decorate(guardDatabase)
				app.Provide(newRepository)
				app.Provide(newHandlers)
				app.Provide(newServerOnHandlers)
			},
			"Server",
			"*Server waits for *Database because newServerOnHandlers (x.go:1) takes *Handlers, which newHandlers (x.go:1) builds from *Repository, which newRepository (x.go:1) builds from *Database, which guardDatabase (x.go:1) decorates\n", "",
		},
		"of a decorator that runs": {
			func(app *container.App) {
				app.Provide(newLooseCache)
				app.Provide(newLooseDatabase)
				app.Decorate(guardDatabase)
			},
			"Database",
			"*Database waits for *Cache because guardDatabase (x.go:1) takes *Cache, which newLooseCache (x.go:1) makes\n", "",
		},
		"of a decorator that takes what it decorates": {
			func(app *container.App) {
				app.Provide(newLooseQueue)
				app.Provide(newQueuedDatabase)
				app.Decorate(anotherDatabase)
			},
			"Database",
			"*Database waits for *Queue because anotherDatabase (x.go:1) takes *Database, which newQueuedDatabase (x.go:1) builds from *Queue, which newLooseQueue (x.go:1) makes\n", "",
		},
		"to a decorator that runs in the place of what was taken": {
			func(app *container.App) {
				app.Provide(newLooseCache)
				app.Provide(newLooseDatabase, dig.As(new(process.Runner), new(otherRunner)))
				app.Decorate(guardRunner)
				app.Provide(newServerOnNamed)
			},
			"Server",
			"*Server waits for process.Runner because newServerOnNamed (x.go:1) takes otherRunner from newLooseDatabase (x.go:1), in the place of whose value runs that of guardRunner (x.go:1)\n",
			"*Server waits for *Database because newServerOnNamed (x.go:1) takes otherRunner from newLooseDatabase (x.go:1), in the place of whose value runs that of guardRunner (x.go:1)\n",
		},
		"to a decorator by Depend on what it stands for": {
			func(app *container.App) {
				app.Provide(newLooseCache)
				app.Provide(newLooseDatabase)
				app.Decorate(guardDatabase)
				app.Provide(newLooseQueue)
				app.Depend(new(*Queue), new(*Database))
			},
			"Queue",
			"*Queue waits for *Database because newLooseQueue (x.go:1) waits, by Depend (x.go:1), for newLooseDatabase (x.go:1), in the place of whose value runs that of guardDatabase (x.go:1)\n", "",
		},
		"of a decorator by Depend of what it stands for": {
			func(app *container.App) {
				app.Provide(newLooseQueue)
				app.Provide(newLooseDatabase)
				app.Decorate(anotherDatabase)
				app.Depend(new(*Database), new(*Queue))
				app.Depend(new(*Database), new(*Queue))
			},
			"Database",
			"*Database waits for *Queue because anotherDatabase (x.go:1) runs in the place of what newLooseDatabase (x.go:1) made, which waits, by Depend (x.go:1) and Depend (x.go:1), for newLooseQueue (x.go:1)\n", "",
		},
		"of a value that was passed on in secret": {
			func(app *container.App) {
				known := newLooseDatabase()
				app.Provide(func() *Database { return known }, dig.LocationForPC(codeOf(newLooseDatabase)))
				app.Provide(func() process.Runner { return known }, dig.LocationForPC(codeOf(sameDatabase)))
				app.Provide(newServerOnRunner)
			},
			"Server",
			"*Server waits for process.Runner because newServerOnRunner (x.go:1) takes process.Runner, which sameDatabase (x.go:1) makes\n",
			"*Server waits for *Database because newServerOnRunner (x.go:1) takes process.Runner, made by sameDatabase (x.go:1), which returns what was made by newLooseDatabase (x.go:1)\n",
		},
		"by Depend": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(newLooseCache)
				app.Provide(newServerOnCache)
				app.Depend(new(*Cache), new(*Database))
			},
			"Cache",
			"*Cache waits for *Database because newLooseCache (x.go:1) waits, by Depend (x.go:1), for newLooseDatabase (x.go:1)\n", "",
		},
		"by Depend of what does not run": {
			func(app *container.App) {
				app.Provide(newConfig)
				app.Provide(newLooseDatabase)
				app.Provide(newRepository)
				app.Provide(newServerOnConfig)
				app.Provide(func(*Repository) *Cache { return &Cache{process.Nop()} })
				app.Depend(new(*Config), new(*Repository))
			},
			"Server",
			"*Server waits for *Database because newServerOnConfig (x.go:1) takes *Config, made by newConfig (x.go:1), which waits, by Depend (x.go:1), for newRepository (x.go:1), which takes *Database, which newLooseDatabase (x.go:1) makes\n", "",
		},
		"by an Invoke inside a constructor": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(func() (*Server, error) {
					return &Server{process.Nop()}, app.Invoke(func(*Database) {})
				}, dig.LocationForPC(codeOf(newServer)))
			},
			"Server",
			"*Server waits for nothing\n",
			"*Server waits for *Database because newServer (x.go:1) invokes func (x.go:1), which takes *Database, which newLooseDatabase (x.go:1) makes\n",
		},
		"of a hook of an invoked function": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(newRepository)
				if err := app.Invoke(onlyLifecycle); err != nil {
					panic(err)
				}
			},
			"report",
			"report waits for *Database because onlyLifecycle (x.go:1) takes *Repository, which newRepository (x.go:1) builds from *Database, which newLooseDatabase (x.go:1) makes\n", "",
		},
		"of the hooks and the value of one constructor": {
			func(app *container.App) { app.Provide(newWarmServer); app.Invoke(func(*Server) {}) },
			"Server",
			"*Server waits for hot because newWarmServer (x.go:1) appended that hook, and the hooks of a constructor start before its values\n", "",
		},
		"of the hooks of one constructor": {
			func(app *container.App) { app.Provide(newWarmServer); app.Invoke(func(*Server) {}) },
			"hot",
			"hot waits for warm because newWarmServer (x.go:1) appended that hook first\n", "",
		},
		"of what was supplied": {
			func(app *container.App) {
				app.Supply(&Database{process.Nop()})
				app.Provide(newCache)
			},
			"Cache",
			"*Cache waits for *Database because newCache (x.go:1) takes *Database, which func (x.go:1) supplies\n", "",
		},
		"by an adapter": {
			func(app *container.App) {
				app.Provide(newLooseQueue)
				app.Provide(newPlainCache)
				app.Provide(newServerOnPlainCache)
			},
			"Server",
			"*Server waits for *plainCache because newServerOnPlainCache (x.go:1) takes *plainCache, which newPlainCache (x.go:1) makes\n", "",
		},
		"of an adapter": {
			func(app *container.App) {
				app.Provide(newLooseQueue)
				app.Provide(newPlainCache)
				app.Provide(newServerOnPlainCache)
			},
			"plainCache",
			"*plainCache waits for *Queue because newPlainCache (x.go:1) takes *Queue, which newLooseQueue (x.go:1) makes\n", "",
		},
		"in scopes": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				inner := app.Scope("inner")
				inner.Provide(newCache)
				inner.Provide(newServerOnCache, dig.Export(true))
			},
			"Server",
			`*Server waits for *Cache because newServerOnCache (x.go:1) in scope "inner" takes *Cache, which newCache (x.go:1) in scope "inner" makes` + "\n", "",
		},
		"of a value that was passed on": {
			func(app *container.App) {
				app.Provide(newLooseDatabase)
				app.Provide(sameDatabase)
				app.Provide(newServerOnRunner)
			},
			"Server",
			"*Server waits for process.Runner because newServerOnRunner (x.go:1) takes process.Runner, which sameDatabase (x.go:1) makes\n",
			"*Server waits for *Database because newServerOnRunner (x.go:1) takes process.Runner, which sameDatabase (x.go:1) builds from *Database, which newLooseDatabase (x.go:1) makes\n",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp(container.WithAdapter(func(*plainCache) process.Runner { return process.Nop() }))
			c.setUp(app)
			if got := explained(t, app, c.unit); got != c.want {
				t.Errorf("before the build it is\n%s\nwant\n%s", got, c.want)
			}
			if _, err := app.Runner(); err != nil {
				t.Fatal(err)
			}
			if got, want := explained(t, app, c.unit), cmp.Or(c.after, c.want); got != want {
				t.Errorf("after the build it is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func codeOf(f any) uintptr { return reflect.ValueOf(f).Pointer() }

// A link says where its constructor stands, in full, and the sentence does in short.
func TestExplainSaysWhereConstructorsStand(t *testing.T) {
	app := newApp()
	app.Provide(newLooseDatabase)
	app.Provide(newCache)

	plan := planOf(t, app)

	for i, f := range []any{newCache, newLooseDatabase} {
		file, line := runtime.FuncForPC(codeOf(f)).FileLine(codeOf(f))
		l := plan.Chains[0].Links[i]
		if l.File != file || l.Line != line || !strings.HasSuffix(l.Constructor, fmt.Sprintf("_test.go:%d)", line)) {
			t.Errorf("link %d is %+v, want %s:%d", i, l, file, line)
		}
	}
	why, err := plan.Explain("*container_test.Cache")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range plan.Chains[0].Links {
		if !strings.Contains(why, l.Constructor) {
			t.Errorf("it lacks %s:\n%s", l.Constructor, why)
		}
	}
}

// Of a container that was filled before, the chains are known as well, and of one that
// cannot be read as far as it is.
func TestExplainOfAnAttachedContainer(t *testing.T) {
	attach := func() *container.App {
		c := dig.New()
		for _, f := range []any{newRepository, newHandlers} {
			if err := c.Provide(f); err != nil {
				t.Fatal(err)
			}
		}
		app := container.Attach(c, container.WithLogger(zap.NewNop()))
		app.Provide(newLooseDatabase)
		app.Provide(newServerOnHandlers)
		return app
	}
	want := "*Server waits for *Database because newServerOnHandlers (x.go:1) takes *Handlers, which newHandlers (x.go:1) builds from *Repository, which newRepository (x.go:1) builds from *Database, which newLooseDatabase (x.go:1) makes\n"
	if got := explained(t, attach(), "Server"); got != want {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}

	defer container.ForgetDig()()
	want = "*Server waits for *Database because newServerOnHandlers (x.go:1) takes *Handlers, made by newHandlers (?), which takes what is made by newRepository (?), which takes what is made by newLooseDatabase (x.go:1)\n"
	app := attach()
	if err := app.Verify(); err != nil { // which looks at the container
		t.Fatal(err)
	}
	if got := explained(t, app, "Server"); got != want {
		t.Errorf("where dig cannot be read it is\n%s\nwant\n%s", got, want)
	}
	if l := planOf(t, app).Chains[0].Links[1]; l.File != "" || l.Line != 0 {
		t.Errorf("where it stands is not known, and told as %s:%d", l.File, l.Line)
	}
}

// The plan may be asked for at any time from any goroutine, and has its chains; those
// of events have none, and so the start is as fast as without.
func TestChainsAreThereWheneverThePlanIsAskedFor(t *testing.T) {
	r := new(recorder)
	app := newApp(container.WithObserver(r))
	done := make(chan struct{})
	var waiter sync.WaitGroup
	waiter.Go(func() {
		for last := false; !last; {
			select {
			case <-done:
				last = true
			default:
			}
			plan, err := app.Plan()
			if err == nil && plan.Chains == nil && slices.ContainsFunc(plan.Layers, func(units []hooks.Unit) bool { return len(units[0].DependsOn) > 0 }) {
				t.Errorf("no chains in\n%v", plan)
			}
		}
	})
	app.Supply(&Queue{process.Nop()})
	app.Provide(newLooseDatabase)
	app.Provide(newCache)
	app.Provide(newServer)
	app.Depend(new(*Cache), new(*Queue))
	ctx, cancel := context.WithCancel(context.Background())
	waiter.Go(func() { <-app.Ready(); cancel() })
	err := app.RunContext(ctx)
	close(done)
	waiter.Wait()

	if err != nil {
		t.Error(err)
	}
	for _, e := range find[hooks.Planned](r) {
		if e.Plan.Chains != nil {
			t.Errorf("an event has the chains %v", e.Plan.Chains)
		}
	}
	if n := len(planOf(t, app).Chains); n != 4 {
		t.Errorf("%d chains, want 4: %v", n, planOf(t, app).Chains)
	}
}

// The plan that somebody was given is his.
func TestChainsOfOnePlanAreNotThoseOfAnother(t *testing.T) {
	app := newApp()
	app.Provide(newLooseDatabase)
	app.Provide(newCache)
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	first := planOf(t, app)
	first.Chains[0].Links[0].Text = "changed"
	if planOf(t, app).Chains[0].Links[0].Text == "changed" {
		t.Error("the app's own was changed")
	}
}
