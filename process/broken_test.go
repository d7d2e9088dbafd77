package process_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/strata-go/strata/process"
)

// The oracle is tested too. It must accept a group that is written from the nine
// invariants alone: so it judges what is promised, not how that is kept here. And it
// must reject that group with any one defect, by the invariant that is hurt.

// plain is a group of runners in the plainest way: there is one lock, and whenever
// something has changed, everything is looked at again. It knows no abort but the end
// of a context, so there may be no groups in it. It is run once.
type plain struct {
	dependsOn [][]int
	defect    string

	ctx            context.Context
	cancelCallback context.CancelCauseFunc

	mu       sync.Mutex // guards what follows
	changed  *sync.Cond
	runners  []*plainRunner
	complete bool          // all were ready before anything had failed
	failure  error         // of the first that failed or ended unasked
	returned bool          // the callback has
	forced   bool          // the context given to Run has ended
	happened []*plainError // in the order in which it did
	own      *plainError   // the callback's, if nothing had failed before
	rescued  bool          // nothing waits any longer
}

// plainError is one that counts, or nil.
type plainError struct{ error }

type plainRunner struct {
	process.Runner
	ctx    context.Context
	cancel context.CancelCauseFunc
	passed context.Context // to its callback

	started, ready, aborted, asked, ended bool
	err                                   *plainError // if it has failed or ended
}

func newPlain(dependsOn [][]int, children []process.Runner, defect string) *plain {
	g := &plain{dependsOn: dependsOn, defect: defect}
	g.changed = sync.NewCond(&g.mu)
	for _, r := range children {
		g.runners = append(g.runners, &plainRunner{Runner: r})
	}
	return g
}

// is reports whether the group has that defect.
func (g *plain) is(defect string) bool { return g.defect == defect }

// late takes a second more if the group has that defect.
func (g *plain) late(defect string) {
	if g.is(defect) {
		time.Sleep(time.Second)
	}
}

func (g *plain) Run(ctx context.Context, callback process.Callback) (err error) {
	g.ctx = ctx
	if g.is("hides the force from the callback") || g.is("forces the callback without the cause") {
		ctx = context.WithoutCancel(ctx)
	}
	own, cancel := context.WithCancelCause(ctx)
	if g.is("forces the callback without the cause") {
		defer context.AfterFunc(g.ctx, func() { cancel(nil) })()
	}
	if !g.is("leaves the context of the callback alive") {
		defer cancel(nil)
	}
	g.cancelCallback = cancel
	defer context.AfterFunc(g.ctx, func() { g.do(func() {}) })()

	complete := false
	g.do(func() {
		g.wait(func() bool { return g.complete || g.gaveUp() })
		complete = g.complete
	})
	defer func() {
		// This is for a panic and a Goexit of the callback, too.
		if !g.is("lets the panic of the callback go on at once") || !complete || g.returned {
			g.stop()
		}
		if err = g.result(); g.is("swallows the panic of the callback") {
			recover()
		}
	}()
	if complete && !g.is("does not call back") || g.is("calls back after all") {
		g.late("calls back late")
		err := g.call(callback, own)
		g.do(func() { g.callbackReturned(err, own) })
	}
	return nil
}

// do does f, and before and after it, what is due.
func (g *plain) do(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.look()
	f()
	g.look()
}

// wait returns when it is so. What is below is called under the lock, but for run,
// callback, call, stop and result.
func (g *plain) wait(isSo func() bool) {
	for !isSo() && !g.rescued {
		g.changed.Wait()
	}
}

// rescue ends by all means what waits or runs.
func (g *plain) rescue() {
	g.do(func() {
		g.rescued = true
		for _, r := range g.runners {
			if r.started {
				r.cancel(nil)
			}
		}
	})
}

func (g *plain) gaveUp() bool { return !g.complete && (g.failure != nil || g.forced) }

// look does what is due.
func (g *plain) look() {
	for _, r := range g.runners {
		if r.ready && !r.asked && !r.ended && r.passed.Err() != nil {
			if cause := context.Cause(r.passed); cause != context.Cause(r.ctx) {
				g.failed(r, cause)
			}
		}
	}
	if g.ctx.Err() != nil && !g.forced {
		g.forced = true
		g.happened = append(g.happened, &plainError{context.Cause(g.ctx)})
	}
	g.complete = g.complete || !g.gaveUp() && g.areReady()
	for i, r := range g.runners {
		switch gaveUp := g.gaveUp(); {
		case !r.started && (!gaveUp || g.is("starts what was not reached")) && g.mayStart(i):
			r.started = true
			r.ctx, r.cancel = context.WithCancelCause(g.ctx)
			if g.is("hides the force from the runners") || g.is("forces the runners without the cause") {
				r.ctx, r.cancel = context.WithCancelCause(context.WithoutCancel(g.ctx))
			}
			if g.is("forces the runners without the cause") {
				context.AfterFunc(g.ctx, func() { r.cancel(nil) })
			}
			go g.run(r)
		case r.started && !r.ready && gaveUp && !g.is("does not abort"):
			g.abort(r)
		case r.ready && (g.mayStop(i) || g.forced && !g.is("stops in order when forced")):
			r.asked = true
			if gaveUp && !g.forced && g.is("aborts what is ready") {
				g.abort(r)
			}
		}
	}
	g.changed.Broadcast()
}

func (g *plain) areReady() bool {
	for _, r := range g.runners {
		if !r.ready && !g.is("calls back before all are ready") {
			return false
		}
	}
	return true
}

func (g *plain) mayStart(i int) bool {
	dependsOn := g.dependsOn[i]
	switch {
	case g.is("starts everything at once"):
		return true
	case g.is("starts one after the other") && i > 0:
		dependsOn = append(dependsOn[:len(dependsOn):len(dependsOn)], i-1)
	}
	for _, d := range dependsOn {
		if r := g.runners[d]; !r.ready && !(r.ended && g.is("starts what was not reached")) {
			return false
		}
	}
	return true
}

func (g *plain) mayStop(i int) bool {
	if !g.gaveUp() && !g.returned && !(g.failure != nil && g.is("does not wait for the callback")) {
		return false
	}
	if g.is("stops everything at once") {
		return true
	}
	for j, r := range g.runners {
		needed := g.needs(j, i)
		switch {
		case g.is("stops in the order of the start"):
			needed = g.needs(i, j)
		case g.is("waits for direct dependents only"):
			needed = slices.Contains(g.dependsOn[j], i)
		case g.is("stops one after the other"):
			needed = j > i
		case g.is("does not wait for dependents to end"):
			needed = needed && !r.asked
		}
		if needed && r.started && !r.ended {
			return false
		}
	}
	return true
}

// needs reports whether j depends on i, directly or not.
func (g *plain) needs(j, i int) bool {
	return slices.ContainsFunc(g.dependsOn[j], func(d int) bool { return d == i || g.needs(d, i) })
}

func (g *plain) abort(r *plainRunner) {
	if r.aborted {
		return
	}
	r.aborted = true
	if g.forced {
		return // its context ends, or has
	}
	cause := fmt.Errorf("%w: %v", process.ErrAborted, g.failure)
	switch {
	case g.is("aborts for nothing"):
		cause = nil
	case g.is("aborts for the culprit"):
		cause = fmt.Errorf("%w: %w", process.ErrAborted, g.failure)
	case g.is("aborts without the culprit"):
		cause = process.ErrAborted
	case g.is("aborts late"):
		time.AfterFunc(time.Second/8, func() { r.cancel(cause) })
		return
	}
	r.cancel(cause)
}

// failed is called when a runner failed or ended unasked.
func (g *plain) failed(r *plainRunner, cause error) {
	if r.err != nil {
		return
	}
	r.err = &plainError{}
	if !g.is("notes errors when runners end") {
		g.happened = append(g.happened, r.err)
	}
	if g.failure != nil {
		return
	}
	if g.failure = cause; cause == nil {
		g.failure = errors.New("a runner ended")
		if g.is("runs on without what has ended") {
			g.failure = nil
			return
		}
	}
	switch {
	case !g.complete || g.is("does not tell the callback"):
	case g.is("tells the callback no cause"):
		g.cancelCallback(nil)
	case g.is("tells the callback late"):
		time.AfterFunc(time.Second/8, func() { g.cancelCallback(g.failure) })
	default:
		g.cancelCallback(g.failure)
	}
}

// run is the goroutine of a runner.
func (g *plain) run(r *plainRunner) {
	g.late("starts late")
	err := process.ErrGoexit
	defer func() {
		p := recover()
		switch {
		case p != nil && g.is("makes any error of a panic"):
			err = fmt.Errorf("panic: %v", p)
		case p != nil && g.is("takes the stack too late"):
			err = &process.PanicError{Value: p, Stack: []byte("goroutine 1 [running]:\n")}
		case p != nil:
			err = &process.PanicError{Value: p, Stack: debug.Stack()}
		}
		if p != nil && g.is("swallows panics") || err == process.ErrGoexit && g.is("swallows Goexit") {
			err = nil
		}
		g.do(func() { g.ended(r, err) })
		r.cancel(nil)
	}()
	err = r.Run(r.ctx, func(ctx context.Context) error { return g.callback(r, ctx) })
}

func (g *plain) ended(r *plainRunner, err error) {
	isUnasked := !r.asked && !r.aborted && !g.forced
	switch {
	case !isUnasked && err != nil && saysNoMore(err, r.ctx) && !g.is("counts cancellations"):
		err = nil
	case err == nil && r.aborted && !r.ready && !g.is("takes what was aborted for not ready"):
	case err == nil && !r.ready:
		err = process.ErrNotReady
	case err == nil && isUnasked && g.is("takes an end for a failure"):
		err = process.ErrNotReady
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok && g.is("takes joined errors apart") {
		err = joined.Unwrap()[0]
	}
	if isUnasked {
		g.failed(r, err)
	}
	if err == process.ErrNotReady && g.is("lets one end before it is ready") {
		err = nil
	}
	if r.err == nil {
		r.err = &plainError{}
		g.happened = append(g.happened, r.err)
	} else if g.is("notes errors when runners end") {
		g.happened = append(g.happened, r.err)
	}
	r.err.error = err
	r.ended = true
}

// saysNoMore reports whether err is the end of ctx, or nil.
func saysNoMore(err error, ctx context.Context) bool {
	return err == nil || err == ctx.Err() || err == context.Cause(ctx)
}

// callback is what a runner calls when it is ready.
func (g *plain) callback(r *plainRunner, ctx context.Context) (err error) {
	defer g.late("stops late")
	g.do(func() {
		switch {
		case r.ready && g.is("lets a second call wait"):
			g.wait(func() bool { return r.asked })
			err = process.ErrCalledTwice
		case r.ready && g.is("takes a second call for the first"):
			g.wait(func() bool { return r.asked })
		case r.ready:
			err = process.ErrCalledTwice
		case r.aborted && g.is("lets what was aborted wait"):
			g.wait(func() bool { return r.ended })
		case r.aborted || g.forced || r.ended:
		default:
			r.ready, r.passed = true, ctx
			defer context.AfterFunc(ctx, func() { g.do(func() {}) })()
			g.look()
			g.wait(func() bool { return r.asked || r.ended })
			if r.ended && g.is("never releases what has ended") {
				g.wait(func() bool { return false })
			}
			if g.is("gives runners the error of the callback") && g.own != nil {
				err = g.own.error
			}
			if g.is("gives runners the failure of others") {
				err = g.failure
			}
		}
	})
	return err
}

// call calls the callback of the group.
func (g *plain) call(callback process.Callback, ctx context.Context) (err error) {
	switch {
	case g.is("calls back twice"):
		defer callback(ctx)
	case g.is("calls back in another goroutine"):
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { recover() }()
			err = callback(ctx)
		}()
		<-done
		return err
	case g.is("makes an error of the panic of the callback"):
		defer func() {
			if p := recover(); p != nil {
				err = &process.PanicError{Value: p, Stack: debug.Stack()}
			}
		}()
	}
	return callback(ctx)
}

func (g *plain) callbackReturned(err error, ctx context.Context) {
	g.returned = true
	if saysNoMore(err, ctx) && !g.is("counts what the callback was told") {
		return
	}
	own := &plainError{err}
	failed := slices.ContainsFunc(g.happened, func(e *plainError) bool { return true })
	if !failed && !g.is("adds to the error of the callback") || g.is("tells the error of the callback alone") {
		g.own = own
	}
	if failed && g.is("loses the error of the callback") {
		return
	}
	g.happened = append(g.happened, own)
}

// stop returns when everything has ended.
func (g *plain) stop() {
	g.do(func() {
		g.returned = true
		g.look()
		g.wait(func() bool {
			for i, r := range g.runners {
				switch {
				case !r.started || r.ended:
				case g.is("does not wait for the first") && i == 0:
				case g.is("does not wait for what it aborted") && r.aborted:
				default:
					return false
				}
			}
			return !g.is("never returns")
		})
	})
	g.late("returns late")
}

func (g *plain) result() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var errs []error
	for _, e := range g.happened {
		isAlone := g.own != nil && (!g.forced || g.is("tells the error of the callback alone"))
		if e.error != nil && (!isAlone || e == g.own) {
			errs = append(errs, e.error)
		}
	}
	switch {
	case len(errs) == 0 && !g.complete && !g.is("lets itself end before it was ready"):
		return process.ErrNotReady
	case g.is("forgets all but the first error") && len(errs) > 1:
		errs = errs[:1]
	case g.is("joins in the reverse order"):
		slices.Reverse(errs)
	case g.is("tells of nothing but a force") && g.forced:
		return context.Cause(g.ctx)
	case g.is("does not tell of a force") && g.forced && len(errs) > 1:
		errs = slices.DeleteFunc(errs, func(err error) bool { return err == context.Cause(g.ctx) })
	case g.is("tells of a force twice") && g.forced:
		errs = append(errs, context.Cause(g.ctx))
	}
	if p, ok := errors.AsType[*process.PanicError](errors.Join(errs...)); ok && g.is("goes on with the panic of a runner") {
		panic(p.Value)
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// plainTrial is a trial of a plain group, without Process.
func plainTrial(c choice, e enumeration, defect string) *trial {
	tr := e.trial(c)
	tr.group = func(n *node, children []process.Runner) process.Runner {
		g := newPlain(n.dependsOn, children, defect)
		tr.rescue = g.rescue
		return g
	}
	return tr
}

// plainMoments is how many of the moments are no Process.Stop.
var plainMoments = slices.IndexFunc(moments, func(m moment) bool { return m.action == "stop" })

// plainChoice draws a choice for a plain group.
func plainChoice(r *rand.Rand, e enumeration) choice {
	c := e.random(r)
	c.nested, c.wrap, c.moment = false, 0, r.IntN(plainMoments)
	return c
}

// TestOracleAcceptsAnotherGroup has it judge all that one and two runners may do in
// a plain group, and a sample of three. Under the race detector it is all a sample.
func TestOracleAcceptsAnotherGroup(t *testing.T) {
	for n := 1; n <= 3; n++ {
		e := enumeration{shapes(n)}
		trial := func(c choice) *trial { return plainTrial(c, e, "") }
		judged := judgeAll(t, trial, func(give func(choice)) {
			if n < 3 && !underRace {
				e.each(true, func(c choice) {
					if !c.nested && c.wrap == 0 && c.moment < plainMoments {
						give(c)
					}
				})
				return
			}
			r := rand.New(rand.NewPCG(1, uint64(n)))
			for range 3_000 {
				give(plainChoice(r, e))
			}
		})
		t.Logf("%d: %d runs judged", n, judged)
	}
}

// TestOracleRejectsDefects has it judge random runs of three runners in a group with
// one defect, until it rejects one.
func TestOracleRejectsDefects(t *testing.T) {
	e := enumeration{shapes(3)}
	for _, d := range []struct {
		invariant         int
		defect, complaint string
	}{
		{1, "starts everything at once", "which it depends on, is ready"},
		{1, "starts one after the other", "starts"},
		{1, "starts late", "starts"},

		{2, "stops everything at once", "which depends on it, has returned"},
		{2, "stops in the order of the start", "which depends on it, has returned"},
		{2, "stops one after the other", "is asked"},
		{2, "stops late", "is asked"},
		{2, "stops in order when forced", "is asked"},
		{2, "does not wait for dependents to end", "which depends on it, has returned"},
		{2, "waits for direct dependents only", "which depends on it, has returned"},
		{2, "does not wait for the callback", "is asked before the callback has returned"},
		{2, "hides the force from the runners", "is not forced"},
		{2, "forces the runners without the cause", "is forced for \"context canceled\""},

		{3, "starts what was not reached", "starts though the start is over"},
		{3, "runs on without what has ended", "starts though the start is over"},
		{3, "aborts what is ready", "is cancelled"},
		{3, "does not abort", "is not ready"},
		{3, "aborts late", "is aborted"},
		{3, "aborts for nothing", "is aborted for \"context canceled\""},
		{3, "aborts for the culprit", "is aborted for \"start aborted: "},
		{3, "aborts without the culprit", "is aborted for \"start aborted\""},

		{4, "does not wait for the first", "returns before"},
		{4, "does not wait for what it aborted", "returns before"},
		{4, "returns late", "returns"},
		{4, "never returns", "does not return"},

		{5, "calls back in another goroutine", "calls its callback in another goroutine"},
		{5, "calls back twice", "calls its callback 2 times"},
		{5, "calls back late", "calls its callback"},
		{5, "calls back before all are ready", "calls its callback before"},
		{5, "calls back after all", "calls its callback though the start is over"},
		{5, "does not call back", "does not call its callback"},
		{5, "does not tell the callback", "the context of the callback of root has not ended"},
		{5, "tells the callback late", "the context of the callback of root ends"},
		{5, "tells the callback no cause", "the callback of root is told the cause \"context canceled\""},
		{5, "hides the force from the callback", "the context of the callback of root has not ended"},
		{5, "forces the callback without the cause", "the callback of root is forced for"},
		{5, "leaves the context of the callback alive", "the context of the callback of root lives on"},

		{6, "forgets all but the first error", "is not in the result"},
		{6, "joins in the reverse order", "the errors are not in the order"},
		{6, "notes errors when runners end", "the errors are not in the order"},
		{6, "takes joined errors apart", "\"context canceled\" is not in the result"},
		{6, "counts cancellations", "which was asked for"},
		{6, "counts what the callback was told", "which was asked for"},
		{6, "loses the error of the callback", "\"callback broke\" is not in the result"},
		{6, "adds to the error of the callback", "the callback's error is not alone in the result"},
		{6, "tells the error of the callback alone", "is not in the result"},
		{6, "tells of a force twice", "has the cause of the force 2 times"},
		{6, "does not tell of a force", "has the cause of the force 0 times"},
		{6, "tells of nothing but a force", "is not in the result"},

		{7, "lets one end before it is ready", "\"ended before it was ready\" is not in the result"},
		{7, "lets itself end before it was ready", "returns nil without having called its callback"},
		{7, "takes what was aborted for not ready", "has \"ended before it was ready\", which was asked for"},
		{7, "takes an end for a failure", "has \"ended before it was ready\", which was asked for"},

		{8, "swallows panics", "broke\" is not in the result"},
		{8, "swallows Goexit", "\"goroutine ended by runtime.Goexit\" is not in the result"},
		{8, "makes any error of a panic", "broke\" is not in the result"},
		{8, "takes the stack too late", "broke\" is not in the result"},
		{8, "goes on with the panic of a runner", "root ends with panic: "},
		{8, "swallows the panic of the callback", "the callback panics, and Run ends with"},
		{8, "makes an error of the panic of the callback", "the callback panics, and Run ends with"},
		{8, "lets the panic of the callback go on at once", "s before "},

		{9, "lets a second call wait", "the second call of a waits"},
		{9, "takes a second call for the first", "gets <nil> from its second call"},
		{9, "lets what was aborted wait", "waits in its callback for ever"},
		{9, "never releases what has ended", "waits in its callback for ever"},
		{9, "gives runners the error of the callback", "gets callback broke from its callback"},
		{9, "gives runners the failure of others", "run broke from its callback"},
	} {
		t.Run(d.defect, func(t *testing.T) {
			r := rand.New(rand.NewPCG(2, 3))
			last := "nothing"
			for i := range 5_000 {
				tr := plainTrial(plainChoice(r, e), e, d.defect)
				tr.run(t)
				for _, w := range tr.judge() {
					if strings.HasPrefix(w, fmt.Sprintf("invariant %d: ", d.invariant)) && strings.Contains(w, d.complaint) {
						t.Logf("run %d: %s", i, w)
						return
					}
					last = w + "\n\n" + tr.String()
				}
			}
			t.Errorf("want invariant %d: %q, got %s", d.invariant, d.complaint, last)
		})
	}
}

// TestOracleRejectsDefectsOfNestedGroups has it judge random trees of groups of which
// some are made wrong.
func TestOracleRejectsDefectsOfNestedGroups(t *testing.T) {
	trees := rapid.Custom(drawTrial)
	for _, d := range []struct {
		invariant int
		defect    string
		group     func(n *node, children []process.Runner) process.Runner
	}{
		{1, "Sequential is Parallel", inPlaceOf("Sequential", process.Parallel)},
		{1, "Parallel is Sequential", inPlaceOf("Parallel", process.Sequential)},
		{2, "Chain is Sequential", inPlaceOf("Chain", process.Sequential)},
		{2, "StopTimeout has no limit", inPlaceOf("StopTimeout", process.Parallel)},
		{3, "StartTimeout has no limit", inPlaceOf("StartTimeout", process.Parallel)},
		{3, "groups are forced by an abort", func(n *node, children []process.Runner) process.Runner {
			if n.name == "root" || n.kind != "Sequential" {
				return nil
			}
			return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				return process.Sequential(children...).Run(valueless{ctx}, callback)
			})
		}},
	} {
		t.Run(d.defect, func(t *testing.T) {
			for i := range 2_000 {
				tr := trees.Example(i)
				tr.group = d.group
				tr.run(t)
				// In a tree, what is wrong in one group shows in others first.
				for _, w := range tr.judge() {
					if strings.HasPrefix(w, fmt.Sprintf("invariant %d: ", d.invariant)) {
						t.Logf("run %d: %s", i, w)
						return
					}
				}
			}
			t.Errorf("nothing is rejected for invariant %d", d.invariant)
		})
	}
}

// inPlaceOf makes groups of one kind wrongly.
func inPlaceOf(kind string, made func(...process.Runner) process.Runner) func(*node, []process.Runner) process.Runner {
	return func(n *node, children []process.Runner) process.Runner {
		if n.kind != kind {
			return nil
		}
		return made(children...)
	}
}

// valueless is a context without its values, so that no abort can be asked for.
type valueless struct{ context.Context }

func (valueless) Value(any) any { return nil }
