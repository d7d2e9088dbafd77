package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/strata-go/strata/hooks"
)

// Duration is how long something took.
type Duration struct {
	// Name is a unit's, or a constructor's with its place: "shop.NewServer (server.go:42)".
	Name string
	// Phase is what took that long.
	Phase hooks.Phase
	// Took is how long.
	Took time.Duration
	// Pending is whether it was not over when the snapshot was taken: then Took is how
	// long it had taken so far.
	Pending bool
}

// Blame returns who took longest, the longest first. Without phases it is about the start:
// each call of a constructor, and each unit from when it was started until it was ready, or
// had failed. With phases it is about these, like [hooks.PhaseStop]: each unit from when it
// was asked to stop until it had ended. What was not begun is left out.
//
// That something took long does not mean that the start did: see [Timeline.CriticalChain].
func (t *Timeline) Blame(phases ...hooks.Phase) []Duration {
	if len(phases) == 0 {
		phases = []hooks.Phase{hooks.PhaseConstruct, hooks.PhaseStart}
	}
	var all []Duration
	if slices.Contains(phases, hooks.PhaseConstruct) {
		for _, c := range t.Constructors {
			all = append(all, Duration{Name: c.place(), Phase: hooks.PhaseConstruct, Took: c.Ended.Sub(c.Began)})
		}
	}
	for i := range t.Units {
		for _, phase := range []hooks.Phase{hooks.PhaseStart, hooks.PhaseRun, hooks.PhaseStop} {
			if !slices.Contains(phases, phase) {
				continue
			}
			if s := t.Units[i].span(phase, t.end()); !s.from.IsZero() {
				all = append(all, Duration{Name: t.Units[i].Name, Phase: phase, Took: s.took(), Pending: s.pending})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y Duration) int { return cmp.Compare(y.Took, x.Took) })
	return all
}

// place names the constructor as the events do where they speak of units.
func (c *Constructor) place() string {
	if c.Location == "" {
		return c.Name
	}
	return c.Name + " (" + c.Location + ")"
}

// span is a phase of a unit.
type span struct {
	from, to time.Time // zero if it never began
	pending  bool      // it was not over at the end
}

func (s span) took() time.Duration { return max(s.to.Sub(s.from), 0) }

// span returns a phase of the unit: the start, the run or the stop.
func (u *Unit) span(phase hooks.Phase, end time.Time) span {
	var from, to time.Time
	switch phase {
	case hooks.PhaseStart:
		from, to = u.Starting, first(u.Ready, u.Failed, u.Stopping, u.Ended)
	case hooks.PhaseRun:
		from, to = u.Ready, first(u.Failed, u.Stopping, u.Ended)
	case hooks.PhaseStop:
		from, to = u.Stopping, u.Ended
		if from.IsZero() { // it ends without being asked
			from = u.Failed
		}
	}
	switch {
	case from.IsZero():
		return span{}
	case to.IsZero():
		return span{from, end, true}
	}
	return span{from, to, false}
}
