package process_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/strata-go/strata/process"
)

// race is one process that several goroutines start and stop while its runner ends
// by itself and contexts end.
type race struct {
	ends    func() error // how the runner ends, if not asked to; nil for never
	asStart bool         // before it is ready
	group   bool         // it is one of several
	yields  int          // before each act, and before the end
	starts  int
	stops   int
	stopAt  string // "begin" or "ready": not before the runner has come to that
	dead    string // which contexts end: of "process", "start" or "stop"
	early   bool   // before all begins
	first   int    // the act that is first

	runs     atomic.Int32
	begin    chan struct{} // closed by the runner
	ready    chan struct{}
	returned error // by the runner, or what it panicked with

	p         *process.Process
	startErrs []error
	stopErrs  []error
}

// Run is the runner's.
func (r *race) Run(ctx context.Context, callback process.Callback) error {
	if r.runs.Add(1) == 1 {
		close(r.begin)
	}
	yield(r.yields)
	if r.ends == nil {
		return r.call(ctx, callback)
	}
	if r.asStart {
		return r.end()
	}
	own, cancel := context.WithCancelCause(ctx)
	var goroutine sync.WaitGroup
	defer goroutine.Wait()
	goroutine.Go(func() {
		yield(r.yields)
		cancel(errRun)
	})
	r.call(own, callback)
	<-own.Done()
	return r.end()
}

func (r *race) call(ctx context.Context, callback process.Callback) error {
	close(r.ready)
	return callback(ctx)
}

func (r *race) end() error {
	r.returned = errRun // if it panics
	r.returned = r.ends()
	return r.returned
}

func yield(times int) {
	for range times {
		runtime.Gosched()
	}
}

func either(one, other <-chan struct{}) {
	select {
	case <-one:
	case <-other:
	}
}

func (r *race) String() string {
	return fmt.Sprintf("ends %v, before ready %v, in a group %v, %d yields, %d starts, %d stops at %q, dead %q, early %v, first %d",
		r.ends != nil, r.asStart, r.group, r.yields, r.starts, r.stops, r.stopAt, r.dead, r.early, r.first)
}

// run returns when the race is over.
func (r *race) run() {
	r.begin, r.ready = make(chan struct{}), make(chan struct{})
	var runner process.Runner = r
	if r.group {
		runner = process.Sequential(
			process.Nop(), process.Parallel(runner, process.Leaf(foreground, nil)), process.Nop(),
		)
	}
	contexts := map[string]context.Context{}
	var acts []func()
	for _, name := range []string{"process", "start", "stop"} {
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		contexts[name] = ctx
		switch {
		case r.dead != name:
		case r.early:
			cancel(errForce)
		default:
			acts = append(acts, func() { cancel(errForce) })
		}
	}
	p := process.NewProcess(contexts["process"], runner)
	r.p, r.startErrs, r.stopErrs = p, make([]error, r.starts), make([]error, r.stops)
	for i := range r.startErrs {
		acts = append(acts, func() { r.startErrs[i] = p.Start(contexts["start"]) })
	}
	for i := range r.stopErrs {
		acts = append(acts, func() {
			switch r.stopAt {
			case "begin":
				either(r.begin, p.Done())
			case "ready":
				either(r.ready, p.Done())
			}
			r.stopErrs[i] = p.Stop(contexts["stop"])
		})
	}
	var goroutines sync.WaitGroup
	for i := range acts {
		goroutines.Go(func() {
			yield(r.yields * (i % 3))
			acts[(r.first+i)%len(acts)]()
		})
	}
	goroutines.Wait()
	<-p.Done()
}

// judge returns what is wrong after the race.
func (r *race) judge() (wrong []string) {
	err := r.p.Err()
	check := func(holds bool, format string, args ...any) {
		if !holds {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	ran, called := int(r.runs.Load()), isClosed(r.ready)
	var started, stopped int // calls that counted
	for _, startErr := range r.startErrs {
		if errors.Is(startErr, process.ErrProcessInvalidState) {
			continue
		}
		started++
		check(startErr != nil || called, "Start returned nil, and the runner was not ready")
		check(startErr == nil || startErr == err, "Start returned %v, and Err %v", startErr, err)
		check(startErr == nil || !called || r.group || errors.Is(err, process.ErrAborted) || errors.Is(err, errForce),
			"it was ready, and Start returned %v", startErr)
		check(r.dead != "start" || !r.early || ran == 0, "it ran with a dead context of Start")
	}
	for _, stopErr := range r.stopErrs {
		if errors.Is(stopErr, process.ErrProcessInvalidState) {
			continue
		}
		stopped++
		// To Stop, an abort alone is no error, and the end of its context is one.
		aborted := err == process.ErrAborted
		check(err == nil || aborted || errors.Is(stopErr, err), "Stop returned %v, and Err %v", stopErr, err)
		check(stopErr == nil || stopErr == err && !aborted || errors.Is(stopErr, errForce),
			"Stop returned %v, and Err %v", stopErr, err)
	}
	check(r.p.State() == process.StateStopped, "the state is %v", r.p.State())
	check(started <= 1, "%d Starts counted", started)
	check(stopped <= 1, "%d Stops counted", stopped)
	check(started+stopped > 0, "no call counted")
	check(ran <= started, "it ran %d times, after %d Starts", ran, started)
	check(r.returned == nil || errors.Is(err, r.returned), "%v of the runner is lost in %v", r.returned, err)
	check(!errors.Is(err, process.ErrAborted) || stopped == 1, "aborted, and no Stop counted: %v", err)
	check(!errors.Is(err, errForce) || r.dead != "", "forced, and no context ended: %v", err)
	check(strings.Count(text(err), "start aborted") <= 1 && strings.Count(text(err), "forced by") <= 1,
		"a cause is told twice: %v", err)
	check(ran == 0 || called || err != nil, "it was not ready, and there is no error")
	check(err == r.p.Err(), "Err was %v and is %v", err, r.p.Err())
	return wrong
}

// TestProcessRaces has Start, Stop, the end of the runner and the ends of contexts
// race each other.
func TestProcessRaces(t *testing.T) {
	const rounds = 10_000
	ends := []func() error{
		nil,
		func() error { return nil },
		func() error { return errRun },
		func() error { panic(errRun) },
	}
	// Every round is another combination: the numbers of choices have few factors in
	// common.
	for i := range rounds {
		r := &race{
			ends:    ends[i%4],
			asStart: i%5 == 0,
			group:   i/4%2 == 0,
			yields:  i / 8 % 7,
			starts:  1 + i%3,
			stops:   1 + i/3%3,
			stopAt:  []string{"", "begin", "ready"}[i/17%3],
			dead:    []string{"", "", "process", "start", "stop"}[i/11%5],
			early:   i/55%6 == 0,
			first:   i / 13 % 6,
		}
		r.run()
		if wrong := r.judge(); wrong != nil {
			t.Fatalf("round %d, %v:\n%s", i, r, wrong)
		}
	}
}
