package terminal

import (
	"fmt"
	"strings"
	"time"

	"github.com/strata-go/strata/hooks"
)

// story is what the events tell of an application, as far as it is shown: lines that
// stay, and what the picture is drawn from.
type story struct {
	lines *lines

	phase phase
	since time.Time // of the phase
	calls []call    // of the constructor that is called, if that takes long

	units   map[string]*unit // that were started, or asked to stop, and have not ended
	total   int              // how many start, or stop
	done    int              // how many of these have
	ready   time.Duration    // what the units took to start, added up
	awaited int              // how often a unit was started, or asked to stop
	during  string           // what the app did when it had to stop, if it did not run

	why    string // it stops
	drains time.Duration
	forced int

	held  []held // lines that may not be needed
	drawn bool   // there is a picture
}

// phase is how far an application has come. It only grows, and begins again after the
// end.
type phase int

const (
	building phase = iota // until AppStarting
	starting              // until AppStarted
	running               // until AppStopping
	stopping              // until AppStopped
)

// call is a constructor that is being called.
type call struct {
	name  string
	since time.Time
}

// unit is one that is alive.
type unit struct {
	name    string
	since   time.Time // it was started, or asked to stop
	order   int       // in which they were
	pending bool      // it is not ready, or has not ended
	report  string    // the last
}

// held is a line that is only written if an error that comes soon does not say the
// same: it has all these texts then.
type held struct {
	write func()
	texts []string
}

func newStory(colours bool) *story {
	return &story{lines: &lines{colours: colours}, units: make(map[string]*unit)}
}

// lives reports whether time goes on in the picture: while something is constructed,
// starts or stops.
func (s *story) lives() bool {
	return s.phase == starting || s.phase == stopping || len(s.calls) > 0
}

// tell takes an event in, and returns the lines that are to be written for it.
func (s *story) tell(t told) []byte {
	switch e := t.event.(type) {
	case hooks.Provided:
		s.hold(t, e.At, "provide "+place(e.Constructor, e.Location))
	case hooks.Decorated:
		s.hold(t, e.At, "decorate "+place(e.Decorator, e.Location))
	case hooks.Supplied:
		s.hold(t, e.At, "supply "+strings.Join(e.Types, ", "))
	case hooks.StillStarting:
		if s.phase == building {
			s.construct(e.Pending, e.At)
		}
	case hooks.StillStopping:
		if s.during == beforeStart {
			s.construct(e.Pending, e.At)
		}
	case hooks.Constructed:
		s.calls = nil
		s.hold(t, e.At, "construct "+place(e.Constructor, e.Location))
	case hooks.Planned:
		s.unhold()
		if e.Plan != nil {
			for _, warning := range e.Plan.Warnings {
				s.lines.add(e.At, warns, warning)
			}
		}
	case hooks.AppStarting:
		s.unhold()
		s.enter(starting, e.At)
		s.total = e.Units
	case hooks.AppStarted:
		s.lines.add(e.At, started, startedText(e, s.total, s.ready-e.Took))
		s.enter(running, e.At)
	case hooks.AppStopping:
		s.stop(t, e)
	case hooks.Draining:
		s.drains = e.Delay
	case hooks.Stuck:
		s.holdStuck(e)
	case hooks.Misuse:
		s.fail(t, e.At, warns, "")
	case hooks.AppStopped:
		s.end(t, e)
	default:
		s.tellUnit(t)
	}
	return s.lines.take()
}

// tellUnit takes in what a unit does.
func (s *story) tellUnit(t told) {
	switch e := t.event.(type) {
	case hooks.UnitStarting:
		s.await(e.Unit.Name, e.At)
	case hooks.UnitStarted:
		if u := s.units[e.Unit.Name]; u != nil {
			u.pending, u.report = false, ""
		}
		if s.phase == starting {
			s.done++
		}
		s.ready += e.Took
	case hooks.UnitReported:
		if u := s.units[e.Unit.Name]; u != nil {
			u.report = t.report
		}
	case hooks.UnitFailed:
		if e.Cause == nil {
			s.lines.add(e.At, ended, e.Unit.Name+" ended by itself")
		}
		s.fail(t, e.At, fails, "")
	case hooks.UnitStopping:
		s.drains = 0
		s.await(e.Unit.Name, e.At)
	case hooks.UnitStopped:
		s.fail(t, e.At, fails, "")
		delete(s.units, e.Unit.Name)
		if s.phase == stopping {
			s.done++
		}
		if e.Forced {
			s.forced++
		}
	}
}

// enter goes on to a phase.
func (s *story) enter(p phase, at time.Time) {
	s.phase, s.since = p, orNow(at)
	s.total, s.done = 0, 0
}

// await notes that a unit was started, or asked to stop.
func (s *story) await(name string, at time.Time) {
	u := s.units[name]
	if u == nil {
		u = &unit{name: name}
		s.units[name] = u
		if s.phase == stopping {
			s.total++
		}
	}
	s.awaited++
	u.order = s.awaited
	u.since, u.pending, u.report = orNow(at), true, ""
}

// construct notes which constructor is called, and since when.
func (s *story) construct(pending []hooks.Pending, at time.Time) {
	s.calls = nil
	for _, p := range pending {
		s.calls = append(s.calls, call{p.Unit, orNow(at).Add(-p.For)})
	}
	if s.phase == building && len(s.calls) > 0 {
		s.since = s.calls[0].since
	}
}

const beforeStart = " before the start"

// stop notes that the app stops, and why.
func (s *story) stop(t told, e hooks.AppStopping) {
	switch s.phase {
	case building:
		s.during = beforeStart
	case starting:
		s.during = " during the start"
	}
	s.enter(stopping, e.At)
	s.total = len(s.units)
	for _, u := range s.units {
		if u.pending && u.report == "" {
			u.report = "starting"
		}
	}
	s.why = whyText(e, t.signal)
	switch {
	case e.Why == hooks.WhyFailure || e.Why == hooks.WhyTimeout:
		s.fail(t, e.At, fails, "")
	case len(t.errs) == 1 && isShort(t.errs[0].text):
		s.why += ": " + oneLine(t.errs[0].text)
	default:
		s.fail(t, e.At, stops, s.why+": ")
	}
	s.unhold()
}

// end tells how it ended, and begins anew.
func (s *story) end(t told, e hooks.AppStopped) {
	s.fail(t, e.At, fails, "")
	s.unhold()
	label := stopped
	if len(t.errs) > 0 {
		label = stoppedBadly
	}
	s.lines.add(e.At, label, s.stoppedText(e.Took))
	colours := s.lines.colours
	lines := s.lines.take()
	*s = *newStory(colours)
	s.lines.text = lines
}

// fail tells of an error in full, as far as the same was not told before.
func (s *story) fail(t told, at time.Time, l label, what string) {
	for _, f := range t.errs {
		if !s.lines.told(f) {
			s.lines.addError(at, l, what, f)
		}
	}
}

// hold tells of an error in setting up, unless the app ends with one that says the same
// and more.
func (s *story) hold(t told, at time.Time, what string) {
	if s.phase != building {
		s.fail(t, at, fails, what+": ")
		return
	}
	if len(t.errs) == 0 {
		return
	}
	h := held{write: func() { s.fail(t, at, fails, what+": ") }}
	for _, f := range t.errs {
		h.texts = append(h.texts, f.text)
	}
	s.held = append(s.held, h)
}

// holdStuck tells what is stuck, and where, unless the error of the app does.
func (s *story) holdStuck(e hooks.Stuck) {
	var b strings.Builder
	var texts []string
	for i, u := range e.Units {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s (%v for %s)", u.Unit, u.Phase, short(u.For))
		texts = append(texts, u.Unit)
		if u.Stack != "" {
			fmt.Fprintf(&b, "\n%s", strings.TrimRight(u.Stack, "\n"))
			texts = append(texts, u.Stack)
		}
	}
	if len(e.Units) == 0 {
		b.WriteString("no unit is known")
	}
	s.held = append(s.held, held{func() { s.lines.add(e.At, hangs, b.String()) }, texts})
}

// unhold writes what is held and was not told meanwhile.
func (s *story) unhold() {
	for _, h := range s.held {
		implied := len(h.texts) > 0
		for _, text := range h.texts {
			implied = implied && s.lines.implied(text)
		}
		if !implied {
			h.write()
		}
	}
	s.held = nil
}
