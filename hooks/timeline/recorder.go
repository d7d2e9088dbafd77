package timeline

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
)

// What a Recorder keeps at most.
const (
	maxConstructors = 10_000
	maxUnits        = 10_000
	maxReports      = 8 // of a unit
	maxText         = 512
)

// Recorder records the life of one application, because it observes it. It is a
// [hooks.Observer]. The zero value is what [New] returns. All methods may be called from
// any goroutine, at any time.
//
// It has to see the start: give it to the application before that, or while the
// application still tells those who come late all of its past.
type Recorder struct {
	mu       sync.Mutex // guards what follows
	timeline Timeline   // with times as they were observed
	planned  bool       // Began is known, and not only guessed
	places   map[string]int
}

// New returns a Recorder that has observed nothing yet.
func New() *Recorder { return new(Recorder) }

// Observe is told what happens. It does not block. It keeps no value of the application.
func (r *Recorder) Observe(event hooks.Event) {
	said := textOf(event) // not under the lock: it is the user who says what it says
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &r.timeline
	switch e := event.(type) {
	case hooks.Constructed:
		r.constructed(e, said)
	case hooks.Planned:
		r.plan(e)
	case hooks.AppStarting:
		t.Began, t.Starting = first(t.Began, e.At), e.At
		r.enter(StateStarting)
	case hooks.AppStarted:
		t.Ready = e.At
		r.enter(StateRunning)
	case hooks.AppStopping:
		t.Stopping, t.Why = e.At, reasonOf(e)
		r.enter(StateStopping)
	case hooks.Draining:
		t.Draining = e.At
		r.enter(StateDraining)
	case hooks.Stuck:
		r.enter(StateStuck)
		for _, s := range e.Units {
			if i, ok := r.places[s.Unit]; ok {
				t.Units[i].State = StateStuck
			}
		}
	case hooks.AppStopped:
		t.Ended, t.Err = e.At, said
		if said != "" {
			r.enter(StateFailed)
		}
		r.enter(StateStopped)

	case hooks.UnitStarting:
		known := r.change(e.Unit, e.Layer, func(u *Unit) { u.Starting, u.State = e.At, StateStarting })
		if !known && !r.planned {
			t.Dropped++ // else it was counted with the plan
		}
	case hooks.UnitStarted:
		r.change(e.Unit, e.Layer, func(u *Unit) { u.Ready, u.State = e.At, StateRunning })
	case hooks.UnitFailed:
		r.change(e.Unit, e.Layer, func(u *Unit) {
			u.Failed, u.Err, u.State = e.At, said, StateStopping
			if e.Cause != nil {
				u.State = StateFailed
			}
		})
	case hooks.UnitStopping:
		r.change(e.Unit, e.Layer, func(u *Unit) {
			u.Stopping = e.At
			if u.State != StateFailed {
				u.State = StateStopping
			}
		})
		r.stops()
	case hooks.UnitStopped:
		r.change(e.Unit, e.Layer, func(u *Unit) {
			u.Ended, u.Forced, u.Err = e.At, e.Forced, cmp.Or(u.Err, said)
			if u.State != StateFailed {
				u.State = StateStopped
			}
			if e.Err != nil {
				u.State = StateFailed
			}
		})
		r.stops()
	case hooks.UnitReported:
		r.change(e.Unit, e.Layer, func(u *Unit) { u.report(e.At, said) })
	}
}

// Timeline returns what has been observed so far.
func (r *Recorder) Timeline() *Timeline {
	r.mu.Lock()
	t := r.timeline
	t.Constructors = slices.Clone(t.Constructors)
	t.Units = slices.Clone(t.Units)
	for i := range t.Units {
		u := &t.Units[i]
		u.DependsOn, u.Reports = slices.Clone(u.DependsOn), slices.Clone(u.Reports)
	}
	r.mu.Unlock()
	t.State = cmp.Or(t.State, StateConstructing)
	t.Taken = time.Now()
	t.onOneClock()
	return &t
}

func (r *Recorder) constructed(e hooks.Constructed, said string) {
	t := &r.timeline
	began := e.At.Add(-e.Took)
	if !r.planned && (t.Began.IsZero() || began.Before(t.Began)) {
		t.Began = began
	}
	if len(t.Constructors) == maxConstructors {
		t.Dropped++
		return
	}
	t.Constructors = append(t.Constructors, Constructor{
		Name: e.Constructor, Location: e.Location, Scope: e.Scope, Began: began, Ended: e.At, Err: said,
	})
}

func (r *Recorder) plan(e hooks.Planned) {
	r.timeline.Began, r.timeline.Built, r.planned = e.At.Add(-e.Took), e.At, true
	if e.Plan == nil {
		return
	}
	r.timeline.Schedule = e.Plan.Schedule
	for layer, units := range e.Plan.Layers {
		for _, u := range units {
			if !r.change(u, layer, func(*Unit) {}) {
				r.timeline.Dropped++
			}
		}
	}
}

// change calls f for the unit, which comes last if it stood in no plan. It returns false if
// there is no room for it.
func (r *Recorder) change(of hooks.Unit, layer int, f func(*Unit)) bool {
	t := &r.timeline
	i, ok := r.places[of.Name]
	if !ok {
		if len(t.Units) == maxUnits {
			return false
		}
		if r.places == nil {
			r.places = make(map[string]int)
		}
		i = len(t.Units)
		r.places[of.Name] = i
		t.Units = append(t.Units, Unit{
			Name: of.Name, Type: of.Type, Constructor: of.Constructor, DependsOn: of.DependsOn, Layer: layer, State: StateWaiting,
		})
	}
	f(&t.Units[i])
	return true
}

// enter goes on to a state of the application, if it can follow.
func (r *Recorder) enter(s State) {
	t := &r.timeline
	switch t.State {
	case StateStopping, StateDraining:
		if s == StateStarting || s == StateRunning {
			return
		}
	case StateStopped, StateFailed, StateStuck:
		return
	}
	t.State = s
}

// stops notes that a drain is over.
func (r *Recorder) stops() {
	if r.timeline.State == StateDraining {
		r.timeline.State = StateStopping
	}
}

func (u *Unit) report(at time.Time, text string) {
	if len(u.Reports) == maxReports {
		u.Reports = slices.Delete(u.Reports, 0, 1)
		u.Dropped++
	}
	u.Reports = append(u.Reports, Report{At: at, Text: text})
}

// onOneClock replaces all times by the first with what has passed since, so that wall
// clocks that were set meanwhile do not show, and the time zone is the same.
func (t *Timeline) onOneClock() {
	base := first(t.Began, t.Starting, t.Taken)
	origin := base.Round(0).UTC()
	set := func(times ...*time.Time) {
		for _, at := range times {
			if !at.IsZero() {
				*at = origin.Add(at.Sub(base))
			}
		}
	}
	set(&t.Began, &t.Built, &t.Starting, &t.Ready, &t.Stopping, &t.Draining, &t.Ended, &t.Taken)
	for i := range t.Constructors {
		c := &t.Constructors[i]
		set(&c.Began, &c.Ended)
	}
	for i := range t.Units {
		u := &t.Units[i]
		set(&u.Starting, &u.Ready, &u.Failed, &u.Stopping, &u.Ended)
		for j := range u.Reports {
			set(&u.Reports[j].At)
		}
	}
}

// textOf returns what an event says: an error, or a report.
func textOf(event hooks.Event) string {
	switch e := event.(type) {
	case hooks.Constructed:
		return errorText(e.Err)
	case hooks.UnitFailed:
		return errorText(e.Cause)
	case hooks.UnitStopped:
		return errorText(e.Err)
	case hooks.AppStopped:
		return errorText(e.Err)
	case hooks.UnitReported:
		return reportText(e.Value)
	}
	return ""
}

// errorText returns what an error says, empty for nil. Unlike a call of Error, fmt survives
// one that panics.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return bounded(fmt.Sprint(err))
}

// reportText returns a value's own text if it has one, and its type if not: to print the
// inside of a value would race with its owner, and may show what is secret.
func reportText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case error, fmt.Stringer:
		return bounded(fmt.Sprint(v))
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.String {
		return bounded(v.String())
	}
	return bounded(reflect.TypeOf(value).String())
}

// bounded returns a text that can be kept and saved: valid, and not too long.
func bounded(text string) string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return strings.ToValidUTF8(strings.Clone(text), "\uFFFD")
}

func reasonOf(e hooks.AppStopping) string {
	switch {
	case e.Unit != "":
		return fmt.Sprintf("%v: %s", e.Why, e.Unit)
	case e.Signal != nil:
		return fmt.Sprintf("%v: %v", e.Why, e.Signal)
	}
	return e.Why.String()
}
