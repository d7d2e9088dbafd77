package container_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// runs is a value that runs, and says its name.
type runs struct {
	process.Runner
	name string
}

func (r *runs) Name() string { return r.name }

// idle does not run.
type idle struct{ _ int }

// An application has the same plan, whether its constructors were given to an App or,
// some of them, to the container before or after Attach.
func TestAttachMakesTheSamePlan(t *testing.T) {
	for seed := range uint64(300) {
		constructors := drawConstructors(rand.New(rand.NewPCG(seed, 2)))
		random := rand.New(rand.NewPCG(seed, 3))
		want := planned(t, constructors, func(int) bool { return false }, len(constructors)+1, nil)
		got := planned(t, constructors, func(int) bool { return random.IntN(3) == 0 }, random.IntN(len(constructors)+1), random)
		if !maps.Equal(got, want) {
			t.Fatalf("seed %d: the plan is\n%v\nwant\n%v", seed, got, want)
		}
	}
}

// drawn is a constructor, or a decorator of the constructor with that number.
type drawn struct {
	function  any
	opts      []dig.ProvideOption
	child     bool
	decorator bool
}

func drawConstructors(random *rand.Rand) []drawn {
	const count = 14
	runsType, idleType, groupType := reflect.TypeFor[*runs](), reflect.TypeFor[*idle](), reflect.TypeFor[[]*runs]()
	var all []drawn
	types := make([]reflect.Type, count) // nil for a member of the group
	inChild := make([]bool, count)
	for i := range count {
		d := drawn{child: random.IntN(4) == 0}
		inChild[i] = d.child
		fields := []reflect.StructField{{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true}}
		for j := range i {
			if types[j] == nil || random.IntN(4) > 0 || inChild[j] && !d.child {
				continue
			}
			fields = append(fields, reflect.StructField{
				Name: fmt.Sprint("F", j), Type: types[j], Tag: reflect.StructTag(fmt.Sprintf(`name:"%d"`, j)),
			})
		}
		result := runsType
		switch random.IntN(5) {
		case 0:
			result = idleType
		case 1: // takes no group: that would be a cycle
			d.opts, types[i] = []dig.ProvideOption{dig.Group("g")}, nil
		}
		if d.opts == nil {
			d.opts, types[i] = []dig.ProvideOption{dig.Name(strconv.Itoa(i))}, result
			if i == count-1 {
				fields = append(fields, reflect.StructField{Name: "G", Type: groupType, Tag: `group:"g"`})
			}
		}
		returning := func(name string) func([]reflect.Value) []reflect.Value {
			return func([]reflect.Value) []reflect.Value {
				if result == idleType {
					return []reflect.Value{reflect.ValueOf(new(idle))}
				}
				return []reflect.Value{reflect.ValueOf(&runs{process.Nop(), name})}
			}
		}
		d.function = reflect.MakeFunc(reflect.FuncOf([]reflect.Type{reflect.StructOf(fields)}, []reflect.Type{result}, false),
			returning(strconv.Itoa(i))).Interface()
		all = append(all, d)
		if types[i] == runsType && random.IntN(6) == 0 {
			tag := reflect.StructTag(fmt.Sprintf(`name:"%d"`, i))
			in := reflect.StructOf([]reflect.StructField{fields[0], {Name: "Raw", Type: runsType, Tag: tag}})
			out := reflect.StructOf([]reflect.StructField{{Name: "Out", Type: reflect.TypeFor[dig.Out](), Anonymous: true}, {Name: "New", Type: runsType, Tag: tag}})
			f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{in}, []reflect.Type{out}, false), func([]reflect.Value) []reflect.Value {
				v := reflect.New(out).Elem()
				v.Field(1).Set(reflect.ValueOf(&runs{process.Nop(), fmt.Sprint(i, " decorated")}))
				return []reflect.Value{v}
			})
			all = append(all, drawn{function: f.Interface(), decorator: true, child: d.child})
		}
	}
	return all
}

// planned returns, for each unit, its layer and what it waits for. The first so many
// constructors are given to dig, and of the rest those for which direct is true; some
// of the first are called then.
func planned(t *testing.T, constructors []drawn, direct func(int) bool, before int, random *rand.Rand) map[string]string {
	t.Helper()
	var app *container.App
	c := dig.New(dig.DeferAcyclicVerification())
	root, child := container.Provider(c), container.Provider(c.Scope("child"))
	appRoot, appChild := root, child
	if random == nil {
		app = newApp()
		appRoot, appChild = app, app.Scope("child")
		before = 0
	}
	give := func(d drawn, root, child container.Provider) {
		at := root
		if d.child {
			at = child
		}
		err := error(nil)
		if d.decorator {
			err = at.Decorate(d.function)
		} else {
			err = at.Provide(d.function, d.opts...)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, d := range constructors {
		if i == before && app == nil {
			if random.IntN(2) == 0 {
				invokeSome(c, random)
			}
			app = attach(c)
			appRoot = app
		}
		if app == nil || d.child && random != nil || direct(i) {
			give(d, root, child)
		} else {
			give(d, appRoot, appChild)
		}
	}
	if app == nil {
		app = attach(c)
	}
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	p, err := app.Plan()
	if err != nil {
		t.Fatal(err)
	}
	units := make(map[string]string)
	for layer, list := range p.Layers {
		for _, u := range list {
			slices.Sort(u.DependsOn)
			units[u.Name] = fmt.Sprint(layer, u.DependsOn)
		}
	}
	return units
}

// invokeSome has a container build what has that name, if there is such a thing.
func invokeSome(c *dig.Container, random *rand.Rand) {
	in := reflect.StructOf([]reflect.StructField{
		{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true},
		{Name: "V", Type: reflect.TypeFor[*runs](), Tag: reflect.StructTag(fmt.Sprintf(`name:"%d" optional:"true"`, random.IntN(6)))},
	})
	_ = c.Invoke(reflect.MakeFunc(reflect.FuncOf([]reflect.Type{in}, nil, false), func([]reflect.Value) []reflect.Value { return nil }).Interface())
}
