package container_test

import (
	"context"
	"fmt"
	htmltemplate "html/template"
	"math/rand"
	randv2 "math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	texttemplate "text/template"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

func adaptOthers() []container.Option {
	return []container.Option{
		container.WithAdapter(func(*texttemplate.Template) process.Runner { return process.Nop() }),
		container.WithAdapter(func(*htmltemplate.Template) process.Runner { return process.Nop() }),
		container.WithAdapter(func(*rand.Rand) process.Runner { return process.Nop() }),
		container.WithAdapter(func(*randv2.Rand) process.Runner { return process.Nop() }),
	}
}

// inVariable is how Go names a function that a variable of the package was made with;
// the number is that among all of these.
var inVariable = regexp.MustCompile(`\binit\.func\d+`)

// namesOf lists the units of a plan, with what made them.
func namesOf(p *container.Plan) []string {
	var names []string
	for _, layer := range p.Layers {
		for _, u := range layer {
			names = append(names, u.Name+" | "+inVariable.ReplaceAllString(u.Constructor, "init.func0"))
		}
	}
	return names
}

// Names are readable and unique, and the same before the build and after it: declared
// types suffice for these.
func TestNamesAreReadableAndUnique(t *testing.T) {
	for _, test := range []struct {
		name  string
		setup func(app *container.App)
		want  []string
	}{
		{"servers with names", func(app *container.App) { provideServers(app, "public", "admin", "two\nlines") }, []string{
			"*container_test.Server[name=public] | container_test.provideServers.func1 (names_constructors_test.go)",
			"*container_test.Server[name=admin] | container_test.provideServers.func1 (names_constructors_test.go)",
			"*container_test.Server[name=two lines] | container_test.provideServers.func1 (names_constructors_test.go)",
		}},
		{"generics", provideGenerics, []string{
			"*container_test.table[string,int] | container_test.newTable (names_constructors_test.go)",
			"*container_test.table[string,hooks.Hook] | container_test.newTable (names_constructors_test.go)",
			"*container_test.table[hooks.Schedule,map[string]*template.Template] | container_test.newTable (names_constructors_test.go)",
			"*container_test.table[int,func(hooks.Hook, ...*hooks.Plan) []error] | container_test.newTable (names_constructors_test.go)",
			"*container_test.table[int,container_test.table[string,hooks.Hook]] | container_test.newTable (names_constructors_test.go)",
		}},
		{"anonymous functions of the package", func(app *container.App) { app.Provide(newInVariable); app.Provide(newInInit) }, []string{
			"*container_test.Database | container_test.init.func0 (names_constructors_test.go)",
			"*container_test.Cache | container_test.init.0.func1 (names_constructors_test.go)",
		}},
		{"types of functions", func(app *container.App) { provideLocal(app); provideOtherLocal(app) }, []string{
			"container_test.local#1 | container_test.provideLocal.func1 (names_constructors_test.go)",
			"*container_test.table[int,container_test.local]#1 | container_test.newTable (names_constructors_test.go)",
			"container_test.local#2 | container_test.provideOtherLocal.func1 (names_constructors_test.go)",
			"*container_test.table[int,container_test.local]#2 | container_test.newTable (names_constructors_test.go)",
		}},
		{"types of one name in two packages", provideTemplates, []string{
			"*text/template.Template | container_test.runTemplates.func1 (names_constructors_test.go)",
			"*html/template.Template | container_test.runTemplates.func1 (names_constructors_test.go)",
		}},
		{"a package of a later version", func(app *container.App) { app.Provide(newTable[int, *randv2.Rand]) }, []string{
			"*container_test.table[int,*rand.Rand] | container_test.newTable (names_constructors_test.go)",
		}},
		{"types of one name in two versions of a package", func(app *container.App) {
			runTemplates(app, func(string) *rand.Rand { return rand.New(rand.NewSource(1)) })
			runTemplates(app, func(string) *randv2.Rand { return randv2.New(randv2.NewPCG(1, 2)) })
		}, []string{
			"*rand.Rand | container_test.runTemplates.func1 (names_constructors_test.go)",
			"*rand/v2.Rand | container_test.runTemplates.func1 (names_constructors_test.go)",
		}},
		{"mixed", provideMixed, []string{
			"*container_test.Queue[group=workers]#1 | container_test.provideWorkers.func1 (names_constructors_test.go)",
			"*container_test.Queue[group=workers]#2 | container_test.provideWorkers.func1 (names_constructors_test.go)",
			"*container_test.Server[name=a] | container_test.provideServers.func1 (names_constructors_test.go)",
			"*container_test.Server | container_test.(*factory).newServer (names_constructors_test.go)",
			"*container_test.table[int,hooks.Hook][name=t] | container_test.newTable (names_constructors_test.go)",
			"container_test.provideMixed.func1 hook | container_test.provideMixed.func1 (names_constructors_test.go)",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := newApp(adaptOthers()...)
			test.setup(app)
			wantEqual(t, "names before the build", withoutPlaces(namesOf(planOf(t, app))...), test.want)
			if _, err := app.Runner(); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "names after the build", withoutPlaces(namesOf(planOf(t, app))...), test.want)
		})
	}
}

// A method value has no place of its own: it stands where it is provided, and the
// method itself, which is last here, where it is declared. The lines are those of
// names_constructors_test.go.
func TestAMethodValueStandsWhereItIsProvided(t *testing.T) {
	app := newApp(adaptOthers()...)
	provideMethods(app)
	want := []string{
		"*container_test.Server#1 | container_test.(*factory).newServer (names_constructors_test.go:61)",
		"*container_test.Queue | container_test.factory.newQueue (names_constructors_test.go:62)",
		"*container_test.table[int,*template.Template] | container_test.(*tables).newTable (names_constructors_test.go:63)",
		"*container_test.Server#2 | container_test.(*factory).newServer (names_constructors_test.go:23)",
	}
	wantEqual(t, "names before the build", namesOf(planOf(t, app)), want)
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "names after the build", namesOf(planOf(t, app)), want)
}

// A hundred workers are numbered in the order of registration. The numbers are not
// padded: one more worker does not rename the others.
func TestOneMoreWorkerRenamesNoOther(t *testing.T) {
	for _, n := range []int{99, 100, 101} {
		app := newApp()
		provideWorkers(app, n)
		var want []string
		for i := range n {
			want = append(want, fmt.Sprintf("*container_test.Queue[group=workers]#%d | container_test.provideWorkers.func1 (names_constructors_test.go)", i+1))
		}
		wantEqual(t, "names before the build", withoutPlaces(namesOf(planOf(t, app))...), want)
		if _, err := app.Runner(); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "names after the build", withoutPlaces(namesOf(planOf(t, app))...), want)
	}
}

// Whatever values say that they are called, the names are on one line, of a length
// that can be read, and unique.
func TestNamesThatValuesGive(t *testing.T) {
	app := newApp()
	for i, name := range []string{
		"*container_test.Server", "*container_test.Server#1", "", " \n\t", "a\nb", "a b", "\x1b[31mred\x00",
		strings.Repeat("long ", 100), strings.Repeat("long ", 100), strings.Repeat("ö", 100), "*container_test.named[name=2]", "#", "\xff",
	} {
		app.Provide(func() *named { return &named{process.Nop(), func() string { return name }} }, dig.Name(strconv.Itoa(i)))
	}
	app.Provide(func() *Server { return &Server{process.Nop()} })
	app.Provide(func() *named { return &named{process.Nop(), func() string { panic("no name") }} })
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	long := strings.TrimSuffix(strings.Repeat("long ", 20), " ")
	var got []string
	for _, u := range planOf(t, app).Layers[0] {
		got = append(got, u.Name)
	}
	wantEqual(t, "names", got, []string{
		"*container_test.Server#2", "*container_test.Server#1", "*container_test.named[name=2]#1", "*container_test.named[name=3]", "a b#1", "a b#2", "[31mred",
		long + "…#1", long + "…#2", strings.Repeat("ö", 100), "*container_test.named[name=2]#2", "#", "\ufffd",
		"*container_test.Server#3", "*container_test.named",
	})
}

// everyShape provides all shapes in one app.
func everyShape() *container.App {
	app := newApp(adaptOthers()...)
	provideServers(app, "public", "admin")
	provideWorkers(app, 100)
	provideGenerics(app)
	app.Provide((&factory{}).newServer)
	provideLocal(app)
	provideTemplates(app)
	app.Provide(newInVariable)
	app.Provide(func(struct {
		dig.In
		Workers []*Queue `group:"workers"`
	}) *Cache {
		return &Cache{process.Nop()}
	})
	app.Provide(func(d *Database) process.Runner { return d })
	app.Decorate(func(*Database, *table[string, int]) *Database { return &Database{process.Nop()} })
	app.Depend(new(*Server), new(*Queue))
	return app
}

// A type with arguments is one type to Depend, each with its own.
func TestDependOnATypeWithArguments(t *testing.T) {
	app := newApp()
	app.Provide(newTable[string, int])
	app.Provide(newTable[string, string])
	app.Provide(new(factory).newServer)
	app.Depend(new(*Server), new(*table[string, int]))
	want := []string{
		"0: *container_test.table[string,int], *container_test.table[string,string]",
		"1: *container_test.Server after *container_test.table[string,int]",
	}
	wantPlans(t, app, want, want)
}

// Two builds of one program, in one process or in two, have the same plan, down to the
// text.
func TestNamesAreTheSameInEveryBuild(t *testing.T) {
	const child = "STRATA_TEST_PRINT_PLAN"
	want := builtPlan(t)
	if os.Getenv(child) != "" {
		fmt.Printf("<<<%s>>>", want)
		return
	}
	for range 20 {
		if got := builtPlan(t); got != want {
			t.Fatalf("plan:\n%s\nwant:\n%s", got, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestNamesAreTheSameInEveryBuild$")
	command.Env = append(os.Environ(), child+"=1")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	_, got, _ := strings.Cut(string(output), "<<<")
	if got, _, _ = strings.Cut(got, ">>>"); got != want {
		t.Errorf("plan of another process:\n%s\nwant:\n%s", got, want)
	}
}

// builtPlan is the plan of an app of every shape, before the build and after it.
func builtPlan(t *testing.T) string {
	t.Helper()
	app := everyShape()
	before := planOf(t, app).String()
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	return before + planOf(t, app).String()
}
