package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/strata-go/strata/hooks"
)

// row is a unit, or a constructor that made none.
type row struct {
	name      string
	unit      *Unit // nil for a constructor
	construct *Constructor
	critical  bool
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
		of := " of values that do not run"
		if p.Built.IsZero() { // nobody knows yet
			of = ""
		}
		p.notes = append(p.notes, fmt.Sprintf("not drawn: %s%s, %s in all", count(small, "quick constructor"), of, short(smallTook)))
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
		x0, y0 := x.unit.Starting, y.unit.Starting
		switch {
		case x0.IsZero() == y0.IsZero():
			return x0.Compare(y0)
		case x0.IsZero(): // never: that comes last
			return 1
		}
		return -1
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
	room := detailWidth
	if r.unit != nil && p.slacks != nil {
		room = slackAt - 1
		p.text(p.detailX+slackAt*charWidth, middle+4, "start", short(p.slacks[r.name]), faint, "")
	}
	p.text(p.detailX, middle+4, "start", clip(text, room), t, "")
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
	if u.State == StateStuck {
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
		return took, faint
	}
	s := u.span(hooks.PhaseStart, end)
	took := short(s.took())
	switch {
	case u.State == StateStuck:
		return "stuck", alarm
	case u.State == StateFailed && u.Ready.IsZero():
		return "failed after " + took, alarm
	case u.State == StateFailed:
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
