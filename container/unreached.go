package container

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/internal/wiring"
	"github.com/strata-go/strata/process"
)

// stopOnly is the Runner of a value that runs from its construction on and only has
// to be stopped, by a call of the function. A unit of it is stopped, once, whatever
// happens: by its Run, or, if the start never reached it, by [run.clear].
type stopOnly function

// Run has the value stopped when the callback has returned.
func (s stopOnly) Run(ctx context.Context, callback process.Callback) error {
	return join(callback(ctx), s(ctx))
}

func (u *unit) stopsOnly() bool {
	_, ok := u.runner.(stopOnly)
	return ok
}

// clearFor stops what the start never reached and what needs u: u is about to stop. It
// returns when that is done, or the app is forced.
//
// A unit is asked to stop before the start was complete only when that was given up,
// and when all that wait for it and were started have ended: what waits still, waits
// for ever.
func (r *run) clearFor(u *unit) {
	if isClosed(r.app.started) || r.ctx.Err() != nil {
		return
	}
	for _, cleared := range r.clearDependents(u) {
		select {
		case <-cleared:
		case <-r.ctx.Done():
			return
		}
	}
}

// clearAll stops what the start never reached. It is called when all else has ended.
func (r *run) clearAll() {
	if isClosed(r.app.started) {
		return
	}
	var all []<-chan struct{}
	for _, u := range r.units {
		all = append(all, r.clear(u))
	}
	for _, cleared := range all {
		<-cleared
	}
}

// clear stops u, if it has to be stopped and the start never reached it, after what
// needs it. It returns a channel that is closed when that is done.
func (r *run) clear(u *unit) <-chan struct{} {
	r.mu.Lock()
	first := u.cleared == nil
	if first {
		u.cleared = make(chan struct{})
	}
	r.mu.Unlock()
	if first {
		go func() {
			defer close(u.cleared) // which clearAll waits for
			for _, cleared := range r.clearDependents(u) {
				<-cleared
			}
			stage, _, _ := u.track.get()
			if u.stopsOnly() && stage == waiting {
				r.stopUnreached(u)
			}
		}()
	}
	return u.cleared
}

func (r *run) clearDependents(u *unit) []<-chan struct{} {
	var all []<-chan struct{}
	for _, d := range u.dependents {
		all = append(all, r.clear(d))
	}
	return all
}

// stopUnreached stops u, and tells so as the engine does of what it runs.
func (r *run) stopUnreached(u *unit) {
	r.heedContext()
	now := time.Now()
	u.track.enter(stopping, now)
	r.app.emit(hooks.UnitStopping{At: now, Unit: u.Unit, Layer: u.layer})

	own := engine.NewContext(r.ctx)
	late := engine.Process.StopTimeout(u.limits.stop)
	if limit := u.limits.stop; limit > 0 {
		defer time.AfterFunc(limit, func() { own.Cancel(late) }).Stop()
	}
	engine.Process.Guard(func() error {
		return r.labelled(u)(own, func(context.Context) error { return nil })
	}, func(err error) {
		r.heedContext()
		forced := own.Err() != nil
		if engine.Process.OnlyCancelled(err, own, nil) {
			err = nil
		}
		if context.Cause(own) == late && !engine.Contains(err, late) {
			err = join(late, err)
		}
		own.Cancel(nil)
		if err != nil {
			err = u.wrapError(err)
		}
		r.ended(u, err)
		r.noteUnreached(err)
		now := time.Now()
		_, took := u.track.enter(ended, now)
		r.app.emit(hooks.UnitStopped{At: now, Unit: u.Unit, Layer: u.layer, Took: took, Err: err, Forced: forced})
	})
}

func (r *run) noteUnreached(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unreached = append(r.unreached, err)
}

// salvage returns a run that starts nothing, and only stops what was constructed
// before the build ended with cause, and has to be stopped; nil if nothing has.
func (a *App) salvage(cause error) *run {
	a.seal()
	if len(a.config.adapters) == 0 {
		return nil
	}
	// What else runs is of no interest any more, only that it does.
	adapt := func(n *wiring.Node, v value) (value, error) {
		v.runner = process.Nop()
		if _, ok := v.of.(process.Runner); ok {
			return v, nil
		}
		if ad := a.config.adapters.of(reflect.TypeOf(v.of)); ad.stops {
			v.runner = ad.adapt(v.of)
		}
		return v, nil
	}
	decorated, err := a.decorations(adapt)
	if err != nil {
		decorated = new(decorations) // what is decorated is stopped itself
	}
	sources, err := a.built(decorated, adapt)
	if err != nil {
		return nil // adapt has no errors
	}
	order, err := arrange(sources, a.called())
	if err != nil {
		sources.replaced, sources.shared = nil, nil
		order, _ = arrange(sources, a.called())
	}
	units := order.all
	// One that is wrong is no limit here.
	_ = askLimits(slices.DeleteFunc(slices.Clone(units), func(u *unit) bool { return !u.stopsOnly() }))
	return newRun(a, units, nil).giveUp(cause)
}

// giveUp returns the run as one that starts nothing and only stops what has to be
// stopped, nil if nothing has. The app stops then, because of cause.
func (r *run) giveUp(cause error) *run {
	for _, u := range r.units {
		if u.stopsOnly() {
			r.givenUp = cause
			r.app.beginStop(hooks.AppStopping{Why: hooks.WhyFailure, Cause: cause})
			return r
		}
	}
	return nil
}

// runGivenUp runs a run that was given up where nobody's context says how long that
// may take: within the stop timeout.
func (r *run) runGivenUp() error {
	ctx := context.Background()
	if limit := r.app.config.stop; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("app %w: %v", process.ErrStopTimeout, limit))
		defer cancel()
	}
	return r.Run(ctx, func(context.Context) error { return nil })
}

// withUnreached adds to what the group returned what came of that which it never
// reached.
func (r *run) withUnreached(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err = join(append([]error{err}, r.unreached...)...)
	if cause := context.Cause(r.ctx); r.givenUp != nil && cause != nil && !engine.Contains(err, cause) {
		err = join(err, cause)
	}
	return err
}
