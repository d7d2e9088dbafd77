package process_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

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
