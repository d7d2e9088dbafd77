package container_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

func planOf(t *testing.T, app *container.App) *container.Plan {
	t.Helper()
	plan, err := app.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// layers is a plan in short, a layer a line: "1: *Server after *Cache".
func layers(p *container.Plan) []string {
	var lines []string
	for i, layer := range p.Layers {
		var units []string
		for _, u := range layer {
			name := u.Name
			if len(u.DependsOn) > 0 {
				name += " after " + strings.Join(u.DependsOn, " ")
			}
			units = append(units, name)
		}
		lines = append(lines, fmt.Sprintf("%d: %s", i, strings.Join(units, ", ")))
	}
	return lines
}

// wantPlans checks the plan of an app, before and after the build.
func wantPlans(t *testing.T, app *container.App, before, after []string) {
	t.Helper()
	wantEqual(t, "plan before the build", layers(planOf(t, app)), before)
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "plan after the build", layers(planOf(t, app)), after)
}

// A layer is one more than the highest that is reached, through whatever does not
// run.
func TestLayers(t *testing.T) {
	app := newApp()
	app.Provide(newConfig)
	app.Provide(newDatabase)
	app.Provide(newCache)
	app.Provide(newQueue)
	app.Provide(newServer)
	want := []string{
		"0: *container_test.Database",
		"1: *container_test.Cache after *container_test.Database, *container_test.Queue after *container_test.Database",
		"2: *container_test.Server after *container_test.Cache *container_test.Queue",
	}
	wantPlans(t, app, want, want)
}

func TestLayersThroughWhatDoesNotRun(t *testing.T) {
	type (
		repository struct{ _ int }
		handlers   struct{ _ int }
	)
	app := newApp()
	app.Provide(newConfig)
	app.Provide(newDatabase)
	app.Provide(func(*Database) *repository { return nil })
	app.Provide(func(*repository) *handlers { return nil }, dig.Group("handlers"))
	type in struct {
		dig.In
		Handlers []*handlers `group:"handlers"`
	}
	app.Provide(func(in) *Server { return &Server{process.Nop()} })
	want := []string{
		"0: *container_test.Database",
		"1: *container_test.Server after *container_test.Database",
	}
	wantPlans(t, app, want, want)
}

type soft struct {
	dig.In
	Workers []process.Runner `group:"workers,soft"`
}

type optional struct {
	dig.In
	Cache    *Cache `optional:"true"`
	Database *Database
}

// A member of a soft group counts, and so does an optional dependency that is
// there.
func TestSoftAndOptionalDependenciesCount(t *testing.T) {
	app := newApp()
	app.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Group("workers"), dig.As(new(process.Runner)))
	app.Provide(func(soft) *Cache { return &Cache{process.Nop()} })
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Provide(func(optional) *Server { return &Server{process.Nop()} })
	wantPlans(t, app, []string{
		"0: *container_test.Queue[group=workers], *container_test.Database",
		"1: *container_test.Cache after *container_test.Queue[group=workers]",
		"2: *container_test.Server after *container_test.Cache *container_test.Database",
	}, []string{
		"0: *container_test.Queue[group=workers], *container_test.Database",
		"1: *container_test.Cache after *container_test.Queue[group=workers]",
		"2: *container_test.Server after *container_test.Cache *container_test.Database",
	})
}

func TestOptionalDependencyThatMissesSomething(t *testing.T) {
	app := newApp()
	app.Provide(func(fmt.Stringer) *Cache { return &Cache{process.Nop()} })
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Provide(func(optional) *Server { return &Server{process.Nop()} })
	// The cache runs, so that what it misses is an error all the same.
	wantText(t, app.Verify(), "needs fmt.Stringer, which nobody provides")
}

// Depend holds for every value of the types, in all scopes.
func TestDepend(t *testing.T) {
	app := newApp()
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Scope("inner").Provide(func() *Database { return &Database{process.Nop()} })
	app.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Name("low"))
	app.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Name("high"))
	if err := app.Depend(new(*Queue), new(*Database)); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0: *container_test.Database#1, *container_test.Database#2",
		"1: *container_test.Queue[name=low] after *container_test.Database#1 *container_test.Database#2, " +
			"*container_test.Queue[name=high] after *container_test.Database#1 *container_test.Database#2",
	}
	wantPlans(t, app, want, want)
}

// Depend is about order: it has nothing built.
func TestDependBuildsNothing(t *testing.T) {
	app := newApp()
	app.Provide(func() *Config { t.Error("built"); return nil })
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Depend(new(*Database), new(*Config))
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	if unused := planOf(t, app).Unused; len(unused) != 1 || !strings.Contains(unused[0], "plan_test.go:") {
		t.Errorf("unused are %q", unused)
	}
}

// What is not built has no values to wait for, nor is what it would need waited for.
func TestDependDoesNotWaitForWhatIsUnused(t *testing.T) {
	app := newApp()
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Provide(func(*Database) *Config { t.Error("built"); return nil })
	app.Provide(func() *Queue { return &Queue{process.Nop()} })
	app.Depend(new(*Queue), new(*Config))
	want := []string{"0: *container_test.Database, *container_test.Queue"}
	wantPlans(t, app, want, want)
}

// A decorator that stands for the dependent waits for one that stands for the
// dependency.
func TestDependBetweenDecorated(t *testing.T) {
	app := newApp()
	app.Provide(func() *Queue { return &Queue{process.Nop()} })
	app.Decorate(func() *Queue { return &Queue{process.Nop()} })
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Decorate(func(d *Database) *Database { return &Database{d} })
	app.Depend(new(*Queue), new(*Database))
	want := []string{"0: *container_test.Database", "1: *container_test.Queue after *container_test.Database"}
	wantPlans(t, app, want, want)
}

// Units are in the same place whatever the schedule.
func TestScheduleDoesNotChangeTheUnits(t *testing.T) {
	plans := make([]*container.Plan, 2)
	for i, schedule := range []container.Schedule{container.ByLayer, container.ByDependency} {
		app := newApp(container.WithSchedule(schedule))
		app.Provide(newConfig)
		app.Provide(newDatabase)
		app.Provide(newCache)
		plans[i] = planOf(t, app)
		if plans[i].Schedule != schedule {
			t.Errorf("schedule is %v, want %v", plans[i].Schedule, schedule)
		}
	}
	wantEqual(t, "layers", layers(plans[1]), layers(plans[0]))
}

// Plan and Verify call nobody.
// A plan may be asked for inside of a constructor: who is being called is no cycle.
func TestPlanMayBeAskedForDuringConstruction(t *testing.T) {
	app := newApp()
	want := []string{
		"0: *container_test.Database",
		"1: *container_test.Cache after *container_test.Database",
		"2: *container_test.Server after *container_test.Cache",
	}
	ask := func(when string) {
		if err := app.Verify(); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		wantEqual(t, when, layers(planOf(t, app)), want)
	}
	app.Provide(func() *Database { ask("at the first"); return &Database{} })
	app.Provide(func(*Database) *Cache { ask("at the second"); return &Cache{} })
	app.Provide(func(*Cache) *Server { ask("at the last"); return &Server{} })
	app.Decorate(func(c *Cache) *Cache { ask("at the decorator"); return c })
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	ask("when it is built")
}

func TestPlanCallsNoConstructor(t *testing.T) {
	app := newApp()
	app.Provide(func() *Config { t.Error("called"); return nil })
	app.Provide(newDatabase)
	app.Decorate(func(c *Config) *Config { t.Error("called"); return c })
	if err := app.Verify(); err != nil {
		t.Error(err)
	}
	planOf(t, app)
}

// Before the build a plan warns of all that only the build decides.
func TestPlanWarns(t *testing.T) {
	app := newApp()
	app.Provide(func() io.Closer { return nil })
	app.Provide(func(hooks.Lifecycle) *Config { return nil })
	app.Provide(func() process.Runner { return nil })
	app.Provide(func() []*Queue { return nil }, dig.Group("queues,flatten"))
	app.Provide(func(d *Database) *Database { return d }, dig.Name("again"))
	app.Provide(func(*Config, io.Closer) *Database { return &Database{process.Nop()} })

	plan := planOf(t, app)

	wants := []string{
		"returns io.Closer, an interface: its value may run",
		"may append hooks",
		"returns process.Runner, an interface: its type is known only then, and a nil does not run",
		`returns any number of *container_test.Queue[group="queues"]: shown as one`,
		"may return the *container_test.Database that it takes, which then runs once",
	}
	if len(plan.Warnings) != len(wants) {
		t.Errorf("%d warnings, want %d: %q", len(plan.Warnings), len(wants), plan.Warnings)
	}
	for _, want := range wants {
		if !slices.ContainsFunc(plan.Warnings, func(w string) bool {
			return strings.Contains(w, want) && strings.Contains(w, "plan_test.go:")
		}) {
			t.Errorf("no warning %q in %q", want, plan.Warnings)
		}
	}

	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	plan = planOf(t, app)
	wantEqual(t, "warnings after the build", plan.Warnings, nil)
	wantEqual(t, "layers after the build", layers(plan), []string{"0: *container_test.Database"})
}

// What a decorator makes of a value may be known only after the build, too.
func TestPlanWarnsOfDecorators(t *testing.T) {
	app := newApp()
	app.Provide(func() *Config { return new(Config) }, dig.As(new(any)))
	app.Decorate(func(any) any { return &Cache{process.Nop()} })
	app.Invoke(func(any) {})
	app.Provide(func() *Database { return &Database{process.Nop()} })
	child := app.Scope("child")
	child.Decorate(func(d *Database) *Database { return d })
	child.Provide(func(*Database) *Server { return &Server{process.Nop()} })
	app.Provide(func(d *Database) process.Runner { return d })
	app.Decorate(func(r process.Runner) process.Runner { return r })

	plan := planOf(t, app)

	wants := []string{
		"returns interface {}, an interface: its value may run",
		"may return the *container_test.Database that it takes, which then runs once",
		"returns process.Runner, an interface: its type is known only then, and a nil does not run",
		"may return the *container_test.Database that it takes, which then runs once",
	}
	if len(plan.Warnings) != len(wants) {
		t.Errorf("%d warnings, want %d: %q", len(plan.Warnings), len(wants), plan.Warnings)
	}
	for _, want := range wants {
		if !slices.ContainsFunc(plan.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("no warning %q in %q", want, plan.Warnings)
		}
	}
}

// Who of a soft group is there is known only after the build.
func TestPlanWarnsOfSoftGroups(t *testing.T) {
	app := newApp()
	app.Provide(func(soft) *Cache { return &Cache{process.Nop()} })
	app.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Group("workers"), dig.As(new(process.Runner)))
	if w := planOf(t, app).Warnings; len(w) != 1 || !strings.Contains(w[0], `takes process.Runner[group="workers"], a soft group`) {
		t.Errorf("warnings are %q", w)
	}
	wantPlans(t, app,
		[]string{"0: *container_test.Queue[group=workers]", "1: *container_test.Cache after *container_test.Queue[group=workers]"},
		[]string{"0: *container_test.Cache, *container_test.Queue[group=workers]"})
}

// A member of a soft group that nobody asks for is not waited for, and nor is what it
// would need.
func TestSoftGroupDoesNotWaitForWhatIsNotBuilt(t *testing.T) {
	type in struct {
		dig.In
		Configs []*Config `group:"configs,soft"`
	}
	app := newApp()
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Provide(func(*Database) *Config { t.Error("built"); return nil }, dig.Group("configs"))
	app.Provide(func(in) *Server { return &Server{process.Nop()} })
	want := []string{"0: *container_test.Database, *container_test.Server"}
	wantPlans(t, app, want, want)
}

// Of a soft group a constructor waits for those members that it was given, though
// more were built before it was called.
func TestSoftGroupThatIsFilledTooEarly(t *testing.T) {
	type workers struct {
		dig.In
		Workers []process.Runner `group:"workers"`
	}
	app := newApp()
	for range 2 {
		app.Provide(func(s soft, _ *Database) *Cache {
			return &Cache{process.Sequential(append(s.Workers, process.Nop())...)}
		}, dig.Group("caches"))
	}
	app.Provide(func(workers) *Database { return &Database{process.Nop()} })
	app.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Group("workers"), dig.As(new(process.Runner)))
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "layers", layers(planOf(t, app)), []string{
		"0: *container_test.Queue[group=workers]",
		"1: *container_test.Database after *container_test.Queue[group=workers]",
		"2: *container_test.Cache[group=caches]#1 after *container_test.Database, " +
			"*container_test.Cache[group=caches]#2 after *container_test.Database *container_test.Queue[group=workers]",
	})
}

// What nobody asks for is not called, and that is told.
func TestUnused(t *testing.T) {
	app := newApp()
	app.Provide(newConfig)
	app.Provide(newDatabase)
	app.Provide(func() io.Closer { t.Error("called"); return nil })
	for range 2 {
		unused := planOf(t, app).Unused
		if len(unused) != 1 || !strings.Contains(unused[0], "TestUnused") || !strings.Contains(unused[0], "plan_test.go:") {
			t.Errorf("unused are %q", unused)
		}
		_, _ = app.Runner()
	}
}

// The Planned event has the plan that Plan returns from then on.
func TestPlannedEvent(t *testing.T) {
	r := new(recorder)
	app := newApp(container.WithObserver(r))
	app.Provide(newConfig)
	app.Provide(newDatabase)
	planOf(t, app)
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	planned := find[hooks.Planned](r)
	if len(planned) != 1 || planned[0].Plan.String() != planOf(t, app).String() {
		t.Errorf("events are %+v", planned)
	}
}

// What an observer does to the plan that it was told is its own business.
func TestAnObserverMayChangeThePlanItWasTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := newApp(container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			if p, ok := e.(hooks.Planned); ok {
				p.Plan.Layers[0][0].Name = ""
				p.Plan.Layers = nil
			}
		})))
		app.Provide(newConfig)
		app.Provide(newDatabase)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}
		if p := planOf(t, app); len(p.Layers) != 1 || p.Layers[0][0].Name == "" {
			t.Errorf("the plan is %v", p)
		}
	})
}

// named says itself what it is called.
type named struct {
	process.Runner
	name func() string
}

func (n *named) Name() string { return n.name() }

func TestNames(t *testing.T) {
	says := func(name string) any {
		return func() *named { return &named{process.Nop(), func() string { return name }} }
	}
	app := newApp()
	app.Provide(says("mail"), dig.Name("a"))
	app.Provide(says("mail"), dig.Name("b"))
	app.Provide(says("mail#1"), dig.Name("c"))
	app.Provide(says(" two\nlines\t"), dig.Name("d"))
	app.Provide(says(""), dig.Name("e"))
	app.Provide(func() *named { return &named{process.Nop(), func() string { panic("no name") }} }, dig.Name("f"))
	app.Provide(func() *named { return &named{process.Nop(), func() string { goexit(); return "" }} }, dig.Name("g"))
	app.Provide(func() *named { return &named{Runner: process.Nop()} }, dig.Group("h"))
	app.Provide(func() (*Server, error) { return &Server{process.Nop()}, nil }, dig.Name("with space"))
	app.Invoke(func(l hooks.Lifecycle) {
		l.Append(hooks.Hook{})
		l.Append(hooks.Hook{Name: "warm\nup"})
		l.Append(hooks.Hook{})
	})
	wantPlans(t, app, []string{
		"0: *container_test.named[name=a], *container_test.named[name=b], *container_test.named[name=c], *container_test.named[name=d], " +
			"*container_test.named[name=e], *container_test.named[name=f], *container_test.named[name=g], *container_test.named[group=h], " +
			"*container_test.Server[name=with space], container_test.TestNames.func6 hook#1, warm up after container_test.TestNames.func6 hook#1, " +
			"container_test.TestNames.func6 hook#2 after warm up",
	}, []string{
		"0: mail#2, mail#3, mail#1, two lines, *container_test.named[name=e], *container_test.named[name=f], " +
			"*container_test.named[name=g], *container_test.named[group=h], *container_test.Server[name=with space], " +
			"container_test.TestNames.func6 hook#1, warm up after container_test.TestNames.func6 hook#1, " +
			"container_test.TestNames.func6 hook#2 after warm up",
	})
}

// Name is asked only when everything is built.
func TestNameIsAskedAfterTheBuild(t *testing.T) {
	built := false
	app := newApp()
	app.Provide(func() *named {
		return &named{process.Nop(), func() string {
			if !built {
				t.Error("asked before the build")
			}
			return "late"
		}}
	})
	app.Provide(func(*named) *Server { built = true; return &Server{process.Nop()} })
	app.Invoke(func(*named) {})
	planOf(t, app)
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "layers", layers(planOf(t, app)), []string{"0: late", "1: *container_test.Server after late"})
}

// A large app is planned and built in no time, whatever its shape.
func TestLargeApps(t *testing.T) {
	shapes := map[string]func(app *container.App, n int){
		"a chain": func(app *container.App, n int) {
			for i := range n {
				provideNumbered(app, i, i-1)
			}
		},
		"layers": func(app *container.App, n int) {
			const width = 50
			for i := range n {
				var needs []int
				for j := range 5 {
					needs = append(needs, (i/width-1)*width+(i+j)%width)
				}
				provideNumbered(app, i, needs...)
			}
		},
	}
	for name, provide := range shapes {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			provide(app, 700)
			began := time.Now()
			planOf(t, app)
			planned := time.Since(began)
			if _, err := app.Runner(); err != nil {
				t.Fatal(err)
			}
			built := time.Since(began) - planned
			t.Logf("planned in %v, built in %v", planned, built)
			if planned+built > 5*time.Second {
				t.Errorf("planned in %v, built in %v", planned, built)
			}
		})
	}
}

// dig refuses to build anything then, so the app cannot start.
func TestVerifyFindsACycleThatNobodyAsksFor(t *testing.T) {
	app := newApp(container.Provide(newDatabase, newConfig,
		func(*Queue) *Cache { panic("called") },
		func(*Cache) *Queue { panic("called") },
	))
	for _, err := range []error{app.Verify(), app.RunContext(t.Context())} {
		if !dig.IsCycleDetected(err) {
			t.Errorf("got %v", err)
		}
		wantText(t, err, "plan_test.go:")
	}
}

func TestPlanWarnsOfWhatMayRunTwice(t *testing.T) {
	type embedding struct{ *Database }
	app := newApp(container.Provide(newConfig, newDatabase,
		func(d *Database) *embedding { return &embedding{d} },
		func() process.Runner { return process.Nop() },
		func() process.RunnerFunc { return process.Nop().Run },
	))
	app.Provide(func(r process.Runner) process.Runner { return r }, dig.Name("again"))
	app.Provide(func(r process.RunnerFunc) process.RunnerFunc { return r }, dig.Name("again"))
	all := strings.Join(planOf(t, app).Warnings, "\n")
	for _, want := range []string{
		"returns *container_test.embedding, which embeds the *container_test.Database that it takes: both run",
		"may return the process.Runner that it takes, which then runs once if it is a pointer, else twice",
		"may return the process.RunnerFunc that it takes, which then runs twice",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning that it %s:\n%s", want, all)
		}
	}
}

func TestOnlyACycleByDependNamesItsPlace(t *testing.T) {
	app := newApp(container.Provide(
		func(*Queue) *Database { return nil },
		func(*Database) *Queue { return nil },
		newCache,
	))
	app.Depend(new(*Queue), new(*Cache))
	app.Depend(new(*Queue), new(*Database)) // which the constructors say, too
	err := app.Verify()
	wantText(t, err, "cycle: ", "needs *container_test.Queue")
	if strings.Contains(err.Error(), "by Depend") != strings.Contains(err.Error(), "Depend was called at") {
		t.Error(err)
	}
}
