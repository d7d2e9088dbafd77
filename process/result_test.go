package process_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/strata-go/strata/process"
)

// This file compares the result of a Run with what it has to tell: invariants 6, 7
// and 8 of the oracle.

// result is what a Run returned, and what it had to.
type result struct {
	*group
	err   error
	found []error // the errors that it is made of, in their order
	due   []telling
	alone int // which of them is the callback's error, if that may stand alone, else -1
}

func (g *group) result() *result {
	r := &result{group: g, err: g.event(g.node, onEnd).err, due: g.told()}
	r.found = leaves(r.err)
	if g.kind == "Process" { // the runner around it adds the error of its callback
		r.due = slices.DeleteFunc(r.due, func(t telling) bool { return t.callback })
		r.due = append(r.due, telling{may: true, leaves: r.found})
	}
	r.alone = slices.IndexFunc(r.due, func(t telling) bool { return t.alone })
	return r
}

// isCallbacksAlone reports whether the callback's error stands alone, and may.
func (r *result) isCallbacksAlone() bool {
	return r.alone >= 0 && len(r.found) == 1 && sameLeaf(r.found[0], r.due[r.alone].leaves[0])
}

// place returns where in the result a leaf is, or -1.
func (r *result) place(leaf error) int {
	return slices.IndexFunc(r.found, func(l error) bool { return sameLeaf(l, leaf) })
}

// missed is what lacks in a result.
type missed struct {
	leaf      error
	invariant int
}

func (r *result) lacking() (all []missed) {
	for _, t := range r.due {
		for _, leaf := range t.leaves {
			if !t.may && r.place(leaf) < 0 {
				all = append(all, missed{leaf, t.invariant})
			}
		}
	}
	return all
}

// undue returns what the result tells that it should not.
func (r *result) undue() (all []error) {
	for _, leaf := range r.found {
		if !slices.ContainsFunc(r.due, func(t telling) bool {
			return slices.ContainsFunc(t.leaves, func(l error) bool { return sameLeaf(l, leaf) })
		}) {
			all = append(all, leaf)
		}
	}
	return all
}

// isInOrder reports whether what happened first stands first, and a runner that the
// callback was told of before the callback.
func (r *result) isInOrder() bool {
	for _, t := range r.due {
		for _, u := range r.due {
			first := t.at < u.at || t.at == u.at && t.culprit && u.callback
			if !first || t.shared() || u.shared() {
				continue
			}
			if after := r.place(u.leaves[0]); after >= 0 && r.place(t.leaves[0]) > after {
				return false
			}
		}
	}
	return true
}

// causes returns how often the cause of the force has to be in the result, at least
// and at most, and how often it is. A Process inside has a result of its own, with
// the cause, and a joined error is kept whole.
func (r *result) causes() (least, most, is int) {
	cause := r.event(r.node, onEnd).cause
	count := func(found []error) (n int) {
		for _, leaf := range found {
			if cause != nil && sameLeaf(leaf, leaves(cause)[0]) {
				n++
			}
		}
		return n
	}
	if r.outermost {
		least = 1
	}
	for _, t := range r.due {
		if t.runner {
			most += count(t.leaves)
		}
	}
	return least, max(1, most), count(r.found)
}

// telling is what must or may be told by a result.
type telling struct {
	invariant int // that it is told
	leaves    []error
	at        time.Duration
	runner    bool
	callback  bool
	culprit   bool // the callback had been told of it by its context
	ended     bool // the runner had ended by then, but this error came later
	may       bool // and need not
	either    bool // it failed as it was asked, so that it may count when it ended
	alone     bool // it may stand alone
	must      bool // and has to
}

// shared reports whether others may tell the same.
func (t telling) shared() bool {
	return t.may || t.either ||
		slices.ContainsFunc(t.leaves, func(l error) bool {
			return l == process.ErrNotReady || l == process.ErrGoexit || errors.Is(l, process.ErrAborted) ||
				l == errForce || errors.Is(l, process.ErrStopTimeout) || errors.Is(l, process.ErrStartTimeout)
		})
}

// told is what the result of the group has to tell.
func (g *group) told() []telling {
	var told []telling
	over := g.at(g.node, onEnd)
	for i, c := range g.children {
		if !g.did(c, onEnd) {
			continue
		}
		e := g.event(c, onEnd)
		t := telling{invariant: 6, at: min(e.at, g.failed(c)), runner: true, leaves: leaves(e.err)}
		wasAsked := g.did(c, onAsked) && g.before(c, onAsked, c, onEnd) || g.aborted(i) || e.cause != nil
		switch e.err.(type) {
		case nil:
			if g.did(c, onReady) || e.cause != nil {
				continue
			}
			t.invariant, t.leaves = 7, []error{process.ErrNotReady}
			t.may = e.at == g.startOver && g.others(c) // it may have been cancelled
		case panicked:
			t.invariant = 8
		default:
			if e.err == process.ErrGoexit {
				t.invariant = 8
			}
			if wasAsked && onlyCancelled(t.leaves, e.cause, g.aborted(i)) {
				continue
			}
		}
		passed := g.event(g.node, onAsked).passed
		if b := g.event(c, onBroke); b.at == t.at {
			t.ended = !slices.ContainsFunc(t.leaves, func(l error) bool { return sameLeaf(l, leaves(b.err)[0]) })
		}
		t.either = g.at(c, onAsked) == t.at && e.at > t.at
		t.culprit = passed != nil && t.at < g.force && !t.ended && g.explains(c, passed)
		told = append(told, t)
		if c.wrap != "" && g.aborted(i) { // a group around it keeps both
			told = append(told, telling{at: e.at, leaves: []error{process.ErrAborted}, may: true})
		}
	}
	if g.force <= over {
		cause := g.event(g.node, onEnd).cause
		if cause != nil {
			told = append(told, telling{
				invariant: 6, at: g.force, leaves: leaves(cause), may: g.force == over || g.node != g.root || !g.outermost,
			})
		}
	}
	if g.startOver == g.abort && (!g.did(g.node, onReady) || g.at(g.node, onReady) == g.abort) {
		told = append(told, telling{
			invariant: 3, at: g.abort, leaves: []error{process.ErrAborted},
			may: g.allReady <= g.abort || g.reasons() > 1,
		})
	}
	switch g.kind {
	case "Chain":
		if g.abort <= over { // an inner part may have failed before
			told = append(told, telling{at: g.abort, leaves: []error{process.ErrAborted}, may: true})
		}
	case "StartTimeout":
		if at := g.limitPassed(); !g.did(g.node, onReady) && g.startOver == at {
			told = append(told, telling{
				invariant: 3, at: at, leaves: []error{process.ErrStartTimeout}, may: g.reasons() > 1,
			})
		}
	case "StopTimeout":
		if at := g.stop + g.limit; g.at(g.children[0], onEnd) >= at && g.force >= at {
			told = append(told, telling{
				invariant: 2, at: at, leaves: []error{process.ErrStopTimeout},
				may: g.at(g.children[0], onEnd) == at || g.force == at,
			})
		}
	}
	if !g.did(g.node, onReady) {
		if !slices.ContainsFunc(told, func(t telling) bool { return !t.may }) {
			told = append(told, telling{
				invariant: 7, at: over, leaves: []error{process.ErrNotReady}, may: len(told) > 0,
			})
		}
		return told
	}
	e := g.event(g.node, onAsked)
	if e.err == nil || e.passed != nil && onlyCancelled(leaves(e.err), e.passed, false) {
		return told
	}
	own := telling{invariant: 6, at: e.at, leaves: leaves(e.err), callback: true, alone: true}
	// A runner may have broken the context that it passed, and returned no error.
	own.must = g.kind != "Chain" &&
		!slices.ContainsFunc(g.children, func(c *node) bool { return g.failed(c) <= own.at })
	for i, t := range told {
		if g.kind == "Chain" && t.at >= own.at { // an inner part has told the callback's alone
			told[i].may = true
		}
		switch {
		case !t.runner && !t.may || t.culprit || t.at < own.at && !t.ended:
			own.alone, own.must = false, false
		case t.may || !t.runner && t.at <= own.at:
			own.must = false
		}
	}
	return append(told, own)
}

// onlyCancelled reports whether an error says no more than that a context ended.
func onlyCancelled(of []error, cause error, aborted bool) bool {
	causes := leaves(cause)
	return !slices.ContainsFunc(of, func(l error) bool {
		return l != context.Canceled && !slices.ContainsFunc(causes, func(c error) bool { return sameLeaf(l, c) }) &&
			!(aborted && errors.Is(l, process.ErrAborted))
	})
}

// leaves returns the errors that err is made of, in their order.
func leaves(err error) []error {
	switch e := err.(type) {
	case nil:
		return nil
	case *process.PanicError:
		return []error{err}
	case interface{ Unwrap() []error }:
		var all []error
		for _, err := range e.Unwrap() {
			all = append(all, leaves(err)...)
		}
		return all
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil && inner != process.ErrAborted && !isLimit(inner) {
			return leaves(inner)
		}
	}
	return []error{err}
}

// isLimit reports whether err is what a limit's error wraps.
func isLimit(err error) bool {
	return err == process.ErrStartTimeout || err == process.ErrStopTimeout
}

// sameLeaf reports whether a leaf is the other, or the *PanicError of that panic, or
// the error of a limit of that kind, or both tell of an abort.
func sameLeaf(a, b error) bool {
	return a == b || isOfPanic(a, b) || isOfPanic(b, a) ||
		isLimit(a) && errors.Is(b, a) || isLimit(b) && errors.Is(a, b) ||
		errors.Is(a, process.ErrAborted) && errors.Is(b, process.ErrAborted)
}

// isOfPanic reports whether err is the *PanicError of that panic: it unwraps to the
// value, and has the stack of where that was.
func isOfPanic(err, panic error) bool {
	e, isError := err.(*process.PanicError)
	p, isPanic := panic.(panicked)
	if !isError || !isPanic || e.Value != p.value || !strings.Contains(string(e.Stack), "trial_test.go") {
		return false
	}
	value, ok := p.value.(error)
	return !ok || errors.Is(err, value)
}
