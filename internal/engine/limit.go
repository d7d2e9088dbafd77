package engine

import (
	"errors"
	"time"
)

// limitStop has v forced when its stop limit passes: it was asked to stop, or aborted.
// The caller holds run.mu.
func (v *vertex) limitStop() {
	r, limit := v.run, v.spec.StopLimit
	if limit == 0 || v.state >= ended {
		return
	}
	r.letGo = append(r.letGo, afterTime(limit, v.stopLimitPassed))
}

// stopLimitPassed forces v alone.
func (v *vertex) stopLimitPassed() {
	r := v.run
	err := r.graph.Errors.StopTimeout(v.spec.StopLimit)
	r.forceIfDone()
	r.mu.Lock()
	late := r.phase < forced && v.state < ended
	if late {
		r.noteLate(v, lateness{start: r.late[v].start, stop: err})
		if !v.failed {
			v.failure = r.happen(happening{runner: true})
		}
		r.alone = false
	}
	r.mu.Unlock()
	if !late {
		return
	}
	if v.spec.Observer != nil {
		v.spec.Observer.Late(v.wrap(err))
	}
	v.ctx.Cancel(err)
}

// startLimitPassed fails v, and aborts it. It is not ready from now on, whatever it
// calls.
func (v *vertex) startLimitPassed() {
	r := v.run
	err := r.graph.Errors.StartTimeout(v.spec.StartLimit)
	cause := v.wrap(err)
	r.forceIfDone()
	r.mu.Lock()
	late := v.state == beginning
	if late {
		r.noteLate(v, lateness{start: err})
		r.noteFailure(v, cause)
		v.state = aborted
	}
	r.mu.Unlock()
	if !late {
		return
	}
	v.tellFailure(cause)
	r.mu.Lock()
	v.limitStop()
	abort := r.cause // nil if it is forced meanwhile
	r.mu.Unlock()
	if abort != nil {
		v.abort(abort)
	}
}

// lateness is what a vertex has to say of its limits that have passed.
type lateness struct{ start, stop error }

// noteLate notes it. The caller holds r.mu.
func (r *run) noteLate(v *vertex, l lateness) {
	if r.late == nil {
		r.late = make(map[*vertex]lateness)
	}
	r.late[v] = l
}

// add adds it to what the runner has returned, in the order in which that happened: the
// runner may have failed before.
func (l lateness) add(err error, failed bool) error {
	var before, after []error
	for _, own := range []error{l.start, l.stop} {
		switch {
		case own == nil || Contains(err, own):
		case failed:
			after = append(after, own)
		default:
			before = append(before, own)
		}
	}
	if len(before)+len(after) == 0 {
		return err
	}
	if err != nil {
		before = append(before, err)
	}
	if all := append(before, after...); len(all) > 1 {
		return errors.Join(all...)
	}
	return append(before, after...)[0]
}

// afterTime calls f after d. The function returned prevents that, or waits for
// an f that was called.
func afterTime(d time.Duration, f func()) (stop func()) {
	done := make(chan struct{})
	timer := time.AfterFunc(d, func() { defer close(done); f() })
	return func() {
		if !timer.Stop() {
			<-done
		}
	}
}
