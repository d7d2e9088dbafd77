package timeline

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// tone is what a part of the plot looks like: on white as an attribute, so that it shows
// where styles are not heeded, on black by the style.
type tone struct{ class, light, dark string }

var (
	paper     = tone{"st-paper", "#ffffff", "#0d1117"}
	stripe    = tone{"st-stripe", "#f4f6f8", "#151b23"}
	ink       = tone{"st-ink", "#1f2328", "#e6edf3"}
	faint     = tone{"st-faint", "#59636e", "#9198a1"}
	rule      = tone{"st-rule", "#c5ccd3", "#3d444d"}
	construct = tone{"st-construct", "#a48bd6", "#8f74cf"}
	starting  = tone{"st-starting", "#2f6fde", "#4c8dff"}
	critical  = tone{"st-critical", "#d9480f", "#ff8c42"}
	running   = tone{"st-running", "#b4dfbc", "#23583a"}
	stopping  = tone{"st-stopping", "#8a929b", "#6e7681"}
	alarm     = tone{"st-alarm", "#c11030", "#ff6b75"}
	tones     = []tone{paper, stripe, ink, faint, rule, construct, starting, critical, running, stopping, alarm}
)

// style has the tones on black, where black is preferred. Shapes that are drawn and not
// filled have the class of their tone with an s.
func style() string {
	var b strings.Builder
	b.WriteString("@media (prefers-color-scheme: dark) {")
	for _, t := range tones {
		fmt.Fprintf(&b, " .%s { fill: %s } .%ss { stroke: %s }", t.class, t.dark, t.class, t.dark)
	}
	b.WriteString(" }")
	return b.String()
}

// What text looks like: every character of the font is this wide at most, in pixels. The
// common monospaced fonts have 0.6 of the size.
const (
	fontFamily = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
	fontSize   = 11.0
	charWidth  = 0.62 * fontSize
)

// columns returns how many characters of the font s is wide, at most.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns is 1 for what a monospaced font has. Other scripts come from other fonts.
func runeColumns(r rune) int {
	if r < 0x0500 || r >= 0x2010 && r < 0x2028 {
		return 1
	}
	return 2
}

// clip returns s in at most so many columns, with its end left out.
func clip(s string, limit int) string {
	s = oneLine(s)
	if columns(s) <= limit {
		return s
	}
	n := 1
	for i, r := range s {
		if n += runeColumns(r); n > limit {
			return s[:i] + "…"
		}
	}
	return s
}

// canvas is an SVG in the making.
type canvas struct{ bytes.Buffer }

func (c *canvas) printf(format string, args ...any) { fmt.Fprintf(c, format, args...) }

func (c *canvas) rect(x, y, width, height float64, t tone, more string) {
	c.printf(`<rect x="%s" y="%s" width="%s" height="%s" class="%s" fill="%s"%s/>`+"\n",
		px(x), px(y), px(width), px(height), t.class, t.light, more)
}

// path draws a line along d.
func (c *canvas) path(d string, width float64, t tone, more string) {
	c.printf(`<path d="%s" fill="none" stroke-width="%s" class="%ss" stroke="%s"%s/>`+"\n", d, px(width), t.class, t.light, more)
}

// text writes s from x on, or up to it, or with its middle there: anchor is start, end or
// middle.
func (c *canvas) text(x, y float64, anchor, s string, t tone, more string) {
	c.printf(`<text x="%s" y="%s" text-anchor="%s" class="%s" fill="%s"%s>%s</text>`+"\n",
		px(x), px(y), anchor, t.class, t.light, more, escape(s))
}

// px returns a length in tenths of a pixel.
func px(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// escape returns s as the text of an element; what XML cannot have becomes U+FFFD.
func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes all
	return b.String()
}
