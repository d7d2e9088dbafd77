package wiring

import (
	"fmt"
	"reflect"

	"github.com/strata-go/strata/internal/digread"
)

// Key is what dig identifies a value by: its type and, if it has one, its name or its group. The Type of a group's key is
// that of the group's elements.
type Key struct {
	Type  reflect.Type
	Name  string
	Group string
}

// String returns the key in dig's notation: *shop.DB, *shop.DB[name="ro"], http.Handler[group="routes"].
func (k Key) String() string {
	switch {
	case k.Type == nil:
		return "<nil>"
	case k.Name != "":
		return fmt.Sprintf("%v[name=%q]", k.Type, k.Name)
	case k.Group != "":
		return fmt.Sprintf("%v[group=%q]", k.Type, k.Group)
	}
	return k.Type.String()
}

func (k Key) read() digread.Key { return digread.Key(k) }

// Param is something that a function needs: an argument, or a field of an argument that is a dig.In.
type Param struct {
	Key      Key
	Optional bool
	Soft     bool
	Arg      int // which argument of the function

	field *field // nil for a plain argument
}

// Index returns the field index path inside the argument's dig.In struct, nil for a plain argument.
func (p *Param) Index() []int { return p.field.path() }

// Result is something that a function returns: a value, or a field of a value that is a dig.Out.
type Result struct {
	// Keys are all keys that the value is registered under: dig.As gives several, and leaves out the type itself.
	Keys []Key
	// Declared is the static type of the value: of the element, if Flatten.
	Declared reflect.Type
	// Flatten is true if a slice is returned whose elements are what the Keys stand for: a group's flattened slice
	// and the group that a decorator returns.
	Flatten bool

	Out int // which return value

	field *field // nil for a plain value
}

// Index returns the field index path inside the return value, which is a dig.Out; nil for a plain value.
func (r *Result) Index() []int { return r.field.path() }

// field is what there is to know of a parameter or a result that is not one of its own, or not of one value.
type field struct {
	index []int        // in a dig.In or a dig.Out
	slice reflect.Type // declared type of the slice that a group is taken or decorated by, which may have a name of its own
}

func (f *field) path() []int {
	if f == nil {
		return nil
	}
	return f.index
}
