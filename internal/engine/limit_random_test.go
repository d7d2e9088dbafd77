package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/internal/engine"
)

const never = 1000 * time.Hour

// limitedRunner is a runner with limits that may be slow, and deaf for a while to the
// end of its context, and what is seen of it: when things happened, never if they did
// not.
type limitedRunner struct {
	dependsOn           []int
	startLimit          time.Duration
	stopLimit           time.Duration
	start, stop, deafTo time.Duration // how long it takes
	dies                time.Duration // after it was ready

	began                                               time.Time
	starting, ready, failing, stopping, cancelled, done time.Duration
	cause, err                                          error
	forced                                              bool
}

func (r *limitedRunner) String() string {
	return fmt.Sprintf("after %v, limits %v and %v, takes %v, %v, deaf for %v, dies after %v: starting %v, ready %v, failing %v (%v), stopping %v, cancelled %v, done %v (%v, forced %v)",
		r.dependsOn, r.startLimit, r.stopLimit, r.start, r.stop, r.deafTo, r.dies,
		r.starting, r.ready, r.failing, r.cause, r.stopping, r.cancelled, r.done, r.err, r.forced)
}

func (r *limitedRunner) now() time.Duration { return time.Since(r.began) }

func (r *limitedRunner) Starting()           { r.starting = r.now() }
func (r *limitedRunner) Ready()              { r.ready = r.now() }
func (r *limitedRunner) Failing(cause error) { r.failing, r.cause = r.now(), cause }
func (r *limitedRunner) Stopping()           { r.stopping = r.now() }
func (r *limitedRunner) Unreached()          {}
func (r *limitedRunner) Late(error)          {}
func (r *limitedRunner) Reported(any)        {}
func (r *limitedRunner) Ended(err error, forced bool) {
	r.done, r.err, r.forced = r.now(), err, forced
}

func (r *limitedRunner) Run(ctx context.Context, callback engine.Callback) error {
	noted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { r.cancelled = r.now(); close(noted) })
	defer func() {
		if !stop() {
			<-noted
		} else if ctx.Err() != nil { // in this instant
			r.cancelled = r.now()
		}
	}()
	takes := func(d time.Duration) error {
		if d == 0 {
			return nil
		}
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			time.Sleep(r.deafTo)
			return ctx.Err()
		}
	}
	if err := takes(r.start); err != nil {
		return err
	}
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer time.AfterFunc(r.dies, func() { cancel(errRun) }).Stop()
	callback(own)
	if context.Cause(own) == errRun && r.dies < never {
		return errors.Join(errRun, takes(r.stop))
	}
	return takes(r.stop)
}

// What limits promise, on random graphs of random runners.
func TestLimitsOfRandomGraphs(t *testing.T) {
	late := map[string]int{}
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 1))
		pick := func(ds ...time.Duration) time.Duration { return ds[random.IntN(len(ds))] }
		const s = time.Second
		runners := make([]*limitedRunner, 1+random.IntN(5))
		for i := range runners {
			r := &limitedRunner{
				startLimit: pick(0, 0, 4*s+1, 8*s+1), stopLimit: pick(0, 3*s+2, 6*s+2),
				start: pick(0, s, 3*s, 6*s), stop: pick(0, 2*s, 5*s, 20*s), deafTo: pick(0, 0, 2*s, 10*s),
				dies:     pick(never, never, never, 7*s+3),
				starting: never, ready: never, failing: never, stopping: never, cancelled: never, done: never,
			}
			for d := range i {
				if random.IntN(2) == 0 {
					r.dependsOn = append(r.dependsOn, d)
				}
			}
			runners[i] = r
		}
		force := pick(never, never, 9*s+4, 40*s+4)
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			g := &engine.Graph{Errors: errs}
			for _, r := range runners {
				r.began = began
				g.Vertices = append(g.Vertices, engine.Vertex{
					Runner: r, DependsOn: r.dependsOn, Observer: r, StartLimit: r.startLimit, StopLimit: r.stopLimit,
				})
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer time.AfterFunc(force, func() { cancel(errForce) }).Stop()
			err := g.Run(ctx, func(ctx context.Context) error {
				select {
				case <-ctx.Done():
				case <-time.After(30 * s):
				}
				return nil
			})
			cancel(nil)
			synctest.Wait()
			for _, complaint := range judgeLimits(runners, force, err) {
				t.Errorf("seed %d: %s", seed, complaint)
			}
			if t.Failed() {
				for i, r := range runners {
					t.Logf("%d %v", i, r)
				}
				t.Fatalf("force %v: %v", force, err)
			}
			for _, kind := range []string{"start limit", "stop limit"} {
				if strings.Contains(textOf(err), kind) {
					late[kind]++
				}
			}
		})
		if t.Failed() {
			return
		}
	}
	if late["start limit"] < 300 || late["stop limit"] < 300 {
		t.Errorf("too few limits have passed: %v", late)
	}
}

// judgeLimits returns what is wrong.
func judgeLimits(runners []*limitedRunner, force time.Duration, result error) (complaints []string) {
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	givenUp := never // when the first has failed that was not ready
	complete := time.Duration(0)
	for _, r := range runners {
		givenUp, complete = min(givenUp, r.failing), max(complete, r.ready)
	}
	over := min(givenUp, force)
	for i, r := range runners {
		if r.starting == never {
			continue
		}
		startDue, stopDue := never, never
		if r.startLimit > 0 {
			startDue = r.starting + r.startLimit
		}
		asked := r.stopping
		if r.ready == never {
			asked = max(over, r.starting) // aborted
		}
		if r.stopLimit > 0 && asked < never {
			stopDue = asked + r.stopLimit
		}
		isStart, isStop := r.err != nil && strings.Contains(r.err.Error(), "start limit"), r.err != nil && strings.Contains(r.err.Error(), "stop limit")
		for _, d := range r.dependsOn {
			if d := runners[d]; d.ready > r.starting {
				complain("%d starts before what it depends on is ready", i)
			} else if d.stopping < r.done && d.stopping < force {
				complain("%d is asked to stop before %d has ended", r.dependsOn, i)
			}
		}
		switch {
		case r.done == never:
			complain("%d has not ended", i)
		case r.failing > r.done && r.failing < never:
			complain("%d has ended before it failed", i)
		case r.ready < never && r.ready > startDue:
			complain("%d is ready after its limit", i)
		case r.ready == never && startDue < over: // in the same instant another may be first
			complain("%d is not failed by its start limit", i)
		case r.ready == never && r.failing < never && (r.failing != startDue || textOf(r.cause) != fmt.Sprintf("start limit %v", r.startLimit)):
			complain("%d has failed, but not by its limit", i)
		case isStart != (r.cause != nil && strings.HasPrefix(r.cause.Error(), "start limit")):
			complain("%d tells of its start limit, or not", i)
		case isStop != (r.done > stopDue && stopDue < force) && r.done != stopDue:
			complain("%d tells of its stop limit, or not", i)
		case isStop && !r.forced:
			complain("%d is not told as forced", i)
		case isStop && r.ready < never && r.cancelled != stopDue:
			complain("%d is not cancelled by its stop limit", i)
		case r.forced && !isStop && (r.done < force || r.cancelled < force):
			complain("%d is told as forced", i)
		case r.ready < never && r.cancelled < min(stopDue, force):
			complain("%d is cancelled", i)
		case r.err != nil && !strings.Contains(textOf(result), r.err.Error()):
			complain("the result lacks the error of %d", i)
		}
	}
	return complaints
}
