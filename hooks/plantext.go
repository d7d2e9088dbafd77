package hooks

import (
	"fmt"
	"strings"
)

// planWidth is how wide the text of a plan gets where its names allow, in columns of a terminal.
const planWidth = 80

// String returns the plan as text, narrow enough for a terminal: the layers from the first to the last, beside each
// unit what it waits for, then what is unused and the warnings, if any. The text depends on nothing but the plan. It
// ends with a newline. A nil plan is "no plan".
//
// A name stands there as it is, but for what cannot be printed, such as line breaks and control characters, which is
// written as in a Go string, \n or \x1b; a name that is empty is "".
func (p *Plan) String() string {
	if p == nil {
		return "no plan\n"
	}
	var b strings.Builder
	units := 0
	for _, layer := range p.Layers {
		units += len(layer)
	}
	fmt.Fprintf(&b, "%s in %s, %s\n", count(units, "unit"), count(len(p.Layers), "layer"), p.Schedule)

	column := p.column()
	for i, layer := range p.Layers {
		fmt.Fprintf(&b, "\nlayer %d\n", i)
		for j, unit := range layer {
			writeUnit(&b, unit, column, j == len(layer)-1)
		}
	}
	writeList(&b, "unused", p.Unused)
	writeList(&b, "warnings", p.Warnings)
	return b.String()
}

// column returns where the text beside the names begins, measured from the beginning of the names. A few very long
// names do not push it to the right: what they wait for stands on the next line.
func (p *Plan) column() int {
	const gap, limit = 2, planWidth / 2
	column := 0
	for _, layer := range p.Layers {
		for _, unit := range layer {
			if n := columns(shown(unit.Name)); n+gap <= limit {
				column = max(column, n+gap)
			}
		}
	}
	return max(column, 4)
}

// writeUnit writes a unit's name and, from column on, what it waits for, over as many lines as that needs.
func writeUnit(b *strings.Builder, unit Unit, column int, last bool) {
	branch, below := branches(last)
	name := shown(unit.Name)
	b.WriteString(branch + name)

	if len(unit.DependsOn) > 0 {
		names := make([]string, len(unit.DependsOn))
		for i, name := range unit.DependsOn {
			names[i] = shown(name)
			if i < len(names)-1 {
				names[i] += ","
			}
		}
		const after = "after "
		under := below + spaces(column+len(after))
		if n := columns(name); n < column {
			b.WriteString(spaces(column-n) + after)
		} else {
			b.WriteString("\n" + below + spaces(column) + after)
		}
		writeWrapped(b, names, under)
	}
	b.WriteByte('\n')
}

// writeList writes a title and, unless there are none, the items below it.
func writeList(b *strings.Builder, title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for i, item := range items {
		branch, below := branches(i == len(items)-1)
		b.WriteString(branch)
		words := strings.Fields(item)
		for i, word := range words {
			words[i] = shown(word)
		}
		writeWrapped(b, words, below)
		b.WriteByte('\n')
	}
}

// writeWrapped writes words with spaces between them, going on at the next line, after under, when a line is full. It
// is called with as many columns on the line as under has.
func writeWrapped(b *strings.Builder, words []string, under string) {
	indent := columns(under)
	at := indent
	for _, word := range words {
		n := columns(word)
		switch {
		case at == indent:
			// The first word of a line stands there, however long it is.
		case at+1+n > planWidth:
			b.WriteString("\n" + under)
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
}

// branches returns what stands before an item of a tree, and before the lines that continue it.
func branches(last bool) (branch, below string) {
	if last {
		return "└─ ", "   "
	}
	return "├─ ", "│  "
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func spaces(n int) string { return strings.Repeat(" ", n) }
