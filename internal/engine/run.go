package engine

import (
	"context"
	"sync"
)

// phase is where a run stands, see the package comment.
type phase int

const (
	starting phase = iota
	running
	stopping
	forced
	over
)

// run is one call of Graph.Run.
type run struct {
	graph           *Graph
	ctx             context.Context
	inner           bool // in a chain, of which the outer tells what it did to this one
	callbackContext *Context
	vertices        []vertex
	started         chan struct{}  // closed when the start is complete or given up
	release         chan struct{}  // closed when the vertices without dependents are asked
	goroutines      sync.WaitGroup // one a vertex that was started
	stopWaiting     []func()       // end what waits for the context and for an abort

	mu       sync.Mutex // guards what follows, and the vertices from state on
	phase    phase
	unready  int   // vertices that have not become ready
	cause    error // of the abort of what was not ready
	called   bool  // the start was complete, so the callback is called
	ending   error // why the first runner failed or ended unasked
	lost     bool  // a runner has failed
	alone    bool  // the callback's error stands alone
	happened []happening
	late     map[*vertex]lateness // of which a limit has passed
	letGo    []func()             // of stop limits
}

func newRun(g *Graph, ctx context.Context) *run {
	r := &run{
		graph:           g,
		ctx:             ctx,
		callbackContext: NewContext(ctx),
		vertices:        make([]vertex, len(g.Vertices)),
		started:         make(chan struct{}),
		release:         make(chan struct{}),
		unready:         len(g.Vertices),
	}
	count := 0
	for i := range g.Vertices {
		count += len(g.Vertices[i].DependsOn)
	}
	edges := make([]edge, 0, count) // which never grows: the lists point into it
	for i := range g.Vertices {
		spec, v := &g.Vertices[i], &r.vertices[i]
		v.run, v.spec = r, spec
		v.ctx.parent, v.ctx.vertex = ctx, spec
		v.unmet = len(spec.DependsOn)
		for _, d := range spec.DependsOn {
			dependents := &r.vertices[d].dependents
			edges = append(edges, edge{v, *dependents})
			*dependents = &edges[len(edges)-1]
		}
	}
	return r
}

// begin starts what depends on nothing.
func (r *run) begin() {
	r.stopWaiting = append(r.stopWaiting, OnAbort(r.ctx, r.abort), afterDone(r.ctx, r.force))
	r.mu.Lock()
	if r.phase != starting {
		r.mu.Unlock()
		return
	}
	for i := range r.vertices {
		if v := &r.vertices[i]; v.isRoot() {
			r.claim(v)
		}
	}
	r.mu.Unlock()
	for i := range r.vertices {
		if v := &r.vertices[i]; v.isRoot() {
			go v.main()
		}
	}
}

// claim takes a vertex for its start, which the caller does without the lock.
// The caller holds r.mu.
func (r *run) claim(v *vertex) {
	v.state = beginning
	r.goroutines.Add(1)
	for _, d := range v.spec.DependsOn {
		r.vertices[d].holds++
	}
}

// countReady counts v as ready, and appends to next what waited for it alone, for
// the caller to start without the lock. The last to become ready completes the start.
// The caller holds r.mu.
func (r *run) countReady(v *vertex, ctx context.Context, next []*vertex) []*vertex {
	r.unready--
	if r.phase == starting {
		for e := v.dependents; e != nil; e = e.next {
			d := e.dependent
			if d.unmet--; d.unmet == 0 {
				r.claim(d)
				next = append(next, d)
			}
		}
		if r.unready == 0 {
			if r.graph.Transparent {
				r.callbackContext.parent = ctx
			}
			r.phase = running
			r.called = true
			close(r.started)
		}
	}
	return next
}

// complete reports whether the start was, so that the callback is to be called.
func (r *run) complete() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.called
}

// stopForEnding is called when a runner has failed or ended unasked, and that was
// noted: a start is given up, and a callback is told by its context. The caller
// holds r.mu, and calls tell without it.
func (r *run) stopForEnding() (tell func()) {
	cause := r.ending
	switch r.phase {
	case starting:
		return r.giveUp(r.graph.Errors.Aborted(cause))
	case running:
		return func() { r.callbackContext.Cancel(cause) }
	}
	return func() {}
}

// abort is called by whoever runs the group, to give up a start. A group that is
// ready itself hands it on to its callback.
func (r *run) abort(cause error) {
	tell := func() {}
	r.mu.Lock()
	switch r.phase {
	case starting:
		r.happen(happening{err: cause, ours: true})
		tell = r.giveUp(cause)
	case running:
		r.happen(happening{err: cause, ours: true})
		tell = func() { r.callbackContext.Abort(cause) }
	}
	r.mu.Unlock()
	tell()
}

// giveUp ends a start: what runs is asked to stop in order, what is not ready is
// aborted, and what was not reached never runs. The caller holds r.mu, and calls
// tell without it.
func (r *run) giveUp(cause error) (tell func()) {
	r.cause = cause
	var unready []*vertex
	for i := range r.vertices {
		if v := &r.vertices[i]; v.state == beginning {
			v.state = aborted
			v.limitStop()
			unready = append(unready, v)
		}
	}
	unreached := r.unreached()
	close(r.started)
	r.stop()
	return func() {
		tellUnreached(unreached)
		close(r.release)
		for _, v := range unready {
			v.abort(cause)
		}
	}
}

// unreached returns the observers of what will never run, as the start was given up.
// The caller holds r.mu, and calls tellUnreached without it.
func (r *run) unreached() (observers []Observer) {
	for i := range r.vertices {
		if v := &r.vertices[i]; v.state == waiting && v.spec.Observer != nil {
			observers = append(observers, v.spec.Observer)
		}
	}
	return observers
}

func tellUnreached(observers []Observer) {
	for _, o := range observers {
		o.Unreached()
	}
}

// stop asks everything to stop, those without dependents first. The caller holds r.mu,
// and closes r.release without it: those whom that wakes want it.
func (r *run) stop() {
	r.phase = stopping
	for i := range r.vertices {
		if v := &r.vertices[i]; v.holds == 0 {
			closeAll(v.ask())
		}
	}
}

// ask takes note that v is asked to stop. It returns the channel that lets its
// callback return, which the caller closes. It is nil for those that wait for
// run.release, or not at all. The caller holds run.mu.
func (v *vertex) ask() (release chan struct{}) {
	if v.state == ready {
		v.state = asked
	}
	release, v.release = v.release, nil
	return release
}

// closeAll closes the channels that are not nil.
func closeAll(channels ...chan struct{}) {
	for _, c := range channels {
		if c != nil {
			close(c)
		}
	}
}

// end takes note that v has returned err. If nobody holds it, it is gone: then it
// holds its dependencies no longer, and one that nobody holds any more may stop, or is
// gone itself. The channels of those that may stop are appended to release. The caller
// holds r.mu, and closes them without it: those whom that wakes want it.
func (r *run) end(v *vertex, err error, release []chan struct{}) []chan struct{} {
	v.state = ended
	if v.failed || r.late != nil && r.late[v].stop != nil {
		r.happened[v.failure].err = err
	} else if err != nil {
		r.happen(happening{err: err, runner: true})
	}
	if v.holds > 0 {
		return release
	}
	var few [8]*vertex // on the stack; more are rare
	for unheld := append(few[:0], v); len(unheld) > 0; {
		last := len(unheld) - 1
		v, unheld = unheld[last], unheld[:last]
		v.state = gone
		for _, i := range v.spec.DependsOn {
			d := &r.vertices[i]
			if d.holds--; d.holds > 0 {
				continue
			}
			if r.phase >= stopping {
				release = append(release, d.ask())
			}
			if d.state == ended {
				unheld = append(unheld, d)
			}
		}
	}
	return release
}

// force is called when the context given to Run has ended, by whoever sees it
// first.
func (r *run) force() {
	cause := context.Cause(r.ctx)
	r.mu.Lock()
	was := r.phase
	if was >= forced {
		r.mu.Unlock()
		return
	}
	r.happen(happening{err: cause, ours: true, force: true})
	r.phase = forced
	release := r.askAll()
	var unreached []Observer
	if was == starting {
		unreached = r.unreached()
		close(r.started)
	}
	r.mu.Unlock()
	tellUnreached(unreached)
	r.cancelAll(cause) // which may still be on its way down to them
	closeAll(release...)
	if was < stopping {
		close(r.release)
	}
	r.callbackContext.Cancel(cause)
}

// forceIfDone is called before the engine judges what a context may have ended
// for.
func (r *run) forceIfDone() {
	if r.ctx.Err() != nil {
		r.force()
	}
}

// cancelAll returns when the contexts of all runners have ended.
func (r *run) cancelAll(cause error) {
	for i := range r.vertices {
		r.vertices[i].ctx.Cancel(cause)
	}
}

// askAll takes note that all are asked to stop, whoever needs them. It returns what lets
// their callbacks return, which the caller closes when their contexts have ended, so
// that a runner can tell that it is forced. The caller holds r.mu.
func (r *run) askAll() (release []chan struct{}) {
	for i := range r.vertices {
		v := &r.vertices[i]
		if v.state == beginning {
			v.state = aborted
		}
		release = append(release, v.ask())
	}
	return release
}

// close stops everything that runs, waits for it, and lets go of the context. It
// is called when the callback has returned, or is not to be called.
func (r *run) close() {
	r.mu.Lock()
	stops := r.phase < stopping
	if stops {
		r.stop()
	}
	r.mu.Unlock()
	if stops {
		close(r.release)
	}
	r.goroutines.Wait()
	r.mu.Lock()
	r.phase = over
	r.mu.Unlock()
	for _, stop := range r.stopWaiting {
		stop()
	}
	for _, letGo := range r.letGo { // which nobody adds to any more
		letGo()
	}
	r.callbackContext.Cancel(nil)
}

// afterDone calls f when ctx ends. The function returned prevents that, or waits
// for an f that was called.
func afterDone(ctx context.Context, f func()) (stop func()) {
	done := make(chan struct{})
	prevent := context.AfterFunc(ctx, func() { defer close(done); f() })
	return func() {
		if !prevent() {
			<-done
		}
	}
}
