package wiring

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.uber.org/dig"
)

type (
	pump   struct{ int }
	valve  struct{ int }
	device interface{ work() }
)

func (*pump) work()  {}
func (*valve) work() {}

func mustAttach(t *testing.T, c *dig.Container) *Scope {
	t.Helper()
	root, err := Attach(c)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What was built in an order that does not show goes by its type, and where that does not tell by what needs what.
func TestAttachTellsMembersOfGroupsApart(t *testing.T) {
	type some struct {
		dig.In
		Parts []device `group:"parts"`
	}
	type many struct {
		dig.Out
		Pump  *pump    `name:"first"`
		Parts []device `group:"parts,flatten"`
	}
	type takes struct {
		dig.In
		First *pump `name:"first"`
	}
	group := []dig.ProvideOption{dig.Group("parts"), dig.As(new(device))}
	c := dig.New()
	must(t,
		c.Provide(func() *pump { return &pump{1} }, group...),
		c.Provide(func() *valve { return &valve{2} }, group...),
		c.Invoke(func(some) {}),
	)
	root := mustAttach(t, c)
	for i, want := range []any{&pump{1}, &valve{2}} {
		got := root.Nodes()[i].Returned(0)
		if len(got) != 1 || !reflect.DeepEqual(got[0].Interface(), want) {
			t.Errorf("%d has returned %v", i, got)
		}
	}

	c = dig.New()
	must(t,
		c.Provide(func(takes) *pump { return &pump{4} }, group...), // so it was called last
		c.Provide(func() many { return many{Parts: []device{&pump{1}, &pump{2}, &pump{3}}} }),
		c.Invoke(func(some) {}),
	)
	root = mustAttach(t, c)
	for i, want := range []int{1, 3} {
		if got := root.Nodes()[i].Returned(i); len(got) != want {
			t.Errorf("%d has returned %v, want %d of them", i, got, want)
		}
	}
	if unsure := root.Unsure(); unsure != nil {
		t.Errorf("unsure of %q", unsure)
	}
}

func TestAttachToADryContainer(t *testing.T) {
	c := dig.New(dig.DryRun(true))
	must(t, c.Provide(func() *pump { t.Error("called"); return nil }), c.Provide(func(*pump) *valve { t.Error("called"); return nil }))
	root := mustAttach(t, c)
	for _, n := range root.Nodes() {
		must(t, n.Build())
		if _, called := n.Called(); !called || len(n.Returned(0)) != 1 {
			t.Errorf("%v was not called", n)
		}
	}
}

// A constructor whose keys are all decorated, by somebody who does not want them, is left alone.
func TestAttachBuildsWhatIsWanted(t *testing.T) {
	c := dig.New()
	must(t,
		c.Provide(func() *pump { t.Error("called"); return nil }),
		c.Decorate(func() *pump { return &pump{2} }),
	)
	root := mustAttach(t, c)
	n := root.Nodes()[0]
	must(t, n.Build())
	if _, called := n.Called(); called {
		t.Error("it counts as called")
	}
}

func TestParseDot(t *testing.T) {
	type out struct {
		dig.Out
		Named *pump    `name:"it's \"named\""`
		Parts []device `group:"parts,flatten"`
		Part  device   `group:"parts"`
	}
	type in struct {
		dig.In
		Named *pump    `name:"it's \"named\""`
		Valve *valve   `optional:"true"`
		Parts []device `group:"parts"`
	}
	c := dig.New()
	must(t, c.Provide(func() out { return out{} }), c.Scope("s").Provide(func(in) string { return "" }))
	var b strings.Builder
	must(t, dig.Visualize(c, &b))
	var got []string
	for _, s := range parseDot(b.String()) {
		got = append(got, fmt.Sprintf("%s.%s %q %q", s.pkg, s.fn, s.params, s.results))
	}
	pkg := reflect.TypeFor[pump]().PkgPath() + ".TestParseDot."
	want := []string{
		pkg + `func1 [] ["*wiring.pump[name=it's \"named\"]" "[type=wiring.device group=parts]" "[type=wiring.device group=parts]"]`,
		pkg + `func2 ["*wiring.pump[name=it's \"named\"]" "*wiring.valve" "[type=wiring.device group=parts]"] ["string"]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A decorator that came after a consumer, and needs it, cannot have been what the consumer was given.
func TestAttachSeesThatADecoratorCameLater(t *testing.T) {
	c := dig.New()
	must(t,
		c.Provide(func() *pump { return &pump{1} }),
		c.Provide(func(p *pump) *valve { return &valve{p.int} }),
		c.Invoke(func(*valve) {}),
		c.Decorate(func(p *pump, _ *valve) *pump { return &pump{2} }),
		c.Invoke(func(*pump) {}),
	)
	root := mustAttach(t, c)
	nodes := root.Nodes()
	must(t, root.Cycle(nodes))
	for i, want := range [][]*Node{{}, {nodes[0]}, {nodes[0], nodes[1]}} {
		var got []*Node
		for _, e := range nodes[i].Edges() {
			got = append(got, e.To)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v was given what %v have made, want %v", nodes[i], got, want)
		}
	}
}
