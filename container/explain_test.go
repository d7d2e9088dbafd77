package container_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/dig"

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
func newServerOnSoftRoutes(softRoutes) *Server      { return &Server{process.Nop()} }
func newServerOnConfig(*Config) *Server             { return &Server{process.Nop()} }
func newServerOnRunner(process.Runner) *Server      { return &Server{process.Nop()} }
func traceCache(c *Cache, _ *Database) *Cache       { return c }
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

type softRoutes struct {
	dig.In
	Routes []*Sheet `group:"routes,soft"`
	_      *Database
}

type routesOut struct {
	dig.Out
	Routes []*Sheet `group:"routes"`
}

// explained is what an app says of a unit, without the lines of files and the names of
// packages.
func explained(t *testing.T, app *container.App, unit string) string {
	t.Helper()
	text, err := planOf(t, app).Explain("*container_test." + unit)
	if err != nil {
		text, err = planOf(t, app).Explain(unit)
	}
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`\w+_test\.go:\d+`).ReplaceAllString(text, "x.go:1")
	text = strings.ReplaceAll(text, "container_test.", "")
	return regexp.MustCompile(`(?m)^.* is in layer .*\n`).ReplaceAllString(text, "")
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
			"*Server waits for *Database because newServerOnHandlers (x.go:1) takes *Handlers, which newHandlers (x.go:1) builds from *Repository, which TestExplainTellsTheChain.func1 (x.go:1) decorates, and which newRepository (x.go:1) builds from *Database, which newLooseDatabase (x.go:1) makes\n", "",
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
			"*Server waits for *Database because newServer (x.go:1) invokes TestExplainTellsTheChain.func1 (x.go:1), which takes *Database, which newLooseDatabase (x.go:1) makes\n",
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
			"*Cache waits for *Database because newCache (x.go:1) takes *Database, which TestExplainTellsTheChain.func1 (x.go:1) supplies\n", "",
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
			"*Server waits for *Database because newServerOnRunner (x.go:1) takes process.Runner, which sameDatabase (x.go:1) builds from *Database, which newLooseDatabase (x.go:1) makes\n",
			"",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp(container.WithAdapter(func(*plainCache) process.Runner { return process.Nop() }))
			c.setUp(app)
			want := strings.ReplaceAll(c.want, "func1 ", "func ")
			tidied := func(text string) string {
				return regexp.MustCompile(`TestExplainTellsTheChain\.func[0-9.]*(func\d+)? `).ReplaceAllString(text, "TestExplainTellsTheChain.func ")
			}
			if got := tidied(explained(t, app, c.unit)); got != want && !(c.after == "" && strings.Contains(name, "passed on")) {
				t.Errorf("before the build it is\n%s\nwant\n%s", got, want)
			}
			if _, err := app.Runner(); err != nil {
				t.Fatal(err)
			}
			if c.after != "" {
				want = strings.ReplaceAll(c.after, "func1 ", "func ")
			}
			if got := tidied(explained(t, app, c.unit)); got != want {
				t.Errorf("after the build it is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func codeOf(f any) uintptr { return reflect.ValueOf(f).Pointer() }
