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
// trial:
//
//  1. A runner starts when everything that it depends on is running: starts.
//  2. It is asked to stop when everything that depends on it has returned; only force
//     asks all at once: stops.
//  3. A start that is given up cancels what is not ready, and nothing else, and starts
//     nothing more: isCancelled, starts.
//  4. Run returns when everything it started has returned: waits.
//  5. The callback is called once, when all are running, and its context ends when
//     one of them does: callsBack.
//  6. Every error is told, in its order, but for what was asked for: tells.
//  7. What returns nil before it was ready was not ready: wasReady, tells.
//  8. A panic is an error; the callback's goes on when all has ended: unwinds, tells.
//  9. Whoever calls back wrongly gets an answer, and nobody waits for ever: mayCall,
//     stops.
//
// It knows nothing of how they are kept. In virtual time an effect comes in the very
// instant of its cause, so the oracle knows not only that something must happen, but
// when; only what happens in one instant may come in any order, unless one thing
// causes the other.

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
	g.wasReady()
	g.unwinds()

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
			if g.callbackUnwinds() {
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

// Invariant 6. Every error of a runner is in the result of Run, and no other, in the
// order in which they happened, but for what was asked for; the callback's own alone
// if no runner had failed before it returned. The cause of a force is there, once.
func (g *group) tells() {
	if !g.did(g.node, onEnd) || g.callbackUnwinds() {
		return
	}
	r := g.result()
	if r.isCallbacksAlone() {
		return
	}
	for i := range r.due {
		if r.due[i].must {
			g.complain(6, "%s: the callback's error is not alone in the result %q", g.name, r.err)
			return
		}
	}
	for _, lacking := range r.lacking() {
		g.complain(lacking.invariant, "%s: %q is not in the result %q", g.name, lacking.leaf, r.err)
	}
	for _, leaf := range r.undue() {
		invariant := 6
		if leaf == process.ErrNotReady {
			invariant = 7
		}
		g.complain(invariant, "%s: the result %q has %q, which was asked for", g.name, r.err, leaf)
	}
	// What an inner part of these has to tell comes when that has returned.
	if g.kind != "Chain" && g.kind != "Process" && !r.isInOrder() {
		g.complain(6, "%s: the errors are not in the order in which they happened: %q", g.name, r.err)
	}
	if g.node == g.root && g.force < g.at(g.node, onEnd) {
		if least, most, is := r.causes(); is < least || is > most {
			g.complain(6, "%s has the cause of the force %d times in the result %q", g.name, is, r.err)
		}
	}
}

// Invariant 7. A runner that returns nil before it has called its callback was not
// ready, unless it was cancelled: tells wants its ErrNotReady. The same for a group:
// Run never returns nil without having called its callback.
func (g *group) wasReady() {
	if g.did(g.node, onEnd) && !g.did(g.node, onReady) && g.event(g.node, onEnd).err == nil {
		g.complain(7, "%s returns nil without having called its callback", g.name)
	}
}

// Invariant 8. A panic and a Goexit of a runner are its errors: tells wants them. If
// the callback panics or exits, everything is stopped and waited for, then the panic
// or exit goes on.
func (g *group) unwinds() {
	if !g.did(g.node, onEnd) {
		return
	}
	result := g.event(g.node, onEnd).err
	if !g.callbackUnwinds() {
		if _, ok := result.(panicked); ok {
			g.complain(8, "%s ends with %v", g.name, result)
		}
		return
	}
	want := error(panicked{errUser})
	if g.finish == callbackExits {
		want = process.ErrGoexit
	}
	if result != want {
		g.complain(8, "the callback %s, and Run ends with %v", g.finish, result)
	}
}

// callbackUnwinds reports whether the callback was called, and panics or exits.
func (g *group) callbackUnwinds() bool {
	return g.node == g.root && g.did(g.node, onReady) &&
		(g.finish == callbackPanics || g.finish == callbackExits)
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

func (o *oracle) complain(invariant int, format string, args ...any) {
	what := strings.ReplaceAll(fmt.Sprintf(format, args...), eternity.String(), "never")
	o.wrong = append(o.wrong, fmt.Sprintf("invariant %d: %s", invariant, what))
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
