package timeline

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/strata-go/strata/hooks"
)

// WriteSVG writes the timeline as an image, a bar a unit: its construction, its start, its
// run and its stop. The units of the critical chain are marked, and joined by a line. Start
// and stop have a scale each; the run between them is cut short, however long it was.
// Beside each bar stands how long the unit's start took, or what went wrong.
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
	detailWidth = 24 // in characters
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

// row is a unit, or a constructor that made none.
type row struct {
	name      string
	unit      *Unit // nil for a constructor
	construct *Constructor
	critical  bool
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
	p.top = 122
	if t.Err != "" || t.Why != "" {
		p.top += 16
	}
	p.height = p.top + float64(len(p.rows))*rowHeight + float64(len(p.notes))*16 + 2*margin
	if len(p.rows) >= longPlot {
		p.height += 18
	}
	return p
}

// addRows decides what is drawn, and in which order.
func (p *plot) addRows() {
	inChain := make(map[string]bool)
	for _, s := range p.steps {
		if s.Unit != "" {
			inChain[s.Unit] = true
		}
	}
	constructors, rest := p.constructors()
	small, smallTook := 0, time.Duration(0)
	for _, c := range rest {
		if took := c.Ended.Sub(c.Began); c.Err != "" || took > 0 && took >= p.Took()/100 {
			p.rows = append(p.rows, row{name: c.Name, construct: c})
		} else {
			small++
			smallTook += took
		}
	}
	if small > 0 {
		p.notes = append(p.notes, fmt.Sprintf("not drawn: %s of values that do not run, %s in all", count(small, "constructor"), short(smallTook)))
	}
	if p.Dropped > 0 {
		p.notes = append(p.notes, p.droppedNote())
	}
	first := len(p.rows)
	for i := range p.Units {
		u := &p.Units[i]
		p.rows = append(p.rows, row{name: u.Name, unit: u, construct: constructors[i], critical: inChain[u.Name]})
	}
	slices.SortStableFunc(p.rows[first:], func(x, y row) int {
		if x, y := x.unit.Starting, y.unit.Starting; x.IsZero() != y.IsZero() {
			return cmp.Compare(y.Unix(), x.Unix()) // what never was comes last
		}
		return x.unit.Starting.Compare(y.unit.Starting)
	})
}

// constructors returns for each unit the call that made it, nil if that is not known, and
// the calls that made none. Which of several calls of one function, in several scopes, made
// which unit no event tells: it is taken that they are in the same order.
func (p *plot) constructors() (of []*Constructor, rest []*Constructor) {
	calls := make(map[string][]*Constructor)
	for i := range p.Constructors {
		c := &p.Constructors[i]
		calls[c.place()] = append(calls[c.place()], c)
	}
	units := make(map[string]int)
	for _, u := range p.Units {
		units[u.Constructor]++
	}
	of = make([]*Constructor, len(p.Units))
	seen := make(map[string]int)
	for i, u := range p.Units {
		if c := calls[u.Constructor]; len(c) > 0 {
			of[i] = c[seen[u.Constructor]*len(c)/units[u.Constructor]]
			seen[u.Constructor]++
		}
	}
	for i := range p.Constructors {
		if c := &p.Constructors[i]; units[c.place()] == 0 || c.Err != "" {
			rest = append(rest, c)
		}
	}
	return of, rest
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
	text := string(p.State)
	if p.Why != "" {
		text += ": " + p.Why
	}
	if p.Err != "" {
		text += ": " + p.Err
	}
	if p.Why == "" && p.Err == "" {
		return ""
	}
	return text
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
}

func (p *plot) ticks(y float64) {
	for i := range p.axis.parts {
		for _, m := range p.axis.parts[i].marks() {
			p.text(m.x+2, y, "start", m.name, faint, ` font-size="10"`)
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

// row draws a unit or a constructor.
func (p *plot) row(i int) {
	r := p.rows[i]
	middle := p.top + (float64(i)+0.5)*rowHeight
	p.printf("<g><title>%s</title>\n", escape(p.tooltip(r)))
	weight := ""
	label := clip(r.name, labelLimit)
	if r.critical {
		weight = ` font-weight="bold"`
		p.text(margin, middle+4, "start", "▸", critical, "")
	}
	p.text(margin+1.5*charWidth, middle+4, "start", label, ink, weight)
	if c := r.construct; c != nil {
		p.bar(c.Began, c.Ended, middle, construct, "")
	}
	if r.unit != nil {
		p.life(r, middle)
	} else if r.construct.Err != "" {
		p.cross(p.axis.x(r.construct.Ended), middle)
	}
	text, t := detail(r, p.end())
	p.text(p.detailX, middle+4, "start", clip(text, detailWidth), t, "")
	p.WriteString("</g>\n")
}

// life draws what a unit did.
func (p *plot) life(r row, middle float64) {
	u, end := r.unit, p.end()
	draw := func(phase hooks.Phase, t tone, more string) {
		if s := u.span(phase, end); !s.from.IsZero() {
			p.bar(s.from, s.to, middle, t, more)
		}
	}
	draw(hooks.PhaseRun, running, "")
	if r.critical {
		draw(hooks.PhaseStart, critical, "")
	} else {
		draw(hooks.PhaseStart, starting, "")
	}
	more := ""
	if u.State == Stuck {
		more = fmt.Sprintf(` stroke="%s" stroke-dasharray="3 2"`, alarm.light)
	}
	draw(hooks.PhaseStop, stopping, more)
	for _, said := range u.Reports {
		p.report(p.axis.x(said.At), middle)
	}
	if !u.Failed.IsZero() && u.Err != "" {
		p.cross(p.axis.x(u.Failed), middle)
	}
}

// bar draws what took from one time to another; what took nearly no time, too.
func (p *plot) bar(from, to time.Time, middle float64, t tone, more string) {
	x := p.axis.x(from)
	p.rect(x, middle-barHeight/2, max(p.axis.x(to)-x, 1.5), barHeight, t, more)
}

func (p *plot) cross(x, y float64) {
	p.path(fmt.Sprintf("M%s %sl7 7m0 -7l-7 7", px(x-3.5), px(y-3.5)), 2, alarm, "")
}

func (p *plot) report(x, y float64) {
	p.printf(`<path d="M%s %sl3.5 4l-3.5 4l-3.5 -4z" class="%s %ss" fill="%s" stroke="%s"/>`+"\n",
		px(x), px(y-4), alarm.class, paper.class, alarm.light, paper.light)
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

// tooltip is all that is known of a row.
func (p *plot) tooltip(r row) string {
	lines := []string{oneLine(r.name)}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if c := r.construct; c != nil {
		add("constructed in %s by %s", short(c.Ended.Sub(c.Began)), c.place())
		if c.Err != "" {
			add("%s", c.Err)
		}
	}
	u := r.unit
	if u == nil {
		return strings.Join(lines, "\n")
	}
	add("%s, layer %d", u.State, u.Layer)
	if s := u.span(hooks.PhaseStart, p.end()); !s.from.IsZero() {
		add("start: %s, from %s on", short(s.took()), short(s.from.Sub(p.Began)))
	}
	if slack, ok := p.slacks[u.Name]; ok {
		add("slack: %s", short(slack))
	}
	if s := u.span(hooks.PhaseRun, p.end()); !s.from.IsZero() {
		add("run: %s", short(s.took()))
	}
	if s := u.span(hooks.PhaseStop, p.end()); !s.from.IsZero() {
		add("stop: %s", short(s.took()))
	}
	for _, said := range u.Reports {
		add("%s: %s", short(said.At.Sub(p.Began)), oneLine(said.Text))
	}
	if u.Dropped > 0 {
		add("and %s before", count(u.Dropped, "report"))
	}
	if u.Err != "" {
		add("%s", u.Err)
	}
	return strings.Join(lines, "\n")
}

// detail is what stands beside a row: how long its start took, or what went wrong.
func detail(r row, end time.Time) (string, tone) {
	u := r.unit
	if u == nil {
		took := short(r.construct.Ended.Sub(r.construct.Began))
		if r.construct.Err != "" {
			return "failed after " + took, alarm
		}
		return took + " construction", faint
	}
	s := u.span(hooks.PhaseStart, end)
	took := short(s.took())
	switch {
	case u.State == Stuck:
		return "stuck", alarm
	case u.State == Failed && u.Ready.IsZero():
		return "failed after " + took, alarm
	case u.State == Failed:
		return took + ", failed", alarm
	case s.from.IsZero():
		return "not started", faint
	case u.Ready.IsZero() && s.pending:
		return took + " so far", ink
	case u.Ready.IsZero():
		return "given up after " + took, faint
	case u.Forced:
		return took + ", forced", alarm
	case r.critical:
		return took, ink
	}
	return took, faint
}
