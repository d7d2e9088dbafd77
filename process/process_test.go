package process_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/process"
)

func TestProcessStartsAndStops(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "value")
		r := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			if ctx.Value(key{}) != "value" {
				t.Error("the values of the context are lost")
			}
			return j.slowStop("a", time.Second).Run(ctx, callback)
		})
		p := process.NewProcess(ctx, r)
		wantState(t, p, process.StateInitial, false)
		noErr(t, p.Start(t.Context()))
		wantState(t, p, process.StateRunning, false)
		noErr(t, p.Err())
		noErr(t, p.Stop(t.Context()))
		wantState(t, p, process.StateStopped, true)
		j.ordered(t, "ready a", "asked a", "end a")
		j.not(t, "forced a")
	})
}

func wantState(t *testing.T, p *process.Process, state process.State, done bool) {
	t.Helper()
	if p.State() != state || isClosed(p.Done()) != done {
		t.Errorf("state %v, done %v; want %v, %v", p.State(), isClosed(p.Done()), state, done)
	}
}

func TestProcessThatFailsToStart(t *testing.T) {
	for name, test := range map[string]struct {
		r    process.Runner
		want string
	}{
		"error": {process.RunnerFunc(
			func(context.Context, process.Callback) error { return errStart },
		), "start broke"},
		"not ready": {process.RunnerFunc(
			func(context.Context, process.Callback) error { return nil },
		), "ended before it was ready"},
		"panic": {process.RunnerFunc(
			func(context.Context, process.Callback) error { panic(errStart) },
		), "panic: start broke"},
		"goexit": {process.RunnerFunc(
			func(context.Context, process.Callback) error { runtime.Goexit(); return nil },
		), "goroutine ended by runtime.Goexit"},
		"nil": {nil, "process: NewProcess: runner is nil"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				p := process.NewProcess(t.Context(), test.r)
				wantErr(t, p.Start(t.Context()), test.want)
				wantState(t, p, process.StateStopped, true)
				wantErr(t, p.Err(), test.want)
				wantErr(t, p.Stop(t.Context()), "invalid process state | "+test.want)
			})
		})
	}
}

func TestProcessWithNilContexts(t *testing.T) {
	var none context.Context
	p := process.NewProcess(none, process.Nop())
	wantErr(t, p.Start(t.Context()), "process: NewProcess: context is nil")
	p = process.NewProcess(t.Context(), process.Nop())
	wantErr(t, p.Start(none), "process: Process.Start with a nil context")
	wantErr(t, p.Stop(none), "process: Process.Stop with a nil context")
	wantState(t, p, process.StateInitial, false)
	noErr(t, p.Start(t.Context()))
	noErr(t, p.Stop(t.Context()))
}

func TestProcessThatDies(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		a := j.dying("a", time.Minute, errRun)
		a.stopping = time.Second
		p := process.NewProcess(t.Context(), a)
		noErr(t, p.Start(t.Context()))
		<-p.Done()
		wantState(t, p, process.StateStopped, true)
		wantErr(t, p.Err(), "run broke")
		err := p.Stop(t.Context())
		wantErr(t, err, "invalid process state | run broke")
		wantIs(t, err, process.ErrProcessInvalidState, errRun)
	})
}

func TestProcessStoppedWhileItDies(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		a := j.dying("a", time.Minute, errRun)
		a.stopping = time.Minute
		p := process.NewProcess(t.Context(), a)
		noErr(t, p.Start(t.Context()))
		time.Sleep(time.Minute + time.Second)
		wantErr(t, p.Stop(t.Context()), "run broke")
	})
}

func TestProcessThatEndsByItself(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewProcess(t.Context(), j.dying("a", time.Minute, nil))
		noErr(t, p.Start(t.Context()))
		<-p.Done()
		noErr(t, p.Err())
		wantErr(t, p.Stop(t.Context()), "invalid process state")
	})
}

func TestProcessWhoseOwnContextEnds(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		ctx, cancel := context.WithCancelCause(t.Context())
		p := process.NewProcess(ctx, j.slowStop("a", never))
		noErr(t, p.Start(t.Context()))
		cancel(errForce)
		<-p.Done()
		wantErr(t, p.Err(), "forced by the test")
		j.ordered(t, "forced a", "end a")

		p = process.NewProcess(ctx, j.runner("never"))
		wantErr(t, p.Start(t.Context()), "forced by the test")
		j.not(t, "start never")
	})
}

func ending(after time.Duration) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	if after == 0 {
		cancel(errForce)
	} else {
		time.AfterFunc(after, func() { cancel(errForce) })
	}
	return ctx
}

func TestStartWhoseContextEndsForcesAndWaits(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		half := process.Sequential(j.slowStop("a", never), j.slowStart("b", never))
		p := process.NewProcess(t.Context(), half)
		wantErr(t, p.Start(ending(time.Second)), "forced by the test")
		wantState(t, p, process.StateStopped, true)
		j.ordered(t, "cancelled b", "end b")
		j.ordered(t, "forced a", "end a")
	})
}

func TestProcessIsStoppedWhileAStartThatWasGivenUpEnds(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewProcess(t.Context(), process.RunnerFunc(
			func(context.Context, process.Callback) error { time.Sleep(time.Minute); return nil },
		))
		started := make(chan error)
		go func() { started <- p.Start(ending(time.Second)) }()
		time.Sleep(2 * time.Second)
		begin := time.Now()
		wantState(t, p, process.StateStopped, false)
		wantErr(t, p.Start(t.Context()), "invalid process state")
		wantErr(t, p.Stop(t.Context()), "invalid process state")
		if took := time.Since(begin); took != 0 {
			t.Errorf("took %v", took)
		}
		wantErr(t, <-started, "forced by the test")
		wantState(t, p, process.StateStopped, true)
	})
}

// The runner becomes ready, and ends, between the moment at which Start gives up and
// that at which the runner's context ends.
func TestStartWhoseContextEndsTellsItThoughTheRunnerIsReadyThen(t *testing.T) {
	for want, stopErr := range map[string]error{
		"forced by the test":              nil,
		"forced by the test | stop broke": errStop,
	} {
		bubble(t, func(t *testing.T, j *journal) {
			var p *process.Process
			var first atomic.Bool
			late := make(chan struct{})
			ctx := &slow{Context: t.Context(), err: func() {
				if p.State() == process.StateStopped && first.CompareAndSwap(false, true) {
					close(late)
					<-p.Done()
				}
			}}
			p = process.NewProcess(ctx, process.RunnerFunc(
				func(ctx context.Context, callback process.Callback) error {
					select {
					case <-late:
					case <-time.After(time.Minute):
					}
					callback(ctx)
					return stopErr
				},
			))
			wantErr(t, p.Start(ending(time.Second)), want)
			wantErr(t, p.Err(), want)
		})
	}
}

// slow is a context that calls a function when it is asked whether it has ended.
type slow struct {
	context.Context
	err, done func() // nil for none
}

func (c *slow) Err() error {
	if c.err != nil {
		c.err()
	}
	return c.Context.Err()
}

func (c *slow) Done() <-chan struct{} {
	if c.done != nil {
		c.done()
	}
	return c.Context.Done()
}

// The context of Start ends when the runner is ready, or has even ended: Start sees
// all of it at once.
func TestStartCountsAReadyWhateverElseHappens(t *testing.T) {
	for range 20 {
		bubble(t, func(t *testing.T, j *journal) {
			p := process.NewProcess(t.Context(), j.runner("a"))
			ctx, cancel := context.WithCancel(t.Context())
			noErr(t, p.Start(&slow{Context: ctx, done: func() { synctest.Wait(); cancel() }}))
			wantState(t, p, process.StateRunning, false)
			noErr(t, p.Stop(t.Context()))

			p = process.NewProcess(t.Context(), j.dying("b", time.Second, errRun))
			noErr(t, p.Start(&slow{Context: t.Context(), done: func() { <-p.Done() }}))
			wantErr(t, p.Err(), "run broke")
		})
	}
}

func TestStartWithADeadContextRunsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewProcess(t.Context(), j.runner("a"))
		wantErr(t, p.Start(&slow{Context: ending(0), done: synctest.Wait}), "forced by the test")
		j.not(t, "start a")
	})
}

func TestStartsContextIsForTheStartAlone(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewProcess(t.Context(), j.runner("a"))
		noErr(t, p.Start(ending(time.Second)))
		time.Sleep(time.Minute)
		wantState(t, p, process.StateRunning, false)
		noErr(t, p.Stop(t.Context()))
	})
}

func TestStopWhoseContextEndsForces(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second} {
		bubble(t, func(t *testing.T, j *journal) {
			slow := j.slowStop("a", never)
			slow.stopErr = errStop
			p := process.NewProcess(t.Context(), slow)
			noErr(t, p.Start(t.Context()))
			begin := time.Now()
			err := p.Stop(ending(after))
			wantIs(t, err, errForce, errStop)
			wantIs(t, p.Err(), errForce, errStop)
			if took := time.Since(begin); took != after {
				t.Errorf("took %v", took)
			}
			j.ordered(t, "asked a", "forced a", "end a")
		})
	}
}

func TestStopWaitsForTheDeaf(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewProcess(t.Context(), returning(
			func(context.Context) error { time.Sleep(time.Hour); return nil },
		))
		noErr(t, p.Start(t.Context()))
		begin := time.Now()
		wantErr(t, p.Stop(ending(time.Second)), "forced by the test")
		if took := time.Since(begin); took != time.Hour {
			t.Errorf("took %v", took)
		}
	})
}

func TestStopWhileStartingForcesWhenItsContextEnds(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewProcess(t.Context(), process.Sequential(
			j.slowStop("a", never), j.slowStart("b", never),
		))
		started := make(chan error)
		go func() { started <- p.Start(context.Background()) }()
		time.Sleep(time.Second)
		stopped := make(chan error)
		go func() { stopped <- p.Stop(ending(time.Minute)) }()
		time.Sleep(time.Second)
		j.ordered(t, "cancelled b", "end b", "asked a")
		j.not(t, "forced a")
		wantState(t, p, process.StateStopped, false)
		wantIs(t, <-started, process.ErrAborted)
		wantIs(t, <-stopped, errForce)
		j.ordered(t, "forced a", "end a")
	})
}

func TestStopWhileStartingKeepsErrorsOfTheStop(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		a := j.runner("a")
		a.stopErr = errStop
		p := process.NewProcess(t.Context(), process.Sequential(a, j.slowStart("b", never)))
		started := make(chan error)
		go func() { started <- p.Start(context.Background()) }()
		time.Sleep(time.Second)
		wantIs(t, p.Stop(t.Context()), errStop)
		wantIs(t, <-started, process.ErrAborted, errStop)
	})
}

func TestStopWhileStartingOfALeaf(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewProcess(t.Context(), process.Parallel(
			process.Leaf(foreground, nil), j.slowStart("b", never),
		))
		started := make(chan error)
		go func() { started <- p.Start(context.Background()) }()
		time.Sleep(time.Second)
		noErr(t, p.Stop(t.Context()))
		if err := <-started; err != process.ErrAborted {
			t.Errorf("got %v", err)
		}
	})
}

func TestLateReadyOfAStoppedProcessIsNotLetThrough(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		deaf := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			time.Sleep(time.Hour)
			return callback(ctx)
		})
		p := process.NewProcess(t.Context(), deaf)
		started := make(chan error)
		go func() { started <- p.Start(context.Background()) }()
		time.Sleep(time.Second)
		noErr(t, p.Stop(t.Context()))
		if err := <-started; err != process.ErrAborted {
			t.Errorf("got %v", err)
		}
	})
}

func TestErrAbortedOfARunnersOwnIsAnErrorOfStop(t *testing.T) {
	aborted := returning(func(context.Context) error { return process.ErrAborted })
	p := process.NewProcess(t.Context(), aborted)
	noErr(t, p.Start(t.Context()))
	wantErr(t, p.Stop(t.Context()), "start aborted")
}

func TestStateString(t *testing.T) {
	got := fmt.Sprint(
		process.StateInitial, process.StateStarting, process.StateRunning, process.StateStopped,
		process.State(9),
	)
	if got != "initial starting running stopped invalid" {
		t.Error(got)
	}
}

// curious is an error that asks, when it is looked into.
type curious struct{ ask func() }

func (curious) Error() string   { return "curious" }
func (c curious) Unwrap() error { c.ask(); return nil }

// watched is a context that calls a function when it is asked for its error.
type watched struct {
	context.Context
	asked func()
}

func (w watched) Err() error { w.asked(); return w.Context.Err() }

func TestErrorsMayAskTheProcessThatReturnsThem(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var p *process.Process
		var once atomic.Bool
		givenUp, called := make(chan struct{}), make(chan struct{})
		// The start is given up, but the runner is not cancelled before it is ready.
		parent := watched{context.Background(), func() {
			if p != nil && p.State() == process.StateStopped && once.CompareAndSwap(false, true) {
				close(givenUp)
				<-called
			}
		}}
		p = process.NewProcess(parent, process.RunnerFunc(
			func(ctx context.Context, callback process.Callback) error {
				<-givenUp
				callback(ctx)
				close(called)
				return curious{func() { p.State() }}
			}))
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, errForce)
		defer cancel()
		wantIs(t, p.Start(ctx), errForce)
		wantErr(t, p.Err(), "forced by the test | curious")
	})
}
