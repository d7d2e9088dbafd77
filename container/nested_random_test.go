package container_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/internal/digtypes"
)

// Functions that provide, decorate, invoke and make scopes while dig calls them, at
// random: dig is under way then, and looks for no cycle any more. It must not be led
// into one, which would be a stack overflow, nor call anybody twice.
func TestNobodyIsCalledTwiceWhateverIsDoneInside(t *testing.T) {
	programs := programsOf(t, 3000)
	kinds := make(tally)
	for seed := range uint64(programs) {
		p := &nestedCalls{random: rand.New(rand.NewPCG(seed, 7)), inside: 12, count: kinds, done: make(map[int]int)}
		p.scopes = []scoped{newApp()}
		for range 14 {
			p.act()
		}
		for id, times := range p.done {
			if times > 1 {
				t.Fatalf("seed %d: %d was called %d times:\n%s", seed, id, times, p.log.String())
			}
		}
	}
	t.Log(kinds)
	if programs < 3000 {
		return
	}
	for _, kind := range []string{"Provide", "Decorate", "Invoke", "refused: would close a cycle", "a cycle"} {
		if kinds[kind] == 0 {
			t.Errorf("never: %s", kind)
		}
	}
}

// scoped is an App or a Scope of one.
type scoped interface {
	container.Provider
	Scope(name string, opts ...dig.ScopeOption) *container.Scope
}

// nestedCalls is a random program under way.
type nestedCalls struct {
	random *rand.Rand
	scopes []scoped
	inside int // how much more is done inside of calls
	count  tally
	log    strings.Builder
	made   int         // functions so far
	done   map[int]int // how often a function was called with success
}

// act does something in one of the scopes.
func (p *nestedCalls) act() {
	s := p.scopes[p.random.IntN(len(p.scopes))]
	var err error
	switch k := p.random.IntN(12); {
	case k < 5:
		p.count.add("Provide", 1)
		result := p.anyType()
		var opts []dig.ProvideOption
		if p.random.IntN(4) == 0 {
			result, opts = p.member(), append(opts, dig.Group("g"))
		}
		if p.random.IntN(4) == 0 {
			opts = append(opts, dig.Export(true))
		}
		err = s.Provide(p.function("provide", 15, result), opts...)
	case k < 7:
		p.count.add("Decorate", 1)
		result := p.anyType()
		if p.random.IntN(3) == 0 {
			group := digtypes.Field{Type: reflect.SliceOf(p.member()), Group: "g"}
			result, _ = digtypes.Struct(reflect.TypeFor[dig.Out](), false, group)
		}
		err = s.Decorate(p.function("decorate", 30, result))
	case k == 7 && len(p.scopes) < 4:
		p.scopes = append(p.scopes, s.Scope("scope"))
	default:
		p.count.add("Invoke", 1)
		err = s.Invoke(p.function("invoke", 10))
	}
	switch text := errorText(err); {
	case strings.Contains(text, "cannot be given while"):
		p.count.add("refused: would close a cycle", 1)
	case dig.IsCycleDetected(err):
		p.count.add("a cycle", 1)
	}
	fmt.Fprintf(&p.log, "    %v\n", err)
}

func (p *nestedCalls) anyType() reflect.Type { return nestedTypes[p.random.IntN(len(nestedTypes))] }

// member is the type of what is in the group.
func (p *nestedCalls) member() reflect.Type { return nestedTypes[0] }

var nestedTypes = []reflect.Type{
	reflect.TypeFor[*[1]int16](), reflect.TypeFor[*[2]int16](), reflect.TypeFor[*[3]int16](),
	reflect.TypeFor[*[4]int16](), reflect.TypeFor[*[5]int16](),
}

// function makes one that takes something, acts, and fails in some of a hundred calls.
func (p *nestedCalls) function(what string, fails int, results ...reflect.Type) any {
	id := p.made
	p.made++
	in := p.params()
	fmt.Fprintf(&p.log, "%s %d %v -> %v\n", what, id, in, results)
	acts := p.random.IntN(3) * p.random.IntN(2)
	results = append(results, reflect.TypeFor[error]())
	t := reflect.FuncOf([]reflect.Type{in}, results, false)
	return reflect.MakeFunc(t, func([]reflect.Value) (values []reflect.Value) {
		fmt.Fprintf(&p.log, "  call %d\n", id)
		for range acts {
			if p.inside > 0 {
				p.inside--
				p.act()
			}
		}
		for _, result := range results {
			v := reflect.New(result).Elem()
			if result.Kind() == reflect.Pointer {
				v.Set(reflect.New(result.Elem()))
			}
			values = append(values, v)
		}
		if p.random.IntN(100) < fails {
			values[len(values)-1].Set(reflect.ValueOf(errors.New("boom")))
			return values
		}
		p.done[id]++
		fmt.Fprintf(&p.log, "  done %d\n", id)
		return values
	}).Interface()
}

// params makes a dig.In of some parameters.
func (p *nestedCalls) params() reflect.Type {
	var fields []digtypes.Field
	for range p.random.IntN(4) {
		f := digtypes.Field{Type: p.anyType()}
		switch p.random.IntN(8) {
		case 0, 1, 2:
			f.Optional = true
		case 3, 4:
			f.Type, f.Group, f.Soft = reflect.SliceOf(p.member()), "g", p.random.IntN(2) == 0
		}
		fields = append(fields, f)
	}
	in, _ := digtypes.Struct(reflect.TypeFor[dig.In](), false, fields...)
	return in
}
