package container_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path"
	"reflect"
	"runtime"
	"slices"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/digtypes"
)

// This file makes the functions of programs, and notes what they are given.

// bundleType makes the type of a bundle, and says by which index paths its slots are
// reached. A sliced group is a slice.
func bundleType(b bundle, embedded reflect.Type, sliced bool) (reflect.Type, [][]int) {
	if !b.Struct {
		return b.Slots[0].fieldType(sliced), [][]int{nil}
	}
	var fields []digtypes.Field
	for _, s := range b.Slots {
		fields = append(fields, digtypes.Field{
			Type: s.fieldType(sliced), Name: s.Name, Group: s.Group,
			Optional: s.Optional, Soft: s.Soft, Flatten: s.Flatten,
		})
	}
	return digtypes.Struct(embedded, b.Nested, fields...)
}

func (s slot) fieldType(sliced bool) reflect.Type {
	if s.Flatten || s.Group != "" && sliced {
		return reflect.SliceOf(s.Type)
	}
	return s.Type
}

// options are those of a constructor. dig is to tell of some that they were called.
func (w *world) options(s *step) []dig.ProvideOption {
	opts := []dig.ProvideOption{dig.LocationForPC(reflect.ValueOf(places[s.ID]).Pointer())}
	if s.tells() {
		opts = append(opts,
			dig.WithProviderBeforeCallback(func(dig.BeforeCallbackInfo) { w.told = append(w.told, fmt.Sprint("before ", s.ID)) }),
			dig.WithProviderCallback(func(i dig.CallbackInfo) { w.tell(s, i) }))
	}
	if s.Name != "" {
		opts = append(opts, dig.Name(s.Name))
	}
	if s.Group != "" {
		group := s.Group
		if s.Out[0].Slots[0].Flatten {
			group += ",flatten"
		}
		opts = append(opts, dig.Group(group))
	}
	if s.Export {
		opts = append(opts, dig.Export(true))
	}
	if len(s.As) > 0 {
		var as []any
		for _, t := range s.As {
			as = append(as, reflect.New(t).Interface())
		}
		opts = append(opts, dig.As(as...))
	}
	return opts
}

// decorateOptions are those of a decorator.
func (w *world) decorateOptions(s *step) []dig.DecorateOption {
	if !s.tells() {
		return nil
	}
	return []dig.DecorateOption{
		dig.WithDecoratorBeforeCallback(func(dig.BeforeCallbackInfo) { w.told = append(w.told, fmt.Sprint("before ", s.ID)) }),
		dig.WithDecoratorCallback(func(i dig.CallbackInfo) { w.tell(s, i) }),
	}
}

// tells reports whether dig is given callbacks with a function.
func (s *step) tells() bool { return s.ID%3 == 0 }

func (w *world) tell(s *step, i dig.CallbackInfo) {
	w.told = append(w.told, fmt.Sprintf("%d %s %v", s.ID, i.Name, i.Error))
}

// recorded is a call of a function of a program.
type recorded struct {
	*step
	number int // of the calls, from 0
	during int // the ID of the step that made dig call it
	args   [][]maker
	made   [][]maker
	hooks  []*hooked
	failed bool

	asserted bool // it passed on a value by a type assertion
}

// hooked is a hook that was appended.
type hooked struct {
	name string
	life *life
}

// world is where the functions of a program are called.
type world struct {
	program  program
	calls    []*recorded
	log      []string
	told     []string // by dig's callbacks
	during   int      // the step that is done
	times    map[int]int
	supplied map[*step]maker
}

func newWorld(p program) *world {
	return &world{program: p, times: make(map[int]int), supplied: make(map[*step]maker)}
}

var (
	inType        = reflect.TypeFor[dig.In]()
	outType       = reflect.TypeFor[dig.Out]()
	errorType     = reflect.TypeFor[error]()
	lifecycleType = reflect.TypeFor[hooks.Lifecycle]()
)

// function makes the function of a step: it notes what it is given and what it returns.
func (w *world) function(s *step) any {
	var in, out []reflect.Type
	inPaths, outPaths := make([][][]int, len(s.In)), make([][][]int, len(s.Out))
	for i, b := range s.In {
		t, paths := bundleType(b, inType, true)
		in, inPaths[i] = append(in, t), paths
	}
	if s.Lifecycle {
		in = append(in, lifecycleType)
	}
	for i, b := range s.Out {
		t, paths := bundleType(b, outType, s.Kind == decorateStep)
		out, outPaths[i] = append(out, t), paths
	}
	if s.Fails > 0 {
		out = append(out, errorType)
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		w.times[s.ID]++
		who := fmt.Sprintf("%d#%d", s.ID, w.times[s.ID])
		c := &recorded{step: s, number: len(w.calls), during: w.during}
		w.calls = append(w.calls, c)
		line := who
		for i, b := range s.In {
			for j, p := range b.Slots {
				values := valuesIn(field(args[i], inPaths[i][j]))
				c.args = append(c.args, values)
				line += fmt.Sprintf(" %v:%v", p.key(), makersIn(values))
			}
		}
		w.log = append(w.log, line)
		if s.Lifecycle {
			l := args[len(args)-1].Interface().(hooks.Lifecycle)
			for i := range s.Hooks {
				h := &hooked{fmt.Sprintf("%s hook %d", who, i), w.life(who, -1-i)}
				c.hooks = append(c.hooks, h)
				l.Append(hooks.Hook{Name: h.name, OnStart: h.life.onStart, OnStop: h.life.onStop})
			}
		}
		results := make([]reflect.Value, len(out))
		for i := range out {
			results[i] = reflect.New(out[i]).Elem()
		}
		for i, b := range s.Out {
			for j, r := range b.Slots {
				v := field(results[i], outPaths[i][j])
				w.fill(c, v, r, fmt.Sprintf("%s.%d", who, len(c.made)))
				c.made = append(c.made, valuesIn(v))
			}
		}
		if s.Fails > 0 && w.times[s.ID] <= s.Fails {
			c.failed = true
			results[len(out)-1].Set(reflect.ValueOf(fmt.Errorf("%s fails", who)))
		}
		return results
	}).Interface()
}

// life draws how long something takes to start and to stop: no two take the same time,
// so that times tell who waited for whom.
func (w *world) life(who string, part int) *life {
	h := w.program.Seed
	for _, c := range fmt.Sprint(who, "/", part) {
		h = h*1099511628211 + uint64(c)
	}
	r := rand.New(rand.NewPCG(h, 2))
	return &life{startTook: 1 + time.Duration(r.Int64N(int64(time.Second))), stopTook: 1 + time.Duration(r.Int64N(int64(time.Second)))}
}

// fill sets v to what c returns for r.
func (w *world) fill(c *recorded, v reflect.Value, r slot, who string) {
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), r.Many, r.Many))
		for i := range r.Many {
			w.fill(c, v.Index(i), r, fmt.Sprint(who, string(rune('a'+i))))
		}
		return
	}
	switch r.Outcome {
	case nothing:
		return
	case passedOn:
		for i, values := range c.args {
			// dig shuffles groups.
			for _, of := range slices.SortedFunc(slices.Values(values), func(x, y maker) int { return cmp.Compare(nameOf(x), nameOf(y)) }) {
				if of != nil && reflect.TypeOf(of).AssignableTo(v.Type()) {
					v.Set(reflect.ValueOf(of))
					c.asserted = c.asserted || !c.params()[i].Type.AssignableTo(v.Type())
					return
				}
			}
		}
	}
	v.Set(reflect.ValueOf(w.newValue(r.Concrete, who)))
}

func (w *world) newValue(t reflect.Type, who string) maker {
	v := reflect.New(t.Elem()).Interface().(maker)
	v.begin(who, w.life(who, 0))
	return v
}

func field(v reflect.Value, index []int) reflect.Value {
	if len(index) == 0 {
		return v
	}
	return v.FieldByIndex(index)
}

// valuesIn are the values in v, or in its elements: nil for what is nil.
func valuesIn(v reflect.Value) []maker {
	if v.Kind() == reflect.Slice {
		values := []maker{}
		for i := range v.Len() {
			values = append(values, valuesIn(v.Index(i))...)
		}
		return values
	}
	if v.IsNil() || v.Kind() == reflect.Interface && v.Elem().IsNil() { // a nil pointer by dig.As, too
		return []maker{nil}
	}
	return []maker{v.Interface().(maker)}
}

func makersIn(values []maker) []string {
	var makers []string
	for _, v := range values {
		makers = append(makers, nameOf(v))
	}
	slices.Sort(makers) // dig shuffles groups
	return makers
}

func nameOf(v maker) string {
	if v == nil {
		return "nil"
	}
	return v.made()
}

// placeOf is how the App writes down where a function is from.
func placeOf(pc uintptr) string {
	f := runtime.FuncForPC(pc)
	file, line := f.FileLine(pc)
	return fmt.Sprintf("%s (%s:%d)", path.Base(f.Name()), path.Base(file), line)
}

func (s *step) place() string { return placeOf(reflect.ValueOf(places[s.ID]).Pointer()) }

// madeFunc is how the App writes down where a function is from that reflect has made.
var madeFunc = placeOf(reflect.ValueOf(reflect.MakeFunc(reflect.TypeFor[func()](), nil).Interface()).Pointer())
