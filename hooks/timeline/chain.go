package timeline

import (
	"slices"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/criticalchain"
)

// Step is a part of the critical chain.
type Step struct {
	// Name says what took the time: "construction", the name of a unit that was starting,
	// or what was waited for.
	Name string
	// Unit is the unit's name, empty if it is not the start of one.
	Unit string
	// Began is when the step did: each begins when the one before ended.
	Began time.Time
	// Took is how long it took.
	Took time.Duration
}

// gap is from where on a wait between two units is a step of its own. What is less is what
// it takes to start a goroutine.
const gap = time.Millisecond

// CriticalChain returns the chain of steps that decided how long the start took, the first
// first. The steps follow each other without a gap, and their sum is [Timeline.Took],
// exactly.
//
// The first is "construction": all of it, since constructors are called one after the other;
// [Timeline.Blame] tells which took how long. Then come units, those of [hooks.AppStarted]:
// the last is the one that became ready last, and before each stands the one whose
// readiness let it start. That is the last of its dependencies, or, by layer, of the layer
// before it. Where a millisecond or more passed between two of them, that is a step of its
// own, which says what was waited for; less counts for the step that follows.
//
// Of a start that failed, the chain leads to the unit that failed first, of one that is
// under way or was given up, to the pending unit that was started last.
func (t *Timeline) CriticalChain() []Step {
	if t.Began.IsZero() {
		return nil
	}
	c := &chain{at: t.Began}
	end := t.startEnd()
	if t.Starting.IsZero() {
		c.to(first(t.Built, end), "construction", "")
		c.to(end, "waiting to be started", "")
		return c.steps
	}
	c.to(first(t.Built, t.Starting), "construction", "")
	c.pause(t.Starting, "waiting to be started")

	spans, late := t.spans(end)
	reached := t.Starting
	for _, s := range criticalchain.Of(t.plan(), t.Starting, spans) {
		u := spans[s.Unit]
		c.pause(u.Start, "waiting to start "+s.Unit)
		reached = reached.Add(s.Took)
		ready := reached
		if u.Ready == late {
			ready = end
		}
		c.to(ready, s.Unit, s.Unit)
	}
	c.pause(end, "completing the start")
	c.rest(end)
	return c.steps
}

// chain is a critical chain in the making.
type chain struct {
	steps []Step
	at    time.Time // where the last step ended
}

// to adds a step until then, unless no time passed and it is not a unit.
func (c *chain) to(then time.Time, name, unit string) {
	took := max(then.Sub(c.at), 0)
	if took == 0 && unit == "" {
		return
	}
	c.steps = append(c.steps, Step{Name: name, Unit: unit, Began: c.at, Took: took})
	c.at = c.at.Add(took)
}

// pause adds a step that nobody is to blame for, if it was long enough to be one.
func (c *chain) pause(then time.Time, name string) {
	if then.Sub(c.at) >= gap {
		c.to(then, name, "")
	}
}

// rest adds what is left, too little to be a step, to the last one.
func (c *chain) rest(end time.Time) {
	if n := len(c.steps); n > 0 {
		c.steps[n-1].Took += end.Sub(c.at)
		return
	}
	c.to(end, "construction", "")
}

// spans returns the starts of the units for [criticalchain.Of]. What was not ready at
// the end of the start counts as ready at a moment later than all others, which is
// returned, too; if a unit had failed, it alone.
func (t *Timeline) spans(end time.Time) (spans map[string]criticalchain.Span, late time.Time) {
	late = end.Add(1)
	culprit := t.culprit()
	spans = make(map[string]criticalchain.Span, len(t.Units))
	for i := range t.Units {
		u := &t.Units[i]
		ready := u.Ready
		if ready.After(end) || ready.IsZero() {
			ready = time.Time{}
			if culprit == u || culprit == nil && t.Ready.IsZero() {
				ready = late
			}
		}
		if !u.Starting.IsZero() && !u.Starting.After(end) {
			spans[u.Name] = criticalchain.Span{Start: u.Starting, Ready: ready}
		}
	}
	return spans, late
}

// culprit returns the unit for which the start was given up, nil if there is none.
func (t *Timeline) culprit() (culprit *Unit) {
	if !t.Ready.IsZero() {
		return nil
	}
	for i := range t.Units {
		u := &t.Units[i]
		if u.Ready.IsZero() && !u.Failed.IsZero() && (culprit == nil || u.Failed.Before(culprit.Failed)) {
			culprit = u
		}
	}
	return culprit
}

// plan returns the plan by which the units were started.
func (t *Timeline) plan() *hooks.Plan {
	p := &hooks.Plan{Schedule: t.Schedule}
	for _, units := range t.layers() {
		var layer []hooks.Unit
		for _, i := range units {
			layer = append(layer, hooks.Unit{Name: t.Units[i].Name, DependsOn: t.Units[i].DependsOn})
		}
		p.Layers = append(p.Layers, layer)
	}
	return p
}

// layers returns the positions of the units, by layer. None is empty.
func (t *Timeline) layers() [][]int {
	byNumber := make(map[int][]int)
	var numbers []int
	for i, u := range t.Units {
		if byNumber[u.Layer] == nil {
			numbers = append(numbers, u.Layer)
		}
		byNumber[u.Layer] = append(byNumber[u.Layer], i)
	}
	slices.Sort(numbers)
	var layers [][]int
	for _, n := range numbers {
		layers = append(layers, byNumber[n])
	}
	return layers
}
