package process_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/process"
)

type ready = func() (stop <-chan struct{})

func TestWorkerIsReadyWhenItSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Worker(func(ctx context.Context, ready ready) error {
			time.Sleep(time.Minute)
			stop := ready()
			if ready() != stop {
				t.Error("a second call returned another channel")
			}
			<-stop
			j.add("asked, context %v", ctx.Err())
			return nil
		}))
		time.Sleep(time.Second)
		if s.wasReady() {
			t.Error("ready too soon")
		}
		noErr(t, s.stopped())
		j.ordered(t, "asked, context <nil>")
	})
}

func TestWorkerIsForcedByItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Worker(func(ctx context.Context, ready ready) error {
			ready()
			<-ctx.Done()
			return ctx.Err()
		}))
		<-s.ready
		s.stop()
		synctest.Wait()
		if s.isDone() {
			t.Error("its context ended on a graceful stop")
		}
		s.force(errForce)
		if err := s.wait(); err != errForce {
			t.Errorf("got %v", err)
		}
	})
}

func TestWorkerFails(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		before := launch(process.Worker(func(context.Context, ready) error { return errStart }))
		wantErr(t, before.wait(), "start broke")
		if before.wasReady() {
			t.Error("the callback was called")
		}
		after := launch(process.Worker(
			func(_ context.Context, ready ready) error { ready(); return errRun },
		))
		wantErr(t, after.wait(), "run broke")
		if !after.wasReady() || after.cause != errRun {
			t.Errorf("ready %v, cause %v", after.wasReady(), after.cause)
		}
		stopping := launch(process.Worker(
			func(_ context.Context, ready ready) error { <-ready(); return errStop },
		))
		wantErr(t, stopping.stopped(), "stop broke")
	})
}

func TestWorkerForcedWhileItRunsTellsItsErrorToo(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Worker(func(ctx context.Context, ready ready) error {
			ready()
			<-ctx.Done()
			return errRun
		}))
		<-s.ready
		s.force(errForce)
		wantIs(t, s.wait(), errForce, errRun)
	})
}

func TestForcedInAGroupReturnsTheCauseIfThereIsNothingElseToTell(t *testing.T) {
	for _, own := range []error{nil, errRun} {
		bubble(t, func(t *testing.T, j *journal) {
			worker := process.Worker(func(ctx context.Context, ready ready) error {
				ready()
				<-ctx.Done()
				return own
			})
			var err error
			s := launch(process.Parallel(process.RunnerFunc(
				func(ctx context.Context, callback process.Callback) error {
					err = worker.Run(ctx, callback)
					return err
				})))
			<-s.ready
			s.force(errForce)
			s.wait()
			want := own
			if own == nil {
				want = errForce
			}
			if err != want {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}

func TestCancellationThatAWorkerMakesUpIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Worker(func(_ context.Context, ready ready) error {
			ready()
			return context.Canceled
		}))
		if err := s.wait(); err != context.Canceled {
			t.Errorf("got %v", err)
		}
	})
}

func TestWorkerThatIsAbortedTellsTheCulprit(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var inner error
		worker := process.Worker(func(ctx context.Context, ready ready) error {
			<-ctx.Done()
			return ctx.Err()
		})
		watched := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			inner = worker.Run(ctx, callback)
			return inner
		})
		wantErr(t, launch(process.Parallel(watched, j.badStart(
			"bad", time.Second, errStart,
		))).wait(), "start broke")
		wantErr(t, inner, "start aborted: start broke")
	})
}

func TestWorkerForcedBeforeReady(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		for _, loopErr := range []error{nil, context.Canceled, errStart} {
			s := launch(process.Worker(func(ctx context.Context, ready ready) error {
				<-ctx.Done()
				return loopErr
			}))
			synctest.Wait()
			s.force(errForce)
			want := "forced by the test"
			if loopErr == errStart {
				want += " | start broke"
			}
			wantErr(t, s.wait(), want)
		}
	})
}

func TestLateReadyOfTheAbortedDoesNotReachTheCallback(t *testing.T) {
	// Each is deaf while it starts, and its callback would start more.
	for name, r := range map[string]func(j *journal) process.Runner{
		"Worker": func(j *journal) process.Runner {
			return process.Worker(func(ctx context.Context, ready ready) error {
				time.Sleep(time.Hour)
				<-ready()
				j.add("stopped")
				return nil
			})
		},
		"StartStop": func(j *journal) process.Runner {
			return process.StartStop(func(ctx context.Context) error {
				time.Sleep(time.Hour)
				return nil
			}, func(ctx context.Context) error {
				j.add("stopped")
				return ctx.Err()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				var inner error
				nested := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
					inner = r(j).Run(ctx, func(ctx context.Context) error {
						j.add("callback")
						return process.Sequential(j.slowStart("next", never)).Run(ctx, callback)
					})
					return inner
				})
				err := launch(process.Parallel(nested, j.badStart(
					"bad", time.Second, errStart,
				))).wait()
				wantErr(t, err, "start broke")
				wantErr(t, inner, "start aborted: start broke")
				j.ordered(t, "end bad", "stopped")
				j.not(t, "callback", "start next")
			})
		})
	}
}

func foreground(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestLeafIsReadyAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Leaf(func(ctx context.Context) error { return errRun }, nil))
		wantErr(t, s.wait(), "run broke")
		if !s.wasReady() {
			t.Error("an error of the foreground was one of the start")
		}
	})
}

func TestLeafWithoutAStopIsCancelled(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		noErr(t, launch(process.Leaf(foreground, nil)).stopped())
		noErr(t, launch(process.Leaf(func(ctx context.Context) error {
			<-ctx.Done()
			return errors.Join(ctx.Err(), context.Cause(ctx))
		}, nil)).stopped())
		real := process.Leaf(func(ctx context.Context) error { <-ctx.Done(); return errStop }, nil)
		wantErr(t, launch(real).stopped(), "stop broke")
	})
}

func TestLeafIsCancelledWhenItsStopHasReturned(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Leaf(func(ctx context.Context) error {
			<-ctx.Done()
			j.add("cancelled")
			time.Sleep(time.Second)
			j.add("ended")
			return ctx.Err()
		}, func(ctx context.Context) error {
			j.add("stop, context %v", ctx.Err())
			time.Sleep(time.Second)
			j.add("stopped")
			return nil
		}))
		noErr(t, s.stopped())
		j.ordered(t, "stop, context <nil>", "stopped", "cancelled", "ended")
	})
}

func TestLeafsStopIsAlwaysCalled(t *testing.T) {
	stop := func(j *journal) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			j.add("stop, context %v", ctx.Err())
			return errStop
		}
	}
	bubble(t, func(t *testing.T, j *journal) {
		err := launch(process.Leaf(func(context.Context) error { return errRun }, stop(j))).wait()
		wantErr(t, err, "run broke | stop broke")
		j.ordered(t, "stop, context <nil>")
	})
	bubble(t, func(t *testing.T, j *journal) {
		wantErr(t, launch(process.Leaf(
			func(context.Context) error { return nil }, stop(j),
		)).wait(), "stop broke")
	})
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Leaf(foreground, stop(j)))
		<-s.ready
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test | stop broke")
		j.ordered(t, "stop, context context canceled")
	})
	bubble(t, func(t *testing.T, j *journal) {
		wantErr(t, launch(process.Leaf(
			func(ctx context.Context) error { <-ctx.Done(); return errRun }, stop(j),
		)).stopped(),
			"stop broke | run broke")
	})
}

func TestLeafKeepsTheErrorOfAForegroundThatEndsWithTheCallback(t *testing.T) {
	// The foreground ends at the very moment at which the callback does.
	for range 200 {
		release := make(chan struct{})
		leaf := process.Leaf(
			func(context.Context) error { <-release; return errRun },
			func(context.Context) error { return nil },
		)
		err := leaf.Run(t.Context(), func(context.Context) error { close(release); return nil })
		if err != errRun {
			t.Fatalf("got %v", err)
		}
	}
}

// TestForceReachesTheInnerWithItsCause races the force on its way down with that of
// an outer foreground which sees it first, and ends.
func TestForceReachesTheInnerWithItsCause(t *testing.T) {
	chain := process.Chain(
		process.Leaf(foreground, nil),
		process.Worker(func(ctx context.Context, ready ready) error {
			ready()
			<-ctx.Done()
			return ctx.Err()
		}),
		process.StartStop(
			func(context.Context) error { return nil },
			func(ctx context.Context) error { return ctx.Err() },
		),
	)
	for range 500 {
		s := launch(chain)
		<-s.ready
		s.force(errForce)
		if err := s.wait(); err != errForce || s.cause != errForce {
			t.Fatalf("got %v, cause %v", err, s.cause)
		}
	}
}

func TestLeafThatEndsBesideASlowStarterFailsTheGroup(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		job := process.Leaf(func(context.Context) error { return nil }, nil)
		s := launch(process.Parallel(job, j.slowStart("slow", time.Minute)))
		wantErr(t, s.wait(), "ended before it was ready")
		j.ordered(t, "cancelled slow")
	})
}

func TestLeafStopsBeforeAPanicOfItsStopGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		leaf := process.Leaf(func(ctx context.Context) error {
			<-ctx.Done()
			j.add("ended")
			return ctx.Err()
		}, panics(errStop))
		wantErr(t, launch(process.Parallel(leaf)).stopped(), "panic: stop broke")
		j.ordered(t, "ended")
	})
}

func TestStartStop(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.StartStop(func(ctx context.Context) error {
			time.Sleep(time.Minute)
			j.add("started")
			context.AfterFunc(ctx, func() { j.add("context of start ended") })
			return nil
		}, func(ctx context.Context) error {
			synctest.Wait()
			j.add("stop, context %v", ctx.Err())
			return errStop
		}))
		wantErr(t, s.stopped(), "stop broke")
		synctest.Wait()
		j.ordered(t, "started", "stop, context <nil>", "context of start ended")
	})
}

func TestStartStopDoesNotStopWhatDidNotStart(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.StartStop(func(ctx context.Context) error { return errStart },
			func(ctx context.Context) error { j.add("stop"); return nil }))
		wantErr(t, s.wait(), "start broke")
		j.not(t, "stop")
	})
}

func TestStartStopForced(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.StartStop(func(context.Context) error { return nil },
			func(ctx context.Context) error {
				j.add("stop, context %v", ctx.Err())
				return errStop
			}))
		<-s.ready
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test | stop broke")
		j.ordered(t, "stop, context context canceled")

		s = launch(process.StartStop(
			foreground, func(ctx context.Context) error { j.add("stop again"); return nil },
		))
		synctest.Wait()
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		j.not(t, "stop again")
	})
}

func TestStartStopOfAnAbortedStart(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		listens := process.StartStop(
			foreground, func(context.Context) error { j.add("stop"); return nil },
		)
		wantErr(t, launch(process.Parallel(listens, j.badStart(
			"bad", time.Second, errStart,
		))).wait(), "start broke")
		j.not(t, "stop")
	})
}

func TestGroupInsideAWorkerIsToldOfTheAbortFirst(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		// A worker that is ready when the group that it runs itself is.
		supervises := process.Worker(func(ctx context.Context, ready ready) error {
			return process.Sequential(
				j.slowStop("a", time.Second), j.slowStart("b", never),
			).Run(ctx,
				func(ctx context.Context) error { <-ready(); return nil })
		})
		wantErr(t, launch(process.Parallel(
			supervises, j.badStart("bad", time.Minute, errStart),
		)).wait(), "start broke")
		j.ordered(t, "cancelled b", "asked a", "end a")
		j.not(t, "forced a")
	})
}
