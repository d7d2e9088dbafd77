package health

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
)

// Health knows how an application is, because it observes it, and answers those who ask
// with [Health.Livez], [Health.Readyz] and [Health.Startupz]. It is a [hooks.Observer]
// of one application. The zero value is what [New] returns. All methods may be called
// from any goroutine.
//
// It has to see the start: give it to the application before that, or while the
// application still tells those who come late all of its past.
type Health struct {
	timeout time.Duration // 0 is the default

	mu     sync.Mutex // guards what follows
	state  appState
	since  time.Time // of the state, zero if nothing was observed
	why    string    // of the state, empty if there is nothing to say
	units  []*unit   // in the order of the plan
	byName map[string]*unit

	checking   context.Context // of all checks; ends when it does not run any more; nil if it never did
	stopChecks context.CancelFunc
	round      *round // the last one, nil if there was none
}

// Option changes what [New] returns. The zero value changes nothing.
type Option struct{ set func(*Health) }

// WithTimeout sets how long a request waits for checks. The default, which stands for 0
// and less, too, is 800 ms: a probe of Kubernetes waits a second unless it is told
// otherwise, and then it is too late to say which check it is that hangs.
func WithTimeout(timeout time.Duration) Option {
	return Option{func(h *Health) { h.timeout = max(timeout, 0) }}
}

const defaultTimeout = 800 * time.Millisecond

// New returns a Health that has observed nothing yet.
func New(options ...Option) *Health {
	h := new(Health)
	for _, option := range options {
		if option.set != nil {
			option.set(h)
		}
	}
	return h
}

// Observe is told what happens. It does not block.
func (h *Health) Observe(event hooks.Event) {
	err := text(errorOf(event)) // not under the lock: it is the user who says what it says
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.since.IsZero() {
		h.since = time.Now()
	}
	switch e := event.(type) {
	case hooks.Planned:
		h.plan(e)
	case hooks.AppStarting:
		h.enter(appStarting, e.At, "")
	case hooks.AppStarted:
		h.enter(appRunning, e.At, "")
	case hooks.AppStopping:
		h.enter(appStopping, e.At, reasonOf(e))
	case hooks.Draining:
		h.enter(appDraining, e.At, "")
	case hooks.Stuck:
		h.enter(appStuck, e.At, namesOf(e.Units))
	case hooks.AppStopped:
		h.enter(appStopped, e.At, err)

	case hooks.UnitStarting:
		u := h.enterUnit(e.Unit, unitStarting, e.At, "")
		u.checker = checkerOf(e)
	case hooks.UnitStarted:
		h.enterUnit(e.Unit, unitRunning, e.At, "")
	case hooks.UnitStopping:
		h.enterUnit(e.Unit, unitStopping, e.At, "")
	case hooks.UnitStopped:
		h.enterUnit(e.Unit, unitStopped, e.At, err)
	case hooks.UnitFailed:
		state := unitFailed
		if e.Cause == nil { // it ends by itself
			state = unitStopping
		}
		h.enterUnit(e.Unit, state, e.At, err)
	}
}

// plan notes the units, in their order.
func (h *Health) plan(e hooks.Planned) {
	if e.Plan == nil {
		return
	}
	for _, layer := range e.Plan.Layers {
		for _, u := range layer {
			h.unit(u.Name, e.At)
		}
	}
}

// unit returns the unit of that name. One that stood in no plan comes last.
func (h *Health) unit(name string, at time.Time) *unit {
	u := h.byName[name]
	if u == nil {
		u = &unit{name: name, since: at}
		if h.byName == nil {
			h.byName = make(map[string]*unit)
		}
		h.byName[name], h.units = u, append(h.units, u)
	}
	return u
}

// enter goes on to a state of the application, if it can follow.
func (h *Health) enter(state appState, at time.Time, why string) {
	was := h.state
	switch {
	case was == state:
		h.why = cmp.Or(h.why, why)
		return
	case state == appStarting && was != appConstructing, state == appRunning && was != appStarting, was >= appStuck:
		return
	}
	h.state, h.since, h.why = state, at, cmp.Or(why, h.why)
	switch appRunning {
	case state:
		h.checking, h.stopChecks = context.WithCancel(context.Background())
	case was:
		h.stopChecks()
	}
}

// enterUnit goes on to a state of a unit. When the first does not run any more, the
// application stops, though it has yet to say so.
func (h *Health) enterUnit(of hooks.Unit, state unitState, at time.Time, err string) *unit {
	u := h.unit(of.Name, at)
	if state > u.state {
		u.state, u.since = state, at
	}
	u.err = cmp.Or(u.err, err)
	if state > unitRunning {
		h.enter(appStopping, at, "")
	}
	return u
}

// errorOf returns the error in an event, nil if there is none of interest.
func errorOf(event hooks.Event) error {
	switch e := event.(type) {
	case hooks.UnitFailed:
		return e.Cause
	case hooks.UnitStopped:
		return e.Err
	case hooks.AppStopped:
		return e.Err
	}
	return nil
}

// text returns what an error says. Unlike a call of Error, fmt survives one that panics.
func text(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprint(err)
}

func reasonOf(e hooks.AppStopping) string {
	if e.Unit == "" {
		return e.Why.String()
	}
	return fmt.Sprintf("%v (%s)", e.Why, e.Unit)
}

func namesOf(stuck []hooks.StuckUnit) string {
	names := make([]string, len(stuck))
	for i, u := range stuck {
		names[i] = u.Unit
	}
	return strings.Join(names, ", ")
}
