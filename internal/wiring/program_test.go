package wiring

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"

	"go.uber.org/dig"
	"pgregory.net/rapid"

	"github.com/strata-go/strata/internal/digtypes"
)

// This file draws random programs for the differential tests and runs their functions.

// Thing is what all values are: they tell who made them.
type Thing struct{ maker string }

func (t *Thing) made() string { return t.maker }

type (
	t0 struct{ Thing }
	t1 struct{ Thing }
	t2 struct{ Thing }
	t3 struct{ Thing }
	t4 struct{ Thing }
	t5 struct{ Thing }

	face    interface{ made() string }
	another interface{ made() string }

	named []*t0 // a slice type with a name of its own
)

var valueTypes = []reflect.Type{
	reflect.TypeFor[*t0](), reflect.TypeFor[*t1](), reflect.TypeFor[*t2](),
	reflect.TypeFor[*t3](), reflect.TypeFor[*t4](), reflect.TypeFor[*t5](),
}

var faceTypes = []reflect.Type{reflect.TypeFor[face](), reflect.TypeFor[another]()}

// slot is a parameter or a result.
type slot struct {
	Type           reflect.Type
	Name, Group    string
	Optional, Soft bool
	Flatten, Named bool
}

// part is an argument or a return value: one slot, or a dig.In or dig.Out of some, the last of them perhaps nested.
type part struct {
	Slots  []slot
	Struct bool
	Nested bool
}

type step struct {
	What     string // scope, provide, decorate, invoke
	ID       int
	Scope    int
	In, Out  []part
	Variadic bool
	Error    bool // returns an error, too
	Fails    int  // the first so many calls fail
	Wrap     bool
	Name     string
	Group    string
	As       []reflect.Type
	Export   bool
	Callback bool
}

func (s step) String() string {
	in := fmt.Sprint(s.In)
	return fmt.Sprintf("%s %d scope=%d in=%v out=%v var=%v err=%v fails=%d wrap=%v name=%q group=%q as=%v export=%v",
		s.What, s.ID, s.Scope, in, s.Out, s.Variadic, s.Error, s.Fails, s.Wrap, s.Name, s.Group, s.As, s.Export)
}

// drawProgram draws a program. The numbers are not rapid's own, which favours small ones.
func drawProgram(t *rapid.T) []step {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "more")))
	between := func(low, high int) int { return low + r.IntN(high-low+1) }
	chance := func(percent int) bool { return r.IntN(100) < percent }
	n := between(5, 24)
	acyclic := chance(80)
	rich := chance(50) // each type has a constructor from the beginning, so that little is missing
	if rich {
		n += len(valueTypes)
	}
	var program []step
	scopes := 1

	input := func(above int) slot {
		s := slot{}
		low := 0
		if acyclic {
			low = above + 1
		}
		switch {
		case chance(12) && (!acyclic || above < 3):
			s.Type = pick(r, faceTypes)
		case low >= len(valueTypes):
			s.Type = valueTypes[len(valueTypes)-1]
			s.Name = "leaf"
			s.Optional = true
			return s
		default:
			s.Type = valueTypes[between(low, len(valueTypes)-1)]
		}
		switch between(0, 9) {
		case 0, 1, 2:
			s.Group = pick(r, []string{"g", "h"})
			s.Soft = chance(25)
			s.Named = s.Type == valueTypes[0] && chance(30)
		case 3:
			s.Name = "n"
		}
		if s.Group == "" {
			s.Optional = chance(25)
		}
		return s
	}
	inputs := func(above int) []part {
		var parts []part
		for range between(0, 3) {
			p := part{}
			for range between(1, 2) {
				p.Slots = append(p.Slots, input(above))
			}
			one := p.Slots[0]
			p.Struct = len(p.Slots) > 1 || one.Name != "" || one.Group != "" || one.Optional
			p.Nested = p.Struct && chance(20)
			parts = append(parts, p)
		}
		return parts
	}

	for i := range n {
		s := step{ID: i, Scope: between(0, scopes-1)}
		kind := between(0, 99)
		if i == n-1 {
			kind = 99
		}
		own := between(0, len(valueTypes)-1)
		form := between(0, 9)
		if rich && i < len(valueTypes) {
			kind, own, form = 50, i, 9
		}
		s.Error = chance(30)
		s.Variadic = chance(10)
		s.Wrap = chance(40)
		s.Callback = chance(30)
		if s.Error && chance(25) {
			s.Fails = 1
		}
		switch {
		case kind < 12 && scopes < 4:
			s.What = "scope"
			scopes++
		case kind < 60:
			s.What = "provide"
			s.In = inputs(own)
			s.Export = chance(20)
			out := slot{Type: valueTypes[own]}
			switch form {
			case 0, 1:
				s.Group = pick(r, []string{"g", "h"})
				s.Out = []part{{Slots: []slot{out}}}
			case 2:
				s.Name = "n"
				s.Out = []part{{Slots: []slot{out}}}
			case 3, 4:
				if acyclic && own < 4 {
					s.Out = []part{{Slots: []slot{out}}}
					break
				}
				if chance(70) {
					s.As = []reflect.Type{pick(r, faceTypes)}
				} else {
					s.As = faceTypes
				}
				s.Out = []part{{Slots: []slot{out}}}
				if chance(30) {
					s.Group = "g"
				}
			case 5, 6, 7:
				p := part{Struct: true, Nested: chance(30)}
				for range between(1, 3) {
					f := slot{Type: valueTypes[between(max(0, own-1), own)]}
					switch between(0, 3) {
					case 0:
						f.Group = "g"
						f.Flatten = chance(40)
					case 1:
						f.Group = "h"
					case 2:
						f.Name = "n"
					}
					p.Slots = append(p.Slots, f)
				}
				s.Out = []part{p}
			default:
				s.Out = []part{{Slots: []slot{out}}}
			}
		case kind < 77:
			s.What = "decorate"
			p := part{Struct: true}
			for range between(1, 2) {
				f := slot{Type: valueTypes[own]}
				switch between(0, 3) {
				case 0, 1:
					f.Group = pick(r, []string{"g", "h"})
					f.Named = own == 0 && chance(30)
				case 2:
					f.Name = "n"
				}
				p.Slots = append(p.Slots, f)
			}
			s.Out = []part{p}
			if chance(75) {
				in := p.Slots[0]
				s.In = []part{{Struct: true, Slots: []slot{in}}}
			}
			s.In = append(s.In, inputs(own)...)
		default:
			s.What = "invoke"
			s.In = inputs(-1)
		}
		program = append(program, s)
	}
	return program
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (s slot) fieldType(sliced bool) reflect.Type {
	switch {
	case s.Named && sliced:
		return reflect.TypeFor[named]()
	case s.Group != "" && (sliced || s.Flatten):
		return reflect.SliceOf(s.Type)
	}
	return s.Type
}

// partType makes the type of a part, and says by which index paths its slots are reached.
func partType(p part, embedded reflect.Type, sliced bool) (reflect.Type, [][]int) {
	if !p.Struct {
		return p.Slots[0].Type, [][]int{nil}
	}
	var fields []digtypes.Field
	for _, s := range p.Slots {
		fields = append(fields, digtypes.Field{
			Type: s.fieldType(sliced), Name: s.Name, Group: s.Group,
			Optional: s.Optional, Soft: s.Soft, Flatten: s.Flatten,
		})
	}
	return digtypes.Struct(embedded, p.Nested, fields...)
}

// world runs a program on one of the two.
type world struct {
	program []step
	log     []string
	called  map[int]int
	infos   []string
	given   map[int]map[string][]string // step, parameter, makers
	look    func()                      // called by each function, if not nil
}

func newWorld(program []step) *world {
	return &world{program: program, called: map[int]int{}, given: map[int]map[string][]string{}}
}

// function makes the function of a step: it logs its arguments and returns values that bear its name.
func (w *world) function(s step) any {
	var in, out []reflect.Type
	inPaths, outPaths := make([][][]int, len(s.In)), make([][][]int, len(s.Out))
	for i, p := range s.In {
		t, paths := partType(p, inType, true)
		in, inPaths[i] = append(in, t), paths
	}
	if s.Variadic {
		in = append(in, reflect.TypeFor[[]string]())
	}
	for i, p := range s.Out {
		t, paths := partType(p, outType, s.What == "decorate")
		out, outPaths[i] = append(out, t), paths
	}
	if s.Error {
		out = append(out, errorType)
	}
	t := reflect.FuncOf(in, out, s.Variadic)
	return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		w.called[s.ID]++
		who := fmt.Sprintf("%d#%d", s.ID, w.called[s.ID])
		line := who
		w.given[s.ID] = map[string][]string{}
		for i, p := range s.In {
			for j, slot := range p.Slots {
				v := at(args[i], inPaths[i][j])
				makers := makersOf(v)
				line += fmt.Sprintf(" %v:%v", slot, makers)
				w.given[s.ID][fmt.Sprint(i, inPaths[i][j])] = makers
			}
		}
		w.log = append(w.log, line)
		if w.look != nil {
			w.look()
		}
		results := make([]reflect.Value, len(out))
		for i := range out {
			results[i] = reflect.New(out[i]).Elem()
		}
		for i, p := range s.Out {
			for j := range p.Slots {
				fill(at(results[i], outPaths[i][j]), fmt.Sprintf("%s.%d.%d", who, i, j))
			}
		}
		if s.Error && w.called[s.ID] <= s.Fails {
			results[len(out)-1].Set(reflect.ValueOf(fmt.Errorf("%s fails", who)))
		}
		return results
	}).Interface()
}

func at(v reflect.Value, path []int) reflect.Value {
	if len(path) == 0 {
		return v
	}
	return v.FieldByIndex(path)
}

func fill(v reflect.Value, who string) {
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), who+"a")
		fill(v.Index(1), who+"b")
		return
	}
	p := reflect.New(v.Type().Elem())
	p.Elem().Field(0).Set(reflect.ValueOf(Thing{who}))
	v.Set(p)
}

func makersOf(v reflect.Value) []string {
	var makers []string
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			makers = append(makers, makersOf(v.Index(i))...)
		}
		slices.Sort(makers)
		return makers
	}
	if v.IsNil() {
		return nil
	}
	return []string{v.Interface().(face).made()}
}

func (w *world) provideOptions(s step) []dig.ProvideOption {
	var opts []dig.ProvideOption
	if s.Name != "" {
		opts = append(opts, dig.Name(s.Name))
	}
	if s.Group != "" {
		opts = append(opts, dig.Group(s.Group))
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
	if s.Callback {
		opts = append(opts, dig.WithProviderCallback(func(i dig.CallbackInfo) { w.info(s, i) }),
			dig.WithProviderBeforeCallback(func(dig.BeforeCallbackInfo) { w.infos = append(w.infos, fmt.Sprint("before ", s.ID)) }))
	}
	return opts
}

func (w *world) decorateOptions(s step) []dig.DecorateOption {
	if !s.Callback {
		return nil
	}
	return []dig.DecorateOption{
		dig.WithDecoratorCallback(func(i dig.CallbackInfo) { w.info(s, i) }),
		dig.WithDecoratorBeforeCallback(func(dig.BeforeCallbackInfo) { w.infos = append(w.infos, fmt.Sprint("before ", s.ID)) }),
	}
}

func (w *world) info(s step, i dig.CallbackInfo) {
	w.infos = append(w.infos, fmt.Sprint(s.ID, text(i.Error)))
}

func text(err error) string {
	if err == nil {
		return "<nil>"
	}
	return err.Error()
}
