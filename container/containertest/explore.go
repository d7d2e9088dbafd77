package containertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/explore"
	"github.com/strata-go/strata/process"
)

// Option says how [Explore] works.
type Option struct{ set func(*explorer) }

// Real has Explore build the app and run its units, in real time. For each run there
// is a new app, of which one unit is wrapped, so that it fails; all else is as it is.
//
// A unit that hangs takes the start timeout, and one that is deaf the stop timeout:
// shorten them with [Limits].
func Real() Option { return Option{func(e *explorer) { e.real = true }} }

// Limits has Explore run the app under these timeouts instead of its own: see
// [container.WithStartTimeout], [container.WithStopTimeout] and
// [container.WithForceTimeout]. Zero leaves the app's own; a negative one is an error.
func Limits(start, stop, force time.Duration) Option {
	return Option{func(e *explorer) { e.limits = explore.Limits{Start: start, Stop: stop, Force: force} }}
}

// Explore runs an app once as it is, and then once for every unit and every way in
// which that can fail:
//
//   - It returns an error before it is ready, or nil, or it panics, or ends its
//     goroutine.
//   - It does not become ready.
//   - It crashes when everything has started.
//   - It does not stop when it is asked to; only when it is forced.
//
// The test fails, and is told which unit and which fault, if
//
//   - a unit starts before what it depends on is ready, or is asked to stop before
//     what depends on it has ended, unless all are forced at once;
//   - a unit still runs, or a goroutine of the app is left, when the app has ended;
//   - the error does not name the unit and what it did, the exit code is 0, or there
//     is a panic or a timeout of somebody else;
//   - the app takes longer than its limits.
//
// newApp returns a new app, which was not started. It is called once for a
// simulation, which is the default, and once a run with [Real].
//
// The simulation takes the units from [container.App.Plan]. What only the build shows
// is not among them; it is logged, and if the plan has no unit at all, the test
// fails. Stand-ins do what they are asked to, in a moment of virtual time, but for the
// one that fails. Observers of the app are not told of any of this. It cannot be
// called in a bubble of testing/synctest, as it makes its own.
func Explore(t *testing.T, newApp func() *container.App, opts ...Option) {
	t.Helper()
	e := &explorer{t: t, newApp: newApp}
	for _, o := range opts {
		if o.set != nil {
			o.set(e)
		}
	}
	e.explore()
	e.report(t)
}

// explorer is Explore at work.
type explorer struct {
	t      *testing.T
	newApp func() *container.App
	real   bool
	limits explore.Limits // zero is the app's own

	units, runs        int
	warnings, findings []string
}

func (e *explorer) find(format string, args ...any) {
	e.findings = append(e.findings, fmt.Sprintf(format, args...))
}

// report tells the test what was found, and what could not be looked at.
func (e *explorer) report(t testing.TB) {
	t.Helper()
	for _, w := range e.warnings {
		t.Logf("only the build shows, which Real() does: %s", w)
	}
	for _, f := range e.findings {
		t.Error(f)
	}
	t.Logf("%d units, %d runs", e.units, e.runs)
}

func (e *explorer) explore() {
	if e.limits.Start < 0 || e.limits.Stop < 0 || e.limits.Force < 0 {
		e.find("containertest: Limits(%v, %v, %v): a limit is negative", e.limits.Start, e.limits.Stop, e.limits.Force)
		return
	}
	if e.newApp == nil {
		e.find("containertest: newApp is nil")
		return
	}
	next, err := e.apps()
	if err != nil {
		e.find("%v", err)
		return
	}
	names := e.one(next, "", none)
	e.units = len(names)
	if len(names) == 0 && len(e.findings) == 0 {
		e.find("the app has no unit to explore%s", e.unseen())
	}
	if len(e.findings) > 0 { // the others would only repeat them
		return
	}
	for _, name := range names {
		for f := none + 1; f < faults; f++ {
			e.one(next, name, f)
		}
	}
}

// unseen says that there may be units that the plan does not show.
func (e *explorer) unseen() string {
	if e.real || len(e.warnings) == 0 {
		return ""
	}
	return ": what may run is known only when it is built, so explore it with containertest.Real()"
}

// apps returns what returns the app for the next run, with its units wrapped.
func (e *explorer) apps() (next func(explore.Wrap) (*container.App, error), err error) {
	app, err := e.app()
	if err != nil {
		return nil, err
	}
	if e.real {
		return func(w explore.Wrap) (*container.App, error) {
			app := app
			if e.runs > 0 {
				if app, err = e.app(); err != nil {
					return nil, err
				}
			}
			explore.Container.Wrap(app, w)
			return app, nil
		}, nil
	}
	plan, err := app.Plan()
	if err != nil {
		return nil, err
	}
	e.warnings = plan.Warnings
	return func(w explore.Wrap) (*container.App, error) {
		return explore.Container.Simulation(app, w).(*container.App), nil
	}, nil
}

// app returns a new app with the limits to explore it under.
func (e *explorer) app() (*container.App, error) {
	app := e.newApp()
	if app == nil {
		return nil, errors.New("containertest: newApp returned nil")
	}
	l := explore.Container.Limits(app)
	for _, limit := range []struct{ of, by *time.Duration }{
		{&l.Start, &e.limits.Start}, {&l.Stop, &e.limits.Stop}, {&l.Force, &e.limits.Force},
	} {
		if *limit.by > 0 {
			*limit.of = *limit.by
		}
	}
	explore.Container.SetLimits(app, l)
	return app, nil
}

// one runs the app once, with a fault in a unit, and returns the names of the units.
func (e *explorer) one(next func(explore.Wrap) (*container.App, error), unit string, f fault) (names []string) {
	t := &trial{unit: unit, fault: f, real: e.real}
	run := func() {
		app, err := next(t.wrap)
		if err != nil {
			t.find("%v", err)
			return
		}
		t.run(app)
	}
	if e.real {
		run()
	} else {
		synctest.Test(e.t, func(*testing.T) { run() })
	}
	e.runs++
	where := "without a fault"
	if f != none {
		where = fmt.Sprintf("%s, %v", unit, f)
	}
	for _, found := range t.findings {
		e.find("%s: %s", where, found)
	}
	return t.journal.names
}

// trial is one run of an app, with a fault in a unit.
type trial struct {
	unit  string
	fault fault
	real  bool

	journal            journal
	crashNow, released chan struct{}
	findings           []string
}

func (t *trial) find(format string, args ...any) {
	t.findings = append(t.findings, fmt.Sprintf(format, args...))
}

// wrap returns what runs as a unit.
func (t *trial) wrap(u hooks.Unit, r process.Runner) process.Runner {
	entry := t.journal.add(u)
	if !t.real {
		n := len(t.journal.names)
		r = standIn(time.Duration(1+n%7)*time.Microsecond, time.Duration(1+n%5)*time.Microsecond)
	}
	if u.Name == t.unit {
		r = t.fault.plant(r, t.crashNow, t.released)
	}
	return t.journal.watch(entry, r)
}

// standIn returns a runner that takes that long to start and to stop.
func standIn(start, stop time.Duration) process.Runner {
	take := func(d time.Duration) func(context.Context) error {
		return func(ctx context.Context) error {
			timer := time.NewTimer(d)
			defer timer.Stop()
			select {
			case <-timer.C:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return process.StartStop(take(start), take(stop))
}

// run runs the app to its end, which it is asked for when it has started, and judges
// how it ended.
func (t *trial) run(app *container.App) {
	t.crashNow, t.released = make(chan struct{}), make(chan struct{})
	bound := patience(explore.Container.Limits(app))
	if t.real {
		bound += grace
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := launch(ctx, app)
	if r.isReady(app, bound) {
		if t.fault == crash {
			close(t.crashNow)
		} else {
			cancel()
		}
	}
	if r.ends(bound) {
		t.judge(r.err, r.took, bound)
	} else {
		t.find("it has not ended after %v%s", bound, missing(explore.Container.Limits(app)))
		cancel()
		close(t.released)
		if !r.ends(bound) {
			t.find("nor did it later; its goroutines:\n%s", r.stacks())
			return
		}
	}
	if stacks := r.leaks(); stacks != "" {
		t.find("goroutines are left:\n%s", stacks)
	}
	t.findings = append(t.findings, t.journal.close()...)
}

// judge looks at what the app ended with, and when.
func (t *trial) judge(err error, took, bound time.Duration) {
	if took > bound {
		t.find("it took %v, longer than its limits, %v", took, bound)
	}
	switch {
	case t.fault == none && err != nil:
		t.find("it ended with: %v", err)
		return
	case t.fault == none:
		return
	case container.ExitCode(err) == 0:
		t.find("it ended with exit code 0 (error %v)", err)
		return
	case !strings.Contains(err.Error(), t.unit+" ("): // a name may be the beginning of another
		t.find("the error does not name the unit: %v", err)
	}
	t.findings = append(t.findings, t.fault.shows(err)...)
}

// missing says which limits an app lacks.
func missing(l explore.Limits) string {
	var lacks []string
	for _, limit := range []struct {
		option string
		value  time.Duration
	}{
		{"WithStartTimeout(0)", l.Start}, {"WithStopTimeout(0)", l.Stop}, {"WithForceTimeout(0)", l.Force},
	} {
		if limit.value == 0 {
			lacks = append(lacks, limit.option)
		}
	}
	if len(lacks) == 0 {
		return ""
	}
	return ", and has no limit: " + strings.Join(lacks, ", ")
}
