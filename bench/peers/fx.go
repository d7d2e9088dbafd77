package peers

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"go.uber.org/fx"

	"github.com/strata-go/strata/bench"
)

// Fx has a hook for each unit, appended by its constructor, as its users do.
var Fx = &Peer{
	Name:   "fx",
	Module: "go.uber.org/fx",
	Build: func(c *bench.Constructors, scopes int) error {
		if scopes == 1 {
			return fx.New(fx.NopLogger, fx.Provide(c.Funcs...), fx.Invoke(c.Invoke...)).Err()
		}
		options := []fx.Option{fx.NopLogger}
		private := append(slices.Clone(c.Funcs), fx.Private) // else no two modules may have the same
		for i := range scopes {
			options = append(options, fx.Module(fmt.Sprint("scope", i), fx.Provide(private...), fx.Invoke(c.Invoke...)))
		}
		return fx.New(options...).Err()
	},
	Prepare: func(units []*bench.Unit) (Process, error) {
		app := fxApp(units)
		return app, app.Err()
	},
	Main: func(units []*bench.Unit) int {
		fxApp(units).Run()
		return 0
	},
}

func fxApp(units []*bench.Unit) *fx.App {
	// One timeout is for all of the start, and its default would do.
	options := []fx.Option{fx.NopLogger, fx.StartTimeout(time.Minute), fx.StopTimeout(time.Minute)}
	if independent(units) {
		return fx.New(append(options, fx.Invoke(func(l fx.Lifecycle, s fx.Shutdowner) {
			for _, u := range units {
				l.Append(hook(u, s))
			}
		}))...)
	}
	var constructors []any
	var all []reflect.Type
	for i, u := range units {
		in := append(bench.TypesOf(u.DependsOn), reflect.TypeFor[fx.Lifecycle](), reflect.TypeFor[fx.Shutdowner]())
		constructors = append(constructors, bench.Func(in, []reflect.Type{bench.TypeOf(i)}, func(args []reflect.Value) []reflect.Value {
			own := args[len(u.DependsOn):]
			own[0].Interface().(fx.Lifecycle).Append(hook(u, own[1].Interface().(fx.Shutdowner)))
			return []reflect.Value{reflect.New(bench.TypeOf(i).Elem())}
		}))
		all = append(all, bench.TypeOf(i))
	}
	options = append(options, fx.Provide(constructors...))
	for ; len(all) > 0; all = all[min(100, len(all)):] { // a function may have so many parameters
		options = append(options, fx.Invoke(bench.Func(all[:min(100, len(all))], nil, func([]reflect.Value) []reflect.Value { return nil })))
	}
	return fx.New(options...)
}

func hook(u *bench.Unit, s fx.Shutdowner) fx.Hook {
	if u.Crashed() != nil {
		go func() {
			<-u.Crashed()
			s.Shutdown(fx.ExitCode(1))
		}()
	}
	return fx.Hook{OnStart: u.Start, OnStop: u.Stop}
}
