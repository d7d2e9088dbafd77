package process_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
)

// observed is r, with a journal of what is reported: "r reported boom".
func observed(j *journal, r process.Runner) process.Runner {
	return &engine.Graph{Errors: engine.Process, Vertices: []engine.Vertex{
		{Runner: r, Observer: observer{j, "r"}},
	}}
}

// clock tells how long a test has been running.
func clock() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

func TestEveryCallsAtOnceAndThenOnceAnInterval(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		now := clock()
		s := launch(process.Every(time.Minute, func(context.Context) error {
			j.add("call at %v", now())
			return nil
		}))
		time.Sleep(2*time.Minute + time.Second)
		noErr(t, s.stopped())
		wantErr(t, errors.New(strings.Join(j.all(), ", ")), "call at 0s, call at 1m0s, call at 2m0s")
	})
}

func TestEveryIsReadyBeforeTheFirstCallHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Every(time.Minute, func(context.Context) error {
			time.Sleep(time.Hour)
			return nil
		}))
		synctest.Wait()
		if !s.wasReady() {
			t.Error("it waits for the call")
		}
		noErr(t, s.stopped())
	})
}

func TestEveryNeverOverlapsAndLeavesOutWhatWasDue(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		now := clock()
		s := launch(process.Every(10*time.Second, func(context.Context) error {
			j.add("call at %v", now())
			time.Sleep(25 * time.Second)
			j.add("end at %v", now())
			return nil
		}))
		time.Sleep(60 * time.Second)
		noErr(t, s.stopped())
		wantErr(t, errors.New(strings.Join(j.all(), ", ")),
			"call at 0s, end at 25s, call at 30s, end at 55s, call at 1m0s, end at 1m25s")
	})
}

func TestEveryFinishesTheCallInHandOnAGracefulStop(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Every(time.Second, func(ctx context.Context) error {
			time.Sleep(time.Minute)
			j.add("finished, context %v", ctx.Err())
			return nil
		}))
		noErr(t, s.stopped())
		wantErr(t, errors.New(strings.Join(j.all(), ", ")), "finished, context <nil>")
	})
}

func TestEveryIsForcedByTheContextOfTheCall(t *testing.T) {
	for name, options := range map[string][]process.JobOption{
		"failing": nil, "reporting": {process.ReportErrors(), {}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launch(observed(j, process.Every(time.Second, func(ctx context.Context) error {
					<-ctx.Done()
					return ctx.Err()
				}, options...)))
				<-s.ready
				s.stop()
				synctest.Wait()
				if s.isDone() {
					t.Error("the call was cancelled on a graceful stop")
				}
				s.force(errForce)
				wantErr(t, s.wait(), "forced by the test")
				j.not(t, "r reported context canceled")
			})
		})
	}
}

func TestEveryIsForcedBetweenCalls(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Every(time.Hour, func(context.Context) error { return nil }))
		<-s.ready
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
	})
}

func TestErrorOfACallIsTheFailureOfEvery(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Every(time.Second, func(context.Context) error { return errRun }))
		if err := s.wait(); err != errRun || s.cause != errRun {
			t.Errorf("got %v, cause %v", err, s.cause)
		}
	})
}

func TestReportErrorsGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		calls := 0
		s := launch(observed(j, process.Every(time.Second, func(context.Context) error {
			calls++
			return fmt.Errorf("failure %d", calls)
		}, process.ReportErrors())))
		time.Sleep(1500 * time.Millisecond)
		noErr(t, s.stopped())
		j.ordered(t, "r reported failure 1", "r reported failure 2")
	})
}

func TestReportErrorsReportsWhatIsMoreThanACancellation(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		every := func(job func(context.Context) error) *session {
			return launch(observed(j, process.Every(time.Hour, job, process.ReportErrors())))
		}
		s := every(func(ctx context.Context) error { <-ctx.Done(); return errRun })
		<-s.ready
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		j.ordered(t, "r reported run broke")

		// A cancellation that it makes up is an error.
		noErr(t, every(func(context.Context) error { return context.Canceled }).stopped())
		j.ordered(t, "r reported context canceled")
	})
}

func TestPanicOfAJobIsAFailureWhateverIsReported(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		every := launch(process.Every(time.Second, func(context.Context) error {
			panic("broken")
		}, process.ReportErrors()))
		wantErr(t, every.wait(), "panic: broken")

		pool := process.NewPool(1, 1, func(context.Context, int) error {
			panic("broken")
		}, process.ReportErrors())
		s := launch(pool)
		<-s.ready
		noErr(t, pool.Submit(t.Context(), 1))
		wantErr(t, s.wait(), "panic: broken")
	})
}

func TestTaskEndsBeforeDependentsStart(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(process.Task(func(context.Context) error {
			time.Sleep(time.Minute)
			j.add("migrated")
			return nil
		}), j.runner("server")))
		<-s.ready
		time.Sleep(time.Hour)
		if s.isDone() {
			t.Error("it does not keep running")
		}
		noErr(t, s.stopped())
		j.ordered(t, "migrated", "start server", "end server")
	})
}

func TestTaskThatFailsIsAFailedStart(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(process.Task(func(context.Context) error {
			return errStart
		}), j.runner("server")))
		wantErr(t, s.wait(), "start broke")
		j.not(t, "start server")
	})
}

func TestTaskIsCancelledWhenItsStartIsGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		waits := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		limited := launch(process.StartTimeout(time.Minute, process.Task(waits)))
		wantErr(t, limited.wait(), "not ready in time: 1m0s")

		forced := launch(process.Task(waits))
		synctest.Wait()
		forced.force(errForce)
		wantErr(t, forced.wait(), "forced by the test")
	})
}

func TestJobsRefuseBadInput(t *testing.T) {
	job := func(context.Context) error { return nil }
	do := func(context.Context, int) error { return nil }
	var none *process.Pool[int]
	for _, c := range []struct {
		r    process.Runner
		want string
	}{
		{process.Every(time.Second, nil), "process: Every: function is nil"},
		{process.Every(0, job), "process: Every: interval 0s is not positive"},
		{process.Every(-time.Second, job), "process: Every: interval -1s is not positive"},
		{process.Task(nil), "process: Task: function is nil"},
		{process.BestEffort(nil, nil), "process: BestEffort: runner is nil"},
		{process.NewPool[int](1, 1, nil), "process: Pool: function is nil"},
		{new(process.Pool[int]), "process: Pool: function is nil"},
		{process.NewPool(0, 1, do), "process: Pool: 0 workers, want at least 1"},
		{process.NewPool(-1, 1, do), "process: Pool: -1 workers, want at least 1"},
		{process.NewPool(1, -1, do), "process: Pool: negative queue -1"},
		{none, "process: Pool is nil"},
	} {
		called := false
		wantErr(t, c.r.Run(t.Context(), func(context.Context) error { called = true; return nil }), c.want)
		if called {
			t.Errorf("%s: the callback was called", c.want)
		}
	}

	var nobody context.Context
	for name, r := range map[string]process.Runner{
		"Every": process.Every(time.Second, job), "Task": process.Task(job),
		"BestEffort": process.BestEffort(process.Nop(), nil), "Pool": process.NewPool(1, 1, do),
	} {
		wantErr(t, r.Run(t.Context(), nil), "process: "+name+": Run with a nil callback")
		wantErr(t, r.Run(nobody, func(context.Context) error { return nil }), "process: "+name+": Run with a nil context")
	}
	wantErr(t, process.NewPool(1, 1, do).Submit(nobody, 1), "process: Pool.Submit with a nil context")
	wantIs(t, none.Submit(t.Context(), 1), process.ErrNotRunning)
}
