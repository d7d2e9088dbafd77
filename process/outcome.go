package process

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/strata-go/strata/internal/engine"
)

// start is the first part of a Run, and what an abort reaches in it: the context
// of what is starting, and after that, the callback.
type start struct {
	parent   context.Context
	ctx      *engine.Context
	callback *engine.Context
	remove   func() // the registration for an abort

	mu    sync.Mutex // guards what follows
	ready bool
	cause error // of the abort
}

func newStart(parent context.Context) *start {
	s := &start{parent: parent, ctx: engine.NewContext(parent), callback: engine.NewContext(parent)}
	s.remove = engine.OnAbort(parent, s.abort)
	return s
}

func (s *start) end() {
	s.remove()
	s.ctx.Cancel(nil)
	s.callback.Cancel(nil)
}

func (s *start) abort(cause error) {
	s.mu.Lock()
	s.cause = cause
	ready := s.ready
	s.mu.Unlock()
	if ready {
		s.callback.Abort(cause)
	} else {
		s.ctx.Abort(cause)
	}
}

// done tells that the runner is ready: from now on an abort is the callback's. If
// the start was given up before, done returns the cause, and the callback is not
// to be called.
func (s *start) done() (cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = s.cause == nil
	return s.cause
}

// failed returns the error for a start that ended with err: what stopped it, if it
// was stopped.
func (s *start) failed(err error) error {
	s.mu.Lock()
	cause := s.cause
	s.mu.Unlock()
	switch {
	case s.parent.Err() != nil:
		outcome := outcome{ctx: s.parent}
		outcome.stopped(err, s.ctx)
		return outcome.join()
	case cause != nil && (err == nil || engineErrors.OnlyCancelled(err, s.ctx, cause)):
		return cause
	case cause != nil && !engine.Contains(err, cause):
		return errors.Join(cause, err)
	case err == nil:
		return ErrNotReady
	}
	return err
}

// outcome puts together what Run returns, by the rules of a group.
type outcome struct {
	ctx    context.Context // given to Run
	errs   []error
	forced int  // where in errs the cause of the force belongs; 1 is the first, 0 if not forced
	alone  bool // the first is the callback's, and stands alone
}

func (o *outcome) add(err error) { o.errs = append(o.errs, err) }

// ended adds the error of what ended before the callback returned.
func (o *outcome) ended(err error, forced bool) {
	if forced {
		o.noteForce()
	}
	if err != nil && !(forced && engineErrors.OnlyCancelled(err, o.ctx, nil)) {
		o.add(err)
	}
}

// returned adds the error of the callback, if that is not the end of its context.
func (o *outcome) returned(err error, ctx context.Context) {
	cancelled := ctx.Err() != nil
	o.noteForce()
	if err == nil || cancelled && engineErrors.OnlyCancelled(err, ctx, nil) {
		return
	}
	o.alone = len(o.errs) == 0
	o.add(err)
}

// stopped adds the error of what ended after it was asked to, if it is more than
// the end of ctx.
func (o *outcome) stopped(err error, ctx context.Context) {
	o.noteForce()
	if err != nil && !engineErrors.OnlyCancelled(err, ctx, nil) {
		o.add(err)
	}
}

func (o *outcome) noteForce() {
	if o.forced == 0 && o.ctx.Err() != nil {
		o.forced = len(o.errs) + 1
	}
}

func (o *outcome) join() error {
	o.noteForce()
	if o.forced > 0 {
		cause := context.Cause(o.ctx)
		told := len(o.errs) > 0 && engine.InGraph(o.ctx) // by the graph
		if !told && !engine.Contains(errors.Join(o.errs...), cause) {
			o.errs = slices.Insert(o.errs, o.forced-1, cause)
		}
	}
	if len(o.errs) == 1 || o.alone && o.forced == 0 {
		return o.errs[0]
	}
	return errors.Join(o.errs...)
}
