package bench

import (
	"fmt"
	"reflect"

	"go.uber.org/dig"
)

// Constructors is what a program provides, and asks for: constructors that do nothing, in
// ten layers, each with up to three parameters of the layer below.
type Constructors struct {
	All  []Constructor
	Asks []int // of positions: all of the last layer, which needs all the others

	// Funcs are the same for who goes by types, and Invoke functions that ask for all of
	// Asks. Of Running, one in ten returns a unit, too.
	Funcs, Running []any
	Invoke         []any

	called int
}

// Constructor is one for who goes by names: Call does what a constructor does in itself.
type Constructor struct {
	Name      string
	DependsOn []int
	Call      func() any
}

// NewConstructors returns n constructors.
func NewConstructors(n int) *Constructors {
	c := new(Constructors)
	for i, u := range Layered(n) {
		v := reflect.New(TypeOf(i).Elem())
		value, results := v.Interface(), []reflect.Value{v}
		c.All = append(c.All, Constructor{u.Name, u.DependsOn, func() any { c.called++; return value }})
		in := TypesOf(u.DependsOn)
		c.Funcs = append(c.Funcs, Func(in, []reflect.Type{v.Type()}, func([]reflect.Value) []reflect.Value {
			c.called++
			return results
		}))
		if i%10 > 0 {
			c.Running = append(c.Running, c.Funcs[i])
		} else {
			out := Out(v.Type(), u.Name, reflect.TypeFor[*Unit]())
			c.Running = append(c.Running, Func(in, []reflect.Type{out}, func([]reflect.Value) []reflect.Value {
				c.called++
				r := reflect.New(out).Elem()
				r.Field(1).Set(v)
				r.Field(2).Set(reflect.ValueOf(new(Unit)))
				return []reflect.Value{r}
			}))
		}
		if i >= n-n/10 {
			c.Asks = append(c.Asks, i)
		}
	}
	for i := 0; i < len(c.Asks); i += 100 { // a function may have so many parameters
		some := c.Asks[i:min(i+100, len(c.Asks))]
		c.Invoke = append(c.Invoke, Func(TypesOf(some), nil, func([]reflect.Value) []reflect.Value { return nil }))
	}
	return c
}

// Called returns how many constructors were called since Called was called before.
func (c *Constructors) Called() int {
	defer func() { c.called = 0 }()
	return c.called
}

// TypeOf returns the type that stands for a position: no two are the same.
func TypeOf(position int) reflect.Type {
	return reflect.PointerTo(reflect.ArrayOf(position+1, reflect.TypeFor[struct{}]()))
}

// TypesOf returns the types of positions.
func TypesOf(positions []int) []reflect.Type {
	types := make([]reflect.Type, len(positions))
	for i, p := range positions {
		types[i] = TypeOf(p)
	}
	return types
}

// Out returns a dig.Out of a value and one that has a name, in this order.
func Out(value reflect.Type, name string, named reflect.Type) reflect.Type {
	return reflect.StructOf([]reflect.StructField{
		{Name: "Out", Type: reflect.TypeFor[dig.Out](), Anonymous: true},
		{Name: "Value", Type: value},
		{Name: "Named", Type: named, Tag: reflect.StructTag(fmt.Sprintf("name:%q", name))},
	})
}

// Func returns a function of types.
func Func(in, out []reflect.Type, call func([]reflect.Value) []reflect.Value) any {
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), call).Interface()
}
