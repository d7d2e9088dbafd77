package peers

import (
	"context"
	"fmt"
	"reflect"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/container"
)

// AppByLayer is an App as it is by default.
var AppByLayer = &Peer{
	Name:    "Strata App",
	Module:  strata,
	Build:   func(c *bench.Constructors, scopes int) error { return setUp(container.New(), c, c.Funcs, scopes) },
	Prepare: func(units []*bench.Unit) (Process, error) { return prepareApp(units, container.ByLayer) },
	Main:    func(units []*bench.Unit) int { return runApp(units, container.ByLayer) },
}

// AppByDependency is an App that starts each unit the moment that it can.
var AppByDependency = &Peer{
	Name:    "Strata App ByDependency",
	Module:  strata,
	Prepare: func(units []*bench.Unit) (Process, error) { return prepareApp(units, container.ByDependency) },
	Main:    func(units []*bench.Unit) int { return runApp(units, container.ByDependency) },
	Cannot: map[Task]string{
		Build:       "the same as by layer",
		Independent: "the same as by layer",
	},
}

// AppRunning is an App in which one constructor in ten returns a unit, too.
var AppRunning = &Peer{
	Name:   "Strata App with runners",
	Module: strata,
	Build: func(c *bench.Constructors, scopes int) error {
		app := container.New(container.WithLogger(zap.NewNop()), container.AdaptFunc(
			func(ctx context.Context, u *bench.Unit) error { return u.Start(ctx) },
			func(ctx context.Context, u *bench.Unit) error { return u.Stop(ctx) },
		))
		if err := setUp(app, c, c.Running, scopes); err != nil {
			return err
		}
		_, err := app.Runner()
		return err
	},
	Cannot: map[Task]string{
		Independent: "it is a kind of build",
		Layered:     "it is a kind of build",
		Graph:       "it is a kind of build",
		Crash:       "it is a kind of build",
	},
}

func setUp(app *container.App, c *bench.Constructors, funcs []any, scopes int) error {
	return inScopes(scopes, app, func(name string) container.Provider { return app.Scope(name) },
		func(p container.Provider) error { return provideAndInvoke(p, c, funcs) })
}

// inScopes calls do with so many scopes, or, if that is one, with the root.
func inScopes(n int, root container.Provider, scope func(string) container.Provider, do func(container.Provider) error) error {
	if n == 1 {
		return do(root)
	}
	for i := range n {
		if err := do(scope(fmt.Sprint("scope", i))); err != nil {
			return err
		}
	}
	return nil
}

func provideAndInvoke(p container.Provider, c *bench.Constructors, funcs []any) error {
	for _, f := range funcs {
		if err := p.Provide(f); err != nil {
			return err
		}
	}
	for _, f := range c.Invoke {
		if err := p.Invoke(f); err != nil {
			return err
		}
	}
	return nil
}

func prepareApp(units []*bench.Unit, schedule container.Schedule) (Process, error) {
	app := container.New(container.WithLogger(zap.NewNop()), container.WithSchedule(schedule))
	if err := provideUnits(app, units); err != nil {
		return nil, err
	}
	return app.Process(context.Background())
}

func runApp(units []*bench.Unit, schedule container.Schedule) int {
	app := container.New(container.WithLogger(zap.NewNop()), container.WithSchedule(schedule))
	if err := provideUnits(app, units); err != nil {
		fmt.Println(err)
		return 2
	}
	app.Run()
	return 0
}

// provideUnits gives an app a constructor for each unit, which takes what the unit depends
// on, or one for all if none depends on another.
func provideUnits(app *container.App, units []*bench.Unit) error {
	if independent(units) {
		return app.Provide(func() (out struct {
			dig.Out
			Runners []*runner `group:"units,flatten"`
		}) {
			for _, u := range units {
				out.Runners = append(out.Runners, &runner{u})
			}
			return out
		})
	}
	for i, u := range units {
		result := bench.Out(bench.TypeOf(i), u.Name, reflect.TypeFor[*runner]())
		err := app.Provide(bench.Func(bench.TypesOf(u.DependsOn), []reflect.Type{result}, func([]reflect.Value) []reflect.Value {
			v := reflect.New(result).Elem()
			v.Field(1).Set(reflect.New(bench.TypeOf(i).Elem()))
			v.Field(2).Set(reflect.ValueOf(&runner{u}))
			return []reflect.Value{v}
		}))
		if err != nil {
			return err
		}
	}
	return nil
}
