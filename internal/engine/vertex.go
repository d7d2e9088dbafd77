package engine

import "context"

// state is where a vertex stands:
//
//	waiting -> beginning -> ready -> asked -> ended -> gone
//	           beginning -> aborted --------> ended
//
// and ended from any state but waiting, when its Run returns.
type state uint8

const (
	waiting   state = iota // for its dependencies
	beginning              // Run was called
	ready                  // its callback was called
	asked                  // its callback may return
	aborted                // it was not ready when the start was given up
	ended                  // Run has returned
	gone                   // and so has that of all that depend on it
)

// vertex is one runner of a run.
type vertex struct {
	run        *run
	spec       *Vertex
	ctx        Context
	dependents *edge // the head of their list

	state   state
	called  bool            // its callback was called when that counted
	failed  bool            // it failed or ended unasked, and that is noted
	release chan struct{}   // closed when it is asked, see ask
	passed  context.Context // what it gave its callback, if that is not ctx
	unmet   int             // dependencies that are not ready
	holds   int             // dependents that were started and are not gone
	failure int             // where its error goes in run.happened, if it failed or was late
}

// edge is an element in the list of the dependents of a vertex.
type edge struct {
	dependent *vertex
	next      *edge
}

func (v *vertex) isRoot() bool { return len(v.spec.DependsOn) == 0 }

// main is the goroutine of a vertex.
func (v *vertex) main() {
	defer v.run.goroutines.Done()
	letGo := func() {} // of the start limit, and waits for what it does
	v.run.graph.Errors.Guard(func() error {
		if v.spec.Observer != nil {
			v.spec.Observer.Starting()
		}
		if limit := v.spec.StartLimit; limit > 0 {
			letGo = afterTime(limit, v.startLimitPassed)
		}
		return v.spec.Runner.Run(&v.ctx, v.callback)
	}, func(err error) {
		letGo()
		v.returned(err)
	})
}

// callback is what the runner calls when it is ready.
func (v *vertex) callback(ctx context.Context) error {
	r := v.run
	r.forceIfDone()
	if ctx == nil {
		ctx = &v.ctx
	}

	release, err := v.becomeReady(ctx)
	if release != nil {
		v.wait(ctx, release)
	}
	return err
}

// becomeReady counts v as ready, and starts what waited for it alone. It returns the
// channel to wait for, or none if the call of the callback does not count.
func (v *vertex) becomeReady(ctx context.Context) (release <-chan struct{}, err error) {
	r := v.run
	release = r.release
	var own chan struct{}
	if v.dependents != nil {
		own = make(chan struct{})
		release = own
	}

	r.mu.Lock()
	switch {
	case v.called:
		r.mu.Unlock()
		return nil, r.graph.Errors.CalledTwice
	case v.state != beginning: // aborted, forced or over
		r.mu.Unlock()
		return nil, nil
	}
	v.state, v.called, v.release = ready, true, own
	if ctx != context.Context(&v.ctx) {
		v.passed = ctx
	}
	if v.spec.Observer != nil {
		r.mu.Unlock()
		v.spec.Observer.Ready()
		r.mu.Lock()
	}
	var few [8]*vertex // on the stack; more are rare
	next := r.countReady(v, ctx, few[:0])
	r.mu.Unlock()

	for _, d := range next {
		go d.main()
	}
	return release, nil
}

// wait returns when v may stop: when nobody needs it any more, or on force. A
// context of the runner's own that ends before that is its failure, and it waits
// on for those that need it.
func (v *vertex) wait(ctx context.Context, release <-chan struct{}) {
	if ctx == context.Context(&v.ctx) {
		// Our own context ends on force alone, which closes the channel too.
		<-release
	} else {
		select {
		case <-release:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			if v.isNeeded() {
				v.run.catchUp()
			}
			<-release
		}
	}
	if v.spec.Observer != nil {
		v.run.mu.Lock()
		running := v.state < ended
		v.run.mu.Unlock()
		if running {
			v.spec.Observer.Stopping()
		}
	}
	if v.spec.StopLimit > 0 {
		v.run.mu.Lock()
		v.limitStop()
		v.run.mu.Unlock()
	}
}

// isNeeded reports whether v was neither asked to stop nor noted to have failed.
func (v *vertex) isNeeded() bool {
	v.run.mu.Lock()
	defer v.run.mu.Unlock()
	return (v.state == beginning || v.state == ready) && !v.failed
}

// tellFailure tells that v has failed, or has ended and cause is nil, which was
// noted, and has the run stop for it.
func (v *vertex) tellFailure(cause error) {
	if v.spec.Observer != nil {
		v.spec.Observer.Failing(cause)
	}
	r := v.run
	r.mu.Lock()
	tell := r.stopForEnding()
	r.mu.Unlock()
	tell()
}

// returned is called when Run of the vertex has.
func (v *vertex) returned(err error) {
	r := v.run
	r.forceIfDone()
	var few [8]chan struct{} // on the stack; more are rare
	release := few[:0]

	r.mu.Lock()
	unasked := v.state == beginning || v.state == ready
	plain := err == nil && !unasked && v.spec.Observer == nil && r.late == nil
	if plain {
		release = r.end(v, nil, release)
	}
	r.mu.Unlock()

	closeAll(release...)
	if !plain {
		v.judge(err)
	}
	v.ctx.Cancel(nil)
}

// judge ends v, of which Run has returned err, when there is more to it than that it
// was asked to.
func (v *vertex) judge(err error) {
	r := v.run
	cancelled := v.ctx.Err() != nil
	r.forceIfDone() // that may be what cancelled it
	if v.isNeeded() {
		r.catchUp()
	}

	r.mu.Lock()
	was, late := v.state, r.late[v]
	failed := v.failed && late.start == nil // by itself
	abort := r.cause
	r.mu.Unlock()

	unasked := was == beginning || was == ready
	// What was cancelled is not beginning any more: it was aborted before.
	if was == beginning && err == nil {
		err = r.graph.Errors.NotReady
	}
	if (cancelled || !unasked && !failed) && r.graph.Errors.OnlyCancelled(err, &v.ctx, abort) {
		err = nil
	}
	if failed {
		err = v.orCause(err)
	}
	err = v.wrap(late.add(err, failed))
	r.mu.Lock()
	noted := r.noteFailure(v, err)
	r.mu.Unlock()
	defer v.leave(err, noted) // also if an observer ends the goroutine
	if v.spec.Observer != nil {
		if noted {
			v.spec.Observer.Failing(err)
		}
		forced := late.stop != nil || cancelled && !same(context.Cause(&v.ctx), abort)
		v.spec.Observer.Ended(err, forced)
	}
}

// leave has the run go on without v, which has returned err. It does so in one step, so
// that nothing is started that depends on what is gone.
func (v *vertex) leave(err error, failed bool) {
	r := v.run
	tell := func() {}
	var few [8]chan struct{} // on the stack; more are rare
	r.mu.Lock()
	release := r.end(v, err, few[:0])
	if failed {
		tell = r.stopForEnding()
	}
	r.mu.Unlock()
	closeAll(release...)
	tell()
}

// orCause returns what v failed with, if what it returned does not say more than that it
// was cancelled: the cause of the context that it gave its callback.
func (v *vertex) orCause(err error) error {
	v.run.mu.Lock()
	passed := v.passed
	v.run.mu.Unlock()
	if passed == nil {
		return err
	}
	cause := context.Cause(passed)
	if cause == nil || same(cause, context.Canceled) || same(cause, v.run.graph.Errors.Ended) {
		return err
	}
	if err == nil || !Contains(err, cause) && v.run.graph.Errors.OnlyCancelled(err, passed, nil) {
		return cause
	}
	return err
}

// abort ends the start of v, which is noted.
func (v *vertex) abort(cause error) {
	if !v.spec.Finishes {
		v.ctx.Abort(cause)
	}
}

// wrap names the culprit of an error.
func (v *vertex) wrap(err error) error {
	if err == nil || v.spec.Wrap == nil {
		return err
	}
	return v.spec.Wrap(err)
}
