package process_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/process"
)

// The nine promises that every group keeps, in order. Each part begins with the
// promise.

// 1. A runner starts only after everything that it depends on is running.

func TestStartsAfterItsDependenciesRun(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var g process.Graph
		db := g.Add(j.slowStart("db", 2*time.Second))
		cache := g.Add(j.slowStart("cache", time.Second), db, db)
		queue := g.Add(j.slowStart("queue", 3*time.Second), db)
		g.Add(j.runner("server"), cache, queue)
		noErr(t, launch(&g).stopped())
		j.ordered(t, "ready db", "start cache", "ready cache", "ready queue", "start server")
		j.ordered(t, "ready db", "start queue", "ready queue", "start server")
	})
}

func TestStartsAtOnceWhatDependsOnNothing(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		begin := time.Now()
		s := launch(process.Parallel(
			j.slowStart(
				"a", 3*time.Second,
			), j.slowStart("b", 2*time.Second), j.slowStart("c", time.Second)))
		<-s.ready
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("the start took %v, want that of the slowest", took)
		}
		noErr(t, s.stopped())
	})
}

func TestStartsEachTheMomentItsOwnDependenciesRun(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var g process.Graph
		fast := g.Add(j.slowStart("fast", time.Second))
		g.Add(j.slowStart("slow", time.Minute))
		g.Add(j.runner("dependent"), fast)
		s := launch(&g)
		time.Sleep(2 * time.Second)
		j.ordered(t, "ready fast", "start dependent", "ready dependent")
		j.not(t, "ready slow")
		noErr(t, s.stopped())
	})
}

// 2. A runner that is running is asked to stop only after everything that depends
// on it, directly or not, and was started, has returned from Run.

// layered is b on a, c on b, each slow to stop.
func layered(j *journal, change func(a, b, c *fake)) process.Runner {
	a, b, c := j.slowStop(
		"a", time.Second,
	), j.slowStop("b", time.Second), j.slowStop("c", time.Second)
	change(a, b, c)
	return process.Sequential(a, b, c)
}

func TestStopsAfterItsDependentsReturned(t *testing.T) {
	for name, change := range map[string]func(a, b, c *fake){
		"on a normal stop": func(a, b, c *fake) {},
		"when the first fails": func(a, b, c *fake) {
			a.running, a.runErr = time.Second, errRun
		},
		"when the middle fails": func(a, b, c *fake) {
			b.running, b.runErr = time.Second, errRun
		},
		"when the last fails": func(a, b, c *fake) {
			c.running, c.runErr = time.Second, errRun
		},
		"when the first ends":     func(a, b, c *fake) { a.running = time.Second },
		"with errors of the stop": func(a, b, c *fake) { b.stopErr, c.stopErr = errStop, errStop },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launch(layered(j, change))
				time.Sleep(time.Minute)
				s.stop()
				s.wait()
				j.ordered(t, "asked c", "end c", "asked b", "end b", "asked a", "end a")
				j.not(t, "forced a", "forced b", "forced c")
			})
		})
	}
}

func TestNobodyIsAskedBeforeTheCallbackHasReturned(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		g := process.Sequential(j.runner("a"), j.dying("b", time.Second, errRun))
		err := g.Run(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Minute)
			j.add("returns")
			return nil
		})
		wantErr(t, err, "run broke")
		j.ordered(t, "dies b", "returns", "asked b", "end b", "asked a", "end a")
	})
}

func TestFailedStartStopsInReverse(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(
			j.slowStop("a", time.Second), j.slowStop("b", time.Second), j.badStart(
				"c", time.Second, errStart,
			), j.runner("d")))
		wantErr(t, s.wait(), "start broke")
		j.ordered(t, "end c", "asked b", "end b", "asked a", "end a")
		j.not(t, "start d", "forced a", "forced b")
	})
}

func TestDependencyOfWhatHasEndedWaitsForTheDependents(t *testing.T) {
	// db <- pool <- server, of which pool ends by itself without waiting to be asked.
	bubble(t, func(t *testing.T, j *journal) {
		var g process.Graph
		db := g.Add(j.runner("db"))
		pool := g.Add(process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			go callback(ctx)
			time.Sleep(time.Minute)
			j.add("end pool")
			return errRun
		}), db)
		g.Add(j.slowStop("server", time.Minute), pool)
		wantErr(t, launch(&g).wait(), "run broke")
		j.ordered(t, "end pool", "asked server", "end server", "asked db", "end db")
	})
}

func TestDependencyOfAChainOfEndedWaits(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		quitter := func(name string, after time.Duration) process.Runner {
			return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				go callback(ctx)
				time.Sleep(after)
				j.add("end %s", name)
				return nil
			})
		}
		var g process.Graph
		a := g.Add(j.runner("a"))
		b := g.Add(quitter("b", time.Minute), a)
		c := g.Add(quitter("c", time.Minute+time.Second), b)
		g.Add(j.slowStop("d", 5*time.Second), c)
		noErr(t, launch(&g).wait())
		j.ordered(t, "end b", "end c", "end d", "asked a")
	})
}

func TestDeathInALayerEndsTheNextLayerFirst(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(
			process.Parallel(j.dying("a", time.Minute, errRun), j.runner("b")),
			process.Parallel(j.slowStop("c", time.Second), j.slowStop("d", 2*time.Second)),
		))
		wantErr(t, s.wait(), "run broke")
		j.ordered(t, "dies a", "asked c", "end c", "end d", "asked b")
		j.ordered(t, "dies a", "end c", "end d", "asked a", "end a")
		if s.cause != errRun {
			t.Errorf("the callback's context ended for %v", s.cause)
		}
	})
}

func TestDeathDuringTheStartOfTheNextLayer(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(
			process.Parallel(j.dying("a", 5*time.Second, errRun), j.runner("b")),
			process.Parallel(j.slowStop("c", time.Second), j.slowStart("d", never)),
			j.runner("e"),
		))
		wantErr(t, s.wait(), "run broke")
		j.ordered(t, "dies a", "asked c", "end c", "asked b", "end b")
		j.ordered(t, "dies a", "cancelled d", "asked b")
		j.not(t, "start e", "forced c", "forced b")
	})
}

func TestForceEndsAllAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(
			process.Parallel(j.slowStop("a", never), j.slowStop("b", never)),
			through(process.Parallel(j.slowStop("c", never))),
		))
		<-s.ready
		begin := time.Now()
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		if took := time.Since(begin); took != 0 {
			t.Errorf("force took %v", took)
		}
		j.ordered(t, "forced a", "end a")
		j.ordered(t, "forced b", "end b")
		j.ordered(t, "forced c", "end c")
	})
}

func TestForceDuringTheStop(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Sequential(j.slowStop("a", never), j.slowStop("b", never)))
		<-s.ready
		s.stop()
		time.Sleep(time.Second)
		j.ordered(t, "asked b")
		j.not(t, "asked a")
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		j.ordered(t, "forced b", "end b")
		j.ordered(t, "forced a", "end a")
	})
}

func TestForceEndsTheCallbackOfARunnerThatPassedAnotherContext(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.StartTimeout(never, process.RunnerFunc(
			func(_ context.Context, callback process.Callback) error {
				return callback(context.Background())
			})))
		<-s.ready
		s.force(errForce)
		if err := s.wait(); err != errForce || s.cause != errForce {
			t.Errorf("got %v, the callback was told %v", err, s.cause)
		}
	})
}

func TestForceWaitsForTheDeaf(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		deaf := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			callback(ctx)
			time.Sleep(time.Hour)
			return errStop
		})
		s := launch(process.Parallel(deaf, j.runner("a")))
		<-s.ready
		s.force(errForce)
		time.Sleep(time.Minute)
		if s.isDone() || !j.has("end a") {
			t.Errorf("returned: %v, events %v", s.isDone(), j.all())
		}
		wantErr(t, s.wait(), "forced by the test | stop broke")
	})
}

func TestStopLimitEndsADependentThatWaitsForItsDeadDependency(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		dead := make(chan struct{})
		waits := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			callback(ctx)
			select {
			case <-dead: // closed only when the dependency, too, has been asked
			case <-ctx.Done():
			}
			return ctx.Err()
		})
		s := launch(process.Sequential(
			j.dying("db", time.Second, errRun), process.StopTimeout(time.Minute, waits),
		))
		err := s.wait()
		wantErr(t, err, "run broke | not stopped in time: 1m0s")
		wantNot(t, err, context.Canceled)
	})
}

// 3. A start that is given up: what runs stops gracefully in reverse, also inside
// groups that are half started; only what is itself not ready has its context
// cancelled; what was not reached never runs.

// halfStarted is a group of which a and b run, c is starting, and d is not reached.
func halfStarted(j *journal) process.Runner {
	return process.Sequential(
		j.slowStop("a", time.Second), process.Parallel(
			j.slowStop("b", time.Second), j.slowStart("c", never),
		), j.runner("d"))
}

func wantHalfStartedStopped(t *testing.T, j *journal) {
	t.Helper()
	j.ordered(t, "ready b", "asked b", "end b", "asked a", "end a")
	j.ordered(t, "cancelled c", "end c", "asked a")
	j.not(t, "start d", "forced a", "forced b", "ready c", "cancelled b")
}

func TestGivenUpStartStopsHalfStartedGroupsGracefully(t *testing.T) {
	for name, wrap := range map[string]func(process.Runner) process.Runner{
		"nested": func(r process.Runner) process.Runner { return r },
		"in a group": func(r process.Runner) process.Runner {
			return process.Parallel(process.Sequential(r))
		},
		"in PrefixedError": func(r process.Runner) process.Runner {
			return process.PrefixedError("x", r)
		},
		"in a user's wrapper": through,
		"in Chain": func(r process.Runner) process.Runner {
			return process.Chain(process.Nop(), r)
		},
		"in StartTimeout": func(r process.Runner) process.Runner {
			return process.StartTimeout(never, r)
		},
		"in StopTimeout": func(r process.Runner) process.Runner {
			return process.StopTimeout(never, r)
		},
		"in a wrapped wrapper": func(r process.Runner) process.Runner {
			return through(
				process.PrefixedError("x", through(r)),
			)
		},
	} {
		t.Run("by a failure, "+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launch(process.Parallel(
					wrap(halfStarted(j)), j.badStart("bad", time.Minute, errStart),
				))
				wantErr(t, s.wait(), "start broke")
				wantHalfStartedStopped(t, j)
				if s.wasReady() {
					t.Error("the callback was called")
				}
			})
		})
		t.Run("by a start limit, "+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				err := launch(process.StartTimeout(time.Minute, wrap(halfStarted(j)))).wait()
				wantErr(t, err, "not ready in time: 1m0s")
				wantHalfStartedStopped(t, j)
			})
		})
		t.Run("by Process.Stop, "+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				p := process.NewProcess(context.Background(), wrap(halfStarted(j)))
				started := make(chan error)
				go func() { started <- p.Start(context.Background()) }()
				time.Sleep(time.Minute)
				noErr(t, p.Stop(context.Background()))
				wantErr(t, <-started, "start aborted")
				wantHalfStartedStopped(t, j)
			})
		})
	}
}

func TestAbortedGroupTellsTheCulprit(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var inner error
		group := process.Parallel(j.slowStart("a", never))
		watched := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			inner = group.Run(ctx, callback)
			return inner
		})
		err := launch(process.Parallel(watched, j.badStart("bad", time.Second, errStart))).wait()
		wantErr(t, err, "start broke")
		wantNot(t, err, process.ErrAborted, context.Canceled)
		wantErr(t, inner, "start aborted: start broke")
		wantIs(t, inner, process.ErrAborted)
		wantNot(t, inner, errStart)
	})
}

func TestChainStopsItsOuterGracefullyWhileTheInnerIsStarting(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		chain := process.Chain(
			j.slowStop("outer", time.Second), process.Parallel(j.slowStop("mid", time.Second)),
			j.slowStart("inner", never),
		)
		err := launch(process.Parallel(chain, j.badStart("bad", time.Minute, errStart))).wait()
		wantErr(t, err, "start broke")
		j.ordered(
			t, "cancelled inner", "end inner", "asked mid", "end mid", "asked outer", "end outer",
		)
		j.not(t, "forced mid", "forced outer")
	})
}

func TestAbortIsHandedToACallbackThatHasMoreToDo(t *testing.T) {
	// Each of these is ready, but what its callback starts is not.
	for name, outer := range map[string]func(j *journal) process.Runner{
		"Parallel": func(j *journal) process.Runner {
			return process.Parallel(j.slowStop("outer", time.Second))
		},
		"Worker": func(j *journal) process.Runner {
			return process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
				<-ready()
				j.add("asked outer")
				if !sleep(ctx, time.Second) {
					j.add("forced outer")
				}
				return nil
			})
		},
		"Leaf": func(j *journal) process.Runner {
			return process.Leaf(func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}, func(ctx context.Context) error {
				j.add("asked outer")
				if !sleep(ctx, time.Second) {
					j.add("forced outer")
				}
				return nil
			})
		},
		"StartStop": func(j *journal) process.Runner {
			return process.StartStop(func(ctx context.Context) error {
				return nil
			}, func(ctx context.Context) error {
				j.add("asked outer")
				if !sleep(ctx, time.Second) {
					j.add("forced outer")
				}
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				inner := process.Sequential(j.slowStop("a", time.Second), j.slowStart("b", never))
				nested := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
					return outer(j).Run(
						ctx, func(ctx context.Context) error { return inner.Run(ctx, callback) },
					)
				})
				err := launch(process.Parallel(nested, j.badStart(
					"bad", time.Minute, errStart,
				))).wait()
				wantErr(t, err, "start broke")
				j.ordered(t, "cancelled b", "asked a", "end a", "asked outer")
				j.not(t, "forced a", "forced outer")
			})
		})
	}
}

func TestNewestRegistrationIsToldFirst(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		// One runner that runs two groups below its own context, one in the callback
		// of the other, and works on when they have ended.
		first, second := process.Parallel(j.runner("first")), process.Parallel(
			j.slowStop("second", time.Minute), j.slowStart("slow", never),
		)
		both := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			err := first.Run(ctx, func(context.Context) error {
				err := second.Run(ctx, callback)
				j.add("context after second: %v", ctx.Err())
				return err
			})
			j.add("context after first: %v", ctx.Err())
			return err
		})
		err := launch(process.Parallel(both, j.badStart("bad", time.Minute, errStart))).wait()
		wantErr(t, err, "start broke")
		j.ordered(t, "cancelled slow", "end second", "context after second: <nil>",
			"asked first", "end first",
			"context after first: context canceled")
	})
}

func TestLateReadyIsAskedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		late := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			time.Sleep(time.Hour) // deaf
			begin := time.Now()
			err := callback(context.WithoutCancel(ctx))
			j.add("callback returned %v after %v", err, time.Since(begin))
			return nil
		})
		wantErr(t, launch(process.Parallel(late, j.badStart(
			"bad", time.Minute, errStart,
		))).wait(), "start broke")
		j.ordered(t, "callback returned <nil> after 0s")
	})
}

func TestLateReadyMayBeForced(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Parallel(process.StartStop(
			func(context.Context) error { time.Sleep(time.Hour); return nil },
			func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) },
		), j.badStart("bad", time.Second, errStart)))
		time.Sleep(2 * time.Hour)
		s.force(errForce)
		wantErr(t, s.wait(), "start broke | forced by the test")
	})
}

// 4. Run returns only when everything that it started has returned. That no
// goroutine is left is checked for all tests of the package.

func TestRunReturnsWhenEverythingHasReturned(t *testing.T) {
	for name, change := range map[string]func(a, b, c *fake){
		"on a normal stop":    func(a, b, c *fake) {},
		"on a failed start":   func(a, b, c *fake) { c.startErr = errStart },
		"when a runner fails": func(a, b, c *fake) { b.running, b.runErr = time.Second, errRun },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launch(layered(j, change))
				time.Sleep(time.Minute)
				s.stop()
				s.wait()
				for _, name := range []string{"a", "b", "c"} {
					j.ordered(t, "start "+name, "end "+name)
				}
			})
		})
	}
}

func TestAtRestThereIsOneGoroutineARunner(t *testing.T) {
	const n = 100
	wrapped := func(wrap func(process.Runner) process.Runner) process.Runner {
		runners := noops(n)
		for i, r := range runners {
			runners[i] = wrap(r)
		}
		return process.Parallel(runners...)
	}
	groups := make([]process.Runner, n/10)
	for i := range groups {
		groups[i] = process.Sequential(noops(10)...)
	}
	for _, shape := range []struct {
		name       string
		runner     process.Runner
		goroutines int
	}{
		{"Parallel", process.Parallel(noops(n)...), n},
		{"Sequential", process.Sequential(noops(n)...), n},
		{"Chain", process.Chain(noops(n)...), n},
		{"Graph", tenLayers(noops(n)), n},
		{"groups in a group, which are runners too", process.Parallel(groups...), n + n/10},
		{"PrefixedError, which costs none", wrapped(func(r process.Runner) process.Runner {
			return process.PrefixedError("x", r)
		}), n},
		{"StartTimeout, which is a group of one", wrapped(func(r process.Runner) process.Runner {
			return process.StartTimeout(never, r)
		}), 2 * n},
		{"StopTimeout, which is a group of one", wrapped(func(r process.Runner) process.Runner {
			return process.StopTimeout(never, r)
		}), 2 * n},
		{"Worker, with its loop beside its callback", wrapped(func(process.Runner) process.Runner {
			return process.Worker(func(_ context.Context, ready func() <-chan struct{}) error {
				<-ready()
				return nil
			})
		}), 2 * n},
	} {
		for _, mayEnd := range []bool{false, true} {
			bubble(t, func(t *testing.T, j *journal) {
				ctx := context.Background()
				if mayEnd {
					var cancel context.CancelFunc
					ctx, cancel = context.WithCancel(ctx)
					defer cancel()
				}
				before := goroutines()
				err := shape.runner.Run(ctx, func(context.Context) error {
					if extra := goroutines() - before; extra != shape.goroutines {
						t.Errorf("%s (a context that may end: %v): %d goroutines, want %d",
							shape.name, mayEnd, extra, shape.goroutines)
					}
					return nil
				})
				noErr(t, err)
			})
		}
	}
}

// goroutines returns how many are in the bubble when they are at rest.
// runtime.NumGoroutine would count those, too, that have ended a moment ago.
func goroutines() int {
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	for n := len(stacks); n == len(stacks); { // until all fits
		stacks = make([]byte, 2*n)
		n = runtime.Stack(stacks, true)
		if n < len(stacks) {
			stacks = stacks[:n]
			break
		}
	}
	return strings.Count(string(stacks), "synctest bubble")
}

// 5. The callback is called at most once, in the goroutine that called Run, and
// only when all are running. Its context ends when a runner does, for the cause of
// the context that this runner had passed to its own.

func TestCallbackIsCalledWhenAllRun(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		goroutine := func() string {
			return strings.Fields(string(debugStack()))[1]
		}
		here, calls := goroutine(), 0
		err := process.Parallel(
			j.runner("a"), j.slowStart("b", time.Second),
		).Run(t.Context(), func(ctx context.Context) error {
			calls++
			if there := goroutine(); there != here {
				t.Errorf("called in goroutine %s by Run in goroutine %s", there, here)
			}
			j.ordered(t, "ready a", "ready b")
			return nil
		})
		noErr(t, err)
		if calls != 1 {
			t.Errorf("called %d times", calls)
		}
	})
}

func debugStack() []byte {
	buf := make([]byte, 64)
	return buf[:runtime.Stack(buf, false)]
}

func TestCallbackIsCalledThoughARunnerHasEndedMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		stillborn := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			ctx, cancel := context.WithCancelCause(ctx)
			cancel(errRun)
			callback(ctx)
			return errRun
		})
		s := launch(process.Sequential(j.runner("a"), stillborn))
		wantErr(t, s.wait(), "run broke")
		if !s.wasReady() || s.cause != errRun {
			t.Errorf("callback called: %v, cause %v", s.wasReady(), s.cause)
		}
	})
}

func TestCallbackIsToldTheCause(t *testing.T) {
	leaf := process.Leaf(func(ctx context.Context) error {
		time.Sleep(time.Minute)
		return errRun
	}, nil)
	returns := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		go callback(ctx)
		time.Sleep(time.Minute)
		return errRun
	})
	worker := process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		ready()
		time.Sleep(time.Minute)
		return errRun
	})
	for name, r := range map[string]process.Runner{
		"Leaf":                  leaf,
		"Worker":                worker,
		"a runner that returns": process.Parallel(returns),
		"Parallel":              process.Parallel(process.Nop(), leaf),
		"Sequential, the first": process.Sequential(leaf, process.Nop()),
		"nested groups": process.Sequential(
			process.Parallel(process.Sequential(leaf)), process.Nop(),
		),
		"the outer of a Chain": process.Chain(leaf, process.Nop()),
		"the inner of a Chain": process.Chain(process.Nop(), leaf),
		"a Chain of groups": process.Chain(
			process.Parallel(worker), process.Parallel(process.Nop()),
		),
		"a returning outer": process.Chain(returns, process.Nop()),
		"limits":            process.StartTimeout(never, process.StopTimeout(never, leaf)),
		"groups, limits and Chain": process.Parallel(process.StopTimeout(never, process.Chain(
			process.Parallel(leaf), process.Nop(),
		))),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launch(r)
				wantErr(t, s.wait(), "run broke")
				if s.cause != errRun {
					t.Errorf("the callback's context ended for %v", s.cause)
				}
			})
		})
	}
}

// 6. Every error that a runner returned is in the result, in the order in which
// they happened; what the engine asked for is none.

// returning is a runner that returns f's error when it was asked.
func returning(f func(ctx context.Context) error) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		callback(ctx)
		return f(ctx)
	})
}

func TestErrorsAreJoinedRootCauseFirst(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		// The first to fail is the last to end.
		first := j.dying("first", time.Minute, errRun)
		first.stopping = time.Hour
		second := j.slowStop("second", time.Second)
		second.stopErr = errStop
		err := launch(process.Parallel(second, first)).wait()
		wantErr(t, err, "run broke | stop broke")
		wantIs(t, err, errRun, errStop)
	})
}

func TestErrorsOfTheStopAreJoinedInTheirOrder(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		slow, fast := j.slowStop("slow", time.Minute), j.slowStop("fast", time.Second)
		slow.stopErr, fast.stopErr = errors.New("slow"), errors.New("fast")
		wantErr(t, launch(process.Parallel(slow, fast)).stopped(), "fast | slow")
		wantErr(t, launch(process.Sequential(fast, slow)).stopped(), "slow | fast")
		wantErr(t, launch(process.Chain(fast, slow)).stopped(), "slow | fast")
	})
}

func TestCallbacksOwnErrorStandsAlone(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		bad := j.slowStop("bad", time.Second)
		bad.stopErr = errStop
		for name, r := range map[string]process.Runner{
			"Parallel": process.Parallel(bad),
			"Chain":    process.Chain(bad, bad),
			"limit":    process.StopTimeout(never, bad),
			"Leaf": process.Leaf(
				func(ctx context.Context) error { <-ctx.Done(); return errStop }, nil,
			),
			"StartStop": process.StartStop(
				func(context.Context) error { return nil },
				func(context.Context) error { return errStop },
			),
		} {
			if err := launchWith(r, errUser).stopped(); err != errUser {
				t.Errorf("%s: got %v, want the very error of the callback", name, err)
			}
		}
	})
}

func TestCallbacksErrorComesAfterThatOfARunnerThatHadFailed(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		for name, r := range map[string]process.Runner{
			"Parallel":         process.Parallel(j.dying("a", time.Second, errRun)),
			"outer of a Chain": process.Chain(j.dying("b", time.Second, errRun), process.Nop()),
			"limit":            process.StopTimeout(never, j.dying("c", time.Second, errRun)),
			"Leaf": process.Leaf(
				func(ctx context.Context) error { time.Sleep(time.Second); return errRun }, nil,
			),
		} {
			s := launchWith(r, errUser)
			s.wait()
			if text := fmt.Sprintf("%q", s.err); text != `"run broke\ncallback broke"` {
				t.Errorf("%s: %s", name, text)
			}
		}
	})
}

func TestCallbackThatReturnsTheEndOfItsContextIsNoError(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		for name, end := range map[string]func(ctx context.Context) error{
			"its error": func(ctx context.Context) error { return ctx.Err() },
			"its cause": context.Cause,
			"both": func(ctx context.Context) error {
				return errors.Join(
					ctx.Err(), context.Cause(ctx),
				)
			},
			"it, wrapped": func(ctx context.Context) error {
				return fmt.Errorf(
					"callback: %w", context.Cause(ctx),
				)
			},
			"nothing": func(ctx context.Context) error { return nil },
			"a child's": func(ctx context.Context) error {
				c, stop := context.WithCancel(ctx)
				defer stop()
				return c.Err()
			},
			"a net thing's": func(ctx context.Context) error { return netCancelled{} },
		} {
			for _, r := range []process.Runner{
				process.Parallel(j.dying("a", time.Second, errRun)),
				process.Chain(j.dying("a", time.Second, errRun), process.Nop()),
				process.Leaf(
					func(ctx context.Context) error { time.Sleep(time.Second); return errRun }, nil,
				),
			} {
				err := r.Run(t.Context(), func(ctx context.Context) error {
					<-ctx.Done()
					return end(ctx)
				})
				if err != errRun {
					t.Errorf("%s: got %v", name, err)
				}
			}
		}
	})
}

// netCancelled is a cancellation by its method Is alone, as that of package net.
type netCancelled struct{}

func (netCancelled) Error() string        { return "operation was canceled" }
func (netCancelled) Is(target error) bool { return target == context.Canceled }

// uncomparable is an error that panics if it is compared.
type uncomparable struct{ errs []error }

func (u uncomparable) Error() string   { return fmt.Sprintf("uncomparable%v", u.errs) }
func (u uncomparable) Unwrap() []error { return u.errs }

func TestPureCancellationIsNoError(t *testing.T) {
	for name, of := range map[string]func(ctx context.Context) error{
		"canceled": func(ctx context.Context) error { return context.Canceled },
		"ctx.Err":  func(ctx context.Context) error { return ctx.Err() },
		"cause":    context.Cause,
		"wrapped": func(ctx context.Context) error {
			return fmt.Errorf("worker: %w", fmt.Errorf("x: %w", context.Canceled))
		},
		"joined": func(ctx context.Context) error {
			return errors.Join(context.Canceled, fmt.Errorf("x: %w", context.Canceled))
		},
		"several %w": func(ctx context.Context) error {
			return fmt.Errorf(
				"%w, %w", context.Canceled, context.Canceled,
			)
		},
		"uncomparable": func(ctx context.Context) error {
			return uncomparable{[]error{context.Canceled}}
		},
		"a net thing's": func(ctx context.Context) error {
			return fmt.Errorf(
				"dial: %w", netCancelled{},
			)
		},
	} {
		t.Run("of what was asked, "+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				noErr(t, launch(process.Parallel(returning(of))).stopped())
			})
		})
		t.Run("of what was aborted, "+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				starting := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
					<-ctx.Done()
					return of(ctx)
				})
				err := launch(process.Parallel(
					starting, starting, j.badStart("bad", time.Second, errStart),
				)).wait()
				wantErr(t, err, "start broke")
				wantNot(t, err, context.Canceled)
			})
		})
		t.Run("of what was forced, "+name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launch(process.Parallel(returning(of), process.Sequential(returning(of))))
				<-s.ready
				s.force(errForce)
				wantErr(t, s.wait(), "forced by the test")
			})
		})
	}
}

func TestWhatIsMoreThanACancellationIsAnError(t *testing.T) {
	for name, err := range map[string]error{
		"joined with a real one":    errors.Join(context.Canceled, errStop),
		"another deadline's":        context.DeadlineExceeded,
		"uncomparable":              uncomparable{[]error{errStop}},
		"uncomparable, no leaf":     uncomparable{},
		"a panic of a cancelled":    &process.PanicError{Value: context.Canceled},
		"canceled only by its text": errors.New("context canceled"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launch(process.Parallel(returning(func(context.Context) error { return err })))
				wantErr(t, s.stopped(), strings.ReplaceAll(err.Error(), "\n", " | "))
			})
		})
	}
}

func TestCancellationOfARunnersOwnIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		err := launch(process.Parallel(j.dying("a", time.Second, context.Canceled))).wait()
		wantErr(t, err, "context canceled")
		before := process.RunnerFunc(
			func(context.Context, process.Callback) error { return context.Canceled },
		)
		wantErr(t, launch(process.Parallel(before)).wait(), "context canceled")
	})
}

func TestDeadlineOfTheCallersContextIsACancellation(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := process.Parallel(returning(
			func(ctx context.Context) error { return ctx.Err() },
		)).Run(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		wantErr(t, err, "context deadline exceeded")
	})
}

func TestForcedResultHasTheCauseOnce(t *testing.T) {
	all := func(j *journal) map[string]process.Runner {
		cause := returning(context.Cause)
		return map[string]process.Runner{
			"a group": process.Parallel(j.slowStop("a", never), cause),
			"nested groups": process.Sequential(
				process.Parallel(cause, process.Parallel(cause)), process.Chain(cause, cause),
			),
			"limits": process.StopTimeout(never, process.StartTimeout(never, cause)),
			"Leaf": process.Leaf(
				func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }, nil,
			),
			"Leaf with a stop": process.Leaf(func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			},
				func(ctx context.Context) error { return context.Cause(ctx) }),
			"StartStop": process.StartStop(
				func(ctx context.Context) error { return nil },
				func(ctx context.Context) error { return ctx.Err() },
			),
			"Worker": process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
				ready()
				<-ctx.Done()
				return ctx.Err()
			}),
		}
	}
	bubble(t, func(t *testing.T, j *journal) {
		for name, r := range all(j) {
			for _, stopFirst := range []bool{false, true} {
				s := launch(process.Parallel(r, j.slowStop("slow", never)))
				<-s.ready
				if stopFirst {
					s.stop()
					time.Sleep(time.Second)
				}
				s.force(errForce)
				if err := s.wait(); err != errForce {
					t.Errorf("%s, stopped before %v: %v", name, stopFirst, err)
				}
			}
			s := launch(r)
			<-s.ready
			s.force(errForce)
			if err := s.wait(); err != errForce {
				t.Errorf("%s alone: %v", name, err)
			}
		}
	})
}

func TestForcedResultHasRealErrorsToo(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		bad := j.slowStop("bad", never)
		bad.stopErr = errStop
		s := launch(process.Parallel(bad, j.runner("good")))
		<-s.ready
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test | stop broke | context canceled")
	})
}

func TestForceAfterAFailureComesAfterIt(t *testing.T) {
	leaf := process.Leaf(func(ctx context.Context) error { time.Sleep(time.Second); return errRun },
		func(ctx context.Context) error { <-ctx.Done(); return nil })
	for name, r := range map[string]process.Runner{
		"Leaf":  leaf,
		"group": process.Parallel(leaf, process.Nop()),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := launch(r)
				time.Sleep(time.Minute)
				s.force(errForce)
				wantErr(t, s.wait(), "run broke | forced by the test")
			})
		})
	}
}

func TestFailedStartReportsOneCulprit(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Parallel(
			j.slowStart("a", never), j.slowStart("b", never),
			j.badStart("c", time.Second, errStart),
		))
		if err := s.wait(); err != errStart {
			t.Errorf("got %v, want the very error of the culprit", err)
		}
	})
}

// 7. A runner that returns nil before its callback was called has not started; one
// that returns nil later has ended.

func TestReturnBeforeReadyIsErrNotReady(t *testing.T) {
	quits := process.RunnerFunc(func(context.Context, process.Callback) error { return nil })
	bubble(t, func(t *testing.T, j *journal) {
		for name, r := range map[string]process.Runner{
			"Parallel":      process.Parallel(j.runner("a"), quits),
			"Sequential":    process.Sequential(quits, j.runner("never")),
			"Chain":         process.Chain(j.runner("b"), quits, j.runner("never")),
			"nested":        process.Parallel(process.Parallel(quits)),
			"PrefixedError": process.Parallel(process.PrefixedError("x", process.Parallel(quits))),
			"StartTimeout":  process.StartTimeout(never, quits),
			"StopTimeout":   process.StopTimeout(never, quits),
			"Worker": process.Worker(
				func(context.Context, func() <-chan struct{}) error { return nil },
			),
		} {
			s := launch(r)
			err := s.wait()
			wantIs(t, err, process.ErrNotReady)
			if s.wasReady() {
				t.Errorf("%s: the callback was called", name)
			}
		}
		j.not(t, "start never")
	})
}

func TestGroupWhoseMemberEndsDuringTheStartIsNotReady(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Parallel(j.dying("a", time.Second, nil), j.slowStart("b", never)))
		err := s.wait()
		wantErr(t, err, "ended before it was ready")
		if s.wasReady() {
			t.Error("the callback was called")
		}
	})
}

func TestChainWhoseOuterEndsDuringTheStartIsNotReady(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Chain(
			j.dying("outer", time.Second, nil), process.Parallel(j.slowStart("inner", never)),
		))
		wantErr(t, s.wait(), "ended before it was ready")
		if s.wasReady() {
			t.Error("the callback was called")
		}
	})
}

func TestReturnBeforeReadyOfTheCancelledIsNoError(t *testing.T) {
	quits := process.RunnerFunc(
		func(ctx context.Context, _ process.Callback) error { <-ctx.Done(); return nil },
	)
	bubble(t, func(t *testing.T, j *journal) {
		wantErr(t, launch(process.Parallel(quits, j.badStart(
			"bad", time.Second, errStart,
		))).wait(), "start broke")
		s := launch(process.Parallel(quits))
		synctest.Wait()
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
	})
}

func TestReturnOfNilStopsTheGroupWithoutAnError(t *testing.T) {
	ends := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		go callback(ctx)
		time.Sleep(time.Minute)
		return nil
	})
	bubble(t, func(t *testing.T, j *journal) {
		for name, r := range map[string]process.Runner{
			"Parallel": process.Parallel(ends, j.slowStop("a", time.Second)),
			"Sequential": process.Sequential(
				j.slowStop("a", time.Second), process.Parallel(ends), j.slowStop("b", time.Second),
			),
			"Chain": process.Chain(ends, process.Sequential(process.Nop())),
			"limit": process.StopTimeout(never, ends),
			"Leaf": process.Parallel(process.Leaf(
				func(context.Context) error { return nil }, nil,
			)),
			"own end": process.Parallel(j.dying("c", time.Second, nil)),
		} {
			s := launch(r)
			if err := s.wait(); err != nil || !s.wasReady() || s.cause == nil {
				t.Errorf("%s: %v, ready %v, cause %v", name, err, s.wasReady(), s.cause)
			}
		}
		j.not(t, "forced a", "forced b")
	})
}

// 8. A panic is the runner's error, as is the end of its goroutine; the others stop
// in order. Those of the group's callback go on when all has ended.

func panics(v any) func(context.Context) error { return func(context.Context) error { panic(v) } }
func exits(context.Context) error              { runtime.Goexit(); return nil }

func TestPanicOfARunnerIsItsError(t *testing.T) {
	for name, f := range map[string]func(context.Context) error{
		"panic": panics(errRun), "goexit": exits,
	} {
		for where, r := range map[string]process.Runner{
			"before ready": process.RunnerFunc(
				func(ctx context.Context, callback process.Callback) error { return f(ctx) },
			),
			"after ready": returning(f),
			"while running": process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				go callback(ctx)
				time.Sleep(time.Second)
				return f(ctx)
			}),
			"foreground of Leaf": process.Leaf(f, nil),
			"stop of Leaf": process.Leaf(
				func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, f,
			),
			"loop of Worker": process.Worker(
				func(ctx context.Context, ready func() <-chan struct{}) error { return f(ctx) },
			),
			"start of StartStop": process.StartStop(f, func(context.Context) error { return nil }),
			"stop of StartStop":  process.StartStop(func(context.Context) error { return nil }, f),
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				bubble(t, func(t *testing.T, j *journal) {
					s := launch(process.Sequential(
						j.slowStop("a", time.Second),
						process.Parallel(r, j.slowStop("b", time.Second)),
					))
					time.Sleep(time.Minute)
					s.stop()
					err := s.wait()
					var p *process.PanicError
					switch {
					case name == "goexit":
						wantErr(t, err, "goroutine ended by runtime.Goexit")
						wantIs(t, err, process.ErrGoexit)
					case !errors.As(err, &p):
						t.Fatalf("got %v", err)
					default:
						wantErr(t, err, "panic: run broke")
						wantIs(t, err, errRun)
						if p.Value != errRun ||
							!strings.Contains(string(p.Stack), "invariants_test.go") {
							t.Errorf("value %v, stack %s", p.Value, p.Stack)
						}
					}
					j.ordered(t, "end b", "asked a", "end a")
					j.not(t, "forced a")
				})
			})
		}
	}
}

func TestPanicErrorOfAnyValue(t *testing.T) {
	err := &process.PanicError{Value: 42}
	wantErr(t, err, "panic: 42")
	if err.Unwrap() != nil {
		t.Error("a number unwraps")
	}
	noErr(t, launch(process.Parallel(process.Nop())).stoppedOutside())
	var p *process.PanicError
	nothing := process.RunnerFunc(func(context.Context, process.Callback) error { panic(nil) })
	if err := launch(process.Parallel(nothing)).wait(); !errors.As(err, &p) {
		t.Errorf("panic(nil): %v", err)
	}
}

// stoppedOutside is stopped for use outside a bubble.
func (s *session) stoppedOutside() error {
	s.stop()
	return s.wait()
}

func TestPanicOfTheCallbackGoesOnWhenAllHasEnded(t *testing.T) {
	for name, group := range map[string]func(rs ...process.Runner) process.Runner{
		"Parallel":   process.Parallel,
		"Sequential": process.Sequential,
		"Chain":      process.Chain,
		"Leaf": func(rs ...process.Runner) process.Runner {
			return process.Leaf(func(ctx context.Context) error {
				return process.Sequential(rs...).Run(
					ctx, func(ctx context.Context) error { <-ctx.Done(); return nil },
				)
			}, nil)
		},
		"StartStop": func(rs ...process.Runner) process.Runner {
			var s *session
			return process.StartStop(
				func(context.Context) error {
					s = launch(process.Sequential(rs...))
					<-s.ready
					return nil
				},
				func(context.Context) error { s.stop(); return s.wait() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				r := group(j.slowStop("a", time.Second), j.slowStop("b", time.Second))
				func() {
					defer func() {
						if p := recover(); p != errUser {
							t.Errorf("recovered %v", p)
						}
						j.ordered(t, "end b")
						j.ordered(t, "end a")
					}()
					r.Run(
						t.Context(),
						func(ctx context.Context) error { synctest.Wait(); panic(errUser) },
					)
					t.Error("Run returned")
				}()
			})
			bubble(t, func(t *testing.T, j *journal) {
				r := group(j.slowStop("a", time.Second), j.slowStop("b", time.Second))
				exited := make(chan struct{})
				go func() {
					defer close(exited)
					defer j.add("exited")
					r.Run(
						context.Background(),
						func(ctx context.Context) error { synctest.Wait(); return exits(ctx) },
					)
					j.add("returned")
				}()
				<-exited
				j.ordered(t, "end b", "exited")
				j.ordered(t, "end a", "exited")
				j.not(t, "returned")
			})
		})
	}
}

// 9. Misuse has an answer.

func TestSecondCallOfTheCallback(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		twice := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			called := make(chan struct{})
			go func() {
				<-called
				time.Sleep(time.Second)
				j.add("while running: %v", callback(ctx))
			}()
			close(called)
			j.add("first: %v", callback(ctx))
			j.add("after it returned: %v", callback(ctx))
			return nil
		})
		for name, r := range map[string]process.Runner{
			"group":         process.Parallel(twice),
			"Chain":         process.Chain(process.Nop(), twice, process.Nop()),
			"limit":         process.StopTimeout(never, twice),
			"Leaf in twice": process.Parallel(leafTwice(j)),
		} {
			j.events = nil
			s := launch(r)
			<-s.ready
			time.Sleep(time.Minute)
			noErr(t, s.stopped())
			want := "while running: callback called twice, first: <nil>, " +
				"after it returned: callback called twice"
			if got := strings.Join(j.all(), ", "); got != want {
				t.Errorf("%s: %s", name, got)
			}
		}
		p := process.NewProcess(t.Context(), twice)
		noErr(t, p.Start(t.Context()))
		time.Sleep(time.Minute)
		noErr(t, p.Stop(t.Context()))
	})
}

// leafTwice runs one Leaf after the other with the same callback.
func leafTwice(j *journal) process.Runner {
	leaf := process.Leaf(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil)
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		go func() {
			time.Sleep(time.Second)
			j.add("while running: %v", leaf.Run(ctx, callback))
		}()
		j.add("first: %v", leaf.Run(ctx, callback))
		j.add("after it returned: %v", leaf.Run(ctx, callback))
		return nil
	})
}

func TestCallAfterAbortOrForceDoesNotCount(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		late := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			<-ctx.Done()
			j.add("late callback: %v", callback(ctx))
			return nil
		})
		s := launch(process.Sequential(late, j.runner("never")))
		time.Sleep(time.Second)
		s.force(errForce)
		wantErr(t, s.wait(), "forced by the test")
		j.ordered(t, "late callback: <nil>")

		s = launch(process.Parallel(
			process.Sequential(late, j.runner("never")), j.badStart("bad", time.Second, errStart),
		))
		wantErr(t, s.wait(), "start broke")
		j.not(t, "start never")
		if s.wasReady() {
			t.Error("the callback was called")
		}
	})
}

func TestCallbackInAnotherGoroutineIsReleased(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		detached := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			go func() {
				j.add("callback of detached returned %v", callback(ctx))
			}()
			time.Sleep(time.Minute)
			return errRun
		})
		s := launch(process.Sequential(j.runner("a"), detached, j.runner("b")))
		wantErr(t, s.wait(), "run broke")
		synctest.Wait()
		j.ordered(t, "asked b", "callback of detached returned <nil>")
	})
}

func TestCallAfterTheRunIsOver(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var kept process.Callback
		var keptContext context.Context
		keeps := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			kept, keptContext = callback, ctx
			return errStart
		})
		wantErr(t, launch(process.Parallel(keeps)).wait(), "start broke")
		noErr(t, kept(keptContext))
	})
}

func TestRunnersGetNilFromTheirCallback(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		launchWith(process.Sequential(
			j.runner("a"), process.Parallel(j.runner("b")),
		), errUser).stopped()
		for _, e := range j.all() {
			if strings.HasPrefix(e, "callback of") {
				t.Error(e)
			}
		}
	})
}

func TestNilContextForTheCallbackIsTheRunnersOwn(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		outer := process.RunnerFunc(func(_ context.Context, callback process.Callback) error {
			return callback(nil)
		})
		noErr(t, launch(process.Chain(outer, j.runner("a"))).stopped())
	})
}
