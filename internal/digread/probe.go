package digread

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/dig"
)

// probe reads a container of which the content is known.
func probe() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading a container panics: %v", p)
		}
	}()
	var during string
	c := dig.New()
	root := mustRoot(c)
	child := c.Scope("child")
	type inner struct {
		dig.Out
		C []string `group:"many,flatten"`
		D uint
	}
	type out struct {
		dig.Out
		A     int    `name:"one"`
		B     string `group:"many"`
		Inner inner
	}
	for _, err := range []error{
		c.Provide(func() (out, error) { return out{A: 1, B: "b", Inner: inner{C: []string{"c", "d"}, D: 2}}, nil }),
		c.Provide(func() *strings.Builder { return new(strings.Builder) }, dig.As(new(fmt.Stringer), new(interface{ Len() int }))),
		child.Provide(func(int64) bool { return true }, dig.Name("yes"), dig.Export(true)),
		child.Provide(func() int64 { return 3 }),
		child.Decorate(func(i int64) int64 { during = describe(root); return i + 1 }),
		child.Invoke(func(int64) {}),
	} {
		if err != nil {
			return err
		}
	}
	const want = `scope ""
constructor [[0 [1]: int name="one"] [0 [2]: string group="many"] [0 [3 1]: string group="many" flatten] [0 [3 2]: uint]] called=false
constructor [[0 []: fmt.Stringer, interface { Len() int }]] called=false
constructor [[0 []: bool name="yes"]] called=false of "child"
scope "child"
constructor [[0 []: int64]] called=%t
decorator [int64] called=%t begun=%t
`
	at := "inside"
	if err := compare(during, fmt.Sprintf(want, true, false, true), at); err != nil {
		return err
	}
	at = "after"
	if err := compare(describe(root), fmt.Sprintf(want, true, true, false), at); err != nil {
		return err
	}
	type in struct {
		dig.In
		A    int      `name:"one"`
		Many []string `group:"many"`
	}
	if err := c.Invoke(func(in) {}); err != nil {
		return err
	}
	one, _ := root.Value(Key{Type: reflect.TypeFor[int](), Name: "one"})
	raw, _ := At(child).Value(Key{Type: reflect.TypeFor[int64]()})
	_, none := root.Value(Key{Type: reflect.TypeFor[int]()})
	var many []string
	for _, v := range root.Group(Key{Type: reflect.TypeFor[string](), Group: "many"}) {
		many = append(many, v.String())
	}
	if one.Int() != 1 || raw.Int() != 3 || none || !slices.Equal(many, []string{"b", "c", "d"}) {
		return fmt.Errorf("the values of a known container are not found")
	}
	return nil
}

func mustRoot(c *dig.Container) *Scope {
	root, err := rootOf(c)
	if err != nil {
		panic(err)
	}
	return At(root)
}

func compare(got, want, when string) error {
	if got == want {
		return nil
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Errorf("a known container reads, %s a call, as %q, want %q", when, g[i], w[i])
		}
	}
	return fmt.Errorf("a known container reads, %s a call, as %d lines, want %d", when, len(g), len(w))
}

// describe writes down what is read of a scope and those below.
func describe(s *Scope) string {
	var b strings.Builder
	fmt.Fprintf(&b, "scope %q\n", s.Name)
	for i := range s.Constructors() {
		c, err := s.Constructor(i)
		if err != nil {
			return err.Error()
		}
		var results []string
		for _, r := range c.Results {
			var keys []string
			for _, k := range r.Keys {
				keys = append(keys, k.describe())
			}
			flatten := ""
			if r.Flatten {
				flatten = " flatten"
			}
			results = append(results, fmt.Sprintf("[%d %v: %s%s]", r.Out, r.Index, strings.Join(keys, ", "), flatten))
		}
		fmt.Fprintf(&b, "constructor %v called=%t", results, c.Called())
		if c.Scope != c.Home {
			fmt.Fprintf(&b, " of %q", At(c.Scope).Name)
		}
		b.WriteString("\n")
	}
	for _, d := range s.Decorators() {
		var keys []string
		for _, k := range d.Keys {
			keys = append(keys, k.describe())
		}
		fmt.Fprintf(&b, "decorator %v called=%t begun=%t\n", keys, d.Called(), d.Begun())
	}
	for _, child := range s.Children(0) {
		b.WriteString(describe(At(child)))
	}
	return b.String()
}

func (k Key) describe() string {
	s := k.Type.String()
	if k.Name != "" {
		s += fmt.Sprintf(" name=%q", k.Name)
	}
	if k.Group != "" {
		s += fmt.Sprintf(" group=%q", k.Group)
	}
	return s
}
