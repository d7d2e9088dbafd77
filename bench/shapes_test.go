package bench_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/container"
)

// BenchmarkShapes builds the graphs that are hard on a container, each at two sizes, and
// tells the time for each constructor and for each pair of them in which one waits for
// the other: what takes no step twice takes as long for each at either size. (dig takes
// a step for each pair as well; the plan names the pairs.)
func BenchmarkShapes(b *testing.B) {
	for _, shape := range []struct {
		name  string
		pairs func(n int) int
		fill  func(app *container.App, n int)
	}{
		{"chain", func(n int) int { return n }, chain},
		{"depend", func(n int) int { return 2 * n }, depend},
		{"missing", func(n int) int { return n }, missing},
		{"decorated", func(n int) int { return 2 * n }, decorated},
		{"group", func(n int) int { return n }, group},
		{"soft-group", func(n int) int { return n * n }, softGroup},
		{"hub", func(n int) int { return n * n }, hub},
	} {
		for _, n := range []int{500, 2_000} {
			b.Run(fmt.Sprintf("shape=%s/n=%d", shape.name, n), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					app := container.New(container.WithLogger(zap.NewNop()))
					shape.fill(app, n)
					b.StartTimer()
					if _, err := app.Process(context.Background()); (err != nil) != (shape.name == "missing") {
						b.Fatal(err)
					}
				}
				steps := b.N * (n + shape.pairs(n))
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// runner is a unit.
type runner struct{ _ int }

func (*runner) Run(ctx context.Context, callback func(context.Context) error) error {
	return callback(ctx)
}

// joint is what n units give and n others take.
type joint struct{ _ int }

// members takes all of a group, softMembers what there is of it.
type (
	members struct {
		dig.In
		All []*runner `group:"units"`
	}
	softMembers struct {
		dig.In
		All []*runner `group:"units,soft"`
	}
)

// chain has each unit take the one before.
func chain(app *container.App, n int) {
	provide(app, func() *runner { return new(runner) }, named(0))
	for i := 1; i < n; i++ {
		before := reflect.StructOf([]reflect.StructField{
			{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true},
			{Name: "Before", Type: reflect.TypeFor[*runner](), Tag: reflect.StructTag(fmt.Sprintf("name:%q", fmt.Sprint(i-1)))},
		})
		provide(app, unitOf(before), named(i))
	}
}

// depend has n units, and Depend say that each value which they take waits for the next.
func depend(app *container.App, n int) {
	taking(app, n, true)
	for i := range n - 1 {
		if err := app.Depend(pointer(i), pointer(i+1)); err != nil {
			panic(err)
		}
	}
}

// missing has n units take what nobody provides.
func missing(app *container.App, n int) { taking(app, n, false) }

// decorated has n units take a value that is decorated.
func decorated(app *container.App, n int) {
	taking(app, n, true)
	for i := range n {
		t := bench.TypesOf([]int{i})
		if err := app.Decorate(bench.Func(t, t, func(in []reflect.Value) []reflect.Value { return in })); err != nil {
			panic(err)
		}
	}
}

// group has one unit take n.
func group(app *container.App, n int) {
	for range n {
		provide(app, func() *runner { return new(runner) }, dig.Group("units"))
	}
	provide(app, func(members) *runner { return new(runner) })
}

// softGroup has n units take each other, as far as they are there.
func softGroup(app *container.App, n int) {
	for range n {
		provide(app, func(softMembers) *runner { return new(runner) }, dig.Group("units"))
	}
}

// hub has n units take a value that takes n units.
func hub(app *container.App, n int) {
	for i := range n {
		provide(app, func() *runner { return new(runner) }, dig.Group("units"))
		provide(app, func(*joint) *runner { return new(runner) }, named(i))
	}
	provide(app, func(members) *joint { return new(joint) })
}

// taking has n units take a value each, of a type of its own, which is provided or not.
func taking(app *container.App, n int, provided bool) {
	for i := range n {
		provide(app, unitOf(bench.TypeOf(i)), named(i))
		if provided {
			provide(app, bench.Func(nil, bench.TypesOf([]int{i}), func([]reflect.Value) []reflect.Value {
				return []reflect.Value{reflect.Zero(bench.TypeOf(i))}
			}))
		}
	}
}

// unitOf returns a constructor of a unit that takes a value of type t.
func unitOf(t reflect.Type) any {
	return bench.Func([]reflect.Type{t}, []reflect.Type{reflect.TypeFor[*runner]()}, func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(new(runner))}
	})
}

func named(i int) dig.ProvideOption { return dig.Name(fmt.Sprint(i)) }

func pointer(i int) any { return reflect.New(bench.TypeOf(i)).Interface() }

func provide(app *container.App, constructor any, options ...dig.ProvideOption) {
	if err := app.Provide(constructor, options...); err != nil {
		panic(err)
	}
}
