package timeline

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteSVG writes the timeline as an image, a bar a unit: its construction, its start, its
// run and its stop. The units of the critical chain are marked, and joined by a line. Start
// and stop have a scale each; the run between them is cut short, however long it was, and
// so is the setup, if constructors were called before the start began.
// Beside each bar stands how long the unit's start took, or what went wrong, and its slack.
//
// Units stand in the order in which they were started. Above them are the constructors of
// values that do not run, if they took a hundredth of the start or more.
//
// The image is as high as there are units and needs nothing but itself. It is dark where
// that is preferred, and light where its style is not heeded. Screen readers are given a
// title and a description. The error is that of w.
func (t *Timeline) WriteSVG(w io.Writer) error {
	p := newPlot(t)
	p.draw()
	_, err := w.Write(p.Bytes())
	return err
}

// The measures of a plot, in pixels.
const (
	margin      = 16.0
	rowHeight   = 18.0
	barHeight   = 10.0
	axisWidth   = 640.0
	detailWidth = 22 // in characters
	slackAt     = 14 // characters from where the detail begins
	labelLimit  = 44 // in characters
	longPlot    = 30 // rows; from here on there are ticks below, too
)

// plot is the image of a timeline in the making.
type plot struct {
	canvas
	*Timeline
	axis    *axis
	rows    []row
	width   float64
	height  float64
	top     float64 // of the rows
	detailX float64
	notes   []string
	steps   []Step
	slacks  map[string]time.Duration // nil if they are not known
}

func newPlot(t *Timeline) *plot {
	p := &plot{Timeline: t, steps: t.CriticalChain()}
	if m, err := t.model(); err == nil {
		slacks := m.slacks()
		p.slacks = make(map[string]time.Duration, len(m.places))
		for name, i := range m.places {
			p.slacks[name] = slacks[i]
		}
	}
	p.addRows()
	label := 12
	for _, r := range p.rows {
		label = max(label, min(columns(oneLine(r.name)), labelLimit))
	}
	left := margin + float64(label+3)*charWidth
	p.axis = newAxis(t, left, axisWidth)
	p.detailX = left + axisWidth + 10
	p.width = p.detailX + detailWidth*charWidth + margin
	p.top = 106
	if t.Err != "" || t.Why != "" {
		p.top += 16
	}
	p.height = p.top + float64(len(p.rows))*rowHeight + float64(len(p.notes))*16 + 1.5*margin
	if len(p.rows) >= longPlot {
		p.height += 18
	}
	return p
}

func (p *plot) draw() {
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" role="img" aria-labelledby="st-title st-desc" font-family="%s" font-size="%s">`+"\n",
		px(p.width), px(p.height), fontFamily, px(fontSize))
	p.printf("<title id=\"st-title\">%s</title>\n", escape("Timeline: "+p.headline()))
	p.printf("<desc id=\"st-desc\">%s</desc>\n", escape(p.description()))
	p.printf("<style>%s</style>\n", style())
	p.rect(0, 0, p.width, p.height, paper, "")
	p.head()
	for i := range p.rows {
		p.row(i)
	}
	p.chainLine()
	bottom := p.top + float64(len(p.rows))*rowHeight
	if len(p.rows) >= longPlot {
		p.ticks(bottom + 13)
		bottom += 18
	}
	for _, note := range p.notes {
		bottom += 16
		p.text(margin, bottom+4, "start", clip(note, p.columnsFrom(margin)), faint, "")
	}
	p.WriteString("</svg>\n")
}

// head draws what stands above the rows.
func (p *plot) head() {
	y := margin + 12
	p.text(margin, y, "start", clip(p.headline(), int(float64(p.columnsFrom(margin))/1.2)), ink, ` font-size="13" font-weight="bold"`)
	if why := p.ending(); why != "" {
		y += 18
		t := faint
		if p.Err != "" {
			t = alarm
		}
		p.text(margin, y, "start", clip(why, p.columnsFrom(margin)), t, "")
		y -= 2
	}
	p.legend(y + 22)
	p.axisHead(y + 50)
	p.ticks(p.top - 6)
	p.lines()
}

// ending says why and how the application ended, or that it does.
func (p *plot) ending() string {
	switch {
	case p.Err != "":
		return string(p.State) + ": " + p.Err
	case p.Why != "":
		return string(p.State) + ": " + p.Why
	}
	return ""
}

func (p *plot) legend(y float64) {
	x := margin
	for _, entry := range []struct {
		t    tone
		name string
	}{
		{construct, "construction"}, {starting, "start"}, {critical, "start, critical chain"}, {running, "running"}, {stopping, "stop"},
	} {
		p.rect(x, y-9, 14, barHeight, entry.t, "")
		p.text(x+19, y, "start", entry.name, faint, "")
		x += 19 + float64(len(entry.name)+2)*charWidth
	}
	p.cross(x+5, y-4)
	p.text(x+14, y, "start", "failed", faint, "")
	x += 14 + 8*charWidth
	p.report(x+4, y-4)
	p.text(x+13, y, "start", "reported", faint, "")
}

// axisHead names the parts of the axis, over a line each.
func (p *plot) axisHead(y float64) {
	for _, part := range p.axis.parts {
		p.path(fmt.Sprintf("M%s %sH%s", px(part.x+1), px(y+5), px(part.x+part.width-2)), 2, rule, "")
		p.text(part.x+2, y, "start", clip(part.name, int(part.width/charWidth)), ink, "")
	}
	p.text(p.detailX, y, "start", "start took", faint, "")
	if p.slacks != nil {
		p.text(p.detailX+slackAt*charWidth, y, "start", "slack", faint, "")
	}
}

func (p *plot) ticks(y float64) {
	for i := range p.axis.parts {
		for _, m := range p.axis.parts[i].marks() {
			p.text(m.x+4, y, "start", m.name, faint, ` font-size="10"`)
		}
	}
}

// lines draws the stripes and the lines of the ticks.
func (p *plot) lines() {
	bottom := p.top + float64(len(p.rows))*rowHeight
	for i := range p.rows {
		if i%2 == 0 {
			p.rect(margin-4, p.top+float64(i)*rowHeight, p.width-2*margin+8, rowHeight, stripe, "")
		}
	}
	for i, part := range p.axis.parts {
		for _, m := range part.marks() {
			p.path(fmt.Sprintf("M%s %sV%s", px(m.x), px(p.top-14), px(bottom)), 0.5, rule, "")
		}
		if i > 0 {
			p.path(fmt.Sprintf("M%s %sV%s", px(part.x), px(p.top-14), px(bottom)), 1, faint, ` stroke-dasharray="2 3"`)
		}
	}
}

// chainLine joins the units of the critical chain, each from where it was ready to where
// the next was started.
func (p *plot) chainLine() {
	places := make(map[string]int)
	for i, r := range p.rows {
		if r.unit != nil {
			places[r.name] = i
		}
	}
	y := func(name string) float64 { return p.top + (float64(places[name])+0.5)*rowHeight }
	var before string
	for _, s := range p.steps {
		if s.Unit == "" {
			continue
		}
		if x := px(p.axis.x(s.Began)); before != "" {
			from, to := y(before), y(s.Unit)
			p.path(fmt.Sprintf("M%s %sV%s", x, px(from+barHeight/2), px(to-barHeight/2)), 1.2, critical, "")
		}
		before = s.Unit
	}
}

// columnsFrom returns how many characters have room from x on.
func (p *plot) columnsFrom(x float64) int { return int((p.width - margin - x) / charWidth) }

// description is the plot in words.
func (p *plot) description() string {
	var b strings.Builder
	if text := p.ending(); text != "" {
		b.WriteString(text + ". ")
	}
	b.WriteString("Critical chain:")
	for i, s := range p.steps {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %s %s", oneLine(s.Name), short(s.Took))
	}
	b.WriteByte('.')
	return b.String()
}
