package engine

import (
	"context"
	"errors"
	"reflect"
)

// happening is something that may count as an error of the run, in the order in
// which it happened. Its err is nil as long as it does not.
type happening struct {
	err    error
	runner bool // it is a runner's
	ours   bool // it is the engine's, and may come back in what a runner returns
}

// happen notes a happening and returns its place. The caller holds r.mu.
func (r *run) happen(h happening) int {
	r.alone = r.alone && !h.ours
	r.happened = append(r.happened, h)
	return len(r.happened) - 1
}

// noteFailure notes that a runner that is ready and was not asked has failed.
// The caller holds r.mu.
func (r *run) noteFailure(v *vertex) {
	if v.state == ready && !v.failed {
		v.failed = true
		r.lost = true
		v.failure = r.happen(happening{runner: true})
	}
}

// callbackReturned notes the error of the callback. That it gave back the end of
// its own context is none.
func (r *run) callbackReturned(alone bool, err error) {
	cancelled := r.callbackContext.Err() != nil
	if cancelled && r.graph.Errors.OnlyCancelled(err, r.callbackContext, nil) {
		err = nil
	}
	var failed []*vertex
	for i := range r.vertices {
		// Its own goroutine may not have come to see it. All are ready, so that
		// passed does not change any more.
		if v := &r.vertices[i]; v.passed != nil && v.passed.Err() != nil {
			failed = append(failed, v)
		}
	}
	r.forceIfDone()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range failed {
		r.noteFailure(v)
	}
	if err == nil {
		return
	}
	r.alone = alone && !r.lost && len(r.happened) == 0
	r.happen(happening{err: err})
}

// result joins what happened, root cause first. It is called when everything has
// ended.
func (r *run) result() (alone bool, err error) {
	var errs []error
	for i, h := range r.happened {
		switch {
		case h.err == nil, h.runner && r.alone:
		case h.ours && (r.inner || r.toldElsewhere(i)):
		default:
			errs = append(errs, h.err)
		}
	}
	if len(errs) == 1 {
		return r.alone, errs[0]
	}
	return r.alone, errors.Join(errs...)
}

// toldElsewhere reports whether what happened i-th, which is the engine's, is part
// of an error that is told anyway.
func (r *run) toldElsewhere(i int) bool {
	for j, h := range r.happened {
		if h.err != nil && (!h.ours || j < i) && Contains(h.err, r.happened[i].err) {
			return true
		}
	}
	return false
}

// OnlyCancelled reports whether err says nothing but that ctx was cancelled, or
// that the start was aborted for the cause abort, which may be nil: whoever asked
// for it knows.
func (e *Errors) OnlyCancelled(err error, ctx context.Context, abort error) bool {
	return err != nil && allLeaves(err, func(err error) (leaf, ok bool) {
		switch {
		case e.IsPanic(err):
			return true, false
		case same(err, abort), same(err, context.Cause(ctx)):
			return true, true
		case len(unwrap(err)) == 0:
			// By its method Is, too: net has a cancellation of its own.
			return true, errors.Is(err, context.Canceled) || errors.Is(err, ctx.Err())
		}
		return false, false
	})
}

// allLeaves walks the tree of err. visit may take an error for a leaf though it
// wraps others.
func allLeaves(err error, visit func(error) (leaf, ok bool)) bool {
	if leaf, ok := visit(err); leaf {
		return ok
	}
	wrapped := unwrap(err)
	for _, e := range wrapped {
		if !allLeaves(e, visit) {
			return false
		}
	}
	return len(wrapped) > 0
}

// Contains reports whether target itself is in the tree of err.
func Contains(err, target error) bool {
	if same(err, target) {
		return true
	}
	for _, e := range unwrap(err) {
		if Contains(e, target) {
			return true
		}
	}
	return false
}

func unwrap(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if wrapped := e.Unwrap(); wrapped != nil {
			return []error{wrapped}
		}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

// same is a == b for errors, of which not all types can be compared.
func same(a, b error) bool {
	return a != nil && b != nil && reflect.ValueOf(a).Comparable() && a == b
}
