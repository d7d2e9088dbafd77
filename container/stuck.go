package container

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/explore"
)

// The pprof labels of a unit's goroutines: one for who reads a profile, and one of the
// app, because units of two apps may have the same name, and a unit may be an app, of
// which the goroutines are the unit's, too.
const (
	unitLabel = "unit"
	appLabel  = "strata.app." // and the number of the app
)

// What a report of what is stuck has room for: as many names in a text, as many bytes
// of stacks for a unit, and in all.
const (
	namesLimit  = 20
	stackLimit  = 4 << 10
	stacksLimit = 64 << 10
)

func init() {
	explore.Container.Stacks = func(app any, unit string) string {
		return app.(*App).reportStuck().stacks(unit, "")
	}
}

// apps counts the apps of the program.
var apps atomic.Uint64

// newLabel returns what tells an app from others, as the key of a label.
func newLabel() string { return appLabel + strconv.FormatUint(apps.Add(1), 10) }

func (a *App) labels(unit string) pprof.LabelSet {
	return pprof.Labels(a.label, unit, unitLabel, unit)
}

// stuckError is ErrStuck with what hangs.
type stuckError struct{ units []hooks.StuckUnit }

func (e *stuckError) Error() string {
	if len(e.units) == 0 {
		return fmt.Sprintf("%v: %s", ErrStuck, nobody)
	}
	var names []string
	stacks, without := "", 0
	for _, u := range e.units {
		names = append(names, fmt.Sprintf("%s (%v for %v)", u.Unit, u.Phase, u.For.Round(time.Millisecond)))
		if u.Stack != "" {
			stacks += "\n" + u.Unit + ":\n" + u.Stack
		} else {
			without++
		}
	}
	text := fmt.Sprintf("%v: %s%s", ErrStuck, listed(names, "; "), stacks)
	if without > 0 {
		text += fmt.Sprintf("\nno stacks shown of %d of %d", without, len(e.units))
	}
	return text
}

func (e *stuckError) Unwrap() error { return ErrStuck }

// listed joins names, of which it leaves out what is too much to read.
func listed(names []string, separator string) string {
	if more := len(names) - namesLimit; more > 0 {
		names = append(slices.Clone(names[:namesLimit]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, separator)
}

// stuck returns the units that have not ended though they were forced.
func (r *run) stuck(report *stuckReport) []hooks.StuckUnit {
	var units []hooks.StuckUnit
	now := time.Now()
	for _, u := range r.units {
		stage, since, _ := u.track.get()
		if stage == waiting || stage == ended {
			continue
		}
		units = append(units, hooks.StuckUnit{
			Unit: u.Name, Phase: u.track.phase(), For: now.Sub(since), Stack: report.stacks(u.Name, ""),
		})
	}
	return units
}

// stuckReport finds the stacks of goroutines, as long as there is room for them.
type stuckReport struct {
	label   string   // of the goroutines of the app
	profile []string // of these: stacks, with their labels above
	room    int
}

// reportStuck takes a profile of the goroutines of the app.
func (a *App) reportStuck() *stuckReport {
	report := &stuckReport{label: a.label, room: stacksLimit}
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		return report
	}
	for _, stack := range strings.Split(b.String(), "\n\n") {
		if strings.Contains(stack, strconv.Quote(report.label)+":") {
			report.profile = append(report.profile, stack)
		}
	}
	return report
}

// stacks returns the stacks of the goroutines of a unit that go through a function: a
// frame is a line, the innermost first, and an empty line stands between goroutines.
func (r *stuckReport) stacks(name, function string) string {
	var stacks []string
	size := 0
	for _, stack := range r.profile {
		if r.room <= 0 || size > stackLimit {
			break
		}
		if hasLabel(stack, r.label, name) && strings.Contains(stack, function) {
			stacks = append(stacks, ownFrames(stack))
			size += len(stacks[len(stacks)-1])
		}
	}
	text := strings.Join(stacks, "\n")
	if len(text) > stackLimit {
		text = text[:stackLimit] + "\n..."
	}
	r.room -= len(text)
	return text
}

// callers are the packages, and the function, through which a unit or a constructor is
// called. What is below them in a stack is theirs.
var callers = []string{
	"github.com/strata-go/strata/container.",
	"github.com/strata-go/strata/internal/",
	"github.com/strata-go/strata/process.RunnerFunc.Run",
	"go.uber.org/dig.",
	"reflect.",
	"runtime/pprof.",
}

// ownFrames returns the frames of a stack of a profile, but for those of the callers at
// its end, unless there are no others.
func ownFrames(stack string) string {
	var frames []string
	own := 0
	for line := range strings.Lines(stack) {
		// An address, the function with an offset, tabs, the file and the line.
		fields := strings.FieldsFunc(line, func(c rune) bool { return c == '\t' || c == '\n' })
		if len(fields) != 4 || fields[0] != "#" {
			continue
		}
		function, _, _ := strings.Cut(fields[2], "+0x")
		frames = append(frames, function+" "+fields[3]+"\n")
		if !slices.ContainsFunc(callers, func(c string) bool { return strings.HasPrefix(function, c) }) {
			own = len(frames)
		}
	}
	if own > 0 {
		frames = frames[:own]
	}
	return strings.Join(frames, "")
}

// hasLabel reports whether the labels of a stack are such.
func hasLabel(stack, key, value string) bool {
	head, _, _ := strings.Cut(stack, "\n#\t")
	return strings.Contains(head, strconv.Quote(key)+":"+strconv.Quote(value))
}
