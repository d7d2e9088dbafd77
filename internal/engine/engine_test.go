package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/strata-go/strata/internal/engine"
)

// What groups promise is tested in package process, through what it exports. Here
// is what only the engine's own callers see.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errNotReady = errors.New("not ready")
	errEnded    = errors.New("ended")
	errRun      = errors.New("run broke")
	errForce    = errors.New("forced")
)

var errs = &engine.Errors{
	NotReady:     errNotReady,
	Ended:        errEnded,
	CalledTwice:  errors.New("called twice"),
	Goexit:       errors.New("goexit"),
	Panic:        func(value any, _ []byte) error { return fmt.Errorf("panic: %v", value) },
	IsPanic:      func(err error) bool { return strings.HasPrefix(err.Error(), "panic: ") },
	Aborted:      func(culprit error) error { return fmt.Errorf("aborted: %v", culprit) },
	StartTimeout: func(limit time.Duration) error { return fmt.Errorf("start limit %v", limit) },
	StopTimeout:  func(limit time.Duration) error { return fmt.Errorf("stop limit %v", limit) },
}

type runner func(ctx context.Context, callback engine.Callback) error

func (r runner) Run(ctx context.Context, callback engine.Callback) error { return r(ctx, callback) }

func runs(ctx context.Context, callback engine.Callback) error { return callback(ctx) }

type key struct{}

type journal struct {
	mu     sync.Mutex
	events []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, fmt.Sprintf(format, args...))
}

func (j *journal) want(t *testing.T, events ...string) {
	t.Helper()
	if !slices.Equal(j.events, events) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(j.events, "\n"), strings.Join(events, "\n"))
	}
}

type observer struct {
	*journal
	name string
}

func (o observer) Starting()                    { o.add("%s starting", o.name) }
func (o observer) Ready()                       { o.add("%s ready", o.name) }
func (o observer) Failing(cause error)          { o.add("%s failing: %v", o.name, cause) }
func (o observer) Stopping()                    { o.add("%s stopping", o.name) }
func (o observer) Unreached()                   { o.add("%s unreached", o.name) }
func (o observer) Late(err error)               { o.add("%s late: %v", o.name, err) }
func (o observer) Ended(err error, forced bool) { o.add("%s ended: %v, %v", o.name, err, forced) }
func (o observer) Reported(v any)               { o.add("%s reported %v", o.name, v) }

// line is a graph of a line of runners, each on the one before, named a, b, c.
func line(j *journal, runners ...runner) *engine.Graph {
	g := &engine.Graph{Errors: errs}
	for i, r := range runners {
		v := engine.Vertex{Runner: r, Observer: observer{j, string(rune('a' + i))}}
		if i > 0 {
			v.DependsOn = []int{i - 1}
		}
		g.Vertices = append(g.Vertices, v)
	}
	return g
}

// fails is ready, and its own context ends for cause a minute later.
func fails(cause error) runner {
	return func(ctx context.Context, callback engine.Callback) error {
		own, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer time.AfterFunc(time.Minute, func() { cancel(cause) }).Stop()
		callback(own)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return cause
	}
}

// returns is ready, and returns err a minute later whether asked or not.
func returns(err error) runner {
	return func(ctx context.Context, callback engine.Callback) error {
		go callback(ctx)
		time.Sleep(time.Minute)
		return err
	}
}

// starts is not ready until it is cancelled.
func starts(ctx context.Context, _ engine.Callback) error {
	<-ctx.Done()
	return ctx.Err()
}

func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func TestObserverIsToldInOrder(t *testing.T) {
	for name, test := range map[string]struct {
		runners []runner
		want    []string
	}{
		"a normal stop": {[]runner{runs, runs}, []string{
			"a starting", "a ready", "b starting", "b ready",
			"b stopping", "b ended: <nil>, false", "a stopping", "a ended: <nil>, false",
		}},
		"a failed start": {[]runner{
			runs, func(context.Context, engine.Callback) error { return errRun }, runs,
		}, []string{
			"a starting", "a ready", "b starting",
			"b failing: run broke", "b ended: run broke, false", "c unreached", "a stopping",
			"a ended: <nil>, false",
		}},
		"a failure of a context": {[]runner{fails(errRun), runs}, []string{
			"a starting", "a ready", "b starting", "b ready",
			"a failing: run broke", "b stopping", "b ended: <nil>, false", "a stopping",
			"a ended: run broke, false",
		}},
		"a failure of Run": {[]runner{runs, returns(errRun)}, []string{
			"a starting", "a ready", "b starting", "b ready",
			"b failing: run broke", "b ended: run broke, false", "a stopping",
			"a ended: <nil>, false",
		}},
		"an end": {[]runner{runs, returns(nil)}, []string{
			"a starting", "a ready", "b starting", "b ready",
			"b failing: <nil>", "b ended: <nil>, false", "a stopping", "a ended: <nil>, false",
		}},
		"an end of a group inside": {[]runner{line(
			&journal{}, runs, returns(nil),
		).Run, runs}, []string{
			"a starting", "a ready", "b starting", "b ready",
			"a failing: <nil>", "b stopping", "b ended: <nil>, false", "a stopping",
			"a ended: <nil>, false",
		}},
		"an aborted start": {[]runner{fails(errRun), starts, runs}, []string{
			"a starting", "a ready", "b starting",
			"a failing: run broke", "c unreached", "b ended: <nil>, false", "a stopping",
			"a ended: run broke, false",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				line(j, test.runners...).Run(t.Context(), func(ctx context.Context) error {
					if name == "a normal stop" {
						return nil
					}
					return untilDone(ctx)
				})
				synctest.Wait()
				j.want(t, test.want...)
			})
		})
	}
}

func TestADependentMayStandBeforeItsDependency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		g := &engine.Graph{Errors: errs, Vertices: []engine.Vertex{
			{Runner: runner(runs), DependsOn: []int{1}, Observer: observer{&j, "server"}},
			{Runner: runner(runs), DependsOn: []int{2}, Observer: observer{&j, "cache"}},
			{Runner: runner(runs), Observer: observer{&j, "database"}},
		}}

		if err := g.Run(t.Context(), func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}

		j.want(t,
			"database starting", "database ready", "cache starting", "cache ready",
			"server starting", "server ready",
			"server stopping", "server ended: <nil>, false", "cache stopping",
			"cache ended: <nil>, false", "database stopping", "database ended: <nil>, false")
	})
}

func TestObserverIsToldOfForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errForce) })
		err := line(j, runs).Run(ctx, untilDone)
		if err != errForce {
			t.Errorf("got %v", err)
		}
		j.want(t, "a starting", "a ready", "a stopping", "a ended: <nil>, true")
	})
}

func TestObserverIsNotToldThatWhatHasEndedIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2*time.Minute, func() { cancel(errForce) })
		slow := func(ctx context.Context, callback engine.Callback) error {
			callback(ctx)
			time.Sleep(time.Hour)
			return nil
		}
		line(j, returns(errRun), slow).Run(ctx, untilDone)
		j.want(t, "a starting", "a ready", "b starting", "b ready",
			"a failing: run broke", "a ended: run broke, false", "b stopping", "b ended: <nil>, true")
	})
}

// lingering takes an hour to hear that its runner is ready.
type lingering struct{ observer }

func (l lingering) Ready() {
	l.observer.Ready()
	time.Sleep(time.Hour)
}

func TestNothingStartsForWhatIsReadyWhenTheStartWasGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		g := &engine.Graph{Errors: errs, Vertices: []engine.Vertex{
			{Runner: runner(runs), Observer: lingering{observer{j, "a"}}},
			{Runner: runner(func(context.Context, engine.Callback) error {
				time.Sleep(time.Minute)
				return errRun
			})},
			{Runner: runner(runs), Observer: observer{j, "c"}, DependsOn: []int{0}},
		}}
		if err := g.Run(t.Context(), untilDone); err != errRun {
			t.Errorf("got %v", err)
		}
		j.want(t, "a starting", "a ready", "c unreached", "a stopping", "a ended: <nil>, false")
	})
}

func TestPanicOfAnObserverBeforeRunIsTheRunners(t *testing.T) {
	g := &engine.Graph{Errors: errs, Vertices: []engine.Vertex{{
		Runner: runner(runs), Observer: panicking{observer{&journal{}, "a"}},
	}}}
	err := g.Run(t.Context(), untilDone)
	if err == nil || err.Error() != "panic: observer" {
		t.Errorf("got %v", err)
	}
}

type panicking struct{ observer }

func (panicking) Starting() { panic("observer") }

func TestErrorsAreWrappedButNotWhatWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrap := func(err error) error { return fmt.Errorf("unit: %w", err) }
		g := &engine.Graph{Errors: errs, Vertices: []engine.Vertex{
			{Runner: returns(errRun), Wrap: wrap},
			{Runner: runner(func(ctx context.Context, callback engine.Callback) error {
				callback(ctx)
				return context.Canceled
			}), Wrap: wrap},
		}}
		err := g.Run(t.Context(), untilDone)
		if err == nil || err.Error() != "unit: run broke" {
			t.Errorf("got %v", err)
		}
	})
}

func TestReportGoesToTheNearestObserver(t *testing.T) {
	j := &journal{}
	reports := func(ctx context.Context, callback engine.Callback) error {
		engine.Report(ctx, "x")
		return callback(ctx)
	}
	inner := line(j, reports)
	inner.Vertices[0].Observer = nil
	if err := line(j, inner.Run).Run(
		t.Context(), func(ctx context.Context) error { return nil },
	); err != nil {
		t.Error(err)
	}
	j.want(t, "a starting", "a reported x", "a ready", "a stopping", "a ended: <nil>, false")
	engine.Report(t.Context(), "nobody hears it")
}

func TestWhoIsForcedCanTellWhenItsCallbackReturns(t *testing.T) {
	needed := func(ctx context.Context, callback engine.Callback) error {
		own, cancel := context.WithCancel(ctx)
		defer cancel()
		callback(ctx)
		if own.Err() == nil {
			t.Error("the callback has returned before the context has ended")
		}
		return ctx.Err()
	}
	deaf := func(ctx context.Context, callback engine.Callback) error {
		callback(ctx)
		<-ctx.Done()
		return ctx.Err()
	}
	g := &engine.Graph{Errors: errs}
	for i := range 100 {
		g.Vertices = append(g.Vertices, engine.Vertex{Runner: runner(needed)},
			engine.Vertex{Runner: runner(deaf), DependsOn: []int{2 * i}})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	err := g.Run(ctx, func(context.Context) error {
		cancel(errRun)
		return nil
	})
	if !errors.Is(err, errRun) {
		t.Errorf("got %v", err)
	}
}

func TestAbortTellsTheNewestFirst(t *testing.T) {
	j := &journal{}
	c := engine.NewContext(t.Context())
	var remove [3]func()
	for i, name := range []string{"a", "b", "c"} {
		remove[i] = engine.OnAbort(context.WithValue(c, key{}, i), func(cause error) {
			j.add("%s: %v", name, cause)
		})
	}
	remove[2]()
	c.Abort(errRun)
	c.Abort(errForce)
	j.want(t, "b: run broke")
	remove[1]()
	j.want(t, "b: run broke", "a: run broke")
	late := engine.OnAbort(c, func(cause error) { j.add("late: %v", cause) })
	j.want(t, "b: run broke", "a: run broke", "late: run broke")
	late()
	if c.Err() != nil {
		t.Error("cancelled while one was still ending")
	}
	remove[0]()
	if c.Err() != context.Canceled || context.Cause(c) != errRun {
		t.Errorf("got %v, %v", c.Err(), context.Cause(c))
	}
	if len(j.events) != 3 {
		t.Error(j.events)
	}
}

func TestAbortOfAnOlderOneThatEndsFirst(t *testing.T) {
	c := engine.NewContext(t.Context())
	j := &journal{}
	older := engine.OnAbort(c, func(error) { j.add("older") })
	newer := engine.OnAbort(c, func(error) { j.add("newer") })
	c.Abort(errRun)
	older()
	if j.want(t, "newer"); c.Err() != nil {
		t.Error("cancelled while the newer was still ending")
	}
	newer()
	if j.want(t, "newer"); c.Err() == nil {
		t.Error("not cancelled when none was left")
	}
}

func TestAbortOfNobodyCancels(t *testing.T) {
	c := engine.NewContext(t.Context())
	c.Abort(errRun)
	if context.Cause(c) != errRun {
		t.Errorf("got %v", context.Cause(c))
	}
	engine.OnAbort(t.Context(), func(error) { t.Error("told") })()
}

func TestContextIsAContext(t *testing.T) {
	deadline := time.Now().Add(time.Hour)
	parent, cancel := context.WithDeadline(context.WithValue(t.Context(), key{}, 1), deadline)
	defer cancel()
	for _, made := range []bool{false, true} {
		c := engine.NewContext(parent)
		if made {
			c.Done()
		}
		if d, ok := c.Deadline(); !ok || d != deadline || c.Value(key{}) != 1 || c.Err() != nil ||
			context.Cause(c) != nil {
			t.Errorf("%v %v %v %v %v", d, ok, c.Value(key{}), c.Err(), context.Cause(c))
		}
		child, stop := context.WithCancel(c)
		c.Cancel(errRun)
		c.Cancel(errForce)
		<-c.Done()
		<-child.Done()
		if c.Err() != context.Canceled || context.Cause(c) != errRun ||
			context.Cause(child) != errRun {
			t.Errorf("%v %v %v", c.Err(), context.Cause(c), context.Cause(child))
		}
		stop()
		if fmt.Sprint(c) != "strata.Context" {
			t.Error(c)
		}
	}
	c := engine.NewContext(parent)
	cancel()
	if c.Err() != context.Canceled || context.Cause(c) != context.Canceled {
		t.Errorf("%v %v", c.Err(), context.Cause(c))
	}
}

// slow is a context whose end comes late to those below it.
type slow struct {
	context.Context
	end chan struct{}
}

func (s slow) Done() <-chan struct{}               { return s.end }
func (s slow) AfterFunc(func()) (stop func() bool) { return func() bool { return true } }

func (s slow) Err() error {
	select {
	case <-s.end:
		return errForce
	default:
		return nil
	}
}

func TestCauseOfAParentComesFirstThoughItIsStillOnItsWay(t *testing.T) {
	parent := slow{t.Context(), make(chan struct{})}
	c := engine.NewContext(parent)
	c.Done()
	close(parent.end)
	c.Cancel(errRun)
	if cause := context.Cause(c); cause != errForce {
		t.Errorf("got %v, want %v", cause, errForce)
	}
}

func TestContextsBelowAContextCostNoGoroutine(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := runtime.NumGoroutine()
	for range 100 {
		c := engine.NewContext(ctx)
		child, stop := context.WithCancel(context.WithValue(c, key{}, 1))
		defer stop()
		defer context.AfterFunc(child, func() {})()
		engine.NewContext(c).Done()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines more", after-before)
	}
}

// TestContextIsSeenCancelledFromThenOn has many make the wrapped context while it
// is being cancelled: what Cancel has returned from, all see.
func TestContextIsSeenCancelledFromThenOn(t *testing.T) {
	for range 2000 {
		c := engine.NewContext(context.Background())
		var cancelled atomic.Bool
		var wg sync.WaitGroup
		wg.Go(func() {
			c.Cancel(errRun)
			cancelled.Store(true)
		})
		for range 3 {
			wg.Go(func() {
				c.Done()
				was := cancelled.Load()
				if was && (c.Err() == nil || context.Cause(c) != errRun) {
					t.Errorf("%v, %v", c.Err(), context.Cause(c))
				}
			})
		}
		wg.Wait()
	}
}

// TestRunnerThatReturnsWhileItsCallbackIsCalled ends b at the very moment at which
// it becomes ready in another goroutine: c may start or not, but a, on which it
// depends through b alone, is asked only when c has ended.
func TestRunnerThatReturnsWhileItsCallbackIsCalled(t *testing.T) {
	for range 1000 {
		var c atomic.Int32 // 1 while it runs
		var wg sync.WaitGroup
		a := func(ctx context.Context, callback engine.Callback) error {
			callback(ctx)
			if c.Load() != 0 {
				t.Error("asked while a dependent runs")
			}
			return nil
		}
		b := func(ctx context.Context, callback engine.Callback) error {
			wg.Go(func() { callback(ctx) })
			runtime.Gosched()
			return errRun
		}
		last := func(ctx context.Context, callback engine.Callback) error {
			c.Store(1)
			defer c.Store(0)
			runtime.Gosched()
			return callback(ctx)
		}
		g := &engine.Graph{Errors: errs, Vertices: []engine.Vertex{
			{Runner: runner(a)}, {Runner: runner(b), DependsOn: []int{0}},
			{Runner: runner(last), DependsOn: []int{1}},
		}}
		if err := g.Run(t.Context(), untilDone); !errors.Is(err, errRun) {
			t.Fatalf("got %v", err)
		}
		wg.Wait()
	}
}

// TestDependencyEndsWhileAnotherIsReady is the same with b running, and c waiting
// for another, which becomes ready at that moment.
func TestDependencyEndsWhileAnotherIsReady(t *testing.T) {
	for range 1000 {
		var c atomic.Int32
		var wg sync.WaitGroup
		moment := make(chan struct{})
		ready := make(chan struct{})
		a := func(ctx context.Context, callback engine.Callback) error {
			callback(ctx)
			if c.Load() != 0 {
				t.Error("asked while a dependent runs")
			}
			return nil
		}
		b := func(ctx context.Context, callback engine.Callback) error {
			wg.Go(func() { callback(ctx) })
			<-moment
			return nil
		}
		other := func(ctx context.Context, callback engine.Callback) error {
			close(ready)
			<-moment
			return callback(ctx)
		}
		last := func(ctx context.Context, callback engine.Callback) error {
			c.Store(1)
			defer c.Store(0)
			runtime.Gosched()
			return callback(ctx)
		}
		wg.Go(func() { <-ready; close(moment) })
		g := &engine.Graph{Errors: errs, Vertices: []engine.Vertex{
			{Runner: runner(a)}, {Runner: runner(b), DependsOn: []int{0}},
			{Runner: runner(other), DependsOn: []int{0}},
			{Runner: runner(last), DependsOn: []int{1, 2}},
		}}
		if err := g.Run(t.Context(), untilDone); err != nil && err != errNotReady {
			t.Fatalf("got %v", err)
		}
		wg.Wait()
	}
}

// TestCallbackAfterTheEndRacesTheResult calls back when Run is on its way out and
// its context ends.
func TestCallbackAfterTheEndRacesTheResult(t *testing.T) {
	for range 1000 {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		late := func(ctx context.Context, callback engine.Callback) error {
			wg.Go(cancel)
			wg.Go(func() { callback(ctx) })
			wg.Go(func() { callback(ctx) })
			return errRun
		}
		g := &engine.Graph{Errors: errs, Vertices: []engine.Vertex{{Runner: runner(late)}}}
		if err := g.Run(ctx, func(context.Context) error { return nil }); !errors.Is(err, errRun) {
			t.Fatalf("got %v", err)
		}
		wg.Wait()
	}
}

// TestForceAtTheEndOfAStart has the context end while a start fails for it: the
// cause is in the result, whoever sees it first.
func TestForceAtTheEndOfAStart(t *testing.T) {
	for range 2000 {
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		polls := func(ctx context.Context, _ engine.Callback) error {
			for ctx.Err() == nil {
				runtime.Gosched()
			}
			return ctx.Err()
		}
		wg.Go(func() { cancel(errForce) })
		g := &engine.Graph{Errors: errs, Vertices: []engine.Vertex{{Runner: runner(polls)}}}
		if err := g.Run(ctx, func(context.Context) error { return nil }); err != errForce {
			t.Fatalf("got %v", err)
		}
		wg.Wait()
	}
}

func TestCauseIsFoundInATreeOfErrors(t *testing.T) {
	wrapped := fmt.Errorf("x: %w", errors.Join(errForce, fmt.Errorf("y: %w", errRun)))
	for _, target := range []error{errRun, errForce, wrapped} {
		if !engine.Contains(wrapped, target) {
			t.Errorf("%v is not found", target)
		}
	}
	if engine.Contains(wrapped, errEnded) || engine.Contains(nil, errRun) ||
		engine.Contains(list{errRun}, list{errRun}) {
		t.Error("found what is not there")
	}
}

// list is an error that cannot be compared.
type list []error

func (l list) Error() string { return fmt.Sprint([]error(l)) }
