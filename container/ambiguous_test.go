package container_test

import (
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// What a type may stand for where several values fit: it is always the same one, or
// all of them, before the build and after it.
func TestATypeStandsForTheNearestAndForAllToDepend(t *testing.T) {
	database := func() *Database { return &Database{process.Nop()} }
	decorate := func(d *Database) *Database { return &Database{process.Nop()} }
	type named struct {
		dig.In
		Database *Database `name:"a"`
	}
	for _, test := range []struct {
		name  string
		setup func(app *container.App)
		want  []string
	}{
		{"the nearest scope hides those above", func(app *container.App) {
			inner := app.Scope("inner")
			app.Provide(database)
			inner.Provide(database)
			app.Provide(newCache)
			inner.Scope("innermost").Provide(newQueue)
		}, []string{
			"0: *container_test.Database#1, *container_test.Database#2",
			"1: *container_test.Cache after *container_test.Database#1, *container_test.Queue after *container_test.Database#2",
		}},
		{"a name hides nothing", func(app *container.App) {
			inner := app.Scope("inner")
			app.Provide(database)
			inner.Provide(database, dig.Name("a"))
			inner.Provide(newCache)
			inner.Provide(func(named) *Queue { return &Queue{process.Nop()} })
		}, []string{
			"0: *container_test.Database, *container_test.Database[name=a]",
			"1: *container_test.Cache after *container_test.Database, *container_test.Queue after *container_test.Database[name=a]",
		}},
		{"the nearest decorator decorates what those above have", func(app *container.App) {
			inner := app.Scope("inner")
			app.Provide(database)
			app.Decorate(decorate)
			inner.Decorate(func(_ *Database, _ *Cache) *Database { return &Database{process.Nop()} })
			app.Provide(func() *Cache { return &Cache{process.Nop()} })
			inner.Provide(newQueue)
		}, []string{
			"0: *container_test.Database#1, *container_test.Cache",
			"1: *container_test.Database#2 after *container_test.Database#1 *container_test.Cache",
			"2: *container_test.Queue after *container_test.Database#2",
		}},
		{"Depend is about all scopes, names and groups", func(app *container.App) {
			app.Provide(database)
			app.Provide(database, dig.Name("a"))
			app.Scope("inner").Provide(database, dig.Group("databases"))
			app.Provide(func() *Queue { return &Queue{process.Nop()} })
			app.Depend(new(*Queue), new(*Database))
		}, []string{
			"0: *container_test.Database, *container_test.Database[name=a], *container_test.Database[group=databases]",
			"1: *container_test.Queue after *container_test.Database *container_test.Database[name=a] *container_test.Database[group=databases]",
		}},
		{"Depend on an interface is not about what implements it", func(app *container.App) {
			app.Provide(database, dig.As(new(process.Runner)))
			app.Provide(func() *Cache { return &Cache{process.Nop()} })
			app.Provide(func() *Queue { return &Queue{process.Nop()} })
			app.Depend(new(*Queue), new(process.Runner))
		}, []string{
			"0: *container_test.Database, *container_test.Cache",
			"1: *container_test.Queue after *container_test.Database",
		}},
		{"Depend twice is Depend once", func(app *container.App) {
			app.Provide(database)
			app.Provide(func() *Queue { return &Queue{process.Nop()} })
			app.Depend(new(*Queue), new(*Database))
			app.Depend(new(*Queue), new(*Database))
		}, []string{
			"0: *container_test.Database",
			"1: *container_test.Queue after *container_test.Database",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := newApp(container.Provide(newConfig))
			test.setup(app)
			wantPlans(t, app, test.want, test.want)
		})
	}
}

// A decorator of a scope below does not stand for what it decorates, but may return it.
func TestPlanWarnsOfADecoratorThatMayReturnWhatItDecorates(t *testing.T) {
	app := newApp()
	inner := app.Scope("inner")
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Decorate(func(d *Database) *Database { return d })
	inner.Decorate(func(d *Database) *Database { return d })
	inner.Provide(newQueue)
	wantEqual(t, "warnings before the build", withoutPlaces(planOf(t, app).Warnings...), []string{
		"container_test.F (ambiguous_test.go) may return the *container_test.Database that it takes, which then runs once",
	})
	wantPlans(t, app, []string{
		"0: *container_test.Database#1",
		"1: *container_test.Database#2 after *container_test.Database#1",
		"2: *container_test.Queue after *container_test.Database#2",
	}, []string{
		"0: *container_test.Database",
		"1: *container_test.Queue after *container_test.Database",
	})
	wantEqual(t, "warnings after the build", planOf(t, app).Warnings, nil)
}
