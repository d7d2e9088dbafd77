package digread

import (
	"reflect"
	"strings"
	"testing"

	"go.uber.org/dig"
)

// When this fails dig has changed: see what is different, and whether the reading can follow.
func TestDigIsLaidOutAsKnown(t *testing.T) {
	if err := Check(); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherLayoutIsAnError(t *testing.T) {
	type Scope struct{ name string }
	type Container struct{ scope *Scope }
	for _, other := range []reflect.Type{
		reflect.TypeFor[Container](),
		reflect.TypeFor[struct{ scope *Scope }](),
		reflect.TypeFor[int](),
	} {
		if err := checkTypes(other); err == nil {
			t.Errorf("%v passes for dig's container", other)
		}
	}
	_ = Container{&Scope{""}}.scope.name
}

func TestWhatIsNoContainerIsAnError(t *testing.T) {
	for _, c := range []*dig.Container{nil, new(dig.Container)} {
		if _, err := Open(c); err == nil {
			t.Error("no error")
		}
	}
}

func TestLocations(t *testing.T) {
	c := dig.New()
	if err := c.Provide(strings.NewReader); err != nil {
		t.Fatal(err)
	}
	if err := c.Provide(func() string { return "" }); err != nil {
		t.Fatal(err)
	}
	root, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"NewReader", "TestLocations.func1"} {
		got, err := root.Constructor(i)
		if err != nil {
			t.Fatal(err)
		}
		if got.Location.Name != want || got.Location.Line == 0 || !strings.HasSuffix(got.Location.File, ".go") {
			t.Errorf("location %+v, want %s", got.Location, want)
		}
	}
}

// Known kinds of results with other fields, and unknown kinds.
func TestUnknownResultsAreErrors(t *testing.T) {
	type (
		resultSingle  struct{ Name string }
		resultGrouped struct{ Group int }
		resultObject  struct{ Fields []struct{ FieldIndex string } }
		resultNew     struct{}
		noFields      struct{}
	)
	_ = noFields{}
	for _, r := range []any{resultSingle{}, resultGrouped{}, resultObject{make([]struct{ FieldIndex string }, 1)}, resultNew{}} {
		if err := new(Constructor).add(reflect.ValueOf(r), 0, nil); err == nil {
			t.Errorf("no error for %T", r)
		}
	}
}
