package process_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/strata-go/strata/process"
)

// slowly does jobs that take a minute each.
func slowly(j *journal) func(ctx context.Context, job int) error {
	return func(ctx context.Context, job int) error {
		j.add("begin %d", job)
		if !sleep(ctx, time.Minute) {
			j.add("cancelled %d", job)
			return ctx.Err()
		}
		j.add("done %d", job)
		return nil
	}
}

func submit(t *testing.T, p *process.Pool[int], jobs ...int) {
	t.Helper()
	for _, job := range jobs {
		noErr(t, p.Submit(t.Context(), job))
	}
}

func TestPoolDoesAsManyJobsAtATimeAsItHasWorkers(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(2, 2, slowly(j))
		s := launch(p)
		<-s.ready
		submit(t, p, 1, 2, 3)
		synctest.Wait()
		j.not(t, "begin 3")
		time.Sleep(time.Minute)
		synctest.Wait()
		j.ordered(t, "begin 1", "begin 3")
		j.ordered(t, "begin 2", "begin 3")
		noErr(t, s.stopped())
		j.ordered(t, "begin 3", "done 3")
	})
}

func TestPoolBeginsJobsInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 3, slowly(j))
		s := launch(p)
		<-s.ready
		submit(t, p, 1, 2, 3)
		noErr(t, s.stopped())
		j.ordered(t, "begin 1", "begin 2", "begin 3")
	})
}

func TestPoolDrainsWhatItHasAccepted(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 3, slowly(j))
		s := launch(p)
		<-s.ready
		submit(t, p, 1, 2, 3)
		noErr(t, s.stopped())
		j.ordered(t, "done 1", "done 2", "done 3")
	})
}

func TestSubmitWaitsWhileTheQueueIsFull(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		now := clock()
		p := process.NewPool(1, 1, slowly(j))
		s := launch(p)
		<-s.ready
		submit(t, p, 1, 2, 3)
		if now() != time.Minute {
			t.Errorf("the third was accepted after %v", now())
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errUser)
		defer cancel()
		if err := p.Submit(ctx, 4); err != errUser {
			t.Errorf("got %v", err)
		}
		noErr(t, s.stopped())
		j.not(t, "begin 4")
	})
}

func TestSubmitWithoutAQueueWaitsForAWorker(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		now := clock()
		p := process.NewPool(1, 0, slowly(j))
		s := launch(p)
		<-s.ready
		submit(t, p, 1, 2)
		if now() != time.Minute {
			t.Errorf("the second was accepted after %v", now())
		}
		noErr(t, s.stopped())
		j.ordered(t, "done 1", "done 2")
	})
}

func TestSubmitIsRefusedBeforeTheStartAndFromTheStopOn(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 0, slowly(j))
		refused := func() {
			t.Helper()
			wantIs(t, p.Submit(t.Context(), 9), process.ErrNotRunning)
		}
		refused()
		s := launch(p)
		<-s.ready
		submit(t, p, 1)
		waiting := make(chan error)
		go func() { waiting <- p.Submit(t.Context(), 9) }()
		synctest.Wait()
		s.stop()
		wantIs(t, <-waiting, process.ErrNotRunning)
		refused()
		noErr(t, s.wait())
		refused()
		j.ordered(t, "done 1")
		j.not(t, "begin 9")
	})
}

func TestSubmitWithADeadContextAcceptsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 1, slowly(j))
		s := launch(p)
		<-s.ready
		dead, cancel := context.WithCancelCause(t.Context())
		cancel(errUser)
		if err := p.Submit(dead, 1); err != errUser {
			t.Errorf("got %v", err)
		}
		noErr(t, s.stopped())
		j.not(t, "begin 1")
	})
}

func TestPoolForcedTellsHowManyJobsItLost(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 3, slowly(j))
		s := launch(p)
		<-s.ready
		submit(t, p, 1, 2, 3)
		synctest.Wait()
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test | process: Pool: 2 accepted jobs were not begun")
		j.ordered(t, "begin 1", "cancelled 1")
		j.not(t, "begin 2", "begin 3")
	})
}

func TestPoolForcedCountsTheJobsThatEveryWorkerLeaves(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(3, 3, slowly(j))
		s := launch(p)
		<-s.ready
		submit(t, p, 1, 2, 3, 4, 5, 6)
		synctest.Wait()
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test | process: Pool: 3 accepted jobs were not begun")
	})
}

func TestPoolForcedWithNothingToDoIsJustForced(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.NewPool(2, 3, slowly(j)))
		<-s.ready
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
	})
}

// The dependents are told when a job fails, not when the others have ended.
func TestErrorOfAJobIsTheFailureOfThePool(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(2, 3, func(ctx context.Context, job int) error {
			if job == 1 {
				return slowly(j)(ctx, job)
			}
			return fmt.Errorf("job %d: %w", job, errRun)
		})
		s := launch(p)
		<-s.ready
		submit(t, p, 1)
		synctest.Wait()
		submit(t, p, 2)
		synctest.Wait()
		if s.cause == nil || s.cause.Error() != "job 2: run broke" {
			t.Errorf("cause %v", s.cause)
		}
		wantIs(t, p.Submit(t.Context(), 3), process.ErrNotRunning)
		wantErr(t, s.wait(), "job 2: run broke")
		j.ordered(t, "begin 1", "done 1") // it was in hand
	})
}

func TestPoolThatFailsTellsHowManyJobsItLost(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 3, func(ctx context.Context, job int) error {
			time.Sleep(time.Minute)
			return errRun
		})
		s := launch(p)
		<-s.ready
		submit(t, p, 1, 2, 3)
		wantErr(t, s.wait(), "run broke | process: Pool: 2 accepted jobs were not begun")
	})
}

func TestPoolReportsErrorsAndWorksOn(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 3, func(_ context.Context, job int) error {
			return fmt.Errorf("job %d broke", job)
		}, process.ReportErrors())
		s := launch(observed(j, p))
		<-s.ready
		submit(t, p, 1, 2)
		noErr(t, s.stopped())
		j.ordered(t, "r reported job 1 broke", "r reported job 2 broke")
	})
}

func TestPoolRunsAgainButNotTwiceAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 1, slowly(j))
		for range 2 {
			s := launch(p)
			<-s.ready
			wantErr(t, launch(p).wait(), "process: Pool: Run while it runs")
			submit(t, p, 1)
			noErr(t, s.stopped())
		}
	})
}

func TestPoolDrainsWhenTheCallbackFailsOrPanics(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewPool(1, 1, slowly(j))
		if err := p.Run(t.Context(), func(ctx context.Context) error {
			submit(t, p, 1)
			return errUser
		}); err != errUser {
			t.Errorf("got %v", err)
		}
		j.ordered(t, "done 1")
		defer func() {
			if v := recover(); v != "callback" {
				t.Errorf("recovered %v", v)
			}
			j.ordered(t, "done 2")
		}()
		_ = p.Run(t.Context(), func(ctx context.Context) error {
			submit(t, p, 2)
			panic("callback")
		})
	})
}

// In real time: where a job is handed over just as nothing is accepted any more.
func TestPoolLosesNoJobThatItAcceptsAsItStops(t *testing.T) {
	for range 100 {
		var accepted, done atomic.Int32
		p := process.NewPool(4, 1, func(context.Context, int) error { done.Add(1); return nil })
		s := launch(p)
		<-s.ready
		var clients sync.WaitGroup
		first := make(chan struct{})
		begun := sync.OnceFunc(func() { close(first) })
		for range 16 {
			clients.Go(func() {
				for p.Submit(t.Context(), 1) == nil {
					accepted.Add(1)
					begun()
				}
			})
		}
		<-first
		s.stop()
		noErr(t, s.wait())
		clients.Wait()
		if accepted.Load() != done.Load() {
			t.Fatalf("accepted %d, done %d", accepted.Load(), done.Load())
		}
	}
}

// Whatever the moment of the stop: a job is done if and only if it was accepted.
func TestPoolLosesNoAcceptedJob(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		workers := rapid.IntRange(1, 3).Draw(rt, "workers")
		queue := rapid.IntRange(0, 3).Draw(rt, "queue")
		submitters := rapid.IntRange(1, 4).Draw(rt, "submitters")
		stopAfter := time.Duration(rapid.IntRange(0, 20).Draw(rt, "stop")) * time.Second
		var problem error
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex // guards both
			accepted, done := map[int]bool{}, map[int]bool{}
			p := process.NewPool(workers, queue, func(_ context.Context, job int) error {
				time.Sleep(time.Duration(job%3) * time.Second)
				mu.Lock()
				defer mu.Unlock()
				done[job] = true
				return nil
			})
			s := launch(p)
			<-s.ready
			var clients sync.WaitGroup
			for c := range submitters {
				clients.Go(func() {
					for job := c * 100; ; job++ {
						err := p.Submit(t.Context(), job)
						if err != nil {
							if !errors.Is(err, process.ErrNotRunning) {
								problem = err
							}
							return
						}
						mu.Lock()
						accepted[job] = true
						mu.Unlock()
						time.Sleep(time.Second)
					}
				})
			}
			time.Sleep(stopAfter)
			s.stop()
			if err := s.wait(); err != nil {
				problem = err
			}
			clients.Wait()
			if len(accepted) != len(done) {
				problem = fmt.Errorf("accepted %v, done %v", accepted, done)
			}
			for job := range accepted {
				if !done[job] {
					problem = fmt.Errorf("job %d was accepted, and not done", job)
				}
			}
		})
		if problem != nil {
			rt.Fatal(problem)
		}
	})
}
