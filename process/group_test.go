package process_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
)

func TestSequentialStartsAndStopsOneAtATime(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		runner := func(name string) *fake {
			return &fake{journal: j, name: name, starting: time.Second, stopping: time.Second}
		}
		begin := time.Now()
		noErr(t, launch(process.Sequential(runner("a"), runner("b"), runner("c"))).stopped())
		want := "start a, ready a, start b, ready b, start c, ready c, " +
			"asked c, end c, asked b, end b, asked a, end a"
		if got := strings.Join(j.all(), ", "); got != want {
			t.Errorf("got %s", got)
		}
		if took := time.Since(begin); took != 6*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestParallelStopsSideBySide(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		begin := time.Now()
		noErr(t, launch(process.Parallel(
			j.slowStop("a", time.Second), j.slowStop("b", time.Second),
		)).stopped())
		if took := time.Since(begin); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestChainForcesTheInnerWhenTheOuterDies(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Chain(
			j.dying("outer", time.Minute, errRun), j.slowStop("inner", never),
		))
		if err := s.wait(); err != errRun {
			t.Errorf("got %v, want the outer's error alone", err)
		}
		j.ordered(t, "dies outer", "forced inner", "end inner", "asked outer", "end outer")
	})
}

func TestChainStopsGracefullyWhenTheInnerDies(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		wantErr(t, launch(process.Chain(
			j.slowStop("outer", time.Second), j.dying("inner", time.Minute, errRun),
		)).wait(), "run broke")
		j.ordered(t, "dies inner", "end inner", "asked outer", "end outer")
		j.not(t, "forced outer")
	})
}

func TestChainHandsTheValuesOfTheOuterDown(t *testing.T) {
	type key struct{}
	outer := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		return callback(context.WithValue(ctx, key{}, "outer"))
	})
	seen := func(r process.Runner) any {
		var v any
		inner := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			v = ctx.Value(key{})
			return callback(ctx)
		})
		noErr(t, process.Chain(r, inner).Run(t.Context(), func(ctx context.Context) error {
			if ctx.Value(key{}) != v {
				t.Errorf("callback sees %v, inner %v", ctx.Value(key{}), v)
			}
			return nil
		}))
		return v
	}
	if v := seen(outer); v != "outer" {
		t.Errorf("below a runner: %v", v)
	}
	if v := seen(process.StopTimeout(never, outer)); v != "outer" {
		t.Errorf("below a limit: %v", v)
	}
	if v := seen(process.Parallel(outer)); v != nil {
		t.Errorf("a group of one is still a group: %v", v)
	}
}

func TestChainForcedFromOutsideHasTheCauseOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Chain(
			j.slowStop("a", never), j.slowStop("b", never), j.slowStart("c", never),
		))
		time.Sleep(time.Second)
		s.force(errForce)
		if err := s.wait(); err != errForce {
			t.Errorf("got %v", err)
		}
	})
}

func TestGroupOfOneIsStillAGroup(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		for _, group := range []func(...process.Runner) process.Runner{
			process.Parallel, process.Sequential, process.Chain,
		} {
			wantErr(t, launch(group(returning(panics(errRun)))).stopped(), "panic: run broke")
		}
	})
}

func TestGroupOfNoneIsNop(t *testing.T) {
	var g process.Graph
	for _, r := range []process.Runner{
		process.Parallel(), process.Sequential(), process.Chain(), &g, process.Nop(),
	} {
		called := false
		err := r.Run(t.Context(), func(context.Context) error { called = true; return errUser })
		if err != errUser || !called {
			t.Errorf("got %v, called %v", err, called)
		}
	}
}

func TestGroupMayBeRunAgainAndAtOnce(t *testing.T) {
	var g process.Graph
	a := g.Add(process.Nop())
	g.Add(process.Parallel(process.Nop(), process.Nop()), a)
	leaf := process.Leaf(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, nil)
	for name, r := range map[string]process.Runner{
		"Graph":      &g,
		"Parallel":   process.Parallel(leaf, leaf),
		"Sequential": process.Sequential(leaf, process.Parallel(leaf, leaf)),
		"Chain":      process.Chain(leaf, leaf),
		"limits":     process.StartTimeout(never, process.StopTimeout(never, leaf)),
	} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 5 {
						if err := launch(r).stoppedOutside(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestDeadContextRunsNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errForce)
	j := &journal{}
	for _, r := range []process.Runner{
		process.Parallel(j.runner("a")), process.Chain(j.runner("a"), j.runner("a")),
		process.StopTimeout(never, j.runner("a")),
		process.Worker(
			func(context.Context, func() <-chan struct{}) error { j.add("start a"); return nil },
		),
		process.Leaf(func(context.Context) error { j.add("start a"); return nil }, nil),
		process.StartStop(
			func(context.Context) error { j.add("start a"); return nil },
			func(context.Context) error { return nil },
		),
	} {
		err := r.Run(ctx, func(context.Context) error { j.add("callback"); return nil })
		if err != errForce {
			t.Errorf("got %v", err)
		}
	}
	j.not(t, "start a", "callback")
}

func TestGraphStopsInTheReverseOfItsEdges(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		//     a
		//    / \
		//   b   c   e
		//    \ /
		//     d
		var g process.Graph
		a := g.Add(j.slowStop("a", time.Second))
		b := g.Add(j.slowStop("b", time.Second), a)
		c := g.Add(j.slowStop("c", time.Hour), a)
		g.Add(j.slowStop("d", time.Second), b, c, b)
		g.Add(j.slowStop("e", time.Second/2))
		noErr(t, launch(&g).stopped())
		j.ordered(t, "asked d", "end d", "asked b", "end b", "end c", "asked a", "end a")
		j.ordered(t, "end e", "asked b")
	})
}

func TestGraphCallsTheMisuseByItsPosition(t *testing.T) {
	var other process.Graph
	foreign := other.Add(process.Nop())
	for name, test := range map[string]struct {
		build func(g *process.Graph)
		want  string
	}{
		"nil runner": {
			func(g *process.Graph) { g.Add(process.Nop()); g.Add(nil) }, "call 2 (group_test.go:",
		},
		"nil vertex": {
			func(g *process.Graph) { g.Add(process.Nop(), nil) },
			"dependency 1 is not a vertex of this graph",
		},
		"vertex of another graph": {
			func(g *process.Graph) { g.Add(process.Nop(), g.Add(process.Nop()), foreign) },
			"dependency 2 is not",
		},
		"vertex made by hand": {
			func(g *process.Graph) { g.Add(process.Nop(), &process.Vertex{}) },
			"dependency 1 is not",
		},
		"two mistakes, both named": {
			func(g *process.Graph) { g.Add(nil); g.Add(nil) }, "call 2 (",
		},
		"two mistakes, first named": {
			func(g *process.Graph) { g.Add(nil); g.Add(nil) }, "call 1 (",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var g process.Graph
			test.build(&g)
			err := g.Run(t.Context(), func(context.Context) error { t.Error("called"); return nil })
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestGraphAddAfterRun(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		var g process.Graph
		a := g.Add(j.runner("a"))
		s := launch(&g)
		<-s.ready
		if v := g.Add(j.runner("b"), a); v == nil {
			t.Error("no vertex")
		}
		late := s.stopped()
		j.not(t, "start b")
		if late == nil || !strings.Contains(late.Error(), "call 2 (group_test.go:") {
			t.Errorf("the run that is under way returned %v", late)
		}
		err := g.Run(t.Context(), func(context.Context) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "call 2 (group_test.go:") ||
			!strings.Contains(err.Error(), "called after Run") {
			t.Errorf("got %v", err)
		}
	})
}

func TestMisuseIsAnErrorOfRun(t *testing.T) {
	fn := func(context.Context) error { return nil }
	nop := process.Nop()
	var g process.Graph
	g.Add(nop)
	ok := map[string]process.Runner{
		"Nop": nop, "Parallel": process.Parallel(nop), "Sequential": process.Sequential(nop),
		"Chain": process.Chain(nop),
		"Graph": &g, "Leaf": process.Leaf(fn, nil), "StartStop": process.StartStop(fn, fn),
		"Worker": process.Worker(
			func(context.Context, func() <-chan struct{}) error { return nil },
		),
		"StartTimeout": process.StartTimeout(1, nop), "StopTimeout": process.StopTimeout(1, nop),
	}
	callback := func(context.Context) error { t.Error("the callback was called"); return nil }
	for name, r := range ok {
		var none context.Context
		wantErr(t, r.Run(none, callback), "process: "+name+": Run with a nil context")
		wantErr(t, r.Run(t.Context(), nil), "process: "+name+": Run with a nil callback")
	}
	for _, test := range []struct {
		r    process.Runner
		want string
	}{
		{process.Parallel(nop, nil, nop), "process: Parallel: runner 2 of 3 is nil"},
		{process.Sequential(nil), "process: Sequential: runner 1 of 1 is nil"},
		{process.Chain(nop, nop, nil), "process: Chain: runner 3 of 3 is nil"},
		{process.PrefixedError("x", nil), "process: PrefixedError: runner is nil"},
		{process.StartTimeout(time.Second, nil), "process: StartTimeout: runner is nil"},
		{process.StopTimeout(0, nil), "process: StopTimeout: runner is nil"},
		{process.StartTimeout(-time.Second, nop), "process: StartTimeout: negative limit -1s"},
		{process.StopTimeout(-1, nop), "process: StopTimeout: negative limit -1ns"},
		{process.Worker(nil), "process: Worker: function is nil"},
		{process.Leaf(nil, fn), "process: Leaf: function to run is nil"},
		{process.StartStop(nil, fn), "process: StartStop: start function is nil"},
		{process.StartStop(fn, nil), "process: StartStop: stop function is nil"},
		{process.RunnerFunc(nil), "process: RunnerFunc is nil"},
		{(*process.Graph)(nil), "process: Graph is nil"},
		{process.PrefixedError("x", process.RunnerFunc(nil)), "x: process: RunnerFunc is nil"},
	} {
		wantErr(t, test.r.Run(t.Context(), callback), test.want)
	}
}

func TestPrefixedError(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		bad := j.badStart("bad", 0, errStart)
		err := launch(process.PrefixedError("db", bad)).wait()
		wantErr(t, err, "db: start broke")
		wantIs(t, err, errStart)
		noErr(t, launch(process.PrefixedError("db", j.runner("good"))).stopped())
	})
}

func TestZeroIsNoLimit(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		slow := &fake{journal: j, name: "slow", starting: time.Minute, stopping: time.Minute}
		noErr(t, launch(process.StartTimeout(0, process.StopTimeout(0, slow))).stopped())
	})
}

func TestStartTimeoutLetsNoLateReadyThrough(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		deaf := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			time.Sleep(time.Hour)
			j.add("late callback: %v", callback(ctx))
			return nil
		})
		s := launch(process.Sequential(process.StartTimeout(time.Minute, deaf), j.runner("next")))
		err := s.wait()
		wantErr(t, err, "not ready in time: 1m0s")
		wantIs(t, err, process.ErrStartTimeout)
		wantNot(t, err, process.ErrAborted)
		j.ordered(t, "late callback: <nil>")
		j.not(t, "start next")
		if s.wasReady() {
			t.Error("the callback was called")
		}
	})
}

func TestStartTimeoutDoesNotCountWhatRuns(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.StartTimeout(time.Minute, j.slowStart("a", time.Second)))
		time.Sleep(time.Hour)
		noErr(t, s.stopped())
	})
}

func TestStopTimeoutForcesThatRunnerAlone(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		s := launch(process.Parallel(
			process.StopTimeout(time.Minute, j.slowStop("stuck", never)), j.slowStop("slow", never),
		))
		<-s.ready
		begin := time.Now()
		err := s.stopped()
		wantErr(t, err, "not stopped in time: 1m0s")
		wantIs(t, err, process.ErrStopTimeout)
		wantNot(t, err, context.Canceled)
		j.ordered(t, "forced stuck", "end stuck", "end slow")
		j.not(t, "forced slow")
		if took := time.Since(begin); took != never {
			t.Errorf("took %v", took)
		}
	})
}

func TestStopTimeoutKeepsTheErrorOfTheForced(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		r := returning(func(ctx context.Context) error {
			<-ctx.Done()
			if context.Cause(ctx) == context.Canceled {
				t.Error("the context does not say why it ended")
			}
			return fmt.Errorf("close: %w", errStop)
		})
		err := launch(process.StopTimeout(time.Minute, r)).stopped()
		wantErr(t, err, "not stopped in time: 1m0s | close: stop broke")
	})
}

func TestStopTimeoutReportsTheLimitOnce(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		inner := process.Parallel(returning(func(ctx context.Context) error {
			<-ctx.Done()
			return errors.Join(context.Cause(ctx), errStop)
		}))
		err := launch(process.StopTimeout(time.Minute, inner)).stopped()
		if n := strings.Count(err.Error(), "not stopped in time"); n != 1 {
			t.Errorf("%d times in %v", n, err)
		}
	})
}

func TestStopTimeoutOfAGroupForcesAllInIt(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		group := process.Sequential(
			j.slowStop("a", never), process.Parallel(j.slowStop("b", never)),
		)
		wantErr(
			t, launch(process.StopTimeout(time.Minute, group)).stopped(),
			"not stopped in time: 1m0s",
		)
		j.ordered(t, "forced b", "end b")
		j.ordered(t, "forced a", "end a")
	})
}

func TestStopTimeoutCountsFromAnAbortToo(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		begin := time.Now()
		limited := process.StopTimeout(time.Minute, process.Sequential(
			j.slowStop("a", never), j.slowStart("b", never),
		))
		err := launch(process.Parallel(limited, j.badStart("bad", time.Second, errStart))).wait()
		wantIs(t, err, errStart, process.ErrStopTimeout)
		wantNot(t, err, context.Canceled)
		j.ordered(t, "cancelled b", "end b", "asked a", "forced a", "end a")
		if took := time.Since(begin); took != time.Second+time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

func TestStopTimeoutDoesNotFireWhenAllHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		noErr(t, launch(process.StopTimeout(time.Minute, j.slowStop("a", time.Second))).stopped())
		// At the very moment of the limit both orders are right, but none hangs.
		err := launch(process.StopTimeout(time.Minute, j.slowStop("b", time.Minute))).stopped()
		if err != nil && !errors.Is(err, process.ErrStopTimeout) {
			t.Error(err)
		}
	})
}

func TestForceDuringAStopTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		deaf := returning(func(context.Context) error { time.Sleep(time.Hour); return nil })
		s := launch(process.StopTimeout(time.Minute, deaf))
		<-s.ready
		s.stop()
		time.Sleep(2 * time.Minute)
		s.force(errForce)
		wantErr(t, s.wait(), "not stopped in time: 1m0s | forced by the test")
	})
}

func TestReportWithNobodyToHear(t *testing.T) {
	process.Report(t.Context(), 1)
	var none context.Context
	process.Report(none, 1)
}

type observer struct {
	*journal
	name string
}

func (o observer) Starting()           { o.add("%s starting", o.name) }
func (o observer) Ready()              { o.add("%s ready", o.name) }
func (o observer) Failing(cause error) { o.add("%s failing: %v", o.name, cause) }
func (o observer) Stopping()           { o.add("%s stopping", o.name) }
func (o observer) Unreached()          { o.add("%s unreached", o.name) }
func (o observer) Late(err error)      { o.add("%s late: %v", o.name, err) }
func (o observer) Ended(err error, forced bool) {
	o.add("%s ended: %v, forced %v", o.name, err, forced)
}
func (o observer) Reported(v any) { o.add("%s reported %v", o.name, v) }

func TestReportReachesTheObserverOfTheRunner(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		reports := process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
			process.Report(ctx, "before")
			stop := ready()
			<-stop
			process.Report(ctx, "after")
			return nil
		})
		g := &engine.Graph{Errors: engine.Process, Vertices: []engine.Vertex{
			{Runner: through(process.Sequential(
				process.StartTimeout(never, reports),
			)), Observer: observer{j, "a"}},
			{Runner: process.Nop(), Observer: observer{j, "b"}, DependsOn: []int{0}},
		}}
		noErr(t, g.Run(
			t.Context(), func(ctx context.Context) error { synctest.Wait(); return nil },
		))
		j.ordered(t, "a starting", "a reported before", "a ready", "b starting", "b ready",
			"b stopping", "b ended: <nil>, forced false",
			"a stopping", "a reported after", "a ended: <nil>, forced false")
	})
}
