package wiring

import (
	"errors"
	"reflect"
	"slices"
)

// relocate makes dig's errors name wrapped decorators and invoked functions as if they were not wrapped: for constructors there is
// dig.LocationForPC, for these nothing. path are the nodes on the way from the invoked function to the one that failed, each of
// which has added a layer to the error.
func relocate(err error, path []*Node) {
	for ; err != nil && len(path) > 0; err = errors.Unwrap(err) {
		at := locationIn(err)
		if !at.IsValid() {
			continue
		}
		if n := path[0]; n.isWrapped() && n.Kind != Constructor && isWrapper(at) {
			at.FieldByName("Package").SetString(n.pkg)
			at.FieldByName("Name").SetString(n.fn)
			at.FieldByName("File").SetString(n.File)
			at.FieldByName("Line").SetInt(int64(n.Line))
		}
		path = path[1:]
	}
}

// isWrapper reports whether a location is that of any function of [reflect.MakeFunc].
func isWrapper(at reflect.Value) bool {
	return at.FieldByName("Package").String() == "reflect" && at.FieldByName("Name").String() == "makeFuncStub"
}

// locationIn returns the *digreflect.Func of an error of dig's, dereferenced, which dig made for this error or for this decorator
// alone. It is invalid if the error has none.
func locationIn(err error) reflect.Value {
	v := reflect.ValueOf(err)
	if v.Kind() != reflect.Struct || v.Type().PkgPath() != locationOption.PkgPath() {
		return reflect.Value{}
	}
	for _, name := range []string{"Func", "fn"} {
		if f := v.FieldByName(name); f.IsValid() && f.Type() == locationOption.Field(0).Type && !f.IsNil() {
			return reflect.NewAt(f.Type().Elem(), f.UnsafePointer()).Elem()
		}
	}
	return reflect.Value{}
}

// way is the path by which the last walk came from n to end.
func way(n, end *Node) []*Node {
	var path []*Node
	for at := end; at != nil && at != n && !slices.Contains(path, at); at = at.from.Node {
		path = append(path, at)
	}
	path = append(path, n)
	slices.Reverse(path)
	return path
}
