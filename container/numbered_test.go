package container_test

import (
	"reflect"
	"runtime"
	"strconv"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// provideNumbered provides a Server with the name of a number, which needs those
// with other numbers; negative ones are none.
func provideNumbered(app *container.App, number int, needs ...int) {
	provide(app, number, needs, func(hooks.Lifecycle) process.Runner { return process.Nop() })
}

// provide is provideNumbered with a constructor.
func provide(app *container.App, number int, needs []int, construct func(hooks.Lifecycle) process.Runner) {
	fields := []reflect.StructField{
		{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true},
		{Name: "Lifecycle", Type: reflect.TypeFor[hooks.Lifecycle]()},
	}
	for i, need := range needs {
		if need >= 0 {
			fields = append(fields, reflect.StructField{
				Name: "Need" + strconv.Itoa(i), Type: reflect.TypeFor[*Server](), Tag: reflect.StructTag(`name:"` + strconv.Itoa(need) + `"`),
			})
		}
	}
	constructor := reflect.MakeFunc(
		reflect.FuncOf([]reflect.Type{reflect.StructOf(fields)}, []reflect.Type{reflect.TypeFor[*Server]()}, false),
		func(args []reflect.Value) []reflect.Value {
			l := args[0].FieldByName("Lifecycle").Interface().(hooks.Lifecycle)
			return []reflect.Value{reflect.ValueOf(&Server{construct(l)})}
		})
	if err := app.Provide(constructor.Interface(), dig.Name(strconv.Itoa(number))); err != nil {
		panic(err)
	}
}

func goexit() { runtime.Goexit() }
