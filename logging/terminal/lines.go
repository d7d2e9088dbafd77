package terminal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/strata-go/strata/hooks"
)

// lines are those that stay on the terminal, which breaks the long ones.
type lines struct {
	colours bool
	text    []byte
	errors  []failure // that were told
}

// label is what a line begins with, after the time.
type label struct {
	text   string
	colour ansi.Color
}

var (
	started      = label{"started", ansi.Green}
	stopped      = label{"stopped", ansi.Green}
	stoppedBadly = label{"stopped", ansi.Red}
	stops        = label{"stopping", nil}
	ended        = label{"ended", ansi.Yellow}
	warns        = label{"warning", ansi.Yellow}
	fails        = label{"error", ansi.Red}
	hangs        = label{"stuck", ansi.Red}
)

// add adds a line; if the text has several, the others stand below it, indented.
func (l *lines) add(at time.Time, of label, text string) {
	name := of.text
	if l.colours && of.colour != nil {
		name = ansi.Style{}.ForegroundColor(of.colour).Styled(name)
	}
	padding := strings.Repeat(" ", len("stopping")-len(of.text))
	text = strings.ReplaceAll(clean(strings.TrimRight(text, "\n")), "\n", "\r\n    ")
	l.text = fmt.Appendf(l.text, "%s  %s%s  %s\r\n", orNow(at).Format("15:04:05"), name, padding, text)
}

// addError adds an error, which is not to be told again.
func (l *lines) addError(at time.Time, of label, what string, f failure) {
	l.errors = append(l.errors, f)
	l.add(at, of, what+f.text+"\n"+f.stack)
}

// told reports whether this error was told, with its stack.
func (l *lines) told(f failure) bool { return slices.Contains(l.errors, f) }

// implied reports whether an error was told that has this text in its own.
func (l *lines) implied(text string) bool {
	return slices.ContainsFunc(l.errors, func(told failure) bool { return strings.Contains(told.text, text) })
}

// take returns the lines that were not taken before.
func (l *lines) take() []byte {
	text := l.text
	l.text = nil
	return text
}

// startedText tells how long the start took, which units decided that, and what was
// saved by starting others meanwhile.
func startedText(e hooks.AppStarted, units int, saved time.Duration) string {
	text := count(units, "unit") + " in " + short(e.Took)
	if saved > 0 && saved >= e.Took/insignificant {
		text += " (" + short(saved) + " saved by parallel starts)"
	}
	if len(e.Critical) == 0 {
		return text
	}
	return text + ": " + chainText(e.Critical, e.Took)
}

// insignificant is the part of the start that is not worth being told, as a divisor.
const insignificant = 20

// chainText returns the critical chain. What took hardly anything is left out.
func chainText(chain []hooks.Step, took time.Duration) string {
	var steps []string
	left := false
	for _, step := range chain {
		if step.Took < took/insignificant {
			if !left {
				steps = append(steps, "..")
			}
			left = true
			continue
		}
		left = false
		text := oneLine(step.Unit)
		if len(chain) > 1 {
			text += " " + short(step.Took)
		}
		steps = append(steps, text)
	}
	return strings.Join(steps, " > ")
}

// whyText returns why the app stops.
func whyText(e hooks.AppStopping, signal string) string {
	switch {
	case signal != "":
		return oneLine(signal)
	case e.Unit != "" && e.Why == hooks.WhyFailure:
		return oneLine(e.Unit) + " failed"
	case e.Unit != "" && e.Why == hooks.WhyEnded:
		return oneLine(e.Unit) + " ended"
	case e.Why == hooks.WhyTimeout:
		return "the start took too long"
	}
	return e.Why.String()
}

// isShort reports whether a text fits into a line beside others.
func isShort(text string) bool {
	return !strings.Contains(text, "\n") && ansi.StringWidth(text) <= 50
}

// stoppedText tells how the app ended.
func (s *story) stoppedText(took time.Duration) string {
	if s.phase != stopping {
		return "before the start"
	}
	text := fmt.Sprintf("in %s%s: %s", short(took), s.during, s.why)
	if s.total > 0 {
		text = count(s.total, "unit") + " " + text
	}
	if s.forced > 0 {
		text += fmt.Sprintf(", %d forced", s.forced)
	}
	if left := s.total - s.done; left > 0 {
		text += fmt.Sprintf(", %d left running", left)
	}
	return text
}

// place names a function and where it stands.
func place(function, location string) string {
	if location == "" {
		return function
	}
	return function + " (" + location + ")"
}
