package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-go/strata/hooks"
)

// Whatever units are called, Graphviz reads back what the plan has.
func TestGraphvizReadsThePlan(t *testing.T) {
	need(t, "dot", "apt-get install graphviz")
	rapid.Check(t, func(t *rapid.T) {
		plan := drawPlan(t)
		checkPicture(t, plan, plan.WriteDOT, readDOT)
	})
}

// Whatever units are called, Mermaid's parser reads back what the plan has.
func TestMermaidReadsThePlan(t *testing.T) {
	read := startMermaid(t)
	rapid.Check(t, func(t *rapid.T) {
		plan := drawPlan(t)
		for i := range plan.Layers {
			if len(plan.Layers[i]) == 0 { // an empty one is not drawn
				plan.Layers[i] = []hooks.Unit{{Name: fmt.Sprint("one of ", i)}}
			}
		}
		checkPicture(t, plan, plan.WriteMermaid, read)
	})
}

// picture is what somebody has read in a diagram: boxes by layer, the last those of no layer, and arrows, all by name and
// sorted.
type picture struct {
	boxes  [][]string
	arrows []string
}

func (p picture) String() string {
	return fmt.Sprintf("boxes %q\narrows %q", p.boxes, p.arrows)
}

func checkPicture(t *rapid.T, plan *hooks.Plan, write func(io.Writer) error, read func(text string) (picture, error)) {
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := read(b.String())
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	if want := pictureOf(plan); got.String() != want.String() {
		t.Fatalf("read\n%v\nwant\n%v\nin\n%s", got, want, b.String())
	}
}

// pictureOf is what there is to be read.
func pictureOf(plan *hooks.Plan) picture {
	var p picture
	known := make(map[string]bool)
	for _, layer := range plan.Layers {
		var names []string
		for _, u := range layer {
			known[u.Name] = true
			names = append(names, legible(u.Name))
		}
		slices.Sort(names)
		p.boxes = append(p.boxes, names)
	}
	var outside []string
	for _, layer := range plan.Layers {
		for _, u := range layer {
			for i, d := range u.DependsOn {
				if !known[d] {
					known[d] = true
					outside = append(outside, legible(d))
				}
				if !slices.Contains(u.DependsOn[:i], d) {
					p.arrows = append(p.arrows, arrow(legible(u.Name), legible(d)))
				}
			}
		}
	}
	slices.Sort(outside)
	slices.Sort(p.arrows)
	p.boxes = append(p.boxes, outside)
	return p
}

// legible is what stands in the box of a name: what cannot be printed is written as Go writes it.
func legible(name string) string {
	quoted := strconv.Quote(name)
	if name == "" {
		return quoted
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted[1 : len(quoted)-1])
}

func arrow(from, to string) string { return fmt.Sprintf("%q -> %q", from, to) }

func drawPlan(t *rapid.T) *hooks.Plan {
	name := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", " ", "end", "subgraph", "graph", "class", "click", "style x", "style:#1;", "n0", "layer0", "*store.Store", "*s.S[name=low]",
			"map[*a.B]*c.D", "func(...interface {})", "1. one", "- one", "+ one", "# one", "> one", "a\nb", "a\r\nb", "a\x00b", "\x1b[31m", `\`,
			`\N\G\n\l`, `a\`, `"`, `\"`, `'`, "`", "`a`", "**a**", "__a__", "~~a~~", "<", "<b>", "<b>a</b>", "</div>", "<!-- a -->",
			"&", "&amp;", "&lt;", "&#35;", "#quot;", "#35;", "ﬂ°°35¶ß", "ﬂ°quot¶ß", "%%", "%%{init: {}}%%", "---", "-->", "]", `"]`, "[[", "((", "{{", ";",
			"$$x$$", "fa:fa-car", "http://example.com", "@{ shape: rect }", ":::class", "|", "日本", "é", "e\u0301", "🛒", "\u202e", "\ufeff", "\u200b",
			"\xff", "a\xc3", "<<EOF", "//", "/*", "*/", "a  b", " a ", "\u00a0", "\ufffd", "<script>alert(1)</script>", "javascript:alert(1)", "&#0;",
		}),
		rapid.StringOf(rapid.RuneFrom([]rune("ab1 \\\"'`<>&#;%[](){}|*_~-=.:/@$^!?+,\n\t\rﬂ°¶ßé日"))),
		rapid.String(),
	)
	names := rapid.SliceOfNDistinct(name, 0, 12, rapid.ID[string]).Draw(t, "names")
	plan := &hooks.Plan{Layers: make([][]hooks.Unit, rapid.IntRange(0, 4).Draw(t, "layers"))}
	for _, name := range names {
		if len(plan.Layers) == 0 || rapid.IntRange(0, 9).Draw(t, "outside") == 0 {
			continue
		}
		layer := &plan.Layers[rapid.IntRange(0, len(plan.Layers)-1).Draw(t, "layer")]
		*layer = append(*layer, hooks.Unit{
			Name:        name,
			Constructor: rapid.SampledFrom(names).Draw(t, "constructor"),
			DependsOn:   rapid.SliceOfN(rapid.SampledFrom(names), 0, 4).Draw(t, "depends on"),
		})
	}
	return plan
}

// readDOT has Graphviz draw a graph, and returns what stands in the picture.
func readDOT(text string) (picture, error) {
	command := exec.Command("dot", "-Tjson")
	command.Stdin = strings.NewReader(text)
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		return picture{}, fmt.Errorf("dot: %w: %s", err, complaints.String())
	}
	var drawn struct {
		Objects []struct {
			Name  string
			Nodes []int
			Label string
			Drawn []struct{ Op, Text string } `json:"_ldraw_"`
		}
		Edges []struct{ Tail, Head int }
	}
	if err := json.Unmarshal(output, &drawn); err != nil {
		return picture{}, err
	}
	var p picture
	labels := make(map[int]string)
	layerOf := make(map[int]int)
	layers := 0
	for i, o := range drawn.Objects {
		var lines []string
		for _, op := range o.Drawn {
			if op.Op == "T" {
				lines = append(lines, op.Text)
			}
		}
		label := strings.Join(lines, "<line break>")
		number, isLayer := strings.CutPrefix(o.Name, "cluster_")
		if !isLayer {
			labels[i] = label
			continue
		}
		if o.Label != "layer "+number || number != strconv.Itoa(layers) {
			return picture{}, fmt.Errorf("the cluster %s is labelled %q", o.Name, o.Label)
		}
		for _, n := range o.Nodes {
			layerOf[n] = layers
		}
		layers++
	}
	p.boxes = make([][]string, layers+1)
	for i, label := range labels {
		at, inside := layerOf[i]
		if !inside {
			at = layers
		}
		p.boxes[at] = append(p.boxes[at], label)
	}
	for _, names := range p.boxes {
		slices.Sort(names)
	}
	for _, e := range drawn.Edges {
		p.arrows = append(p.arrows, arrow(labels[e.Tail], labels[e.Head]))
	}
	slices.Sort(p.arrows)
	if complaints.Len() > 0 {
		return p, fmt.Errorf("dot complains: %s", complaints.String())
	}
	return p, nil
}

// startMermaid starts Mermaid's parser, and returns what asks it.
func startMermaid(t *testing.T) func(text string) (picture, error) {
	const folder = "testdata/mermaid"
	need(t, "node", "apt-get install nodejs npm")
	if _, err := os.Stat(folder + "/node_modules/mermaid"); err != nil {
		lacking(t, "Mermaid is missing: npm ci --prefix e2e/"+folder)
	}
	command := exec.Command("node", "read.mjs")
	command.Dir = folder
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		if err := command.Wait(); err != nil {
			t.Error("node: ", err)
		}
	})
	lines := bufio.NewReader(output)
	return func(text string) (picture, error) {
		question, err := json.Marshal(text)
		if err != nil {
			return picture{}, err
		}
		if _, err := input.Write(append(question, '\n')); err != nil {
			return picture{}, err
		}
		answer, err := lines.ReadBytes('\n')
		if err != nil {
			return picture{}, err
		}
		return readMermaid(answer)
	}
}

func readMermaid(answer []byte) (picture, error) {
	var found struct {
		Error, Direction string
		Nodes            []struct{ ID, Label string }
		Edges            []struct{ From, To string }
		Layers           []struct {
			Label string
			Nodes []string
		}
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return picture{}, err
	}
	if found.Error != "" || found.Direction != "RL" {
		return picture{}, fmt.Errorf("mermaid reads direction %q: %s", found.Direction, found.Error)
	}
	labels, inside := make(map[string]string), make(map[string]bool)
	for _, n := range found.Nodes {
		labels[n.ID] = n.Label
	}
	var p picture
	slices.SortFunc(found.Layers, func(x, y struct {
		Label string
		Nodes []string
	}) int {
		return strings.Compare(x.Label, y.Label)
	})
	for i, layer := range found.Layers {
		if layer.Label != fmt.Sprint("layer ", i) {
			return picture{}, fmt.Errorf("subgraph %d is labelled %q", i, layer.Label)
		}
		var names []string
		for _, id := range layer.Nodes {
			inside[id] = true
			names = append(names, labels[id])
		}
		slices.Sort(names)
		p.boxes = append(p.boxes, names)
	}
	var outside []string
	for id, label := range labels {
		if !inside[id] {
			outside = append(outside, label)
		}
	}
	slices.Sort(outside)
	p.boxes = append(p.boxes, outside)
	for _, e := range found.Edges {
		p.arrows = append(p.arrows, arrow(labels[e.From], labels[e.To]))
	}
	slices.Sort(p.arrows)
	return p, nil
}
