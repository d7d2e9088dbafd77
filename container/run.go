package container

import (
	"context"
	"errors"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/criticalchain"
	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
)

// heartbeat is how often it is told what a start or a stop waits for.
const heartbeat = 5 * time.Second

// run is the app as a Runner: what was built, and can run once.
type run struct {
	app      *App
	units    []*unit
	plan     *Plan
	group    process.Runner
	hosted   bool          // by Run or RunContext, which have the last word
	failed   chan struct{} // closed when a unit fails or ends unasked, before the app stops for that
	failOnce func()        // closes failed
	begun    chan struct{} // closed when a stop will find that it runs
	givenUp  error         // why it starts nothing and only stops what has to be; nil for most

	// Set by begin, before anything starts.
	ctx   context.Context
	began time.Time

	mu        sync.Mutex // guards what follows
	ran       bool
	failures  []failure // in the order in which they happened
	unreached []error   // of what was stopped and never started
}

// failure is what a unit failed with, or why all were forced.
type failure struct {
	unit *unit // nil for the force
	err  error
}

// newRun returns a run of units. Without a plan it cannot start them.
func newRun(a *App, units []*unit, plan *Plan) *run {
	r := &run{app: a, units: units, plan: plan, failed: make(chan struct{}), begun: make(chan struct{})}
	r.failOnce = sync.OnceFunc(func() { close(r.failed) })
	r.group = process.Nop()
	for _, u := range units {
		for _, d := range u.after {
			d.dependents = append(d.dependents, u)
		}
	}
	if len(units) > 0 && plan != nil {
		r.group = r.schedule()
	}
	return r
}

// schedule makes a graph of the units, in their order. By layer, a barrier stands
// between a layer and the next: all of the one is below it, all of the other above.
// Within a layer there are edges, too: units of one constructor wait for each other.
func (r *run) schedule() *engine.Graph {
	index := make(map[*unit]int, len(r.units))
	for i, u := range r.units {
		index[u] = i
	}
	byLayer := r.plan.Schedule == ByLayer
	barrier := func(above int) int { return len(r.units) + above - 1 }

	g := &engine.Graph{Errors: engine.Process}
	for _, u := range r.units {
		v := u.vertex(r)
		for _, d := range u.after {
			if !byLayer || d.layer == u.layer {
				v.DependsOn = append(v.DependsOn, index[d])
			}
		}
		if byLayer && u.layer > 0 {
			v.DependsOn = append(v.DependsOn, barrier(u.layer))
		}
		g.Vertices = append(g.Vertices, v)
	}
	if !byLayer {
		return g
	}
	for range len(r.plan.Layers) - 1 {
		g.Vertices = append(g.Vertices, engine.Vertex{Runner: process.RunnerFunc(runBarrier)})
	}
	for i, u := range r.units {
		if above := u.layer + 1; above < len(r.plan.Layers) {
			b := &g.Vertices[barrier(above)]
			b.DependsOn = append(b.DependsOn, i)
		}
	}
	return g
}

// runBarrier does nothing, and that in nobody's name: it is started in the goroutine of
// a unit, whose labels it would have.
func runBarrier(ctx context.Context, callback process.Callback) error {
	pprof.SetGoroutineLabels(ctx)
	return callback(ctx)
}

// errUnwound is what is told of a run whose callback panicked or ended the
// goroutine: Run does not return then.
var errUnwound = errors.New("the callback of the app panicked, or ended its goroutine")

// Run starts the units, calls the callback, and stops them when it has returned.
func (r *run) Run(ctx context.Context, callback process.Callback) (err error) {
	if ctx == nil || callback == nil {
		return errors.New("container: Run with a nil context or callback")
	}
	if !r.begin(ctx) {
		return ErrStarted
	}
	a := r.app
	own := engine.NewContext(ctx)
	remove := engine.OnAbort(ctx, func(cause error) {
		a.beginStop(hooks.AppStopping{Why: hooks.WhyStop, Cause: cause})
		own.Abort(cause)
	})
	ended := make(chan struct{})
	var watcher sync.WaitGroup

	// Deferred, so that a callback that panics or exits goes on with it only when
	// everything has ended.
	err = errUnwound
	defer func() {
		close(ended)
		watcher.Wait()
		remove()
		own.Cancel(nil)
		if !r.hosted {
			err = r.result(err)
			a.end(err)
		}
	}()
	close(r.begun)
	starts := r.givenUp == nil && r.starting()
	r.heedShutdown(own)
	watcher.Go(func() { r.watch(ctx, own, ended) })
	err = r.runGroup(own, starts, callback)
	r.clearAll()
	return r.withUnreached(err)
}

// runGroup starts the units, if it may, and stops them when the callback has returned.
func (r *run) runGroup(ctx context.Context, starts bool, callback process.Callback) error {
	switch {
	case r.givenUp != nil:
		return r.givenUp
	case !starts:
		return process.ErrAborted
	}
	return r.group.Run(ctx, func(ctx context.Context) (err error) {
		r.started()
		defer func() {
			r.heedContext()
			r.app.beginStop(hooks.AppStopping{Why: hooks.WhyStop, Cause: err})
		}()
		return callback(ctx)
	})
}

// begin notes the beginning of the run, of which there is one.
func (r *run) begin(ctx context.Context) (first bool) {
	r.mu.Lock()
	first, r.ran = !r.ran, true
	r.mu.Unlock()
	if first {
		r.ctx, r.began = ctx, time.Now()
	}
	return first
}

// starting tells that the units are about to start. It reports whether they may: not
// if it is known already that the app stops.
func (r *run) starting() bool {
	a := r.app
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stop != nil {
		return false
	}
	a.bus.post(hooks.AppStarting{At: time.Now(), Units: len(r.units), Layers: len(r.plan.Layers)})
	return true
}

// started tells that everything has started, unless it is known already that the
// app stops.
func (r *run) started() {
	spans := make(map[string]criticalchain.Span, len(r.units))
	for _, u := range r.units {
		_, _, spans[u.Name] = u.track.get()
	}
	e := hooks.AppStarted{
		At: time.Now(), Took: time.Since(r.began), Critical: criticalchain.Of(r.plan, r.began, spans),
	}
	a := r.app
	a.mu.Lock()
	if a.stop == nil {
		a.bus.post(e)
	}
	a.mu.Unlock()
	close(a.started)
	a.bus.later(func() { close(a.ready) })
}

// watch heeds a shutdown and the end of the context, and tells what a start or a
// stop waits for.
func (r *run) watch(ctx context.Context, own *engine.Context, ended <-chan struct{}) {
	var (
		shutdown = r.app.shutdowner.requested
		forced   = ctx.Done()
		started  = r.app.started
		stopping = r.app.stopping
		beat     = time.NewTicker(heartbeat)
	)
	defer beat.Stop()
	for {
		select {
		case <-ended:
			return
		case <-shutdown:
			shutdown = nil
			r.heedShutdown(own)
		case <-forced:
			forced = nil
			r.heedContext()
		case <-started:
			started = nil
			if stopping != nil {
				beat.Stop() // what runs is not woken for nothing
			}
		case <-stopping:
			stopping = nil
			beat.Reset(heartbeat)
		case <-beat.C:
			r.tellPending(stopping == nil)
		}
	}
}

// heedShutdown ends the run gracefully if a Shutdowner was called.
func (r *run) heedShutdown(own *engine.Context) {
	if request := r.app.shutdowner.request(); request != nil {
		r.app.beginStop(hooks.AppStopping{Why: hooks.WhyShutdown, Cause: request.cause})
		own.Abort(request)
	}
}

// heedContext tells that the context has ended, if it has. It may be seen first
// where a unit is seen to stop for it.
func (r *run) heedContext() {
	if r.ctx.Err() != nil {
		r.app.beginStop(hooks.AppStopping{Why: hooks.WhyContext, Cause: context.Cause(r.ctx)})
	}
}

// fail notes that a unit has failed, or ended by itself, and tells so and that the app
// stops for it. It does not wait for an observer: what fails because of it would be told
// as the reason meanwhile.
func (r *run) fail(u *unit, e hooks.UnitFailed) {
	stop := hooks.AppStopping{Why: hooks.WhyFailure, Unit: u.Name, Cause: e.Cause}
	if e.Cause == nil {
		stop.Why = hooks.WhyEnded
	}
	r.mu.Lock()
	r.failures = append(r.failures, failure{u, e.Cause})
	r.mu.Unlock()
	r.failOnce()
	r.app.beginStop(stop, e)
}

// late notes that a unit is late to stop, in case that it never ends.
func (r *run) late(u *unit, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.ContainsFunc(r.failures, func(f failure) bool { return f.unit == u }) {
		r.failures = append(r.failures, failure{u, err})
	}
}

// ended notes what a unit returned: that is more than what it failed with before.
func (r *run) ended(u *unit, err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.failures {
		if r.failures[i].unit == u {
			r.failures[i].err = err
			return
		}
	}
	r.failures = append(r.failures, failure{u, err})
}

// noteForced notes that all units are about to be forced, in case that one never ends.
func (r *run) noteForced(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, failure{err: cause})
}

// soFar returns what units have failed with so far, and why they were forced, unless one
// has returned that.
func (r *run) soFar() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, f := range r.failures {
		returned := func(other failure) bool { return other.unit != nil && engine.Contains(other.err, f.err) }
		if f.unit != nil || !slices.ContainsFunc(r.failures, returned) {
			errs = append(errs, f.err)
		}
	}
	return join(errs...)
}

// result is what Run returns for the error of the group.
func (r *run) result(err error) error {
	err = r.app.result(err)
	if err == nil && !isClosed(r.app.started) {
		return process.ErrAborted
	}
	return err
}

// tellPending tells which units the start or the stop waits for. It does not wait for
// an observer: whoever watches has more to do.
func (r *run) tellPending(isStopping bool) {
	now := time.Now()
	pending := r.pending(now, isStopping)
	if len(pending) == 0 {
		return
	}
	if isStopping {
		r.app.bus.post(hooks.StillStopping{At: now, Took: r.app.stopTook(), Pending: pending})
	} else {
		r.app.bus.post(hooks.StillStarting{At: now, Took: now.Sub(r.began), Pending: pending})
	}
}

// pending returns the units that are starting or, in a stop, have not ended though
// they were asked to.
func (r *run) pending(now time.Time, isStopping bool) []hooks.Pending {
	var pending []hooks.Pending
	for _, u := range r.units {
		stage, since, _ := u.track.get()
		if stage == starting || stage == stopping && isStopping {
			pending = append(pending, hooks.Pending{Unit: u.Name, For: now.Sub(since), Holds: u.holds(isStopping)})
		}
	}
	return pending
}

// holds names what waits for u to be ready: what depends on it; or what waits for it to
// end: what it depends on.
func (u *unit) holds(isStopping bool) (names []string) {
	waits := u.dependents
	if isStopping {
		waits = u.after
	}
	for _, w := range waits {
		stage, _, _ := w.track.get()
		if isStopping && stage > waiting && stage < ended || !isStopping && stage == waiting {
			names = append(names, w.Name)
		}
	}
	return names
}

// pendingNames names the units that the start or the stop waits for, and what made
// them.
func (r *run) pendingNames() (names []string) {
	for _, u := range r.units {
		stage, _, _ := u.track.get()
		if stage == starting || stage == stopping {
			names = append(names, u.String())
		}
	}
	return names
}

// nobody is waited for, and yet the app does not end: units call observers.
const nobody = "no unit: an observer may hang"
