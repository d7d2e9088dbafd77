package container_test

import (
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// provideAll gives constructors to a container, as applications do it.
func provideAll(t *testing.T, c container.Provider, constructors ...any) {
	t.Helper()
	for _, f := range constructors {
		if err := c.Provide(f); err != nil {
			t.Fatal(err)
		}
	}
}

// attach attaches an app that logs nothing.
func attach(c *dig.Container, opts ...container.Option) *container.App {
	return container.Attach(c, append([]container.Option{container.WithLogger(zap.NewNop())}, opts...)...)
}

func TestAttachRunsWhatWasProvidedBefore(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase, newCache, newQueue, newServer)
		var r recorder
		app := attach(c, schedule, container.WithObserver(&r))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		story := r.story()
		wantBefore(t, story, "started *container_test.Database", "starting *container_test.Cache", "started *container_test.Cache",
			"starting *container_test.Server", "app started", "stopped *container_test.Server", "stopping *container_test.Queue",
			"stopped *container_test.Queue", "stopping *container_test.Database", "app stopped")
		wantWellFormed(t, &r)
	})
}

type (
	Replica struct{ process.Runner }
	Courier struct{ process.Runner }
	Mirror  struct{ process.Runner }
	Route   interface{ Pattern() string }
	route   struct{ process.Runner }
)

func (*route) Pattern() string { return "/" }

func TestAttachFindsEveryWayToProvide(t *testing.T) {
	bubble(t, func(t *testing.T) {
		type replicas struct {
			dig.Out
			First  *Replica   `name:"first"`
			Second *Replica   `name:"second"`
			Many   []*Replica `group:"many,flatten"`
			Route  Route      `group:"routes"`
		}
		type routes struct {
			dig.In
			Routes []Route    `group:"routes"`
			Many   []*Replica `group:"many"`
		}
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase, func(*Database) replicas {
			return replicas{
				First: &Replica{process.Nop()}, Second: &Replica{process.Nop()},
				Many:  []*Replica{{process.Nop()}, {process.Nop()}},
				Route: &route{process.Nop()},
			}
		})
		child := c.Scope("child")
		grandchild := child.Scope("grandchild")
		for _, err := range []error{
			c.Provide(func(*Database) *route { return &route{process.Nop()} }, dig.As(new(Route)), dig.Group("routes")),
			c.Provide(func(*Database) *Queue { return &Queue{process.Nop()} }, dig.As(new(process.Runner)), dig.Name("queue")),
			child.Provide(func(*Database) *Cache { return &Cache{process.Nop()} }, dig.Export(true)),
			grandchild.Provide(func(*Cache, routes) *Server { return &Server{process.Nop()} }),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		var r recorder
		app := attach(c, container.WithObserver(&r))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "started", r.started(), []string{
			"*container_test.Cache", "*container_test.Database", "*container_test.Queue[name=queue]",
			"*container_test.Replica[group=many]#1", "*container_test.Replica[group=many]#2",
			"*container_test.Replica[name=first]", "*container_test.Replica[name=second]",
			"*container_test.Server", "*container_test.route[group=routes]#1", "*container_test.route[group=routes]#2",
		})
		p, err := app.Plan()
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Layers) != 3 || p.Layers[2][0].Type != "*container_test.Server" || len(p.Layers[2][0].DependsOn) != 8-1 {
			t.Errorf("plan:\n%v", p)
		}
		if len(find[hooks.Constructing](&r))+len(find[hooks.Constructed](&r)) > 0 {
			t.Error("there are Constructing or Constructed events of what was provided before")
		}
	})
}

func TestAttachFindsDecorators(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase, newCache)
		child := c.Scope("child")
		provideAll(t, child, func(*Database) *Server { return &Server{process.Nop()} })
		if err := c.Decorate(func(d *Database, _ *Queue) *Database { return &Database{process.Nop()} }); err != nil {
			t.Fatal(err)
		}
		provideAll(t, c, func() *Queue { return &Queue{process.Nop()} })
		var r recorder
		app := attach(c, container.WithObserver(&r))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "started", r.started(), []string{
			"*container_test.Cache", "*container_test.Database", "*container_test.Queue", "*container_test.Server",
		})
		wantBefore(t, r.story(), "started *container_test.Queue", "starting *container_test.Database",
			"started *container_test.Database", "starting *container_test.Server")
	})
}

func TestAttachToAContainerProvidedToItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, func() *dig.Container { return c }, newConfig, newDatabase, func(c *dig.Container) *Server {
			s := &Server{process.Nop()}
			if err := c.Invoke(func(d *Database) { s.Runner = d.Runner }); err != nil {
				t.Error(err)
			}
			return s
		})
		var r recorder
		app := attach(c, container.WithObserver(&r))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "started", r.started(), []string{"*container_test.Database", "*container_test.Server"})
		_ = app.Verify()
		if _, err := app.Plan(); err != nil {
			t.Error(err)
		}
	})
}

func TestAttachToAContainerInvokedInPart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		made := 0
		c := dig.New()
		provideAll(t, c, newConfig,
			func(*Config) *Database { made++; return &Database{process.Nop()} },
			newCache, newQueue, newServer,
			func() any { return &Mirror{process.Nop()} }, // runs, and does not say so
			func() io.Reader { return nil },
		)
		if err := c.Invoke(func(*Cache, any, io.Reader) {}); err != nil {
			t.Fatal(err)
		}
		var r recorder
		app := attach(c, container.WithObserver(&r))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		if made != 1 {
			t.Errorf("the database was made %d times", made)
		}
		wantEqual(t, "started", r.started(), []string{
			"*container_test.Cache", "*container_test.Database", "*container_test.Mirror", "*container_test.Queue", "*container_test.Server",
		})
		wantBefore(t, r.story(), "started *container_test.Database", "starting *container_test.Cache",
			"started *container_test.Cache", "starting *container_test.Server")
	})
}

func TestAttachFindsWhatIsDoneToTheContainerLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, newConfig, func(*Config) *Database {
			s := c.Scope("made while building")
			provideAll(t, s, func(*Queue) *Mirror { return &Mirror{process.Nop()} })
			return &Database{process.Nop()}
		})
		var r recorder
		app := attach(c, container.WithObserver(&r))
		provideAll(t, app, newCache) // needs what c has
		provideAll(t, c, func(*Cache) *Queue { return &Queue{process.Nop()} })
		provideAll(t, app.Scope("of the app"), func(*Queue) *Server { return &Server{process.Nop()} })
		provideAll(t, c.Scope("of the container"), func(*Queue) *Courier { return &Courier{process.Nop()} })
		if err := app.Verify(); err != nil {
			t.Fatal(err)
		}
		if err := app.Depend(new(*Courier), new(*Server)); err != nil {
			t.Fatal(err)
		}
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "started", r.started(), []string{
			"*container_test.Cache", "*container_test.Courier", "*container_test.Database", "*container_test.Mirror",
			"*container_test.Queue", "*container_test.Server",
		})
		wantBefore(t, r.story(), "started *container_test.Database", "starting *container_test.Cache", "started *container_test.Cache",
			"starting *container_test.Queue", "started *container_test.Queue", "starting *container_test.Server",
			"started *container_test.Server", "starting *container_test.Courier")
	})
}

// One thing runs once, whoever provides it, and how often.
func TestAttachRunsAnInstanceOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase, func(d *Database) process.Runner { return d })
		app := attach(c)
		type again struct {
			dig.Out
			Database *Database `name:"again"`
		}
		provideAll(t, app, func(d *Database) again { return again{Database: d} })
		var r recorder
		app.Observe(&r)
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "started", r.started(), []string{"*container_test.Database"})
	})
}

func TestAttachRefusesWhatItCannotServe(t *testing.T) {
	type optional struct {
		dig.In
		Lifecycle hooks.Lifecycle `optional:"true"`
	}
	for name, test := range map[string]struct {
		setUp func(c *dig.Container) error
		want  []string
	}{
		"a Lifecycle": {
			func(c *dig.Container) error { return c.Provide(func(hooks.Lifecycle) *Database { return nil }) },
			[]string{"container_test.TestAttachRefusesWhatItCannotServe.", "(attach_test.go:", "takes a hooks.Lifecycle", "give it to the App"},
		},
		"an optional Lifecycle in a scope": {
			func(c *dig.Container) error { return c.Scope("s").Provide(func(optional) *Database { return nil }) },
			[]string{"(attach_test.go:", "takes a hooks.Lifecycle"},
		},
		"a Shutdowner": {
			func(c *dig.Container) error { return c.Provide(func(container.Shutdowner) *Config { return nil }) },
			[]string{"(attach_test.go:", "takes a container.Shutdowner"},
		},
		"a decorator with a Lifecycle": {
			func(c *dig.Container) error { return c.Decorate(func(hooks.Lifecycle, *Config) *Config { return nil }) },
			[]string{"(attach_test.go:", "takes a hooks.Lifecycle"},
		},
		"another Lifecycle": {
			func(c *dig.Container) error { return c.Provide(func() hooks.Lifecycle { return nil }) },
			[]string{"attach_test.go:", "Attach: ", "already provided", "is there another App on the container?"},
		},
		"another App": {
			func(c *dig.Container) error { return attach(c).Err() },
			[]string{"already provided", "is there another App on the container?"},
		},
		"a decorator that has failed": {
			func(c *dig.Container) error {
				if err := c.Provide(newConfig); err != nil {
					return err
				}
				if err := c.Decorate(func(*Config) (*Config, error) { return nil, errors.New("no") }); err != nil {
					return err
				}
				_ = c.Invoke(func(*Config) {})
				return nil
			},
			[]string{"decorator container_test.", "(attach_test.go:", "has failed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := dig.New()
			if err := test.setUp(c); err != nil {
				t.Fatal(err)
			}
			app := attach(c)
			wantText(t, app.Err(), test.want...)
			wantText(t, app.RunContext(t.Context()), test.want...)
		})
	}
}

// What was called before got what it takes from elsewhere, or does without.
func TestAttachMindsNoLifecycleOfThePast(t *testing.T) {
	type optional struct {
		dig.In
		Lifecycle hooks.Lifecycle `optional:"true"`
	}
	c := dig.New()
	provideAll(t, c, func(optional) *Database { return &Database{process.Nop()} })
	if err := c.Invoke(func(*Database) {}); err != nil {
		t.Fatal(err)
	}
	bubble(t, func(t *testing.T) {
		if err := startAndStop(t, attach(c)); err != nil {
			t.Error(err)
		}
	})
}

func TestAttachToNoContainer(t *testing.T) {
	for name, c := range map[string]*dig.Container{"nil": nil, "empty": new(dig.Container)} {
		t.Run(name, func(t *testing.T) {
			app := attach(c)
			wantText(t, app.Err(), "attach_test.go:", "Attach: the container is "+name)
			wantText(t, app.RunContext(t.Context()), "the container is "+name)
			if app.Dig() == nil || app.Scope("s") == nil {
				t.Error("no container, no scope")
			}
		})
	}
	app := attach(dig.New(), container.WithDig(dig.DryRun(true)))
	wantText(t, app.Err(), "WithDig", "give the options to dig.New")
}

func TestAttachFindsCyclesBeforeAnythingIsBuilt(t *testing.T) {
	c := dig.New(dig.DeferAcyclicVerification())
	provideAll(t, c,
		func(*Cache) *Database { t.Error("built"); return nil },
		func(*Database) *Cache { t.Error("built"); return nil })
	app := attach(c)
	wantText(t, app.Invoke(func(*Cache) {}), "cycle detected in dependency graph: ", "attach_test.go") // dig's
	for _, err := range []error{app.Verify(), app.RunContext(t.Context())} {
		wantText(t, err, "cycle: ", "needs *container_test.Cache, made by ", "attach_test.go")
	}
}

func TestAttachSaysWhatIsMissing(t *testing.T) {
	c := dig.New()
	provideAll(t, c, newDatabase)
	wantText(t, attach(c).Verify(), "container_test.newDatabase (helpers_test.go:", "needs *container_test.Config, which nobody provides")
}

func TestAttachLeavesAloneWhatDoesNotRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase, func() io.Reader { t.Error("built"); return nil })
		app := attach(c)
		before, err := app.Plan()
		if err != nil {
			t.Fatal(err)
		}
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		after, err := app.Plan()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*container.Plan{before, after} {
			if len(p.Unused) != 1 || len(p.Layers) != 1 || len(p.Layers[0]) != 1 {
				t.Errorf("plan:\n%v", p)
			}
		}
	})
}

func TestAttachReportsConstructorsThatFail(t *testing.T) {
	for name, test := range map[string]struct {
		constructor func(*Config) (*Database, error)
		want        []string
	}{
		"error":  {func(*Config) (*Database, error) { return nil, errors.New("no disk") }, []string{"construct", "no disk", "attach_test.go"}},
		"panic":  {func(*Config) (*Database, error) { panic("no disk") }, []string{"construct container_test.", "attach_test.go", "no disk"}},
		"Goexit": {func(*Config) (*Database, error) { runtime.Goexit(); return nil, nil }, []string{"construct container_test.", "attach_test.go"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := dig.New()
				provideAll(t, c, newConfig, test.constructor, newCache)
				var r recorder
				wantText(t, attach(c, container.WithObserver(&r)).RunContext(t.Context()), test.want...)
				if len(r.started()) > 0 {
					t.Error("something was started")
				}
			})
		})
	}
}

func TestAttachNamesAConstructorThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		c := dig.New()
		provideAll(t, c, func() *Database { <-release; return nil })
		err := attach(c).RunContext(t.Context())
		wantText(t, err, "stuck", "container_test.TestAttachNamesAConstructorThatHangs", "attach_test.go", "or what it needs")
	})
}

// What constructors gave to one group in an order that does not show: each waits for
// what any of them needs.
func TestAttachToMembersOfAGroup(t *testing.T) {
	type member struct {
		dig.Out
		Runner process.Runner `group:"g"`
	}
	type members struct {
		dig.In
		Runners []process.Runner `group:"g"`
	}
	newContainer := func(t *testing.T) *dig.Container {
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase,
			func() *Queue { return &Queue{process.Nop()} },
			func(*Database) member { return member{Runner: &Mirror{process.Nop()}} },
			func(*Queue) member { return member{Runner: &Courier{process.Nop()}} },
			func(members) *Server { return &Server{process.Nop()} })
		return c
	}
	run := func(t *testing.T, app *container.App) (mirror, consumer, server []string, warnings []string) {
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		p, err := app.Plan()
		if err != nil {
			t.Fatal(err)
		}
		for _, layer := range p.Layers {
			for _, u := range layer {
				switch u.Type {
				case "*container_test.Mirror":
					mirror = u.DependsOn
				case "*container_test.Courier":
					consumer = u.DependsOn
				case "*container_test.Server":
					server = u.DependsOn
				}
			}
		}
		return mirror, consumer, server, p.Warnings
	}
	both := []string{"*container_test.Database", "*container_test.Queue"}
	all := []string{"*container_test.Mirror[group=g]", "*container_test.Courier[group=g]"}
	t.Run("built after", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			mirror, consumer, server, warnings := run(t, attach(newContainer(t)))
			wantEqual(t, "mirror", mirror, both[:1])
			wantEqual(t, "consumer", consumer, both[1:])
			wantEqual(t, "server", server, all)
			wantEqual(t, "warnings", warnings, nil)
		})
	})
	t.Run("built before", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			c := newContainer(t)
			if err := c.Invoke(func(*Server) {}); err != nil {
				t.Fatal(err)
			}
			mirror, consumer, server, warnings := run(t, attach(c))
			wantEqual(t, "mirror", mirror, both)
			wantEqual(t, "consumer", consumer, both)
			wantEqual(t, "server", server, append(both[:1], all...))
			if len(warnings) != 1 || !strings.Contains(warnings[0], `process.Runner[group="g"]`) {
				t.Errorf("warnings %q", warnings)
			}
		})
	})
}

// What was provided and asked for between two looks at the container is known with
// what it was given.
func TestAttachFindsWhatIsDoneToTheContainerAtOnce(t *testing.T) {
	type servers struct {
		dig.In
		Queues []*Queue `group:"queues"`
	}
	for _, own := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			c := dig.New()
			app := attach(c)
			at := container.Provider(c)
			if own {
				at = app
			}
			provideAll(t, at, func(servers, *Database) *Server { return &Server{process.Nop()} })
			if err := app.Verify(); err == nil {
				t.Error("nobody provides *Database yet")
			}
			provideAll(t, c, func() *Database { return &Database{process.Nop()} })
			if err := c.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Group("queues")); err != nil {
				t.Fatal(err)
			}
			if err := c.Invoke(func(*Server) {}); err != nil {
				t.Fatal(err)
			}
			if err := startAndStop(t, app); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "layers", layers(planOf(t, app)), []string{
				"0: *container_test.Database, *container_test.Queue[group=queues]",
				"1: *container_test.Server after *container_test.Database *container_test.Queue[group=queues]",
			})
		})
	}
}

// That it is not known whose a member is makes no cycle with what decorates one.
func TestAttachToDecoratedMembersOfAGroup(t *testing.T) {
	type queues struct {
		dig.In
		Queues []process.Runner `group:"queues"`
	}
	type out struct {
		dig.Out
		Queues []process.Runner `group:"queues"`
	}
	type all struct {
		dig.In
		All []any `group:"queues"`
	}
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, func(queues) *Config { return new(Config) })
		if err := c.Provide(func(*Config) any { return &Queue{process.Nop()} }, dig.Group("queues")); err != nil {
			t.Fatal(err)
		}
		if err := c.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Group("queues"), dig.As(new(any), new(process.Runner))); err != nil {
			t.Fatal(err)
		}
		if err := c.Decorate(func() out { return out{Queues: []process.Runner{&Cache{process.Nop()}}} }); err != nil {
			t.Fatal(err)
		}
		if err := c.Invoke(func(all) {}); err != nil {
			t.Fatal(err)
		}
		if err := startAndStop(t, attach(c)); err != nil {
			t.Error(err)
		}
	})
}

// Members that nobody can tell apart wait for what any of their constructors was
// given, be that a value of another of them.
func TestAttachToFlattenedMembersOfAGroup(t *testing.T) {
	type first struct {
		dig.Out
		Queues   []*Queue `group:"queues,flatten"`
		Database *Database
	}
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, func() first {
			return first{Queues: []*Queue{{process.Nop()}}, Database: &Database{process.Nop()}}
		})
		if err := c.Provide(func(*Database) []*Queue { return []*Queue{{process.Nop()}} }, dig.Group("queues,flatten")); err != nil {
			t.Fatal(err)
		}
		app := attach(c)
		app.Invoke(func(struct {
			dig.In
			Queues []*Queue `group:"queues"`
		}) {
		})
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "layers", layers(planOf(t, app)), []string{
			"0: *container_test.Database",
			"1: *container_test.Queue[group=queues]#1 after *container_test.Database, *container_test.Queue[group=queues]#2 after *container_test.Database",
		})
	})
}

// What is built beside a constructor that was found is planned before the build, too,
// whichever of its groups is asked for.
func TestAttachPlansWhatIsBuiltBeside(t *testing.T) {
	c := dig.New()
	provide := func(f any, opts ...dig.ProvideOption) {
		t.Helper()
		if err := c.Provide(f, opts...); err != nil {
			t.Fatal(err)
		}
	}
	provide(func() any { return &Queue{process.Nop()} }, dig.Group("g"))
	provide(func() *Database { return &Database{process.Nop()} }, dig.Group("g"), dig.As(new(process.Runner), new(any)))
	type out struct {
		dig.Out
		Runners []process.Runner `group:"g"`
	}
	if err := c.Decorate(func() out { return out{} }); err != nil {
		t.Fatal(err)
	}
	app := attach(c)
	if p := planOf(t, app); len(p.Unused) != 0 || len(p.Warnings) != 2 {
		t.Errorf("before the build %v", p)
	}
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	if p := planOf(t, app); len(p.Unused) != 0 || len(p.Layers) != 1 || len(p.Layers[0]) != 2 {
		t.Errorf("after the build %v", p)
	}
}

// A constructor that nobody can have dig call, as all that it returns is decorated by
// what does not want it, is said to be unused.
func TestAttachTellsWhatCannotBeCalled(t *testing.T) {
	c := dig.New()
	provideAll(t, c, func() *Queue { t.Error("called"); return nil })
	if err := c.Decorate(func() *Queue { return &Queue{process.Nop()} }); err != nil {
		t.Fatal(err)
	}
	app := attach(c)
	if w := planOf(t, app).Warnings; len(w) != 1 || !strings.Contains(w[0], "is called only if a decorator asks for what it returns") {
		t.Errorf("warnings before the build are %q", w)
	}
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	if p := planOf(t, app); len(p.Unused) != 1 || len(p.Layers) != 1 {
		t.Errorf("the plan is %v", p)
	}
}

// A dig that is laid out in another way: what is known is what the app's own
// functions are given, and what dig draws.
func TestAttachToADigThatIsNotKnown(t *testing.T) {
	defer container.ForgetDig()()
	schedules(t, func(t *testing.T, schedule container.Option) {
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase, newCache, newQueue)
		for name, f := range map[string]any{
			"primary": func(*Database) *Replica { return &Replica{process.Nop()} },
			"standby": func(*Cache) *Replica { return &Replica{process.Nop()} },
		} {
			if err := c.Provide(f, dig.Name(name)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := c.Provide(func(*Config) *route { return &route{process.Nop()} }, dig.As(new(Route)), dig.Group("routes")); err != nil {
				t.Fatal(err)
			}
		}
		var r recorder
		app := attach(c, schedule, container.WithObserver(&r))
		wantText(t, app.Err(), "attach_test.go:", "Attach: ", "cannot be read", "only if the app's own functions take it")
		type in struct {
			dig.In
			Standby *Replica `name:"standby"`
			Routes  []Route  `group:"routes"`
		}
		provideAll(t, app, func(*Queue, in) *Server { return &Server{process.Nop()} })
		if err := app.Invoke(func(*Database) {}); err != nil {
			t.Fatal(err)
		}
		if err := app.Verify(); err != nil {
			t.Fatal(err)
		}
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "started", r.started(), []string{
			"*container_test.Database", "*container_test.Queue", "*container_test.Replica[name=standby]", "*container_test.Server",
			"*container_test.route[group=routes]#1", "*container_test.route[group=routes]#2",
		})
		wantBefore(t, r.story(), "misuse", "started *container_test.Database")
		wantBefore(t, r.story(), "started *container_test.Database", "starting *container_test.Queue",
			"started *container_test.Queue", "starting *container_test.Server", "started *container_test.Server",
			"stopping *container_test.Replica[name=standby]", "stopping *container_test.Database")
		wantBefore(t, r.story(), "started *container_test.Database", "starting *container_test.Replica[name=standby]")
	})
}

// Constructors that were given to the container may use the App while they are
// called, and others may look at it.
func TestAttachIsReentrant(t *testing.T) {
	var app *container.App
	c := dig.New()
	provideAll(t, c, newConfig, newQueue, func(*Config) *Database {
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := app.Plan(); err != nil {
				t.Error(err)
			}
		}()
		if err := app.Invoke(func(*Config) {}); err != nil {
			t.Error(err)
		}
		wantText(t, app.Invoke(func(*Queue) {}), "cycle: ", "needs *container_test.Database")
		<-done
		provideAll(t, app, func(*Queue) *Server { return &Server{process.Nop()} })
		return &Database{process.Nop()}
	})
	bubble(t, func(t *testing.T) {
		var r recorder
		app = attach(c, container.WithObserver(&r))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "started", r.started(), []string{"*container_test.Database", "*container_test.Queue", "*container_test.Server"})
	})
}

// Plan may be called at any time, also while dig is at work.
func TestAttachIsLookedAtWhileItBuilds(t *testing.T) {
	c := dig.New()
	type many struct {
		dig.In
		Many []*Replica `group:"many"`
	}
	for i := range 50 {
		name := dig.Name(strconv.Itoa(i))
		if err := c.Provide(func(*Config) *Database { return &Database{process.Nop()} }, name); err != nil {
			t.Fatal(err)
		}
		if err := c.Provide(func(*Config) *Replica { return &Replica{process.Nop()} }, dig.Group("many")); err != nil {
			t.Fatal(err)
		}
	}
	provideAll(t, c, newConfig, func(many) *Server { return &Server{process.Nop()} })
	app := attach(c)
	stop := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = app.Plan()
				_ = app.Err()
			}
		}
	})
	p, err := app.Process(t.Context())
	close(stop)
	reader.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Error(err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// A panic in a constructor of the App's own is named, too, if dig does not recover.
func TestAttachNamesOwnConstructorsThatPanic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := attach(dig.New())
		provideAll(t, app, func() *Database { panic("no disk") }, newCache)
		wantText(t, app.RunContext(t.Context()), "construct container_test.TestAttachNamesOwnConstructorsThatPanic", "attach_test.go", "no disk")
	})
}

func TestAttachTakesDecoratorsGivenLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase)
		var r recorder
		app := attach(c, container.WithObserver(&r))
		provideAll(t, app, newCache)
		if err := c.Decorate(func(d *Database) *Database { return &Database{d} }); err != nil {
			t.Fatal(err)
		}
		if err := app.Decorate(func(c *Cache) *Cache { return &Cache{c} }); err != nil {
			t.Fatal(err)
		}
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "started", r.started(), []string{"*container_test.Cache", "*container_test.Database"})
		for _, e := range find[hooks.UnitStarted](&r) {
			if !strings.Contains(e.Unit.Constructor, "TestAttachTakesDecoratorsGivenLater") {
				t.Errorf("%v is run raw", e.Unit)
			}
		}
	})
}

func TestDependBetweenWhatWasFound(t *testing.T) {
	for name, forget := range map[string]func() func(){"known": func() func() { return func() {} }, "not known": container.ForgetDig} {
		t.Run(name, func(t *testing.T) {
			defer forget()()
			bubble(t, func(t *testing.T) {
				c := dig.New()
				provideAll(t, c, newConfig, newDatabase, func() *Queue { return &Queue{process.Nop()} })
				var r recorder
				app := attach(c, container.WithObserver(&r))
				if err := app.Invoke(func(*Database, *Queue) {}); err != nil {
					t.Fatal(err)
				}
				if err := app.Depend(new(*Database), new(*Queue)); err != nil {
					t.Fatal(err)
				}
				if err := startAndStop(t, app); err != nil {
					t.Fatal(err)
				}
				wantBefore(t, r.story(), "started *container_test.Queue", "starting *container_test.Database",
					"stopped *container_test.Database", "stopping *container_test.Queue")
			})
		})
	}
}

// The old main of many applications is one last Invoke.
func TestAttachInsideAnInvoke(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, func() *dig.Container { return c }, newConfig, newDatabase, newCache)
		if err := c.Invoke(func(c *dig.Container, _ *Database) error {
			app := attach(c)
			err := startAndStop(t, app)
			wantText(t, app.Provide(newQueue), "started already")
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}

// What constructors of the App need of the container, and the other way round.
func TestAttachedAndOwnConstructorsMix(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		c := dig.New()
		provideAll(t, c, func(*Cache) *Server { return &Server{process.Nop()} }, newConfig)
		var r recorder
		app := attach(c, schedule, container.Provide(newCache), container.Supply(&Queue{process.Nop()}), container.WithObserver(&r))
		provideAll(t, app, func(_ *Config, l hooks.Lifecycle, s container.Shutdowner) *Database {
			l.Append(hooks.Hook{Name: "warm up"})
			return &Database{process.Nop()}
		})
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantBefore(t, r.story(), "starting warm up", "starting *container_test.Database", "started *container_test.Database",
			"starting *container_test.Cache", "started *container_test.Cache", "starting *container_test.Server")
		wantWellFormed(t, &r)
	})
}

// What an adapter is for is found as what runs by itself is, built before or not.
func TestAttachHeedsAdapters(t *testing.T) {
	type opened struct{ _ int }
	type cached struct{ _ int }
	bubble(t, func(t *testing.T) {
		c := dig.New()
		provideAll(t, c, func() *opened { return new(opened) }, func(*opened) *cached { return new(cached) }, newConfig,
			func(*Config, *cached) *Queue { return &Queue{process.Nop()} })
		if err := c.Invoke(func(*opened) {}); err != nil {
			t.Fatal(err)
		}
		var r recorder
		app := attach(c, container.WithObserver(&r),
			container.WithAdapter(func(*opened) process.Runner { return process.Nop() }),
			container.WithAdapter(func(*cached) process.Runner { return process.Nop() }))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantBefore(t, r.story(), "started *container_test.opened", "starting *container_test.cached",
			"started *container_test.cached", "starting *container_test.Queue")
	})
}
