package process_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/strata-go/strata/process"
)

// This file is what package process promises, as nine invariants on the log of a
// trial. It knows nothing of how they are kept. In virtual time an effect comes in
// the very instant of its cause, so the oracle knows not only that something must
// happen, but when; only what happens in one instant may come in any order, unless
// one thing causes the other.

// judge returns what is wrong with what happened.
func (tr *trial) judge() []string {
	o := &oracle{events: tr.events, root: tr.root, finish: tr.callback, outermost: tr.action != "stop"}
	o.group(tr.root, o.at(tr.root, onStop))
	if tr.hung != "" && len(o.wrong) == 0 {
		o.complain(4, "%s", tr.hung)
	}
	if tr.action == "stop" {
		o.process(tr)
	}
	return o.wrong
}

type oracle struct {
	events []event
	root   *node
	finish finish // of the callback
	// outermost is whether the root is what adds the cause of a force.
	outermost bool
	wrong     []string
}

const eternity = time.Duration(math.MaxInt64)

// group judges a group and, after it, those in it. It was told to give up its start
// at that time, if it was not ready.
func (o *oracle) group(n *node, abort time.Duration) {
	g := &group{oracle: o, node: n, abort: abort}
	g.force = o.at(n, onCancelled)
	if n.kind == "Process" {
		g.abort = eternity // it is not told; its context ends
	}
	g.allReady, g.giveUp = o.at(n, onStart), g.abort
	for _, c := range n.children {
		g.allReady = max(g.allReady, o.at(c, onReady))
		g.giveUp = min(g.giveUp, o.failed(c))
	}
	g.giveUp = min(g.giveUp, g.limitPassed())
	g.startOver = min(g.giveUp, g.force)
	g.stop = g.startOver
	if o.did(n, onReady) {
		g.stop = o.at(n, onAsked)
	}

	if o.did(n, onStart) && n == o.root && g.force == 0 {
		g.startOver, g.allReady = 0, eternity // forced before Run
	}
	for i, c := range n.children {
		g.starts(i, c)
		if o.did(c, onStart) {
			g.stops(i, c)
			g.isCancelled(i, c)
			g.mayCall(c)
		}
	}
	g.waits()
	g.callsBack()
	g.tells()

	for i, c := range n.children {
		if len(c.children) > 0 {
			aborted := eternity
			if g.aborted(i) {
				aborted = max(g.startOver, o.at(c, onStart))
			}
			o.group(c, aborted)
		}
	}
}

// group is what the oracle knows of a group, as instants that are an eternity away
// if they do not come.
type group struct {
	*oracle
	*node
	abort     time.Duration // it was told to give up its start
	force     time.Duration // its context ended
	allReady  time.Duration // the last of its runners became ready
	giveUp    time.Duration // the first failed, it was told to, or a limit passed
	startOver time.Duration // giveUp or force
	stop      time.Duration // its callback returned or, without that, startOver
}

// Invariant 1. A runner starts only after everything that it depends on is running;
// it does so in that instant. Invariant 3: and not if the start was given up before.
func (g *group) starts(i int, c *node) {
	due := g.at(g.node, onStart)
	for _, d := range g.dependsOn[i] {
		dependency := g.children[d]
		due = max(due, g.at(dependency, onReady))
		if g.did(c, onStart) && !g.before(dependency, onReady, c, onStart) {
			g.complain(1, "%s starts before %s, which it depends on, is ready", c.name, dependency.name)
		}
	}
	switch {
	case !g.did(c, onStart) && due < g.startOver:
		g.complain(1, "%s does not start at %v, when it could", c.name, due)
	case g.did(c, onStart) && due > g.startOver:
		g.complain(3, "%s starts though the start is over since %v", c.name, g.startOver)
	case g.did(c, onStart) && g.at(c, onStart) != due:
		g.complain(1, "%s starts at %v and not at %v", c.name, g.at(c, onStart), due)
	}
}

// Invariant 2. A runner that is running is asked to stop only after everything that
// depends on it, directly or not, and was started, has returned from Run, and the
// callback of the group too; it is asked in that instant. The exception is force:
// all callbacks return at once.
func (g *group) stops(i int, c *node) {
	if !g.did(c, onReady) {
		return
	}
	due := g.stop
	needs := g.dependents(i)
	for _, d := range needs {
		due = max(due, g.at(g.children[d], onEnd))
	}
	if g.at(c, onReady) > g.startOver && !g.did(g.node, onReady) {
		due = g.at(c, onReady) // invariant 3: it is asked at once
	}
	if g.kind == "Process" { // it stops by itself what has failed
		due = min(due, g.failed(c))
	}
	due = max(g.at(c, onReady), min(due, g.forced(i)))
	if !g.did(c, onAsked) {
		g.complain(9, "%s waits in its callback for ever", c.name)
		return
	}
	if g.before(c, onEnd, c, onAsked) && g.at(c, onAsked) <= due {
		return // it has ended, so it need not be kept waiting: invariant 9
	}
	if g.at(c, onAsked) != due {
		g.complain(2, "%s is asked at %v and not at %v", c.name, g.at(c, onAsked), due)
	}
	if g.event(c, onAsked).cause != nil {
		return // forced or aborted, see isCancelled
	}
	for _, d := range needs {
		if !g.before(g.children[d], onEnd, c, onAsked) {
			g.complain(2, "%s is asked before %s, which depends on it, has returned", c.name, g.children[d].name)
		}
	}
	if g.did(g.node, onReady) && !g.before(g.node, onAsked, c, onAsked) && g.kind != "Process" {
		g.complain(2, "%s is asked before the callback has returned", c.name)
	}
	if g.forced(i) < g.at(c, onAsked) {
		g.complain(2, "%s is not forced", c.name)
	}
}

// Invariant 3. When a start is given up, what is not ready has its context
// cancelled, at once and for an ErrAborted that names the culprit, and nobody else:
// the context of a group in which something runs is not. Invariant 2: on force all
// contexts end, at once and for the cause of the force.
func (g *group) isCancelled(i int, c *node) {
	over, forced := g.startOver, g.forced(i)
	unready := !g.did(c, onReady) || g.at(c, onReady) > over
	if !g.did(c, onCancelled) {
		end := g.at(c, onEnd)
		switch {
		case c.waitsForForce() && end > max(forced, g.at(c, onAsked)),
			c.listens() && unready && over == g.force && end > max(forced, g.at(c, onStart)):
			g.complain(2, "%s is not forced", c.name)
		case c.listens() && unready && end > max(over, g.at(c, onStart)):
			g.complain(3, "%s is not ready at %v, and not aborted", c.name, over)
		}
		for _, w := range []what{onAsked, onEnd} {
			if g.did(c, w) && g.event(c, w).cause != nil && !g.aborted(i) && forced > g.at(c, w) &&
				!g.before(c, onEnd, c, w) { // else it is let go of
				g.complain(3, "%s is cancelled", c.name)
			}
		}
		return
	}
	at, cause := g.at(c, onCancelled), g.event(c, onCancelled).cause
	switch {
	case g.aborted(i) && at < forced:
		if c.kind != "Process" { // which only knows how to be forced
			c.each(func(n *node) {
				if n != c && g.did(n, onStart) && !g.before(n, onEnd, c, onCancelled) {
					g.complain(3, "%s is cancelled, with %s in it", c.name, n.name)
				}
			})
		}
		if c.listens() && !g.did(c, onReady) && at != max(over, g.at(c, onStart)) {
			g.complain(3, "%s is aborted at %v and not at %v", c.name, at, over)
		}
		if cause != nil && over < g.force && !g.isAbort(cause) {
			g.complain(3, "%s is aborted for %q", c.name, cause)
		}
	case forced > at:
		g.complain(3, "%s is cancelled", c.name)
	case cause != nil && cause != g.forceCause() && forced == g.force && g.isForcedAlone(i):
		g.complain(2, "%s is forced for %q", c.name, cause)
	case c.watched || c.listens():
		if !g.did(c, onReady) && at != max(forced, g.at(c, onStart)) || g.did(c, onReady) && at > max(g.at(c, onAsked), forced) {
			g.complain(2, "%s is cancelled at %v and not at %v", c.name, at, forced)
		}
	}
}

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

// Invariant 4. Run returns only when everything it started has returned; it does so
// in that instant. That no goroutine is left is seen to by the bubble.
func (g *group) waits() {
	if !g.did(g.node, onStart) {
		return
	}
	if !g.did(g.node, onEnd) {
		g.complain(4, "%s does not return", g.name)
		return
	}
	due := g.stop
	for _, c := range g.children {
		if !g.did(c, onStart) {
			continue
		}
		if !g.before(c, onEnd, g.node, onEnd) {
			if g.node == g.root && g.did(g.node, onReady) && (g.finish == callbackPanics || g.finish == callbackExits) {
				g.complain(8, "%s %s before %s has returned", g.name, g.finish, c.name)
			} else {
				g.complain(4, "%s returns before %s has", g.name, c.name)
			}
			continue
		}
		due = max(due, g.at(c, onEnd))
	}
	if g.at(g.node, onEnd) != due {
		g.complain(4, "%s returns at %v and not at %v", g.name, g.at(g.node, onEnd), due)
	}
}

// Invariant 5. The callback is called at most once, in the goroutine that called
// Run, and only when all are running, in that instant. Its context ends when a
// runner does before it has returned, with the cause of the context that this
// runner had passed to its own callback, or its error; on force, with that cause;
// and at the latest when Run returns.
func (g *group) callsBack() {
	calls := 0
	for _, e := range g.events {
		if e.node == g.node && e.what == onReady {
			calls++
		}
	}
	switch {
	case calls > 1:
		g.complain(5, "%s calls its callback %d times", g.name, calls)
	case calls == 0 && g.allReady < g.startOver && g.did(g.node, onStart):
		g.complain(5, "%s does not call its callback at %v", g.name, g.allReady)
	case calls == 0:
		return
	case g.allReady > g.startOver:
		g.complain(5, "%s calls its callback though the start is over", g.name)
	case g.at(g.node, onReady) != g.allReady:
		g.complain(5, "%s calls its callback at %v and not at %v", g.name, g.at(g.node, onReady), g.allReady)
	}
	if g.did(g.node, onKept) {
		g.complain(5, "the context of the callback of %s lives on after Run", g.name)
	}
	if g.did(g.node, onStrayed) {
		g.complain(5, "%s calls its callback in another goroutine", g.name)
	}
	for _, c := range g.children {
		if !g.before(c, onReady, g.node, onReady) {
			g.complain(5, "%s calls its callback before %s is ready", g.name, c.name)
		}
	}

	if g.kind == "Process" {
		return // the runner around it ends the context, when all has ended
	}
	// What ends its context.
	first, returned := g.force, g.at(g.node, onAsked)
	var culprits []*node
	for _, c := range g.children {
		if at := g.failed(c); at < first {
			first, culprits = at, nil
		}
		if g.failed(c) == first {
			culprits = append(culprits, c)
		}
	}
	passed := g.event(g.node, onAsked).passed
	if passed != nil && errors.Is(passed, process.ErrAborted) && g.abort == g.at(g.node, onReady) {
		return // invariant 3: what is ready itself hands the abort on
	}
	isCulprit := func(c *node) bool { return g.explains(c, passed) }
	switch {
	case passed == nil && first < returned:
		g.complain(5, "the context of the callback of %s has not ended", g.name)
	case passed == nil:
	case first > returned:
		g.complain(5, "the context of the callback of %s has ended: %v", g.name, passed)
	case g.at(g.node, onBroke) != first:
		g.complain(5, "the context of the callback of %s ends at %v and not at %v",
			g.name, g.at(g.node, onBroke), first)
	case first < g.force && !slices.ContainsFunc(culprits, isCulprit):
		g.complain(5, "the callback of %s is told the cause %q", g.name, passed)
	case first == g.force && culprits == nil && !sameLeaf(passed, g.forceCause()):
		g.complain(5, "the callback of %s is forced for %q", g.name, passed)
	}
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

// Invariants 6, 7 and 8. Every error is in the result of Run, and no other, in the
// order in which they happened, but for what was asked for; the callback's alone if
// no runner had failed before it returned. The cause of a force is there, once. A
// runner, and a group, that returns nil before it has called its callback was not
// ready. A panic and a Goexit of a runner are errors; those of the callback go on,
// when all has ended.
func (g *group) tells() {
	if !g.did(g.node, onEnd) {
		return
	}
	result := g.event(g.node, onEnd).err
	if g.node == g.root && g.did(g.node, onReady) {
		switch {
		case g.finish == callbackPanics && result != panicked{errUser},
			g.finish == callbackExits && result != process.ErrGoexit:
			g.complain(8, "the callback %s, and Run ends with %v", g.finish, result)
		}
		if g.finish == callbackPanics || g.finish == callbackExits {
			return
		}
	}
	if result == nil && !g.did(g.node, onReady) {
		g.complain(7, "%s returns nil without having called its callback", g.name)
	}
	if _, ok := result.(panicked); ok || g.node == g.root && errors.Is(result, process.ErrGoexit) &&
		len(leaves(result)) == 0 {
		g.complain(8, "%s ends with %v", g.name, result)
	}

	told, found := g.told(), leaves(result)
	if g.kind == "Process" { // the runner around it adds the error of its callback
		told = slices.DeleteFunc(told, func(t telling) bool { return t.callback })
		told = append(told, telling{may: true, leaves: found})
	}
	alone := slices.IndexFunc(told, func(t telling) bool { return t.alone })
	if alone >= 0 && len(found) == 1 && sameLeaf(found[0], told[alone].leaves[0]) {
		return
	}
	place := make([]int, len(told))
	for i, t := range told {
		for j, leaf := range t.leaves {
			at := slices.IndexFunc(found, func(l error) bool { return sameLeaf(l, leaf) })
			if j == 0 {
				place[i] = at
			}
			if at < 0 && !t.may && !(alone >= 0 && told[alone].must) {
				g.complain(t.invariant, "%s: %q is not in the result %q", g.name, leaf, result)
			}
		}
	}
	if alone >= 0 && told[alone].must {
		g.complain(6, "%s: the callback's error is not alone in the result %q", g.name, result)
	}
	for _, leaf := range found {
		if !slices.ContainsFunc(told, func(t telling) bool {
			return slices.ContainsFunc(t.leaves, func(l error) bool { return sameLeaf(l, leaf) })
		}) {
			invariant := 6
			if leaf == process.ErrNotReady {
				invariant = 7
			}
			g.complain(invariant, "%s: the result %q has %q, which was asked for", g.name, result, leaf)
		}
	}
	for i, t := range told {
		for j, u := range told {
			first := t.at < u.at || t.at == u.at && t.culprit && u.callback
			if g.kind == "Chain" || g.kind == "Process" {
				first = false // what an inner part has to tell comes when that has returned
			}
			if first && !t.shared() && !u.shared() && place[i] > place[j] && place[j] >= 0 {
				g.complain(6, "%s: the errors are not in the order in which they happened: %q", g.name, result)
			}
		}
	}
	cause := g.event(g.node, onEnd).cause
	count := countOf(cause, found)
	most := 0 // a Process inside has a result of its own, with the cause; a joined error is kept whole
	for _, t := range told {
		if t.runner {
			most += countOf(cause, t.leaves)
		}
	}
	if g.node == g.root && g.force < g.at(g.node, onEnd) && (count > max(1, most) || count < 1 && g.outermost) {
		g.complain(6, "%s has the cause of the force %d times in the result %q", g.name, count, result)
	}
}

// countOf counts the leaves that are the cause of a context.
func countOf(cause error, found []error) (n int) {
	for _, leaf := range found {
		if cause != nil && sameLeaf(leaf, leaves(cause)[0]) {
			n++
		}
	}
	return n
}

// telling is what must or may be told by a result.
type telling struct {
	invariant int
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

// Invariant 9. A group's callback returns nil to its runners, always, and at once if
// they were aborted or forced (see stops for that, and for those that it must let go
// of); a second call gets ErrCalledTwice, at once, though the first still waits.
func (g *group) mayCall(c *node) {
	for _, e := range g.events {
		switch {
		case e.node != c:
		case e.what == onAsked && e.err != nil:
			g.complain(9, "%s gets %v from its callback", c.name, e.err)
		case e.what == onAgain && e.err != process.ErrCalledTwice:
			// Unless the first call did not count.
			if e.err != nil || g.at(c, onReady) < g.startOver && g.event(c, onAsked).cause == nil {
				g.complain(9, "%s gets %v from its second call", c.name, e.err)
			}
		case e.what == onAgain && e.at != e.since:
			g.complain(9, "the second call of %s waits from %v to %v", c.name, e.since, e.at)
		}
	}
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

func (o *oracle) complain(invariant int, format string, args ...any) {
	what := strings.ReplaceAll(fmt.Sprintf(format, args...), eternity.String(), "never")
	o.wrong = append(o.wrong, fmt.Sprintf("invariant %d: %s", invariant, what))
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

// process judges what is seen of a Process from outside: Start returns nil if and
// only if the callback was called, Stop what Err does, in which all that the runner
// returned is found.
func (o *oracle) process(tr *trial) {
	start, stop, err := tr.outside.start, tr.outside.stop, tr.outside.err
	complain := func(format string, args ...any) {
		o.wrong = append(o.wrong, "Process: "+fmt.Sprintf(format, args...)+
			fmt.Sprintf(" (Start %q, Stop %q, Err %q)", start, stop, err))
	}
	if !tr.outside.stopped {
		complain("it is not stopped")
	}
	if tr.at == 0 {
		if o.did(tr.root, onStart) || stop != nil || start != process.ErrProcessInvalidState || err != nil {
			complain("it was stopped before its start")
		}
		return
	}
	stopped, over := o.at(tr.root, onStop), o.at(tr.root, onEnd)
	switch isReady := o.did(tr.root, onReady); {
	case start == nil && !isReady:
		complain("Start returns nil, and the callback was not called")
	case start != nil && isReady && o.at(tr.root, onReady) != stopped:
		complain("Start fails, and the callback was called")
	case start != nil && start != err:
		complain("Start returns another error than Err")
	}
	invalid := errors.Is(stop, process.ErrProcessInvalidState)
	if over < stopped && !invalid || over > stopped && invalid {
		complain("Stop at %v of what ended at %v", stopped, over)
	}
	real := func(err error) []error {
		return slices.DeleteFunc(leaves(err), func(l error) bool {
			return errors.Is(l, process.ErrAborted) || l == errForce || l == process.ErrProcessInvalidState ||
				l == context.Canceled
		})
	}
	result := o.event(tr.root, onEnd).err
	for _, err := range []error{err, stop} {
		if !slices.EqualFunc(real(err), real(result), sameLeaf) {
			complain("%q is not %q", err, result)
		}
		if force := o.event(tr.root, onCancelled); force.at < over && force.cause == nil && strings.Count(fmt.Sprint(err), errForce.Error()) != 1 {
			complain("%q has the cause of the force more than once, or not at all", err)
		}
	}
	if !invalid && stop != nil && len(real(stop)) == 0 && !o.did(tr.root, onCancelled) {
		complain("Stop returns nothing but that it aborted")
	}
}
