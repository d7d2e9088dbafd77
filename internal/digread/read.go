package digread

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"unsafe"

	"go.uber.org/dig"
)

// Scope is a scope of a container, the root included.
type Scope struct {
	Dig  *dig.Scope
	Name string

	nodes, decorators, values, groups, children reflect.Value

	acyclic *bool
}

// Key is what dig identifies a value by. The Type of a group's key is that of the group's elements.
type Key struct {
	Type  reflect.Type
	Name  string
	Group string
}

// Location is where a function is declared, or what [dig.LocationForPC] says.
type Location struct {
	Package, Name, File string
	Line                int
}

// Constructor is a function that was given to Provide.
type Constructor struct {
	Func     reflect.Value
	Location Location
	Results  []Result
	Scope    *dig.Scope // where Provide was called
	Home     *dig.Scope // where the results are registered

	called *bool
}

// Result is a value among what a constructor returns.
type Result struct {
	Out     int   // which return value
	Index   []int // field index path inside its dig.Out; nil for a plain value
	Keys    []Key
	Flatten bool // the elements of the value are what the keys stand for
}

// Decorator is a function that was given to Decorate.
type Decorator struct {
	Func     reflect.Value
	Location Location
	Keys     []Key // that it decorates

	state reflect.Value
}

// Open returns the root scope of c. The error says that dig, or this container, cannot be read.
func Open(c *dig.Container) (*Scope, error) {
	if err := Check(); err != nil {
		return nil, err
	}
	root, err := rootOf(c)
	if err != nil {
		return nil, err
	}
	return At(root), nil
}

func rootOf(c *dig.Container) (*dig.Scope, error) {
	if c == nil {
		return nil, errors.New("the container is nil")
	}
	root := field(reflect.ValueOf(c).Elem(), "scope").Interface().(*dig.Scope)
	if root == nil {
		return nil, errors.New("the container was not made by dig.New")
	}
	return root, nil
}

// At returns a scope of a container that was opened.
func At(s *dig.Scope) *Scope {
	v := reflect.ValueOf(s).Elem()
	return &Scope{
		Dig:        s,
		Name:       field(v, "name").String(),
		nodes:      field(v, "nodes"),
		decorators: field(v, "decorators"),
		values:     field(v, "values"),
		groups:     field(v, "groups"),
		children:   field(v, "childScopes"),
		acyclic:    (*bool)(field(v, "isVerifiedAcyclic").Addr().UnsafePointer()),
	}
}

// Acyclic reports whether dig has found that there is no cycle in what the scope and those above were given, since a constructor was last
// provided, or was told so by [Scope.Vouch]. Else it looks for one before it fills the parameters of an invoked function.
func (s *Scope) Acyclic() bool { return *s.acyclic }

// Vouch tells dig that there is no cycle: it does not look for one until [Scope.Doubt] is called, or a constructor is provided.
func (s *Scope) Vouch() { *s.acyclic = true }

// Doubt has dig look for a cycle the next time.
func (s *Scope) Doubt() { *s.acyclic = false }

// Children returns the child scopes from the i-th on, in the order in which they were made.
func (s *Scope) Children(i int) []*dig.Scope {
	if i >= s.children.Len() {
		return nil
	}
	return slices.Clone(s.children.Interface().([]*dig.Scope)[i:])
}

// Constructors returns how many constructors are registered in the scope itself.
func (s *Scope) Constructors() int { return s.nodes.Len() }

// Constructor returns the i-th constructor, in the order of registration.
func (s *Scope) Constructor(i int) (*Constructor, error) {
	node := s.nodes.Index(i).Elem()
	c := &Constructor{
		Func:     field(node, "ctor").Elem(),
		Location: location(node),
		Scope:    field(node, "origS").Interface().(*dig.Scope),
		Home:     field(node, "s").Interface().(*dig.Scope),
		called:   (*bool)(field(node, "called").Addr().UnsafePointer()),
	}
	list := field(node, "resultList")
	results := field(list, "Results")
	for out, at := range field(list, "resultIndexes").Interface().([]int) {
		if at < 0 {
			continue // an error
		}
		if err := c.add(results.Index(at).Elem(), out, nil); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Identify gives the constructor that was registered last in the scope itself the identity id, by which dig.Visualize tells the
// constructors apart that failed. dig takes the address of the function's code, which all functions of [reflect.MakeFunc] share.
func (s *Scope) Identify(id uintptr) {
	last := s.nodes.Len() - 1
	if last < 0 {
		return
	}
	node := s.nodes.Index(last).Elem()
	if f := node.FieldByName("id"); f.Kind() == reflect.Uintptr {
		field(node, "id").SetUint(uint64(id))
	}
}

// add adds what a result of dig's stands for.
func (c *Constructor) add(result reflect.Value, out int, index []int) error {
	switch name := result.Type().Name(); name {
	case "resultSingle":
		t, ok := typeIn(result, "Type")
		as, okAs := typesIn(result, "As")
		label := result.FieldByName("Name")
		if !ok || !okAs || label.Kind() != reflect.String {
			return fmt.Errorf("%s has other fields", name)
		}
		r := Result{Out: out, Index: index}
		for _, t := range append([]reflect.Type{t}, as...) {
			r.Keys = append(r.Keys, Key{Type: t, Name: label.String()})
		}
		c.Results = append(c.Results, r)
	case "resultGrouped":
		t, ok := typeIn(result, "Type")
		as, okAs := typesIn(result, "As")
		group, flatten := result.FieldByName("Group"), result.FieldByName("Flatten")
		if !ok || !okAs || group.Kind() != reflect.String || flatten.Kind() != reflect.Bool {
			return fmt.Errorf("%s has other fields", name)
		}
		r := Result{Out: out, Index: index, Flatten: flatten.Bool()}
		for _, t := range append([]reflect.Type{t}, as...) {
			r.Keys = append(r.Keys, Key{Type: t, Group: group.String()})
		}
		c.Results = append(c.Results, r)
	case "resultObject":
		fields := result.FieldByName("Fields")
		if fields.Kind() != reflect.Slice {
			return fmt.Errorf("%s has other fields", name)
		}
		for i := range fields.Len() {
			at, inner := fields.Index(i).FieldByName("FieldIndex"), fields.Index(i).FieldByName("Result")
			if at.Kind() != reflect.Int || inner.Kind() != reflect.Interface {
				return fmt.Errorf("%s has other fields", name)
			}
			if err := c.add(inner.Elem(), out, append(slices.Clip(index), int(at.Int()))); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("there is a result of an unknown kind, %s", name)
	}
	return nil
}

func typeIn(v reflect.Value, name string) (reflect.Type, bool) {
	f := v.FieldByName(name)
	if !f.IsValid() || !f.CanInterface() {
		return nil, false
	}
	t, ok := f.Interface().(reflect.Type)
	return t, ok
}

func typesIn(v reflect.Value, name string) ([]reflect.Type, bool) {
	f := v.FieldByName(name)
	if !f.IsValid() || !f.CanInterface() {
		return nil, false
	}
	types, ok := f.Interface().([]reflect.Type)
	return types, ok
}

// location reads where the function of a node is declared.
func location(node reflect.Value) Location {
	f := field(node, "location")
	if f.IsNil() {
		return Location{Name: "func", File: "?"}
	}
	f = f.Elem()
	return Location{
		Package: f.FieldByName("Package").String(),
		Name:    f.FieldByName("Name").String(),
		File:    f.FieldByName("File").String(),
		Line:    int(f.FieldByName("Line").Int()),
	}
}

// Called reports whether dig has called the constructor, with success.
func (c *Constructor) Called() bool { return *c.called }

// Begun reports whether dig has begun to call it and is not done. Of a constructor it is not known.
func (c *Constructor) Begun() bool { return false }

// Decorated returns how many keys are decorated in the scope itself.
func (s *Scope) Decorated() int { return s.decorators.Len() }

// Decorators returns the decorators of the scope itself, in no order. Each has an identity by which it is known when it is
// read again.
func (s *Scope) Decorators() map[unsafe.Pointer]*Decorator {
	found := make(map[unsafe.Pointer]*Decorator)
	for all := s.decorators.MapRange(); all.Next(); {
		node := all.Value()
		id := node.UnsafePointer()
		d := found[id]
		if d == nil {
			d = decoratorIn(node.Elem())
			found[id] = d
		}
		d.Keys = append(d.Keys, keyOf(all.Key()))
	}
	return found
}

// Decorator returns the decorator of k, without its other keys, nil if there is none.
func (s *Scope) Decorator(k Key) *Decorator {
	node := s.decorators.MapIndex(s.key(k))
	if !node.IsValid() {
		return nil
	}
	d := decoratorIn(node.Elem())
	d.Keys = []Key{k}
	return d
}

func decoratorIn(node reflect.Value) *Decorator {
	return &Decorator{Func: field(node, "dcor").Elem(), Location: location(node), state: field(node, "state")}
}

// What dig's decoratorState says.
const (
	ready = iota
	onStack
	called
)

// Called reports whether dig has called the decorator, with success.
func (d *Decorator) Called() bool { return d.state.Int() == called }

// Begun reports whether dig has begun to call it and is not done: it is being called, or has failed.
func (d *Decorator) Begun() bool { return d.state.Int() == onStack }

// Retry has dig call the decorator again when it comes to it, if it has begun to and is not done; it would pass over it.
func (d *Decorator) Retry() {
	if d.Begun() {
		d.state.SetInt(ready)
	}
}

// Value returns the value that a constructor has returned for k, a single key, undecorated, if it was called.
func (s *Scope) Value(k Key) (v reflect.Value, ok bool) {
	found := s.values.MapIndex(s.key(k))
	if !found.IsValid() {
		return reflect.Value{}, false
	}
	return found.Interface().(reflect.Value), true
}

// Group returns the values that constructors have returned for k, a group's key, in the order in which they were called. The
// decorated ones, and those of other scopes, are not among them. The slice is not to be written to.
func (s *Scope) Group(k Key) []reflect.Value {
	found := s.groups.MapIndex(s.key(k))
	if !found.IsValid() {
		return nil
	}
	return found.Interface().([]reflect.Value)
}

func keyOf(v reflect.Value) Key {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return Key{field(c, "t").Interface().(reflect.Type), field(c, "name").String(), field(c, "group").String()}
}

// key returns k as dig has it.
func (s *Scope) key(k Key) reflect.Value {
	v := reflect.New(s.values.Type().Key()).Elem()
	field(v, "t").Set(reflect.ValueOf(&k.Type).Elem())
	field(v, "name").SetString(k.Name)
	field(v, "group").SetString(k.Group)
	return v
}
