package hooks

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// WriteDOT writes the plan as a directed graph in the DOT language, from which Graphviz makes pictures:
//
//	dot -Tsvg plan.dot >plan.svg
//	tred plan.dot | dot -Tsvg >plan.svg   # without arrows that follow from others
//
// Each unit is a box with its name, and its constructor as the tooltip. The layers are clusters, the first one on the
// left. An arrow leads from a unit to one that it waits for; one that no layer has is a dashed box beside them. Names are written as in [Plan.String]. What is unused and
// the warnings are not drawn. A nil plan is an empty graph. The error is that of w.
//
// The language is that of https://graphviz.org/doc/info/lang.html.
func (p *Plan) WriteDOT(w io.Writer) error {
	var b strings.Builder
	b.WriteString("// An arrow leads from a unit to one that it waits for.\n" +
		"digraph plan {\n" +
		"\trankdir=RL\n" +
		"\tnewrank=true\n" +
		"\tranksep=1\n" +
		"\tfontname=\"sans-serif\"\n" +
		"\tnode [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"]\n" +
		"\tedge [color=gray40]\n")
	d := p.diagram()
	for i, layer := range d.layers {
		fmt.Fprintf(&b, "\tsubgraph cluster_%d {\n\t\tlabel=\"layer %d\"\n\t\tstyle=filled\n\t\tcolor=gray92\n\t\trank=same\n", i, i)
		for _, n := range layer {
			fmt.Fprintf(&b, "\t\tn%d [label=%s", n.id, dotString(n.name))
			if n.constructor != "" {
				fmt.Fprintf(&b, ", tooltip=%s", dotString(n.constructor))
			}
			b.WriteString("]\n")
		}
		b.WriteString("\t}\n")
	}
	for _, n := range d.outside {
		fmt.Fprintf(&b, "\tn%d [label=%s, style=dashed]\n", n.id, dotString(n.name))
	}
	for _, a := range d.arrows {
		fmt.Fprintf(&b, "\tn%d -> n%d\n", a.from, a.to)
	}
	b.WriteString("}\n")
	return writeTo(w, b.String())
}

// dotString quotes a label. In one, Graphviz reads backslashes and, as HTML does, entities.
func dotString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `&`, `&amp;`).Replace(shown(s)) + `"`
}

// WriteMermaid writes the plan as a flowchart of Mermaid, which documentation in Markdown can show as a picture, in a block of
// code of the language mermaid.
//
// Each unit is a box with its name. The layers are subgraphs, the first one on the left. An arrow leads from a unit to
// one that it waits for. Names are written as in [Plan.String]. What is unused and the warnings are not drawn. A nil
// plan is an empty flowchart. The error is that of w.
//
// The language is that of https://mermaid.js.org/syntax/flowchart.html. Unless it is told otherwise, Mermaid refuses to draw
// more than 500 arrows, and more than 50,000 characters.
func (p *Plan) WriteMermaid(w io.Writer) error {
	var b strings.Builder
	b.WriteString("%% An arrow leads from a unit to one that it waits for.\nflowchart RL\n")
	d := p.diagram()
	for i, layer := range d.layers {
		if len(layer) == 0 {
			continue // it would be drawn as a box
		}
		fmt.Fprintf(&b, "    subgraph layer%d[\"layer %d\"]\n", i, i)
		for _, n := range layer {
			fmt.Fprintf(&b, "        n%d[%s]\n", n.id, mermaidString(n.name))
		}
		b.WriteString("    end\n")
	}
	for _, n := range d.outside {
		fmt.Fprintf(&b, "    n%d[%s]\n", n.id, mermaidString(n.name))
	}
	for _, a := range d.arrows {
		fmt.Fprintf(&b, "    n%d --> n%d\n", a.from, a.to)
	}
	return writeTo(w, b.String())
}

// mermaidString quotes a label. What has a meaning to Mermaid, to Markdown or to HTML, anywhere in a label or at its
// beginning, is written as Mermaid's entities, #42; for an asterisk.
func mermaidString(s string) string {
	s = shown(s)
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".,/()[]=", r) ||
			i > 0 && (r >= '0' && r <= '9' || r == '-') || // else it may be a list
			i > 0 && i < len(s)-1 && r == ' ' // else it is cut off
		if plain {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// diagram is a plan as boxes and arrows.
type diagram struct {
	layers  [][]box
	outside []box // what units wait for and no layer has
	arrows  []arrow
}

type box struct {
	id          int
	name        string
	constructor string
}

type arrow struct{ from, to int }

func (p *Plan) diagram() *diagram {
	d := new(diagram)
	if p == nil {
		return d
	}
	ids := make(map[string]int)
	next := 0
	for _, units := range p.Layers {
		var layer []box
		for _, u := range units {
			layer = append(layer, box{next, u.Name, u.Constructor})
			if _, known := ids[u.Name]; !known {
				ids[u.Name] = next
			}
			next++
		}
		d.layers = append(d.layers, layer)
	}
	drawn := make(map[arrow]bool)
	from := 0
	for _, units := range p.Layers {
		for _, u := range units {
			for _, name := range u.DependsOn {
				to, known := ids[name]
				if !known {
					to, ids[name] = next, next
					d.outside = append(d.outside, box{id: next, name: name})
					next++
				}
				if a := (arrow{from, to}); !drawn[a] {
					drawn[a] = true
					d.arrows = append(d.arrows, a)
				}
			}
			from++
		}
	}
	return d
}

func writeTo(w io.Writer, text string) error {
	if w == nil {
		return errors.New("hooks: no writer to write a plan to")
	}
	_, err := io.WriteString(w, text)
	return err
}
