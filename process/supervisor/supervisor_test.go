package supervisor_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/supervisor"
)

// constant has every delay be d.
func constant(d time.Duration) supervisor.Option {
	return supervisor.WithBackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(d) })
}

// growing has delays of 1s, 2s, 4s, 8s, 8s and so on.
func growing() supervisor.Option {
	return supervisor.WithBackOff(func() backoff.BackOff {
		return &backoff.ExponentialBackOff{InitialInterval: time.Second, Multiplier: 2, MaxInterval: 8 * time.Second}
	})
}

// reports has what is reported handed to tell.
func reports(r process.Runner, tell func(supervisor.Restart)) process.Runner {
	return &engine.Graph{Errors: engine.Process, Vertices: []engine.Vertex{{Runner: r, Observer: listener{tell}}}}
}

type listener struct{ tell func(supervisor.Restart) }

func (listener) Starting()         {}
func (listener) Ready()            {}
func (listener) Failing(error)     {}
func (listener) Stopping()         {}
func (listener) Late(error)        {}
func (listener) Unreached()        {}
func (listener) Ended(error, bool) {}
func (l listener) Reported(v any)  { l.tell(v.(supervisor.Restart)) }

func TestItRestartsWhatFails(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{running: time.Minute, runErr: errBoom}, {}}}
		s := launch(supervisor.New(r, constant(time.Second)))
		time.Sleep(time.Hour)
		if s.isDone() {
			t.Error("it has ended")
		}
		s.stop()
		wantErr(t, s.wait(), "<nil>")
		if s.cause != nil {
			t.Errorf("dependents were told of %v", s.cause)
		}
		j.want(t, "start 1", "ready 1", "end 1", "start 2", "ready 2", "end 2")
	})
}

func TestInstancesNeverOverlap(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{running: time.Second, runErr: errBoom, stopping: time.Minute}, {}}}
		s := launch(supervisor.New(r, constant(time.Millisecond)))
		time.Sleep(time.Hour)
		s.stop()
		wantErr(t, s.wait(), "<nil>")
		j.want(t, "start 1", "ready 1", "end 1", "start 2", "ready 2", "end 2")
	})
}

func TestItIsReadyAfterTheFirstSuccess(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{startErr: errBoom}, {startErr: errBoom}, {starting: time.Second}}}
		s := launch(supervisor.New(r, constant(time.Minute)))
		time.Sleep(2 * time.Minute)
		if s.wasReady() {
			t.Error("ready before an instance was")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !s.wasReady() {
			t.Error("not ready though an instance is")
		}
		s.stop()
		wantErr(t, s.wait(), "<nil>")
	})
}

func TestPanicsAndEarlyEndsAreFailures(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var got []error
		n := 0
		r := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			switch n++; n {
			case 1:
				panic(errBoom)
			case 2:
				return nil
			}
			return callback(ctx)
		})
		s := launch(reports(supervisor.New(r, constant(time.Second)), func(r supervisor.Restart) { got = append(got, r.Err) }))
		<-s.ready
		s.stop()
		wantErr(t, s.wait(), "<nil>")
		var p *process.PanicError
		if len(got) != 2 || !errors.As(got[0], &p) || got[1] != process.ErrNotReady {
			t.Errorf("reported %v", got)
		}
	})
}

func TestWhatEndsWithoutAnErrorIsNotRestarted(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{running: time.Minute}}}
		s := launch(supervisor.New(r))
		wantErr(t, s.wait(), "<nil>")
		j.want(t, "start 1", "ready 1", "end 1")
	})
}

func TestItFailsWhenThereAreTooManyFailuresInTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{running: time.Second, runErr: errBoom}}}
		s := launch(supervisor.New(r, constant(time.Second), supervisor.WithLimit(3, time.Minute)))
		err := s.wait()
		wantErr(t, err, "supervisor: gave up at failure 3 within 1m0s: boom")
		if !errors.Is(err, errBoom) || r.count() != 3 {
			t.Errorf("%v after %d instances", err, r.count())
		}
		if !errors.Is(s.cause, errBoom) {
			t.Errorf("dependents were told %v", s.cause)
		}
	})
}

func TestTheWindowSlides(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		const delay = time.Millisecond
		r := &script{journal: j, instances: []instance{{running: time.Minute - delay, runErr: errBoom}}}
		s := launch(supervisor.New(r, constant(delay), supervisor.WithLimit(2, time.Minute)))
		time.Sleep(time.Hour)
		if s.isDone() {
			t.Error("a failure a whole window ago still counts")
		}
		s.stop()
		wantErr(t, s.wait(), "<nil>")
	})
}

func TestTheLimitOf1RestartsNothingAndThatOf0IsNone(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		one := &script{journal: j, instances: []instance{{startErr: errBoom}}}
		s := launch(supervisor.New(one, supervisor.WithLimit(1, time.Minute)))
		wantErr(t, s.wait(), "supervisor: gave up at failure 1 within 1m0s: boom")
		if s.wasReady() || one.count() != 1 {
			t.Errorf("ready %v, %d instances", s.wasReady(), one.count())
		}

		ever := &script{journal: j, instances: []instance{{startErr: errBoom}}}
		s = launch(supervisor.New(ever, constant(time.Second), supervisor.WithLimit(0, time.Minute)))
		time.Sleep(time.Hour + time.Millisecond)
		if s.isDone() || ever.count() != 3601 {
			t.Errorf("ended %v, %d instances", s.isDone(), ever.count())
		}
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
	})
}

func TestDelaysGrowAndBeginAnewAfterAnInstanceThatStaysReady(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var got []time.Duration
		r := &script{journal: j, instances: []instance{
			{startErr: errBoom}, {startErr: errBoom}, {startErr: errBoom},
			{running: time.Minute, runErr: errBoom}, {running: time.Second, runErr: errBoom},
			{starting: time.Hour, startErr: errBoom}, {}, // it was never ready, however long it took
		}}
		s := launch(reports(supervisor.New(r, growing()), func(r supervisor.Restart) { got = append(got, r.Delay) }))
		time.Sleep(2 * time.Hour)
		s.stop()
		wantErr(t, s.wait(), "<nil>")
		wantDelays(t, got, time.Second, 2*time.Second, 4*time.Second, time.Second, 2*time.Second, 4*time.Second)
	})
}

func TestDefaults(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		began := time.Now()
		var got []supervisor.Restart
		r := &script{journal: j, instances: []instance{{startErr: errBoom}}}
		s := launch(reports(supervisor.New(r, supervisor.Option{}), func(r supervisor.Restart) { got = append(got, r) }))
		wantErr(t, s.wait(), "supervisor: gave up at failure 10 within 1m0s: boom")
		if took := time.Since(began); took < 18*time.Second || took > time.Minute {
			t.Errorf("gave up after %v", took)
		}
		if len(got) != 9 || got[0].Delay < 250*time.Millisecond || got[0].Delay > 750*time.Millisecond || got[0].Limit != 10 {
			t.Errorf("reported %v", got)
		}
	})
}

func TestBackoffStopGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{startErr: errBoom}}}
		s := launch(supervisor.New(r, supervisor.WithBackOff(func() backoff.BackOff { return &backoff.StopBackOff{} })))
		wantErr(t, s.wait(), "supervisor: gave up at failure 1: boom")
	})
}

// In real time: see golang/go#78156 for timers of no time in a bubble.
func TestADelayMayBeZero(t *testing.T) {
	r := &script{journal: new(journal), instances: []instance{{startErr: errBoom}, {}}}
	s := launch(supervisor.New(r, constant(0)))
	select {
	case <-s.ready:
	case <-s.done:
	}
	s.stop()
	wantErr(t, s.wait(), "<nil>")
}

func TestGracefulStopStopsTheInstance(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{stopping: time.Minute, stopErr: errStop}}}
		s := launch(supervisor.New(r))
		<-s.ready
		s.stop()
		wantErr(t, s.wait(), "stop broke") // and it is not restarted for that
		j.want(t, "start 1", "ready 1", "end 1")
	})
}

func TestGracefulStopStopsALaterInstanceAsItDoesTheFirst(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{running: time.Second, runErr: errBoom}, {stopErr: errStop}}}
		s := launch(supervisor.New(r, constant(time.Second)))
		time.Sleep(time.Minute)
		s.stop()
		wantErr(t, s.wait(), "stop broke")
		j.want(t, "start 1", "ready 1", "end 1", "start 2", "ready 2", "end 2")
	})
}

func TestGracefulStopEndsADelayAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{running: time.Second, runErr: errBoom}}}
		s := launch(supervisor.New(r, constant(time.Hour)))
		time.Sleep(time.Minute)
		began := time.Now()
		s.stop()
		wantErr(t, s.wait(), "<nil>")
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// What runs in a group that is half started is not forced.
func TestGracefulStopAbortsTheStartOfAnInstance(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		outer := &script{journal: j, instances: []instance{{stopping: time.Second}}}
		n := 0
		s := launch(supervisor.NewFunc(func() process.Runner {
			if n++; n == 1 {
				return &script{journal: new(journal), instances: []instance{{running: time.Second, runErr: errBoom}}}
			}
			return process.Sequential(outer, &script{journal: j, instances: []instance{{starting: time.Hour}}})
		}, constant(time.Second)))
		time.Sleep(time.Minute)
		s.stop()
		wantErr(t, s.wait(), "<nil>")
		j.want(t, "start 1", "ready 1", "start 1", "aborted 1", "end 1")
	})
}

func TestAbortReachesTheFirstInstance(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		outer := &script{journal: j, instances: []instance{{stopping: time.Second}}}
		inner := &script{journal: j, instances: []instance{{starting: time.Hour}}}
		s := launch(process.StartTimeout(time.Minute, supervisor.New(process.Sequential(outer, inner))))
		wantErr(t, s.wait(), "not ready in time: 1m0s")
		j.want(t, "start 1", "ready 1", "start 1", "aborted 1", "end 1")
	})
}

func TestAbortAndForceEndADelayAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := func() *script { return &script{journal: j, instances: []instance{{startErr: errBoom}}} }
		began := time.Now()
		s := launch(process.StartTimeout(time.Minute, supervisor.New(r(), constant(time.Hour))))
		wantErr(t, s.wait(), "not ready in time: 1m0s")
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it took %v", took)
		}

		s = launch(supervisor.New(r(), constant(time.Hour)))
		synctest.Wait()
		began = time.Now()
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestForceReachesTheInstance(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{stopping: time.Hour}}}
		s := launch(supervisor.New(r))
		<-s.ready
		s.stop()
		synctest.Wait()
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		j.want(t, "start 1", "ready 1", "forced 1")
	})
}

func TestNewFuncMakesAFreshRunnerForEachInstance(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		made := 0
		s := launch(supervisor.NewFunc(func() process.Runner {
			if made++; made == 1 {
				panic(errBoom) // a failure like any other
			}
			return &script{journal: j, instances: []instance{{}}}
		}, constant(time.Second)))
		<-s.ready
		s.stop()
		wantErr(t, s.wait(), "<nil>")
		if made != 2 {
			t.Errorf("made %d", made)
		}
		j.want(t, "start 1", "ready 1", "end 1")
	})
}

func TestItMayBeRunAgain(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := &script{journal: j, instances: []instance{{startErr: errBoom}}}
		delays := &backoff.ExponentialBackOff{InitialInterval: time.Second, Multiplier: 2, MaxInterval: time.Hour}
		s := supervisor.New(r, supervisor.WithLimit(3, time.Minute),
			supervisor.WithBackOff(func() backoff.BackOff { return delays })) // which begin anew
		for range 2 {
			began := time.Now()
			wantErr(t, launch(s).wait(), "supervisor: gave up at failure 3 within 1m0s: boom")
			if took := time.Since(began); took != 3*time.Second {
				t.Errorf("it took %v", took)
			}
		}
	})
}

func TestRestartSaysWhatHappens(t *testing.T) {
	r := supervisor.Restart{Failures: 2, Limit: 10, Err: errBoom, Delay: 750*time.Millisecond + time.Nanosecond}
	if got := r.String(); got != "failure 2 of 10: boom, restart in 750ms" {
		t.Error(got)
	}
	r.Limit = 0
	if got := r.String(); got != "failure 2: boom, restart in 750ms" {
		t.Error(got)
	}
}

func TestItRefusesBadInput(t *testing.T) {
	nothing := func() backoff.BackOff { return nil }
	var none *supervisor.Supervisor
	callback := func(context.Context) error { return nil }
	for _, c := range []struct {
		s    *supervisor.Supervisor
		want string
	}{
		{supervisor.New(nil), "supervisor: New: runner is nil"},
		{supervisor.NewFunc(nil), "supervisor: NewFunc: function is nil"},
		{supervisor.NewFunc(func() process.Runner { return nil }), "supervisor: NewFunc: function returned nil"},
		{supervisor.New(process.Nop(), supervisor.WithLimit(-1, time.Minute)), "supervisor: WithLimit: negative limit -1"},
		{supervisor.New(process.Nop(), supervisor.WithLimit(1, 0)), "supervisor: WithLimit: window 0s is not positive"},
		{supervisor.New(process.Nop(), supervisor.WithLimit(1, -1)), "supervisor: WithLimit: window -1ns is not positive"},
		{supervisor.New(process.Nop(), supervisor.WithBackOff(nil)), "supervisor: WithBackOff: function is nil"},
		{supervisor.New(process.Nop(), supervisor.WithBackOff(nothing)), "supervisor: WithBackOff: function returned nil"},
		{none, "supervisor: Supervisor was not made by New or NewFunc"},
		{new(supervisor.Supervisor), "supervisor: Supervisor was not made by New or NewFunc"},
	} {
		wantErr(t, c.s.Run(t.Context(), callback), c.want)
	}
	var nobody context.Context
	wantErr(t, supervisor.New(process.Nop()).Run(nobody, callback), "supervisor: Run with a nil context")
	wantErr(t, supervisor.New(process.Nop()).Run(t.Context(), nil), "supervisor: Run with a nil callback")
}
