package terminal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

const (
	maxWidth   = 78 // of a picture, in columns
	maxBar     = 30
	minBar     = 5
	maxPending = 5 // lines below the bar
)

// picture returns the lines of the picture, none if there is nothing to show, or no
// room. Each is narrower than the terminal, so that none is wrapped, and all have room
// above the line of the cursor, so that all can be drawn again.
func (s *story) picture(now time.Time, width, height int) []string {
	if !s.lives() || height < 2 || !s.drawn && now.Sub(s.since) < beat {
		s.drawn = false
		return nil
	}
	s.drawn = true
	width = min(width-1, maxWidth)
	lines := []string{s.title(now, width)}
	if s.phase != building {
		lines = append(lines, pendingLines(s.pending(), now, width, min(height-2, maxPending))...)
	}
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, width, "…")
	}
	return lines
}

// title returns the first line: what goes on, how far it is, for how long.
func (s *story) title(now time.Time, width int) string {
	took := ticking(now.Sub(s.since))
	switch {
	case s.phase == building:
		c := s.calls[0]
		return "constructing " + ticking(now.Sub(c.since)) + "  " + oneLine(c.name)
	case s.phase == starting:
		return withBar("starting", s.done, s.total, took, width)
	case s.drains > 0:
		return "draining " + took + " of " + short(s.drains) + "  " + s.why
	}
	return withBar("stopping", s.done, s.total, took+"  "+s.why, width)
}

// withBar puts a bar between two texts, as long as there is room.
func withBar(before string, done, total int, after string, width int) string {
	after = fmt.Sprintf("%d/%d  %s", done, total, after)
	if total == 0 {
		return before + " " + after
	}
	length := min(maxBar, width-ansi.StringWidth(before+" [] "+after))
	if length < minBar {
		return before + " " + after
	}
	full := length * min(done, total) / total
	return before + " [" + strings.Repeat("#", full) + strings.Repeat("-", length-full) + "] " + after
}

// awaited is what the start or the stop waits for.
type awaited struct {
	name  string
	since time.Time
	order int
	note  string
}

// pending returns what is waited for, what has been for longest first.
func (s *story) pending() []awaited {
	var all []awaited
	for i, c := range s.calls {
		all = append(all, awaited{c.name, c.since, i - len(s.calls), "constructing"})
	}
	for _, u := range s.units {
		if !u.pending {
			continue
		}
		all = append(all, awaited{u.name, u.since, u.order, u.report})
	}
	slices.SortFunc(all, func(a, b awaited) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.order, b.order), strings.Compare(a.name, b.name))
	})
	return all
}

// pendingLines returns a line for each that is waited for, in no more lines than there
// is room for.
func pendingLines(all []awaited, now time.Time, width, room int) []string {
	if room <= 0 || len(all) == 0 {
		return nil
	}
	shown := all
	if len(all) > room {
		shown = all[:max(room-1, 1)]
	}
	const duration = len("59m59s")
	longest := 0
	for _, a := range shown {
		longest = max(longest, ansi.StringWidth(oneLine(a.name)))
	}
	longest = max(min(longest, width-duration-4), 1)
	var lines []string
	for _, a := range shown {
		name := ansi.Truncate(oneLine(a.name), longest, "…")
		padding := strings.Repeat(" ", longest-ansi.StringWidth(name))
		line := fmt.Sprintf("  %s%s  %*s  %s", name, padding, duration, ticking(now.Sub(a.since)), oneLine(a.note))
		lines = append(lines, strings.TrimRight(line, " "))
	}
	if more := len(all) - len(shown); more > 0 && room > 1 {
		lines = append(lines, fmt.Sprintf("  and %d more", more))
	}
	return lines
}
