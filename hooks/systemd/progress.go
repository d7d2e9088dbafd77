package systemd

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/strata-go/strata/hooks"
)

// progress is how far an application has come, and says so in words.
type progress struct {
	constructed int
	units       int // that will start
	started     int
	begun       map[string]bool // the units that were started, or are stopped without having been
	ended       int
	pending     []string // the units that are starting or stopping, in that order
}

// begin notes that a unit is started, or asked to stop.
func (p *progress) begin(unit string) {
	if p.begun == nil {
		p.begun = make(map[string]bool)
	}
	p.begun[unit] = true
	if !slices.Contains(p.pending, unit) {
		p.pending = append(p.pending, unit)
	}
}

// leave notes that a unit has become ready, or has ended.
func (p *progress) leave(unit string) {
	if i := slices.Index(p.pending, unit); i >= 0 {
		p.pending = slices.Delete(p.pending, i, i+1)
	}
}

// construction says how many constructors have been called, and which was the last.
func (p *progress) construction(last string) string {
	return fmt.Sprintf("%s called, the last was %s", count(p.constructed, "constructor"), last)
}

// constructing says how many constructors have been called, and which is waited for.
func (p *progress) constructing(pending []string) string {
	return count(p.constructed, "constructor") + " called" + waitingFor(pending)
}

// start says how many units have started, and which are waited for.
func (p *progress) start(pending []string) string {
	return fmt.Sprintf("%d of %s started", p.started, count(p.units, "unit")) + waitingFor(pending)
}

// run says what runs.
func (p *progress) run(took time.Duration) string {
	return fmt.Sprintf("running, %s started in %v", count(p.units, "unit"), round(took))
}

// stop says how many units have stopped, and which are waited for.
func (p *progress) stop(pending []string) string {
	return fmt.Sprintf("stopping, %d of %s stopped", p.ended, count(len(p.begun), "unit")) + waitingFor(pending)
}

// reason says why an application stops.
func reason(e hooks.AppStopping) string {
	s := "stopping: " + e.Why.String()
	if e.Signal != nil {
		s += ": " + e.Signal.String()
	}
	var cause string
	if e.Cause != nil {
		cause = firstLine(e.Cause)
	}
	if e.Unit != "" && !strings.Contains(cause, e.Unit) { // mostly it is the culprit of the cause
		s += ": " + e.Unit
	}
	if cause != "" {
		s += ": " + cause
	}
	return s
}

// result says how an application has ended.
func result(err error) string {
	if err == nil {
		return "stopped"
	}
	return "failed: " + firstLine(err)
}

// describe returns the names of pending units, each with how long it is waited for.
func describe(pending []hooks.Pending) []string {
	descriptions := make([]string, len(pending))
	for i, p := range pending {
		descriptions[i] = fmt.Sprintf("%s (%v)", p.Unit, round(p.For))
	}
	return descriptions
}

// waitingFor lists a few names, and says how many more there are.
func waitingFor(names []string) string {
	const limit = 3
	if len(names) == 0 {
		return ""
	}
	list := strings.Join(names[:min(len(names), limit)], ", ")
	if more := len(names) - limit; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return ", waiting for " + list
}

// firstLine returns the first line of an error that says something.
func firstLine(err error) string {
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return "an error without a text"
}

// round makes a duration readable.
func round(d time.Duration) time.Duration {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond)
	case d < time.Second:
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// statusLimit is how many bytes of a status are sent. systemd ignores a message longer
// than a page of memory.
const statusLimit = 500

// clean returns s as one line of valid UTF-8 that is not too long, without control
// characters: names and errors may hold anything, and systemd splits a message at line
// breaks and ignores a status that is not UTF-8.
func clean(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= statusLimit {
		return s
	}
	const ellipsis = "..."
	return strings.ToValidUTF8(s[:statusLimit-len(ellipsis)], "") + ellipsis
}
