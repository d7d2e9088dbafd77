package bench

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// BenchmarkBuild provides constructors in ten scopes to dig and to an App, in turns,
// and has all of them called. x-dig is how many times as long the App took as dig did
// in the same round, the median of the rounds.
//
//   - dig is dig against itself: the noise.
//   - plain: nothing runs, and an Invoke in each scope asks for all there is. Each scope
//     is given the same constructors.
//   - distinct: the same, but no constructor and no type is seen twice.
//   - runners: as plain, but one constructor in ten returns a runner, too, and Runner
//     is asked for: it checks the graph, finds what runs, and makes the plan, which dig
//     does not do.
func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{100, 1_000, 3_000, 10_000, 30_000} {
		for _, shape := range []struct {
			name    string
			service *service
			build   func(b *testing.B, s *service)
		}{
			{"dig", newService(n/scopes, scopes, false), onDig},
			{"plain", newService(n/scopes, scopes, false), onApp},
			{"distinct", newService(n/scopes, 1, false), onApp},
			{"runners", newService(n/scopes, scopes, true), onRunner},
		} {
			b.Run(fmt.Sprintf("%s/%d", shape.name, n), func(b *testing.B) {
				var floors, ns, ratios, allocs, bytes []float64
				for b.Loop() {
					floor := measure(n, func() { onDig(b, shape.service) })
					ours := measure(n, func() { shape.build(b, shape.service) })
					floors, ns = append(floors, floor.ns), append(ns, ours.ns)
					ratios = append(ratios, ours.ns/floor.ns)
					allocs, bytes = append(allocs, ours.allocs/floor.allocs), append(bytes, ours.bytes/floor.bytes)
				}
				b.ReportMetric(0, "ns/op") // of both, and of what is not measured
				b.ReportMetric(median(floors), "dig-ns/constructor")
				b.ReportMetric(median(ns), "ns/constructor")
				b.ReportMetric(median(ratios), "x-dig")
				b.ReportMetric(median(allocs), "x-allocs")
				b.ReportMetric(median(bytes), "x-bytes")
			})
		}
	}
}

func onDig(b *testing.B, s *service) {
	c := dig.New(dig.DeferAcyclicVerification(), dig.RecoverFromPanics())
	for i := range scopes {
		s.scopes[i].setUp(b, c.Scope(fmt.Sprint("scope", i)))
	}
}

func onApp(b *testing.B, s *service) {
	app := container.New()
	for i := range scopes {
		s.scopes[i].setUp(b, app.Scope(fmt.Sprint("scope", i)))
	}
}

func onRunner(b *testing.B, s *service) {
	app := container.New(container.WithLogger(zap.NewNop()))
	for i := range scopes {
		s.scopes[i].setUp(b, app.Scope(fmt.Sprint("scope", i)))
	}
	if _, err := app.Runner(); err != nil {
		b.Fatal(err)
	}
}

const scopes = 10

// service is what a program provides in its scopes and asks for.
type service struct{ scopes [scopes]scope }

// scope has constructors, and functions that take what the last of them return.
type scope struct{ constructors, invoked []any }

func (s *scope) setUp(b *testing.B, p container.Provider) {
	for _, constructor := range s.constructors {
		if err := p.Provide(constructor); err != nil {
			b.Fatal(err)
		}
	}
	for _, function := range s.invoked {
		if err := p.Invoke(function); err != nil {
			b.Fatal(err)
		}
	}
}

// newService gives n constructors to each scope; so many scopes in turn have the same.
func newService(n, same int, runners bool) *service {
	s := new(service)
	for i := range s.scopes {
		if i%same == 0 {
			s.scopes[i] = newScope(n, runners)
		} else {
			s.scopes[i] = s.scopes[i-1]
		}
	}
	return s
}

// types counts the types that were made, so that no two are the same.
var types int

// newScope makes n constructors of as many types: ten layers, each constructor with up
// to three parameters of the layer below.
func newScope(n int, runners bool) (s scope) {
	var layer, below []reflect.Type
	for i := range n {
		if len(layer) == n/10 {
			layer, below = nil, layer
		}
		var in []reflect.Type
		for k := range min(3, len(below)) {
			if t := below[(i*7+k*31)%len(below)]; !slices.Contains(in, t) {
				in = append(in, t)
			}
		}
		types++
		t := reflect.PointerTo(reflect.ArrayOf(types, reflect.TypeFor[struct{}]()))
		layer = append(layer, t)
		s.constructors = append(s.constructors, constructor(in, t, runners && i%10 == 0))
	}
	for some := range slices.Chunk(layer, 100) { // a function may have so many parameters
		s.invoked = append(s.invoked, function(some))
	}
	return s
}

// constructor returns one that takes and returns values of types, and perhaps a runner.
func constructor(in []reflect.Type, out reflect.Type, runner bool) any {
	v := reflect.New(out.Elem())
	if !runner {
		return function(in, v)
	}
	result := reflect.StructOf([]reflect.StructField{
		{Name: "Out", Type: reflect.TypeFor[dig.Out](), Anonymous: true},
		{Name: "Value", Type: out},
		{Name: "Runner", Type: reflect.TypeFor[*idler](), Tag: reflect.StructTag(fmt.Sprintf(`name:"%d"`, types))},
	})
	return reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{result}, false), func([]reflect.Value) []reflect.Value {
		r := reflect.New(result).Elem()
		r.Field(1).Set(v)
		r.Field(2).Set(reflect.ValueOf(new(idler)))
		return []reflect.Value{r}
	}).Interface()
}

// function returns one that takes types and returns values.
func function(in []reflect.Type, results ...reflect.Value) any {
	var out []reflect.Type
	for _, v := range results {
		out = append(out, v.Type())
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func([]reflect.Value) []reflect.Value { return results }).Interface()
}

type idler struct{ _ int }

func (*idler) Run(ctx context.Context, callback process.Callback) error { return callback(ctx) }
