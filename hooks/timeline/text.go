package timeline

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// String returns in a few lines how the start went: how long it took, and the critical
// chain. It ends with a newline.
func (t *Timeline) String() string {
	var b strings.Builder
	b.WriteString(t.headline() + "\n")
	width := 0
	steps := t.CriticalChain()
	for _, s := range steps {
		width = max(width, utf8.RuneCountInString(short(s.Took)))
	}
	for _, s := range steps {
		fmt.Fprintf(&b, "  %*s  %s\n", width, short(s.Took), oneLine(s.Name))
	}
	if t.Dropped > 0 {
		fmt.Fprintf(&b, "%s\n", t.droppedNote())
	}
	return b.String()
}

// headline says how far the start got, and how long that took.
func (t *Timeline) headline() string {
	took := short(t.Took())
	switch {
	case t.Began.IsZero() && t.Stopping.IsZero() && t.Ended.IsZero():
		return "nothing has begun"
	case !t.Ready.IsZero():
		built := first(t.Built, t.Starting)
		return fmt.Sprintf("started in %s: %s construction, %s start (%s, %s)",
			took, short(built.Sub(t.Began)), short(t.Ready.Sub(built)), count(len(t.Units), "unit"), t.Schedule)
	case !t.Stopping.IsZero() || !t.Ended.IsZero():
		return "start given up after " + took
	case t.Starting.IsZero():
		return "constructing for " + took + " so far"
	}
	return "starting for " + took + " so far"
}

func (t *Timeline) droppedNote() string {
	return fmt.Sprintf("%s not kept: there is room for %d units and %d calls of constructors",
		count(t.Dropped, "unit or call", "units and calls"), maxUnits, maxConstructors)
}

// short returns a duration in three digits or so.
func short(d time.Duration) string {
	switch day := 24 * time.Hour; {
	case d < 0:
		return "-" + short(-max(d, -math.MaxInt64))
	case d < time.Microsecond:
	case d < time.Millisecond:
		d = d.Round(time.Microsecond)
	case d < 10*time.Millisecond:
		d = d.Round(10 * time.Microsecond)
	case d < 100*time.Millisecond:
		d = d.Round(100 * time.Microsecond)
	case d < time.Second:
		d = d.Round(time.Millisecond)
	case d < 10*time.Second:
		d = d.Round(10 * time.Millisecond)
	case d < time.Minute:
		d = d.Round(100 * time.Millisecond)
	case d < time.Hour:
		d = d.Round(time.Second)
	case d < day:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		return strings.TrimSuffix(text, "0s")
	}
	return text
}

func count(n int, one string, many ...string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, append(many, one+"s")[0])
}

// oneLine returns s without what would break a line, or tell a terminal what to do: a unit
// may name itself as it likes.
func oneLine(s string) string {
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}
	return strings.Map(printable, strings.Join(strings.Fields(s), " "))
}
