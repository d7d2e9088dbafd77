package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
)

// This file judges an App by the oracle.

// disagreement is what an App did and should not have done.
type disagreement string

// judge runs a program in a bubble, and returns what is wrong.
func judge(t *testing.T, p program, count tally) (failed string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newComparison(p, count)
		defer func() {
			switch p := recover().(type) {
			case nil:
			case disagreement:
				failed = string(p) + "\ncalled:\n" + strings.Join(r.ours.log, "\n")
			default:
				panic(p)
			}
		}()
		r.run()
	})
	return failed
}

// finish runs the App, and compares all that can be known of it.
func (r *comparison) finish() {
	calls := len(r.ours.calls)
	verifyErr := r.app.Verify()
	before, planErr := r.app.Plan()
	if errorText(planErr) != errorText(verifyErr) && !(planErr == nil && alarm(verifyErr)) {
		r.fail("Verify: %v, Plan: %v", verifyErr, planErr)
	}
	if len(r.ours.calls) != calls {
		r.fail("Verify or Plan has called somebody")
	}
	if verifyErr == nil && r.oracle().hasCycle(asIs, r.mustBuild) {
		r.fail("there is a cycle, and Verify finds none")
	}

	began := time.Now()
	err := r.runApp()

	o := r.oracle()
	if slices.ContainsFunc(o.calls, func(c *recorded) bool {
		return c.Kind == decorateStep && c.failed && c.during < len(r.Steps) && r.isDirect(r.Steps[c.during])
	}) {
		r.count.add(notJudged+"a decorator failed under dig's Invoke, which then hands out what it returned", 1)
		return
	}
	for _, c := range o.calls {
		for i := range c.params() {
			if _, err := o.sources(c, i); err != nil {
				r.fail("the oracle is wrong: %v", err)
			}
		}
	}
	built := len(r.ours.calls) - calls
	switch {
	case verifyErr != nil:
		r.checkRefused(verifyErr, err, built)
	case err != nil:
		r.checkFailed(o, err)
	default:
		r.checkRun(o, before, began)
	}
}

// mustBuild reports whether a step has to be called because a result is declared to
// run.
func (r *comparison) mustBuild(s *step) bool {
	return (s.Kind == provideStep || s.Kind == supplyStep) && slices.ContainsFunc(s.results(), func(r slot) bool { return r.Type.Implements(runnerType) })
}

func (r *comparison) runApp() error {
	ctx, cancel := context.WithCancel(context.Background())
	var waiter sync.WaitGroup
	defer waiter.Wait()
	defer cancel()
	waiter.Go(func() {
		select {
		case <-r.app.Ready():
			cancel()
		case <-ctx.Done():
		}
	})
	return r.app.RunContext(ctx)
}

// checkRefused judges an App that must not start.
func (r *comparison) checkRefused(verifyErr, err error, built int) {
	text := verifyErr.Error()
	if built > 0 || len(find[hooks.UnitStarting](r.events)) > 0 {
		r.fail("%d were called in spite of %v", built, verifyErr)
	}
	if errorText(err) != text {
		r.fail("Run: %v, want that of Verify: %v", err, verifyErr)
	}
	switch {
	case r.refused:
		r.count.add("refused setup", 1)
	case alarm(verifyErr):
		r.checkAlarm(verifyErr, nil)
	case strings.HasPrefix(text, "cycle: "):
		if strings.Contains(text, " runs in the place of ") || strings.Contains(text, " decorates ") {
			r.count.add("cycle by decorators that stand for others", 1)
			return
		}
		r.checkCycle(verifyErr, 0)
	case strings.Contains(text, "nobody provides"):
		o := r.oracle()
		// What Attach has built beside what it wants is wanted by chance.
		wanted := o.wanted(func(s *step) bool { return r.mustBuild(s) || r.Attach > 0 || r.decoratesWhatRuns(o, s) })
		if problem := o.confirmMissing(text, r.place, wanted); problem != "" {
			r.fail("%v\n%s", verifyErr, problem)
		}
		r.count.add("missing", 1)
	case strings.Contains(text, " makes both"):
		if !slices.ContainsFunc(r.Steps, r.makesBoth) {
			r.fail("nobody makes both: %v", verifyErr)
		}
		r.count.add("one constructor for both sides of a Depend", 1)
	case r.Attach > 0 && strings.Contains(text, "dig passes over it from now on"):
		r.count.add("a decorator that failed before Attach", 1)
	default:
		r.fail("Verify: %v", verifyErr)
	}
}

// makesBoth reports whether a step makes both sides of a Depend.
func (r *comparison) makesBoth(s *step) bool {
	return slices.ContainsFunc(r.Steps, func(d *step) bool {
		return d.Kind == dependStep && provides(s, d.From) && provides(s, d.To)
	})
}

// checkFailed judges an App of which the build has failed.
func (r *comparison) checkFailed(o *oracle, err error) {
	if len(find[hooks.UnitStarting](r.events)) > 0 {
		r.fail("units were started in spite of %v", err)
	}
	text := err.Error()
	for _, c := range o.calls {
		if c.failed && strings.Contains(text, fmt.Sprintf("%d#", c.ID)) && strings.Contains(text, " fails") {
			if c.during < len(r.Steps) {
				continue // a decorator
			}
			if where := r.place(c.step); !strings.Contains(text, where[strings.LastIndexAny(where, "(")+1:]) && c.Kind == provideStep {
				r.fail("the error does not say that it is from %s: %v", where, err)
			}
			r.count.add("construction that failed", 1)
			return
		}
	}
	switch {
	case alarm(err):
		r.checkAlarm(err, nil)
	case r.mayBeBroken():
		r.count.add("a decorator that failed before ends the build", 1)
	case strings.HasPrefix(text, "cycle: "):
		if !errors.As(o.settle(), new(errContradiction)) {
			r.fail("there is no cycle: %v", err)
		}
		r.count.add("cycle by decorators that were built", 1)
	default:
		r.fail("Run: %v", err)
	}
}

// checkRun judges an App that was started and stopped.
func (r *comparison) checkRun(o *oracle, before *container.Plan, began time.Time) {
	if err := o.settle(); err != nil {
		r.fail("started in spite of a %v", err)
	}
	want := o.plan(r.place)
	plan, err := r.app.Plan()
	if err != nil {
		r.fail("Plan: %v", err)
	}
	if planned := find[hooks.Planned](r.events); len(planned) != 1 || planned[0].Plan.String() != plan.String() || planned[0].Plan.Chains != nil {
		r.fail("told %d plans, and not\n%v", len(planned), plan)
	}
	if r.mixesDecorated(o, plan) {
		r.count.add(notJudged+"attached, with members that nobody knows apart, of which some are decorated", 1)
		return
	}
	r.comparePlans(o, plan, want)
	checkTimes(want, began, r.ByDepend, r.fail)
	r.checkCalls(o)
	r.checkUnused(o, plan)
	r.checkBefore(o, before, plan)

	r.count.add("started", 1)
	r.count.add("calls", len(r.ours.calls))
	r.count.add("units", len(want))
	for _, u := range want {
		r.count.add("edges", len(u.DependsOn))
		if u.hook {
			r.count.add("hooks", 1)
		}
	}
	r.count.add("layers", len(plan.Layers))
	r.count.add("unused", len(plan.Unused))
	r.count.add("started "+plan.Schedule.String(), 1)
	r.countCalls(o)
}

// countCalls counts what took part in a run.
func (r *comparison) countCalls(o *oracle) {
	for _, c := range o.inOrder() {
		if c.Kind == decorateStep {
			r.count.add("decorators called", 1)
			if len(o.units[c.step]) > 0 {
				r.count.add("decorators of which a unit came", 1)
			}
		}
		if c.Export && c.Scope > 0 {
			r.count.add("exported from a scope", 1)
		}
		if len(o.linked[c.step]) > 0 {
			r.count.add("waits by Depend", 1)
		}
		if len(o.instead[c.step]) > 0 {
			r.count.add("waits for a decorator that stands for what it took", 1)
		}
		if c.number > 0 && r.ours.times[c.ID] > 1 {
			r.count.add("called again after it had failed", 1)
		}
		if len(c.As) > 0 {
			r.count.add("by dig.As", 1)
		}
		for i, p := range c.params() {
			by, _ := o.sources(c, i)
			switch {
			case p.Soft && len(by) > 0:
				r.count.add("given a soft group", 1)
			case p.Soft:
				r.count.add("given an empty soft group", 1)
			case p.Group != "":
				r.count.add("given a group", 1)
			case p.Optional && len(by) == 0:
				r.count.add("given nothing for an optional parameter", 1)
			case p.Name != "":
				r.count.add("given a value by name", 1)
			}
			if len(by) > 0 && c.Scope != 0 && p.Group == "" && homeOf(by[0].step) == c.Scope && len(o.providers(p.key(), 0, o.all)) > 0 {
				r.count.add("given a value that shadows another", 1)
			}
		}
		for i, result := range c.results() {
			if result.Flatten && len(c.made[i]) > 0 {
				r.count.add("flattened", 1)
			}
			for _, v := range c.made[i] {
				switch {
				case v == nil:
					r.count.add("nil results", 1)
				case !strings.HasPrefix(v.made(), fmt.Sprintf("%d#", c.ID)):
					r.count.add("values passed on", 1)
				case works(v) && !result.Type.Implements(runnerType):
					r.count.add("values that run behind an interface", 1)
				}
			}
		}
	}
}

// checkCalls wants a reason for each call: that it runs, that somebody was given what
// it made, or might have been, or that it was asked for.
func (r *comparison) checkCalls(o *oracle) {
	wanted := make(map[*step]bool)
	vague := false // dig has given up something under way
	for _, c := range o.calls {
		for i, p := range c.params() {
			by, _ := o.sources(c, i)
			for _, b := range by {
				wanted[b.step] = true
			}
			vague = vague || p.Optional && len(by) == 0
		}
	}
	for _, s := range o.steps {
		if r.mustBuild(s) && o.done[s] == nil {
			if r.isDirect(s) && o.allDecorated(s) {
				r.count.add("attached: cannot be called", 1)
				continue
			}
			r.fail("%d runs and was not called", s.ID)
		}
	}
	for _, c := range o.calls {
		switch {
		case wanted[c.step] || r.mustBuild(c.step) || c.Kind == invokeStep || c.failed:
		case c.Kind == decorateStep && r.decoratesWhatRuns(o, c.step):
		case vague || r.failures > 0 || r.Attach > 0:
			r.count.add("called and not used", 1)
		default:
			r.fail("%d was called, and nobody needs it", c.ID)
		}
	}
}

// isDirect reports whether a step is done to plain dig.
func (r *comparison) isDirect(s *step) bool { return s.ID < r.Attach || r.direct[s.Scope] }

// decoratesWhatRuns reports whether a decorator is the nearest for a result that is
// declared to run.
func (r *comparison) decoratesWhatRuns(o *oracle, d *step) bool {
	if d.Kind != decorateStep {
		return false
	}
	for _, s := range r.Steps {
		if s.Kind != provideStep && s.Kind != supplyStep {
			continue
		}
		for _, result := range s.results() {
			for _, k := range s.keys(result) {
				if result.Type.Implements(runnerType) && returns(d, k) && slices.Contains(o.up(homeOf(s)), d.Scope) {
					return true
				}
			}
		}
	}
	return false
}

func (r *comparison) checkUnused(o *oracle, plan *container.Plan) {
	var want []string
	for _, s := range o.steps {
		if (s.Kind == provideStep || s.Kind == supplyStep) && o.done[s] == nil {
			want = append(want, r.place(s))
		}
	}
	got := slices.Clone(plan.Unused)
	if r.failures > 0 { // nobody saw what was built for what was not called then
		supplied := func(place string) bool { return place == r.supplied }
		got, want = slices.DeleteFunc(got, supplied), slices.DeleteFunc(want, supplied)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.fail("unused are %v, want %v", got, want)
	}
}
