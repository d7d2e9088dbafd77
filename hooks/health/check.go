package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// Checker is what a value that runs may be, too, to be asked whether it can do its work.
//
// HealthCheck returns nil if it can, else what is wrong. It is called in a goroutine of
// its own while the value runs, one call at a time. It should return when its context
// ends: at the timeout, and when the application begins to stop. The last call may not
// have returned when the value is asked to stop.
type Checker interface {
	HealthCheck(ctx context.Context) error
}

// checkerOf returns what is asked for the health of a unit: its value, or else what an adapter made of it; nil if neither is
// a Checker.
func checkerOf(e hooks.UnitStarting) Checker {
	for _, of := range []any{e.Value, e.Adapted} {
		if c, ok := of.(Checker); ok {
			return c
		}
	}
	return nil
}

const (
	// fresh is how long answers of checks are given again.
	fresh = time.Second
	// patience is how long is waited for checks when the application has ended.
	patience = 500 * time.Millisecond
)

// checkState is what came of the last call of a check.
type checkState int

const (
	checkUnknown checkState = iota // there was none
	checkPassed
	checkFailed
	checkHanging // it did not return in time
)

var checkStates = [...]string{"unknown", "passed", "failed", "hanging"}

func (s checkState) String() string { return checkStates[s] }

// result is what came of the last calls of a check.
type result struct {
	state checkState
	since time.Time // of the first in a row
	err   string
}

// note notes what came of another call.
func (r *result) note(state checkState, at time.Time, err string) {
	if state != r.state {
		r.state, r.since = state, at
	}
	r.err = err
}

// call is a call of a check that has not returned.
type call struct {
	unit     *unit
	checker  Checker
	began    time.Time
	returned chan struct{} // closed when it has
}

// round is one time that all checks are asked. The [Health]'s lock guards it.
type round struct {
	over       chan struct{}  // closed when the answers are there
	ended      time.Time      // when that was, zero until then
	unanswered map[*call]bool // what it waits for
	release    func()         // of its context
}

// ask has the checks asked, unless that is being done already, or was a moment ago. It
// returns a channel that is closed when the answers are there, nil if nobody is asked
// because not all units run.
func (h *Health) ask() <-chan struct{} {
	h.mu.Lock()
	if h.state != appRunning {
		h.mu.Unlock()
		return nil
	}
	if r := h.round; r != nil && (r.ended.IsZero() || time.Since(r.ended) < fresh) {
		h.mu.Unlock()
		return r.over
	}
	ctx, r := h.newRound()
	calls := slices.Collect(maps.Keys(r.unanswered))
	h.mu.Unlock()

	for _, c := range calls {
		go h.call(ctx, r, c)
	}
	return r.over
}

// newRound begins a round. It is over when its checks have answered, or its context has
// ended.
func (h *Health) newRound() (context.Context, *round) {
	ctx, cancel := context.WithTimeout(h.checking, cmp.Or(h.timeout, defaultTimeout))
	r := &round{over: make(chan struct{}), unanswered: make(map[*call]bool)}
	h.round = r
	stop := context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.end(r)
	})
	r.release = func() { stop(); cancel() }

	for _, u := range h.units {
		if u.checker != nil && u.call == nil { // what hangs is not called again
			u.call = &call{u, u.checker, time.Now(), make(chan struct{})}
			r.unanswered[u.call] = true
		}
	}
	if len(r.unanswered) == 0 {
		h.end(r)
	}
	return ctx, r
}

// end ends a round, if it has not ended yet: what did not answer hangs.
func (h *Health) end(r *round) {
	if !r.ended.IsZero() {
		return
	}
	for c := range r.unanswered {
		c.unit.check.note(checkHanging, c.began, "")
	}
	r.ended = time.Now()
	close(r.over)
	r.release()
}

// call calls a check, under the label that the unit's own goroutines have.
func (h *Health) call(ctx context.Context, r *round, c *call) {
	err := process.ErrGoexit // if it does not return
	defer func() {
		if p := recover(); p != nil {
			err = &process.PanicError{Value: p, Stack: debug.Stack()}
		}
		h.returned(ctx, r, c, err)
	}()
	pprof.Do(ctx, pprof.Labels("unit", c.unit.name), func(ctx context.Context) {
		err = c.checker.HealthCheck(ctx)
	})
}

// returned notes the answer of a check, if it came in time.
func (h *Health) returned(ctx context.Context, r *round, c *call, err error) {
	state, says := checkPassed, text(err)
	if err != nil {
		state = checkFailed
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c.unit.call = nil
	close(c.returned)
	if ctx.Err() != nil { // it is late, also if nobody has noticed yet
		return
	}
	c.unit.check.note(state, time.Now(), says)
	delete(r.unanswered, c)
	if len(r.unanswered) == 0 {
		h.end(r)
	}
}

// Sync waits for the checks that are still called, half a second at most, and returns an
// error that names those that go on. The application calls it when it has ended.
func (h *Health) Sync() error {
	h.mu.Lock()
	var calls []*call
	for _, u := range h.units {
		if u.call != nil {
			calls = append(calls, u.call)
		}
	}
	h.mu.Unlock()

	limit := time.After(patience)
	for i, c := range calls {
		select {
		case <-c.returned:
		case <-limit:
			return stillCalled(calls[i:])
		}
	}
	return nil
}

func stillCalled(calls []*call) error {
	var errs []error
	for _, c := range calls {
		select {
		case <-c.returned:
		default:
			errs = append(errs, fmt.Errorf("health check of %s has not returned for %v", c.unit.name, time.Since(c.began)))
		}
	}
	return errors.Join(errs...)
}
