package process_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/strata-go/strata/process"
)

// This file reads for the oracle what the log of a trial says: what happened when,
// and why.

// isAbort reports whether an error is the cause of an abort: ErrAborted with the text
// of the culprit, which it does not wrap.
func (g *group) isAbort(cause error) bool {
	if !errors.Is(cause, process.ErrAborted) {
		return false
	}
	if g.startOver == g.abort || g.startOver == g.limitPassed() {
		return true // no runner is the culprit
	}
	return slices.ContainsFunc(g.children, func(c *node) bool {
		culprit := g.reason(c)
		if culprit == nil && !g.did(c, onReady) {
			culprit = process.ErrNotReady
		}
		return g.failed(c) == g.startOver && (culprit == nil || // it has just ended
			strings.Contains(cause.Error(), culprit.Error()) && !errors.Is(cause, culprit))
	})
}

// listens reports whether a runner sees the end of its context at once while it
// starts.
func (n *node) listens() bool {
	return n.kind == "runner" && n.form == "" && n.start != "deaf"
}

// waitsForForce reports whether a runner, once asked to stop, sees the end of its
// context at once, and nothing else ends it.
func (n *node) waitsForForce() bool {
	return n.kind == "runner" && n.form == "" && n.stop == "deaf"
}

// explains reports whether the end of a runner is a reason for that cause.
func (o *oracle) explains(c *node, cause error) bool {
	err := o.reason(c)
	if err == nil {
		return cause != nil && !errors.Is(cause, context.Canceled)
	}
	return slices.EqualFunc(leaves(err), leaves(cause), sameLeaf)
}

// reason returns what a runner failed with: the cause of the context that it had
// passed to its callback if that ended first, else what it returned.
func (o *oracle) reason(c *node) error {
	if o.did(c, onBroke) && o.at(c, onBroke) == o.failed(c) {
		return o.event(c, onBroke).err
	}
	return o.event(c, onEnd).err
}

// isForcedAlone reports whether nothing but the force of the group may have ended
// the context of a runner.
func (g *group) isForcedAlone(i int) bool {
	if g.kind == "StopTimeout" || g.kind == "Chain" {
		return false
	}
	return !g.aborted(i) || g.startOver == g.force && g.reasons() == 1
}

// forceCause is what the context ended for that was given to the group.
func (g *group) forceCause() error {
	cause := errForce
	for _, e := range g.events {
		if e.node == g.node && e.cause != nil {
			cause = e.cause
		}
	}
	return cause
}

// failed is when a runner failed or ended without having been asked to.
func (o *oracle) failed(c *node) time.Duration {
	at := eternity
	if e := o.event(c, onBroke); e.at <= o.at(c, onAsked) && (e.cause == nil || !sameLeaf(e.err, e.cause)) {
		at = e.at
	}
	if o.did(c, onEnd) && !o.before(c, onAsked, c, onEnd) && o.event(c, onEnd).cause == nil {
		at = min(at, o.at(c, onEnd))
	}
	return at
}

// aborted reports whether a runner was not ready when the start was given up.
func (g *group) aborted(i int) bool {
	c := g.children[i]
	return g.did(c, onStart) && !g.did(g.node, onReady) && g.startOver < eternity &&
		g.at(c, onReady) >= g.startOver && (g.failed(c) > g.startOver || g.others(c))
}

// others reports whether the start is over for another reason than that runner.
func (g *group) others(c *node) bool {
	return g.reasons() > 1 || g.failed(c) > g.startOver
}

// reasons counts what ended the start in one instant.
func (g *group) reasons() (n int) {
	for _, at := range []time.Duration{g.force, g.abort, g.limitPassed()} {
		if at == g.startOver {
			n++
		}
	}
	for _, c := range g.children {
		if g.failed(c) == g.startOver {
			n++
		}
	}
	return n
}

// limitPassed is when the limit of a start passes.
func (g *group) limitPassed() time.Duration {
	if g.kind == "StartTimeout" && g.did(g.node, onStart) {
		return g.at(g.node, onStart) + g.limit
	}
	return eternity
}

// forced is when the context of a runner ends without its having been aborted.
func (g *group) forced(i int) time.Duration {
	at := g.force
	switch g.kind {
	case "StopTimeout":
		if g.stop < eternity {
			at = min(at, g.stop+g.limit)
		}
	case "Chain":
		for _, outer := range g.children[:i] {
			at = min(at, g.failed(outer))
		}
	}
	return at
}

// dependents returns those that were started and depend on the runner, directly or
// not.
func (g *group) dependents(i int) []int {
	var found []int
	for j := i + 1; j < len(g.children); j++ {
		if !g.did(g.children[j], onStart) {
			continue
		}
		for _, d := range g.dependsOn[j] {
			if d == i || slices.Contains(found, d) {
				found = append(found, j)
				break
			}
		}
	}
	return found
}

func (o *oracle) did(n *node, w what) bool { return n.index[w] >= 0 }

func (o *oracle) event(n *node, w what) event {
	if i := n.index[w]; i >= 0 {
		return o.events[i]
	}
	return event{at: eternity}
}

func (o *oracle) at(n *node, w what) time.Duration { return o.event(n, w).at }

// before reports whether a did that, and before b did.
func (o *oracle) before(a *node, w what, b *node, v what) bool {
	return o.did(a, w) && (!o.did(b, v) || a.index[w] < b.index[v])
}
