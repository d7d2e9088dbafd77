package terminal

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// clean returns text without what a terminal would take for more than text: control
// characters are written as Go writes them. Newlines and tabs stay.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if !strings.ContainsFunc(text, controls) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if controls(r) {
			fmt.Fprintf(&b, "\\x%02x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func controls(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// oneLine returns text as one line of a picture.
func oneLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// short returns a duration with the digits that a reader cares for.
func short(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return ticking(d)
}

// ticking returns a duration that goes on: in tenths of a second at first, then in
// seconds, never more than has passed.
func ticking(d time.Duration) string {
	d = max(d, 0)
	seconds := int(d / time.Second)
	switch {
	case seconds < 10:
		return fmt.Sprintf("%d.%ds", seconds, d%time.Second/(100*time.Millisecond))
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm%02ds", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%dh%02dm", seconds/3600, seconds/60%60)
}

// orNow returns the time of an event, which an event made by hand may not have.
func orNow(at time.Time) time.Time {
	if at.IsZero() {
		return time.Now()
	}
	return at
}

// count returns the number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
