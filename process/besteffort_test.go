package process_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/process"
)

// told is a report function that writes into a journal.
func told(j *journal) func(error) {
	return func(err error) { j.add("told %v", text(err)) }
}

func TestBestEffortIsItsRunnerWhileAllGoesWell(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(observed(j, process.BestEffort(&fake{
			journal: j, name: "part", starting: time.Minute, stopping: time.Minute,
		}, told(j))))
		time.Sleep(time.Second)
		if s.wasReady() {
			t.Error("ready before its runner")
		}
		noErr(t, s.stopped())
		j.ordered(t, "ready part", "r ready", "asked part", "end part", "r ended: <nil>, forced false")
		j.not(t, "forced part")
	})
}

func TestBestEffortThatFailsToStartCountsAsReady(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(
			observed(j, process.BestEffort(j.badStart("part", time.Minute, errStart), told(j))),
			j.runner("server"),
		))
		<-s.ready
		time.Sleep(time.Hour)
		noErr(t, s.stopped())
		j.ordered(t, "end part", "r reported start broke", "told start broke", "start server", "end server")
	})
}

func TestBestEffortWithALimitDoesNotWaitForAStartThatNeverEnds(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(
			process.BestEffort(process.StartTimeout(time.Minute, j.slowStart("part", never)), told(j)),
			j.runner("server"),
		))
		noErr(t, s.stopped())
		j.ordered(t, "cancelled part", "told not ready in time: 1m0s", "start server")
	})
}

func TestBestEffortOutlivesItsRunner(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(observed(j, process.BestEffort(j.dying("part", time.Minute, errRun), told(j))))
		time.Sleep(time.Hour)
		if s.isDone() {
			t.Error("it has ended")
		}
		noErr(t, s.stopped())
		j.ordered(t, "end part", "r reported run broke", "told run broke", "r stopping")
		j.not(t, "r failing: run broke")
	})
}

func TestBestEffortThatEndsByItselfIsNoReport(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.BestEffort(j.dying("part", time.Minute, nil), func(err error) {
			t.Errorf("told %v", err)
		}))
		time.Sleep(time.Hour)
		if s.isDone() {
			t.Error("it has ended")
		}
		noErr(t, s.stopped())
	})
}

func TestBestEffortReportsPanicsEarlyEndsAndErrorsOfTheStop(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		for _, c := range []struct {
			part process.Runner
			want string
		}{
			{process.RunnerFunc(func(context.Context, process.Callback) error { panic("broken") }), "told panic: broken"},
			{process.RunnerFunc(func(context.Context, process.Callback) error { return nil }), "told ended before it was ready"},
			{&fake{journal: j, name: "part", stopErr: errStop}, "told stop broke"},
		} {
			noErr(t, launch(process.BestEffort(c.part, told(j))).stopped())
			j.ordered(t, c.want)
		}
	})
}

func TestBestEffortReportMayBeNil(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		noErr(t, launch(observed(j, process.BestEffort(j.badStart("part", 0, errStart), nil))).stopped())
		j.ordered(t, "r reported start broke")
	})
}

func TestPanicOfABestEffortReportIsAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.BestEffort(j.badStart("part", 0, errStart), func(error) { panic("no log") }))
		wantErr(t, s.wait(), "panic: no log")
	})
}

func TestBestEffortIsForcedAndAbortedAsItsRunner(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		silent := func(err error) { t.Errorf("told %v", err) }
		s := launch(process.BestEffort(j.slowStop("slow", never), silent))
		<-s.ready
		s.stop()
		synctest.Wait()
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		j.ordered(t, "asked slow", "forced slow")

		// What runs in it stops gracefully when the start is given up.
		err := launch(process.Parallel(
			process.BestEffort(process.Sequential(j.slowStop("outer", time.Second), j.slowStart("inner", never)), silent),
			j.badStart("bad", time.Minute, errStart),
		)).wait()
		wantErr(t, err, "start broke")
		j.ordered(t, "end bad", "cancelled inner", "asked outer", "end outer")
		j.not(t, "forced outer")
	})
}

func TestBestEffortIsForcedAfterItsRunnerHasFailed(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.BestEffort(j.badStart("part", 0, errStart), nil))
		<-s.ready
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
	})
}

func TestBestEffortReportsWhatIsMoreThanItsCancellation(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.BestEffort(&fake{journal: j, name: "part", stopping: never, stopErr: errStop}, told(j)))
		<-s.ready
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		j.ordered(t, "told forced by the test | stop broke | context canceled")

		// A cancellation that it makes up is a failure.
		noErr(t, launch(process.BestEffort(j.dying("other", time.Minute, context.Canceled), told(j))).stopped())
		noErr(t, launch(process.BestEffort(j.badStart("third", 0, context.Canceled), told(j))).stopped())
		j.ordered(t, "end third", "told context canceled")
	})
}
