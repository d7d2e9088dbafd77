package container

import (
	"context"
	"fmt"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/criticalchain"
	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
)

// stage is where a unit stands. It only grows.
type stage int

const (
	waiting stage = iota
	starting
	running
	stopping
	ended
)

// track is what is known of a unit while it runs.
type track struct {
	mu      sync.Mutex // guards what follows
	stage   stage
	since   time.Time // of the stage
	started criticalchain.Span
	failed  bool
}

// enter goes on to a stage and returns the one before, and for how long it was in
// that.
func (t *track) enter(s stage, now time.Time) (was stage, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was, took = t.stage, now.Sub(t.since)
	t.stage, t.since = s, now
	switch s {
	case starting:
		t.started.Start = now
	case running:
		t.started.Ready = now
	}
	return was, took
}

func (t *track) get() (s stage, since time.Time, span criticalchain.Span) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stage, t.since, t.started
}

func (t *track) fail() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
}

// phase returns what an error of the unit happened in.
func (t *track) phase() hooks.Phase {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.stage <= starting:
		return hooks.PhaseStart
	case t.stage == running || t.failed:
		return hooks.PhaseRun
	}
	return hooks.PhaseStop
}

// vertex returns the unit as the engine runs it.
func (u *unit) vertex(r *run) engine.Vertex {
	return engine.Vertex{
		Runner:     r.app.trial.of(u, r.labelled(u)),
		Observer:   &observer{run: r, unit: u},
		Wrap:       u.wrapError,
		StartLimit: u.limits.start,
		StopLimit:  u.limits.stop,
		Finishes:   u.stopsOnly() && r.app.trial.wrap == nil, // which may have it hang at the start
	}
}

// labelled returns what runs the unit under its labels, which the goroutines that it
// starts inherit: so a report of what is stuck can tell whose they are.
func (r *run) labelled(u *unit) process.RunnerFunc {
	return func(ctx context.Context, callback process.Callback) error {
		own := pprof.WithLabels(ctx, r.app.labels(u.Name))
		pprof.SetGoroutineLabels(own)
		defer pprof.SetGoroutineLabels(ctx)
		return u.runner.Run(own, func(passed context.Context) error {
			if passed == own { // it ends with ctx, of which the engine knows when it ends
				passed = ctx
			}
			return callback(passed)
		})
	}
}

// String names the unit and what made it: "*shop.Server (shop.NewServer,
// server.go:42)".
func (u *unit) String() string {
	return fmt.Sprintf("%s (%s, %s)", u.Name, u.function, u.location)
}

// wrapError names the unit, what made it, and the phase.
func (u *unit) wrapError(err error) error {
	return &unitError{unit: u, phase: u.track.phase(), err: err}
}

// unitError is an error of a unit.
type unitError struct {
	unit  *unit
	phase hooks.Phase
	err   error
}

func (e *unitError) Error() string { return fmt.Sprintf("%v %v: %v", e.phase, e.unit, e.err) }
func (e *unitError) Unwrap() error { return e.err }

// observer makes events of what the engine tells of a unit.
type observer struct {
	run  *run
	unit *unit
}

func (o *observer) Starting() {
	u, now := o.unit, time.Now()
	u.track.enter(starting, now)
	e := hooks.UnitStarting{At: now, Unit: u.Unit, Layer: u.layer, Value: u.of, Adapted: u.adapted()}
	o.run.app.emit(e)
}

// Unreached has the unit stopped, if it has to be. Nobody waits for that here: what it
// needs does, and the end of the run.
func (o *observer) Unreached() { o.run.clear(o.unit) }

func (o *observer) Ready() {
	u, now := o.unit, time.Now()
	_, took := u.track.enter(running, now)
	o.run.app.emit(hooks.UnitStarted{At: now, Unit: u.Unit, Layer: u.layer, Took: took})
}

func (o *observer) Failing(cause error) {
	u := o.unit
	phase := u.track.phase()
	if _, named := cause.(*unitError); cause != nil && !named { // it is the cause of a context
		cause = u.wrapError(cause)
	}
	u.track.fail()
	o.run.fail(u, hooks.UnitFailed{At: time.Now(), Unit: u.Unit, Layer: u.layer, Phase: phase, Cause: cause})
}

func (o *observer) Stopping() {
	o.run.heedContext()
	o.run.clearFor(o.unit)
	u, now := o.unit, time.Now()
	if stage, _, _ := u.track.get(); stage == ended { // meanwhile
		return
	}
	u.track.enter(stopping, now)
	o.run.app.emit(hooks.UnitStopping{At: now, Unit: u.Unit, Layer: u.layer})
}

func (o *observer) Late(err error) { o.run.late(o.unit, err) }

func (o *observer) Ended(err error, forced bool) {
	o.run.heedContext()
	u, now := o.unit, time.Now()
	o.run.ended(u, err)
	was, took := u.track.enter(ended, now)
	if was != stopping {
		took = 0 // it was not asked
	}
	o.run.app.emit(hooks.UnitStopped{At: now, Unit: u.Unit, Layer: u.layer, Took: took, Err: err, Forced: forced})
}

func (o *observer) Reported(v any) {
	u := o.unit
	o.run.app.emit(hooks.UnitReported{At: time.Now(), Unit: u.Unit, Layer: u.layer, Value: v})
}

// adapted is what an adapter made of the value, nil if it runs itself.
func (u *unit) adapted() any {
	if _, runs := u.of.(process.Runner); runs || u.of == nil {
		return nil
	}
	return u.runner
}

// drainer is what is told of a drain: the value, or else what an adapter made of it; nil
// if neither has the method.
func (u *unit) drainer() drainer {
	for _, of := range []any{u.of, u.adapted()} {
		if d, ok := of.(drainer); ok {
			return d
		}
	}
	return nil
}
