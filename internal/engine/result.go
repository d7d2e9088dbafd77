package engine

import (
	"context"
	"errors"
	"reflect"
	"slices"
)

// happening is something that may count as an error of the run, in the order in
// which it happened. Its err is nil as long as it does not.
type happening struct {
	err    error
	runner bool // it is a runner's
	ours   bool // it is the engine's, and may come back in what a runner returns
	force  bool // it is ours, the cause of the force
}

// happen notes a happening and returns its place. The caller holds r.mu.
func (r *run) happen(h happening) int {
	r.alone = r.alone && !h.ours
	r.happened = append(r.happened, h)
	return len(r.happened) - 1
}

// noteFailure notes that a runner has failed, or has ended and cause is nil, unless
// it was asked to stop. The caller holds r.mu, and tells it if noteFailure returns
// true.
func (r *run) noteFailure(v *vertex, cause error) bool {
	if v.failed || v.state != ready && v.state != beginning {
		return false
	}
	v.failed = true
	v.failure = r.happen(happening{runner: true})
	if cause == nil {
		cause = r.graph.Errors.Ended
	} else {
		r.lost = true
	}
	if r.ending == nil {
		r.ending = cause
	}
	return true
}

// catchUp is called before the engine judges what happened. It sees to contexts
// that have ended: the goroutines that wait for them may not have come to it.
func (r *run) catchUp() {
	r.mu.Lock()
	var passed []*vertex
	for i := range r.vertices {
		if v := &r.vertices[i]; v.passed != nil && v.state == ready && !v.failed {
			passed = append(passed, v)
		}
	}
	r.mu.Unlock()
	// What ended with the context of the run is no failure, so that is looked at last.
	passed = slices.DeleteFunc(passed, func(v *vertex) bool { return v.passed.Err() == nil })
	r.forceIfDone()
	for _, v := range passed {
		cause := context.Cause(v.passed)
		if same(cause, r.graph.Errors.Ended) {
			cause = nil
		}
		r.mu.Lock()
		noted := r.noteFailure(v, cause)
		r.mu.Unlock()
		if noted {
			v.tellFailure(cause)
		}
	}
}

// callbackReturned notes the error of the callback. That it gave back the end of
// its own context is none.
func (r *run) callbackReturned(alone bool, err error) {
	cancelled := r.callbackContext.Err() != nil
	if cancelled && r.graph.Errors.OnlyCancelled(err, r.callbackContext, nil) {
		err = nil
	}
	r.catchUp()
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alone = alone && !r.lost && !slices.ContainsFunc(r.happened, func(h happening) bool { return h.ours })
	r.happen(happening{err: err})
}

// result joins what happened, root cause first. It is called when everything has
// ended. In a graph, the cause of a force is added by the outermost alone, if there
// is anything else to tell.
func (r *run) result() (alone bool, err error) {
	var errs []error
	place := -1 // of the cause of the force
	for i, h := range r.happened {
		switch {
		case h.err == nil, h.runner && r.alone:
		case h.ours && (r.inner || r.toldElsewhere(i)):
		case h.force:
			place = len(errs)
			errs = append(errs, h.err)
		default:
			errs = append(errs, h.err)
		}
	}
	if place >= 0 && len(errs) > 1 && InGraph(r.ctx) {
		errs = slices.Delete(errs, place, place+1)
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
		case same(err, abort), same(err, context.Cause(ctx)):
			return true, true
		case e.IsPanic(err):
			return true, false
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
	for _, e := range unwrap(err) {
		if !allLeaves(e, visit) {
			return false
		}
	}
	return true
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

// same is a == b for errors, of which not all types can be compared: a list is the
// same if it has the same elements, in the same place.
func same(a, b error) bool {
	if a == nil || b == nil {
		return false
	}
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	switch {
	case x.Type() != y.Type():
		return false
	case x.Comparable():
		return a == b
	case x.Kind() == reflect.Slice:
		return x.Pointer() == y.Pointer() && x.Len() == y.Len()
	}
	return false
}
