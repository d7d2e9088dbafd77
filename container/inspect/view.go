package inspect

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
)

// What is kept of what may come without end.
const (
	reportsLimit  = 20 // of a unit, the last
	mistakesLimit = 20 // of the application, the first
)

// view is what is known of an application, because it observes it. It holds nothing that
// grows while the application lives, but for a few texts of limited size.
type view struct {
	instance string

	mu        sync.Mutex    // guards what follows
	version   uint64        // of the last change
	changed   chan struct{} // closed at the next change
	listed    uint64        // the version in which the list of units last changed
	planned   bool          // it is the list that really starts
	explained bool          // it says why units wait for each other, which the event does not
	app       appBody
	stopping  time.Time // when the reason to stop came up, zero if there is none
	units     []*unit   // in the order of the plan
	byName    map[string]*unit
}

// unit is what is known of a unit. What its body refers to is replaced, not changed: it
// may be on its way to somebody.
type unit struct {
	unitBody
	name    string // as the application has it
	version uint64 // in which it last changed
	drains  bool
}

func newView() *view {
	return &view{
		instance: rand.Text(),
		changed:  make(chan struct{}),
		app:      appBody{Program: bounded(filepath.Base(os.Args[0]))},
		byName:   make(map[string]*unit),
	}
}

// Observe is told what happens. It never waits for anybody.
func (v *view) Observe(event hooks.Event) {
	texts := read(event) // not under the lock: it is the user who says what it says
	v.mu.Lock()
	defer v.mu.Unlock()
	v.version++
	if !v.note(event, texts) {
		v.version--
		return
	}
	close(v.changed)
	v.changed = make(chan struct{})
}

// note reports whether the event changes anything that is shown.
func (v *view) note(event hooks.Event, texts texts) bool {
	switch e := event.(type) {
	case hooks.Planned:
		v.plan(e.Plan, e.At)
	case hooks.AppStarting:
		v.enter(appStarting, e.At)
	case hooks.AppStarted:
		v.app.StartSeconds = e.Took.Seconds()
		for _, step := range e.Critical {
			if u := v.byName[step.Unit]; u != nil {
				u.Critical, u.version = true, v.version
			}
		}
		v.enter(appRunning, e.At)
	case hooks.AppStopping:
		v.stopping = e.At
		v.app.Reason, v.app.Error = texts.reason, texts.err
		v.enter(appStopping, e.At)
	case hooks.Draining:
		v.drain(e.At)
	case hooks.StillStarting:
		v.pending(e.Pending)
	case hooks.StillStopping:
		v.pending(e.Pending)
	case hooks.Stuck:
		v.stuck(e)
	case hooks.AppStopped:
		v.app.Error = cmp.Or(texts.err, v.app.Error)
		state := appStopped
		if e.Err != nil {
			state = appFailed
		}
		v.enter(state, e.At)
	case hooks.Misuse:
		if len(v.app.Mistakes) == mistakesLimit {
			return false
		}
		v.app.Mistakes = append(slices.Clip(v.app.Mistakes), texts.err)
	default:
		return v.noteUnit(event, texts)
	}
	return true
}

// noteUnit is note for what happens to a unit.
func (v *view) noteUnit(event hooks.Event, texts texts) bool {
	switch e := event.(type) {
	case hooks.UnitStarting:
		u := v.unit(e.Unit, e.Layer)
		u.drains = canDrain(e.Value) || canDrain(e.Adapted)
		u.enter(unitStarting, e.At)
	case hooks.UnitStarted:
		u := v.unit(e.Unit, e.Layer)
		u.StartSeconds = e.Took.Seconds()
		u.enter(unitRunning, e.At)
	case hooks.UnitStopping:
		v.unit(e.Unit, e.Layer).enter(unitStopping, e.At)
		v.enter(appStopping, e.At) // which ends a drain
	case hooks.UnitStopped:
		u := v.unit(e.Unit, e.Layer)
		u.StopSeconds, u.Forced = e.Took.Seconds(), e.Forced
		u.Error, u.Stack = cmp.Or(texts.err, u.Error), cmp.Or(texts.stack, u.Stack)
		state := unitStopped
		if e.Err != nil {
			state = unitFailed
		}
		u.enter(state, e.At)
	case hooks.UnitFailed:
		u := v.unit(e.Unit, e.Layer)
		u.Error, u.Stack = cmp.Or(texts.err, u.Error), cmp.Or(texts.stack, u.Stack)
		state := unitFailed
		if e.Cause == nil { // it ends by itself
			state = unitStopping
		}
		u.enter(state, e.At)
	case hooks.UnitReported:
		u := v.unit(e.Unit, e.Layer)
		u.ReportCount++
		kept := u.Reports[max(0, len(u.Reports)+1-reportsLimit):]
		u.Reports = append(slices.Clone(kept), reportBody{shown(e.At), texts.report})
	default:
		return false
	}
	return true
}

// plan notes the units, in their order.
func (v *view) plan(p *hooks.Plan, at time.Time) {
	if p == nil {
		return
	}
	v.planned = true
	v.app.Schedule, v.app.Layers = p.Schedule.String(), len(p.Layers)
	v.app.Unused, v.app.Warnings = boundedAll(p.Unused), boundedAll(p.Warnings)
	known := v.byName
	v.units, v.byName, v.listed = nil, make(map[string]*unit, len(known)), v.version
	for i, layer := range p.Layers {
		for _, u := range layer {
			v.list(u, i)
		}
	}
	link(v.units)
	for _, u := range v.units {
		u.Since = shown(at)
		if was := known[u.name]; was != nil { // it has begun already
			u.State, u.Since = was.State, was.Since
		}
	}
}

// list adds a unit to the list.
func (v *view) list(of hooks.Unit, layer int) *unit {
	u := newUnit(of, layer, len(v.units))
	u.version, v.listed = v.version, v.version
	v.units, v.byName[of.Name] = append(v.units, u), u
	v.app.Layers = max(v.app.Layers, layer+1)
	return u
}

// unit returns the unit of that name, which is about to change. One that stood in no plan
// comes last.
func (v *view) unit(of hooks.Unit, layer int) *unit {
	u := v.byName[of.Name]
	if u == nil {
		u = v.list(of, layer)
	}
	u.version = v.version
	return u
}

// enter goes on to a state of the application.
func (v *view) enter(state appState, at time.Time) {
	if state > v.app.State {
		v.app.State, v.app.Since, v.app.Pending = state, shown(at), nil
	}
}

// enter goes on to a state of the unit. What is late to do one thing may do the next in
// time.
func (u *unit) enter(state unitState, at time.Time) {
	if state > u.State {
		u.State, u.Since, u.Late = state, shown(at), false
	}
}

// drain notes that units drain. The application stops already when it is told.
func (v *view) drain(at time.Time) {
	if v.app.State <= appStopping {
		v.app.State, v.app.Since = appDraining, shown(at)
	}
	for _, u := range v.units {
		if u.drains && u.State == unitRunning {
			u.version = v.version
			u.enter(unitDraining, at)
		}
	}
}

// pending notes what is late.
func (v *view) pending(pending []hooks.Pending) {
	v.app.Pending = nil
	late := make(map[*unit]bool)
	for _, p := range pending {
		if u := v.byName[p.Unit]; u != nil {
			late[u] = true
		}
		v.app.Pending = append(v.app.Pending,
			pendingBody{bounded(p.Unit), p.For.Seconds(), boundedAll(p.Holds)})
	}
	for _, u := range v.units {
		if u.Late != late[u] {
			u.Late, u.version = late[u], v.version
		}
	}
}

// stuck notes what was given up.
func (v *view) stuck(e hooks.Stuck) {
	for _, s := range e.Units {
		stack := bounded(s.Stack)
		if u := v.byName[s.Unit]; u != nil {
			u.Stuck, u.Stack, u.version = true, cmp.Or(stack, u.Stack), v.version
		}
		v.app.Stuck = append(slices.Clip(v.app.Stuck),
			stuckBody{bounded(s.Unit), s.Phase.String(), s.For.Seconds(), stack})
	}
	v.enter(appStuck, e.At)
}

// canDrain reports whether a value is told of a drain.
func canDrain(value any) bool {
	_, ok := value.(interface{ Drain() })
	return ok
}

// texts are what belongs to the application in an event, as text.
type texts struct{ err, stack, reason, report string }

func read(event hooks.Event) texts {
	switch e := event.(type) {
	case hooks.UnitFailed:
		return texts{err: errorText(e.Cause), stack: panicStack(e.Cause)}
	case hooks.UnitStopped:
		return texts{err: errorText(e.Err), stack: panicStack(e.Err)}
	case hooks.UnitReported:
		return texts{report: reportText(e.Value)}
	case hooks.AppStopping:
		reason := e.Why.String()
		if e.Signal != nil {
			reason = fmt.Sprintf("%s: %v", reason, e.Signal)
		} else if e.Unit != "" {
			reason = fmt.Sprintf("%s: %s", reason, e.Unit)
		}
		return texts{err: errorText(e.Cause), reason: bounded(reason)}
	case hooks.Misuse:
		return texts{err: errorText(e.Err)}
	case hooks.AppStopped:
		return texts{err: errorText(e.Err)}
	}
	return texts{}
}

func boundedAll(all []string) []string {
	kept := make([]string, len(all))
	for i, s := range all {
		kept[i] = bounded(s)
	}
	return kept
}
