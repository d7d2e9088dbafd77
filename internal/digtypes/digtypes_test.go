package digtypes

import (
	"reflect"
	"testing"

	"go.uber.org/dig"
)

func TestStructIsWhatOneWouldWrite(t *testing.T) {
	type nested struct {
		dig.In
		F2 *int `optional:"true"`
	}
	type want struct {
		dig.In
		F0     string   `name:"n"`
		F1     []string `group:"g,soft"`
		Nested nested
	}
	got, paths := Struct(reflect.TypeFor[dig.In](), true,
		Field{Type: reflect.TypeFor[string](), Name: "n"},
		Field{Type: reflect.TypeFor[[]string](), Group: "g", Soft: true},
		Field{Type: reflect.TypeFor[*int](), Optional: true})
	wantFields(t, got, reflect.TypeFor[want]())
	wantFields(t, got.Field(3).Type, reflect.TypeFor[nested]())
	if want := [][]int{{1}, {2}, {3, 1}}; !reflect.DeepEqual(paths, want) {
		t.Errorf("paths are %v, want %v", paths, want)
	}
}

// wantFields checks all but the types of nested structs.
func wantFields(t *testing.T, got, want reflect.Type) {
	t.Helper()
	if got.NumField() != want.NumField() {
		t.Fatalf("%v, want the fields of %v", got, want)
	}
	for i := range want.NumField() {
		g, w := got.Field(i), want.Field(i)
		if g.Name != w.Name || g.Tag != w.Tag || g.Anonymous != w.Anonymous || g.Type != w.Type && w.Name != "Nested" {
			t.Errorf("field %d is %v, want %v", i, g, w)
		}
	}
}
