package process_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
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

// inState returns a process in the given state. What it runs takes a minute to
// start and a minute to stop.
func inState(t *testing.T, j *journal, state process.State) (p *process.Process, started chan error) {
	t.Helper()
	p = process.NewProcess(context.Background(), &fake{
		journal: j, name: "a", starting: time.Minute, stopping: time.Minute,
	})
	started = make(chan error, 1)
	if state == process.StateInitial {
		return p, started
	}
	go func() { started <- p.Start(context.Background()) }()
	synctest.Wait()
	if state == process.StateStarting {
		return p, started
	}
	time.Sleep(time.Minute)
	noErr(t, <-started)
	if state == process.StateStopped {
		noErr(t, p.Stop(context.Background()))
	}
	return p, started
}

func TestProcessInEveryState(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		state         process.State
		start, stop   string
		events        []string // after Stop
		startReturned string
	}{
		{process.StateInitial, "<nil>", "<nil>", nil, ""},
		{
			process.StateStarting, "invalid process state", "<nil>",
			[]string{"start a", "cancelled a", "end a"}, "start aborted",
		},
		{
			process.StateRunning, "invalid process state", "<nil>",
			[]string{"ready a", "asked a", "end a"}, "",
		},
		{process.StateStopped, "invalid process state", "invalid process state", nil, ""},
	} {
		t.Run("Start "+test.state.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				p, _ := inState(t, j, test.state)
				wantErr(t, p.Start(ctx), test.start)
				if test.state == process.StateInitial {
					wantState(t, p, process.StateRunning, false)
				} else {
					wantState(t, p, test.state, test.state == process.StateStopped)
				}
				p.Stop(ctx)
			})
		})
		t.Run("Stop "+test.state.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				p, started := inState(t, j, test.state)
				wantErr(t, p.Stop(ctx), test.stop)
				wantState(t, p, process.StateStopped, true)
				j.ordered(t, test.events...)
				j.not(t, "forced a")
				if test.startReturned != "" {
					wantErr(t, <-started, test.startReturned)
				}
				wantErr(t, p.Start(ctx), "invalid process state")
				wantIs(t, p.Stop(ctx), process.ErrProcessInvalidState)
			})
		})
	}
}

func TestProcessStopTellsItsStateAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p, _ := inState(t, j, process.StateRunning)
		stopped := make(chan error)
		go func() { stopped <- p.Stop(context.Background()) }()
		synctest.Wait()
		wantState(t, p, process.StateStopped, false)
		begin := time.Now()
		wantErr(t, p.Stop(context.Background()), "invalid process state")
		if took := time.Since(begin); took != 0 {
			t.Errorf("the second Stop took %v", took)
		}
		noErr(t, <-stopped)
	})
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

func TestStartWithADeadContextRunsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p, _ := inState(t, j, process.StateInitial)
		wantErr(t, p.Start(ending(0)), "forced by the test")
		wantState(t, p, process.StateStopped, true)
		wantErr(t, p.Err(), "forced by the test")
		j.not(t, "start a")
		wantErr(t, p.Stop(t.Context()), "invalid process state | forced by the test")
	})
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

func TestStateString(t *testing.T) {
	got := fmt.Sprint(
		process.StateInitial, process.StateStarting, process.StateRunning, process.StateStopped,
		process.State(9),
	)
	if got != "initial starting running stopped invalid" {
		t.Error(got)
	}
}

// TestProcessRaces has Start, Stop and the end of the runner race each other, with
// contexts that end at any time.
func TestProcessRaces(t *testing.T) {
	const rounds = 3000
	for round := range rounds {
		end := make(chan struct{})
		called := false
		runner := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			ctx, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				select {
				case <-end:
					cancel(errRun)
				case <-ctx.Done():
				}
			}()
			callback(ctx)
			ran := context.Cause(ctx) == errRun
			cancel(nil)
			<-ended
			if ran {
				return errRun
			}
			return nil
		})
		var r process.Runner = runner
		if round%2 == 0 {
			r = process.Sequential(
				process.Nop(), process.Parallel(runner, process.Leaf(foreground, nil)),
			)
		}
		watched := func(ctx context.Context, callback process.Callback) error {
			return r.Run(ctx, func(ctx context.Context) error {
				err := callback(ctx)
				called = true
				return err
			})
		}
		p := process.NewProcess(context.Background(), process.RunnerFunc(watched))
		startContext, cancelStart := context.WithCancelCause(context.Background())
		stopContext, cancelStop := context.WithCancelCause(context.Background())

		var startErr, stopErr, stopErr2 error
		acts := []func(){
			func() { startErr = p.Start(startContext) },
			func() { stopErr = p.Stop(stopContext) },
			func() { stopErr2 = p.Stop(stopContext) },
			func() { close(end) },
		}
		switch round % 5 {
		case 3:
			acts = append(acts, func() { cancelStart(errForce) })
		case 4:
			acts = append(acts, func() { cancelStop(errForce) })
		}
		var wg sync.WaitGroup
		first := round % len(acts)
		for i := range acts {
			wg.Go(acts[(first+i)%len(acts)])
		}
		wg.Wait()
		cancelStart(nil)
		cancelStop(nil)
		<-p.Done()

		switch {
		case p.State() != process.StateStopped:
			t.Fatalf("state %v", p.State())
		case startErr == nil && !called:
			t.Fatal("Start returned nil, and the callback was not called")
		case (stopErr == nil || !errors.Is(stopErr, process.ErrProcessInvalidState)) &&
			(stopErr2 == nil || !errors.Is(stopErr2, process.ErrProcessInvalidState)):
			t.Fatalf("both stops counted: %v, %v", stopErr, stopErr2)
		}
		for _, err := range []error{startErr, stopErr, stopErr2, p.Err()} {
			if err != nil && err.Error() == "" {
				t.Fatalf("an empty error %#v", err)
			}
		}
	}
}
