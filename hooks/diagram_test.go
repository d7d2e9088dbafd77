package hooks_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/strata-go/strata/hooks"
)

// That other names are read as they are, Graphviz and Mermaid themselves tell in module e2e.
func TestDiagramsOfOddPlans(t *testing.T) {
	odd := &hooks.Plan{Layers: [][]hooks.Unit{
		{},
		{{Name: "a\n", Constructor: `c "\`, DependsOn: []string{"gone", "gone", "twice", "a\n"}}},
		{{Name: "twice"}, {Name: "twice", DependsOn: []string{"twice"}}},
	}}
	cases := map[string]struct {
		write func(io.Writer) error
		wants []string
		not   string
	}{
		"DOT of nil":      {(*hooks.Plan)(nil).WriteDOT, []string{"digraph plan {\n"}, "->"},
		"Mermaid of nil":  {(*hooks.Plan)(nil).WriteMermaid, []string{"flowchart RL\n"}, "-->"},
		"DOT of nothing":  {new(hooks.Plan).WriteDOT, []string{"digraph plan {\n"}, "->"},
		"Mermaid of none": {new(hooks.Plan).WriteMermaid, []string{"flowchart RL\n"}, "-->"},
		"DOT of odd names": {odd.WriteDOT, []string{
			`n0 [label="a\\n", tooltip="c \"\\"]`, `n3 [label="gone", style=dashed]`, "n0 -> n3\n\tn0 -> n1\n\tn0 -> n0\n\tn2 -> n1\n}",
		}, "n0 -> n2"},
		"Mermaid of odd names": {odd.WriteMermaid, []string{
			`n0["a#92;n"]`, `n3["gone"]`, "n0 --> n3\n    n0 --> n1\n    n0 --> n0\n    n2 --> n1\n", `subgraph layer1["layer 1"]`,
		}, "layer0"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := c.write(&b); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.wants {
				if !strings.Contains(b.String(), want) {
					t.Errorf("it lacks %s:\n%s", want, b.String())
				}
			}
			if strings.Contains(b.String(), c.not) {
				t.Errorf("it has %s:\n%s", c.not, b.String())
			}
		})
	}
}

func TestDiagramsReturnTheErrorOfTheWriter(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, write := range []func(io.Writer) error{shopPlan().WriteDOT, shopPlan().WriteMermaid, (*hooks.Plan)(nil).WriteDOT} {
		if err := write(brokenWriter{broken}); !errors.Is(err, broken) {
			t.Errorf("the error is %v", err)
		}
		if err := write(nil); err == nil {
			t.Error("no error without a writer")
		}
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }
