package process_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/strata-go/strata/process"
)

// A database dies, and the dependent that notices is seen first: its goroutine may
// come to run before the one that waits for the database.
func TestRootCauseIsFirstThoughADependentNoticesIt(t *testing.T) {
	for range 100 {
		bubble(t, func(t *testing.T, j *journal) {
			down := make(chan struct{})
			database := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				own, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(time.Second, func() { cancel(errRun); close(down) })
				callback(own)
				return context.Cause(own)
			})
			server := process.Worker(func(_ context.Context, ready func() <-chan struct{}) error {
				ready()
				<-down
				return errStop
			})
			var cause error
			err := process.Sequential(database, server).Run(t.Context(), func(ctx context.Context) error {
				<-ctx.Done()
				cause = context.Cause(ctx)
				return nil
			})
			if want := errors.Join(errRun, errStop).Error(); err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
			if cause != errRun {
				t.Errorf("the callback was told %v, want %v", cause, errRun)
			}
		})
	}
}

func TestCauseIsThatOfThePassedContextThoughRunReturnsAnother(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			own, cancel := context.WithCancelCause(ctx)
			go callback(own)
			time.Sleep(time.Second)
			cancel(errRun)
			return errStop
		})
		var cause error
		err := process.Parallel(r).Run(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil
		})
		if err != errStop || cause != errRun {
			t.Errorf("got %v with cause %v, want %v with %v", err, cause, errStop, errRun)
		}
	})
}

// What a Worker or a Leaf runs in its foreground is not what starts in its callback:
// an abort is for the latter, as soon as the former is ready.
func TestAbortIsNotForTheForegroundOfWhatIsReady(t *testing.T) {
	for name, outer := range map[string]func(x process.Runner) process.Runner{
		"Worker": func(x process.Runner) process.Runner {
			return process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
				return x.Run(ctx, func(context.Context) error { <-ready(); return nil })
			})
		},
		"Leaf": func(x process.Runner) process.Runner {
			stop := make(chan struct{})
			return process.Leaf(func(ctx context.Context) error {
				return x.Run(ctx, func(context.Context) error { <-stop; return nil })
			}, func(context.Context) error { close(stop); return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				foreground := process.Parallel(j.runner("x"))
				inner := process.Sequential(j.runner("a"), j.slowStart("b", never))
				nested := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
					return outer(foreground).Run(ctx, func(ctx context.Context) error {
						return inner.Run(ctx, callback)
					})
				})
				bad := process.RunnerFunc(func(context.Context, process.Callback) error {
					time.Sleep(time.Minute)
					return errStart
				})
				err := process.Parallel(nested, bad).Run(t.Context(), func(context.Context) error { return nil })
				if err != errStart {
					t.Errorf("got %v, want %v", err, errStart)
				}
				j.ordered(t, "cancelled b", "asked a", "end a", "asked x", "end x")
			})
		})
	}
}

// What is aborted while a group runs in its foreground ends with that group.
func TestAbortReachesAGroupInTheForegroundOfWhatStarts(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		worker := process.Worker(func(ctx context.Context, _ func() <-chan struct{}) error {
			return process.Sequential(j.runner("a"), j.slowStart("b", never)).Run(ctx,
				func(context.Context) error { return nil })
		})
		bad := process.RunnerFunc(func(context.Context, process.Callback) error {
			time.Sleep(time.Minute)
			return errStart
		})
		err := process.Parallel(worker, bad).Run(t.Context(), func(context.Context) error { return nil })
		if err != errStart {
			t.Errorf("got %v, want %v", err, errStart)
		}
		j.ordered(t, "cancelled b", "asked a", "end a")
		j.not(t, "forced a")
	})
}

func TestCauseOfAForceIsToldOnceWhateverElseIs(t *testing.T) {
	fails := func(err error) process.Runner {
		return process.Parallel(process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			callback(ctx)
			return err
		}))
	}
	leaf := process.Leaf(func(ctx context.Context) error { <-ctx.Done(); return errRun }, nil)
	for name, r := range map[string]process.Runner{
		"groups": process.Parallel(fails(errStart), fails(errStop)),
		"leaf":   process.Parallel(leaf, fails(errStop)),
		"limits": process.StopTimeout(time.Hour, process.StartTimeout(time.Hour, fails(errStop))),
		"leaf that tells it itself": process.Leaf(foreground, func(ctx context.Context) error {
			return errors.Join(errStop, context.Cause(ctx))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			for _, cause := range []error{errForce, list{errForce}} {
				ctx, cancel := context.WithCancelCause(t.Context())
				err := r.Run(ctx, func(ctx context.Context) error {
					cancel(cause)
					<-ctx.Done()
					return nil
				})
				if n := strings.Count(err.Error(), errForce.Error()); n != 1 {
					t.Errorf("the cause is told %d times: %q", n, err)
				}
			}
		})
	}
}

// list is an error that cannot be compared.
type list []error

func (l list) Error() string { return l[0].Error() }

func TestPanicOfAStopDoesNotHideWhatBroke(t *testing.T) {
	leaf := process.Leaf(
		func(context.Context) error { return errRun },
		func(context.Context) error { panic("stop") })
	err := leaf.Run(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return nil })
	var p *process.PanicError
	if !errors.Is(err, errRun) || !errors.As(err, &p) || !strings.HasPrefix(err.Error(), errRun.Error()) {
		t.Errorf("got %v, want %v, then the panic", err, errRun)
	}
}

func TestEndOfStartsContextForcesThoughStopWasCalled(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		p := process.NewProcess(context.Background(),
			process.Sequential(j.slowStop("a", never), j.slowStart("b", never)))
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, errForce)
		defer cancel()
		time.AfterFunc(time.Second, func() { p.Stop(context.Background()) })
		began := time.Now()
		err := p.Start(ctx)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("Start returned after %v", took)
		}
		if !errors.Is(err, process.ErrAborted) || !errors.Is(err, errForce) {
			t.Errorf("got %v, want %v and %v", err, process.ErrAborted, errForce)
		}
		<-p.Done()
		j.ordered(t, "asked a", "forced a")
	})
}

func TestSecondCallIsOneAlsoWhenTheRunnerHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var kept process.Callback
		r := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			kept = callback
			go callback(ctx)
			time.Sleep(time.Second)
			return nil
		})
		process.Parallel(r).Run(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			if err := kept(ctx); err != process.ErrCalledTwice {
				t.Errorf("got %v, want %v", err, process.ErrCalledTwice)
			}
			return nil
		})
	})
}

// A runner that ended without an error did not fail: the callback's error stands
// alone, as the seed of this package has it.
func TestCallbacksErrorIsAloneAfterARunnerEnded(t *testing.T) {
	stops := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		callback(ctx)
		return errStop
	})
	ends := func(context.Context) error { time.Sleep(time.Second); return nil }
	leaf := process.Leaf(ends, func(context.Context) error { return errStop })
	for name, r := range map[string]process.Runner{
		"group":         process.Parallel(process.Leaf(ends, nil), stops),
		"leaf":          leaf,
		"leaf in group": process.Parallel(leaf),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				err := r.Run(t.Context(), func(ctx context.Context) error { <-ctx.Done(); return errUser })
				if err != errUser {
					t.Errorf("got %q, want %v alone", err, errUser)
				}
			})
		})
	}
}

func TestWhatIsAbortedSaysSoBesideItsOwnError(t *testing.T) {
	start := func(ctx context.Context) error { <-ctx.Done(); return errStart }
	for name, r := range map[string]process.Runner{
		"Worker":    process.Worker(func(ctx context.Context, _ func() <-chan struct{}) error { return start(ctx) }),
		"StartStop": process.StartStop(start, start),
		"Parallel": process.Parallel(process.RunnerFunc(func(ctx context.Context, _ process.Callback) error {
			return start(ctx)
		})),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				var inner error
				wrapper := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
					inner = r.Run(ctx, callback)
					return inner
				})
				bad := process.RunnerFunc(func(context.Context, process.Callback) error {
					time.Sleep(time.Second)
					return errRun
				})
				err := process.Parallel(wrapper, bad).Run(t.Context(), func(context.Context) error { return nil })
				wantIs(t, inner, process.ErrAborted, errStart)
				wantIs(t, err, errRun, errStart)
			})
		})
	}
}

// A runner that has ended takes no abort from what its caller starts next.
func TestAbortReachesWhatStartsAfterAnotherHasEnded(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	for name, first := range map[string]process.Runner{
		"Worker": process.Worker(func(_ context.Context, ready func() <-chan struct{}) error {
			<-ready()
			return nil
		}),
		"Leaf":      process.Leaf(foreground, nil),
		"StartStop": process.StartStop(nothing, nothing),
		"Parallel":  process.Parallel(process.Nop()),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				next := j.slowStart("next", never)
				both := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
					if err := first.Run(ctx, nothing); err != nil {
						return err
					}
					return next.Run(ctx, callback)
				})
				err := launch(process.Parallel(both, j.badStart("bad", time.Second, errStart))).wait()
				wantErr(t, err, "start broke")
				j.ordered(t, "end bad", "cancelled next")
			})
		})
	}
}

func TestContextsHandedOutEndWithRun(t *testing.T) {
	var kept []context.Context
	keep := func(ctx context.Context) error {
		kept = append(kept, ctx)
		return nil
	}
	r := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		keep(ctx)
		return callback(ctx)
	})
	worker := process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		keep(ctx)
		<-ready()
		return nil
	})
	for name, r := range map[string]process.Runner{
		"Parallel":    process.Parallel(r),
		"Chain":       process.Chain(r, r),
		"StopTimeout": process.StopTimeout(never, r),
		"Worker":      worker,
		"StartStop":   process.StartStop(keep, func(context.Context) error { return nil }),
	} {
		t.Run(name, func(t *testing.T) {
			kept = nil
			noErr(t, r.Run(context.Background(), keep))
			for i, ctx := range kept {
				if ctx.Err() == nil {
					t.Errorf("context %d of %d lives", i+1, len(kept))
				}
			}
		})
	}
}

// counted is a context that counts who waits for its end.
type counted struct {
	context.Context
	end     chan struct{}
	waiting atomic.Int32
}

func (c *counted) Done() <-chan struct{} { return c.end }

func (c *counted) AfterFunc(func()) (stop func() bool) {
	c.waiting.Add(1)
	return func() bool { c.waiting.Add(-1); return true }
}

func TestNothingWaitsForTheContextOfWhatHasEnded(t *testing.T) {
	start := func(ctx context.Context) error { ctx.Done(); return nil }
	worker := process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		select {
		case <-ready():
		case <-ctx.Done():
		}
		return nil
	})
	run := func(r process.Runner) func(ctx context.Context) error {
		return func(ctx context.Context) error { return r.Run(ctx, start) }
	}
	for name, run := range map[string]func(ctx context.Context) error{
		"Parallel":     run(process.Parallel(worker, worker)),
		"Chain":        run(process.Chain(worker, worker)),
		"StartTimeout": run(process.StartTimeout(never, worker)),
		"Worker":       run(worker),
		"Leaf":         run(process.Leaf(foreground, nil)),
		"StartStop":    run(process.StartStop(start, start)),
		"Process": func(ctx context.Context) error {
			p := process.NewProcess(ctx, worker)
			return errors.Join(p.Start(t.Context()), p.Stop(t.Context()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := &counted{Context: context.Background(), end: make(chan struct{})}
			noErr(t, run(ctx))
			if n := ctx.waiting.Load(); n != 0 {
				t.Errorf("%d wait", n)
			}
		})
	}
}

// A limit that has not passed keeps nothing of what has ended.
func TestLimitsLetGoOfWhatHasEnded(t *testing.T) {
	for name, limit := range map[string]func(time.Duration, process.Runner) process.Runner{
		"StartTimeout": process.StartTimeout,
		"StopTimeout":  process.StopTimeout,
	} {
		t.Run(name, func(t *testing.T) {
			run := func() weak.Pointer[fake] {
				r := (&journal{}).runner("a")
				noErr(t, limit(never, r).Run(t.Context(), func(context.Context) error { return nil }))
				return weak.Make(r)
			}

			r := run()

			for range 10 {
				runtime.GC()
				if r.Value() == nil {
					return
				}
			}
			t.Error("the runner is held")
		})
	}
}

// What comes of a force or a limit after the callback has failed is told beside its
// error, as are the errors that the runners return for it.
func TestCallbacksErrorIsNotAloneAfterAForce(t *testing.T) {
	stuck := returning(func(ctx context.Context) error { <-ctx.Done(); return errStop })
	for name, test := range map[string]struct {
		r    process.Runner
		want string
	}{
		"force": {process.Parallel(stuck), "callback broke | forced by the test | stop broke"},
		"limit": {
			process.StopTimeout(time.Second, stuck),
			"callback broke | not stopped in time: 1s | stop broke",
		},
		"force of a Leaf": {
			process.Leaf(foreground, func(ctx context.Context) error { <-ctx.Done(); return errStop }),
			"callback broke | forced by the test | stop broke",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launchWith(test.r, errUser)
				<-s.ready
				s.stop()
				time.Sleep(time.Minute)
				s.force(errForce)
				wantErr(t, s.wait(), test.want)
			})
		})
	}
}

func TestForcedResultHasTheCallbacksErrorToo(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	for name, r := range map[string]process.Runner{
		"Parallel":  process.Parallel(process.Nop()),
		"Leaf":      process.Leaf(foreground, nil),
		"StartStop": process.StartStop(nothing, nothing),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launchWith(r, errUser)
				<-s.ready
				s.force(errForce)
				wantErr(t, s.wait(), "forced by the test | callback broke")
			})
		})
	}
}

func TestForceOfWhatHadFailedIsNoErrorOfItsOwn(t *testing.T) {
	dies := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		own, cancel := context.WithCancelCause(ctx)
		cancel(errRun)
		callback(own)
		<-ctx.Done()
		return ctx.Err()
	})
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Parallel(dies))
		time.Sleep(time.Second)
		s.force(errForce)
		wantErr(t, s.wait(), "run broke | forced by the test")
	})
}

func TestNotReadyIsToldBesideOtherErrors(t *testing.T) {
	early := process.RunnerFunc(func(context.Context, process.Callback) error { return nil })
	bubble(t, func(t *testing.T, j *journal) {
		a := j.runner("a")
		a.stopErr = errStop
		err := launch(process.Sequential(a, early)).wait()
		wantErr(t, err, "ended before it was ready | stop broke")
	})
}
