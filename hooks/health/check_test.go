package health_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/health"
)

func TestReadyIfAllChecksPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given context.Context
		a, c := new(checker), &checker{check: func(ctx context.Context) error { given = ctx; return ctx.Err() }}
		h := running(a, struct{}{}, c, nil)

		got := get(t, h.Readyz())

		if got.code != http.StatusOK || got.Status != "ready" || got.Reason != "" {
			t.Errorf("%+v", got)
		}
		for i, checked := range []bool{true, false, true, false} {
			check := got.Units[i].Check
			if (check != nil) != checked || checked && (check.State != "passed" || check.Error != "" || !check.Since.Equal(time.Now())) {
				t.Errorf("%s: %+v", got.Units[i].Unit, check)
			}
		}
		if a.calls.Load() != 1 || c.calls.Load() != 1 {
			t.Errorf("called %d and %d times", a.calls.Load(), c.calls.Load())
		}
		if given.Err() == nil {
			t.Error("the context lives on, and its timer")
		}
	})
}

func TestWhereNothingIsAskedNothingIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(struct{}{}, nil)
		began := time.Now()
		want(t, "no checks", h, 200, 200, 200)
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

func TestNotReadyIfACheckFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := &checker{check: func(context.Context) error { return errors.New("refused") }}
		h := running(new(checker), refused, &checker{check: func(context.Context) error { return errors.New("") }})

		got := get(t, h.Readyz())

		if got.code != http.StatusServiceUnavailable || got.Reason != "check of b: refused" {
			t.Errorf("%+v", got)
		}
		for i, state := range []string{"passed", "failed", "failed"} {
			if check := got.Units[i].Check; check.State != state || got.Units[i].State != "running" {
				t.Errorf("%s: %+v", got.Units[i].Unit, check)
			}
		}
		if got.Units[1].Check.Error != "refused" {
			t.Errorf("%+v", got.Units[1].Check)
		}
	})
}

func TestLivezAndStartupzAskNoChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &checker{check: func(context.Context) error { return errors.New("refused") }}
		h := running(c)
		for _, handler := range []http.Handler{h.Livez(), h.Startupz()} {
			if got := get(t, handler); got.code != http.StatusOK || got.Units[0].Check != nil {
				t.Errorf("%+v", got)
			}
		}
		if c.calls.Load() != 0 {
			t.Error("it was asked")
		}
	})
}

func TestChecksAreAskedInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(sleeper(500*time.Millisecond), sleeper(700*time.Millisecond), sleeper(600*time.Millisecond))
		began := time.Now()

		got := get(t, h.Readyz())

		if took := time.Since(began); got.code != http.StatusOK || took != 700*time.Millisecond {
			t.Errorf("%d after %v", got.code, took)
		}
	})
}

func TestNobodyWaitsLongerThanTheTimeout(t *testing.T) {
	for _, c := range []struct {
		name    string
		h       *health.Health
		timeout time.Duration
	}{
		{"default", health.New(health.Option{}), 800 * time.Millisecond},
		{"the zero value", new(health.Health), 800 * time.Millisecond},
		{"zero", health.New(health.WithTimeout(0)), 800 * time.Millisecond},
		{"negative", health.New(health.WithTimeout(-1)), 800 * time.Millisecond},
		{"longer", health.New(health.WithTimeout(3 * time.Second)), 3 * time.Second},
		{"twice", health.New(health.WithTimeout(time.Second), health.WithTimeout(time.Minute)), time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				heeds := sleeper(time.Hour)
				start(c.h, deaf(release), new(checker), heeds)
				began := time.Now()

				got := get(t, c.h.Readyz())

				if took := time.Since(began); took != c.timeout || got.code != http.StatusServiceUnavailable {
					t.Errorf("%d after %v", got.code, took)
				}
				for i, state := range []string{"hanging", "passed", "hanging"} {
					if check := got.Units[i].Check; check.State != state || !check.Since.Equal(began) {
						t.Errorf("%s: %+v", got.Units[i].Unit, check)
					}
				}
				if !strings.HasPrefix(got.Reason, "check of a: hanging since 2000-01-01T00:00:00Z") {
					t.Errorf("reason %q", got.Reason)
				}
				synctest.Wait()
				if heeds.now.Load() != 0 {
					t.Error("what heeds its context still runs")
				}
			})
		})
	}
}

func TestAnAnswerIsGivenForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := false
		c := &checker{check: func(context.Context) error {
			if fails {
				return errors.New("refused")
			}
			return nil
		}}
		h := running(c)
		passed := time.Now()
		for _, step := range []struct {
			wait  time.Duration
			fails bool
			code  int
			calls int32
		}{
			{0, false, 200, 1},
			{999 * time.Millisecond, true, 200, 1}, // as it was
			{time.Millisecond, true, 503, 2},
			{999 * time.Millisecond, false, 503, 2},
			{time.Millisecond, false, 200, 3},
			{time.Hour, false, 200, 4},
		} {
			time.Sleep(step.wait)
			fails = step.fails
			if got := get(t, h.Readyz()); got.code != step.code || c.calls.Load() != step.calls {
				t.Errorf("%v: %d after %d calls, want %d after %d", time.Since(passed), got.code, c.calls.Load(), step.code, step.calls)
			}
		}
	})
}

func TestSinceIsTheFirstInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		h := running(&checker{check: func(context.Context) error { return err }})
		began := time.Now()
		for _, step := range []struct {
			err   error
			since time.Duration
		}{
			{nil, 0},
			{nil, 0},
			{errors.New("refused"), 2 * time.Minute},
			{errors.New("no route"), 2 * time.Minute},
			{nil, 4 * time.Minute},
		} {
			err = step.err
			check := get(t, h.Readyz()).Units[0].Check
			if since := check.Since.Sub(began); since != step.since || (check.Error == "") != (err == nil) {
				t.Errorf("%v: %+v, since %v, want %v", err, check, since, step.since)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestWhatHangsIsNeitherCalledAgainNorWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hangs, other := deaf(release), new(checker)
		h := running(hangs, other)
		began := time.Now()
		get(t, h.Readyz())

		for range 100 {
			time.Sleep(2 * time.Second)
			asked := time.Now()
			got := get(t, h.Readyz())
			if took := time.Since(asked); took != 0 || got.code != http.StatusServiceUnavailable {
				t.Fatalf("%d after %v", got.code, took)
			}
			if check := got.Units[0].Check; check.State != "hanging" || !check.Since.Equal(began) {
				t.Fatalf("%+v", check)
			}
		}
		if hangs.calls.Load() != 1 || other.calls.Load() != 101 {
			t.Errorf("called %d and %d times", hangs.calls.Load(), other.calls.Load())
		}
		synctest.Wait()
		if n := goroutines(); n != 1 {
			t.Errorf("%d goroutines, want that of the check that hangs", n)
		}

		close(release)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		if got := get(t, h.Readyz()); got.code != http.StatusOK || hangs.calls.Load() != 2 {
			t.Errorf("%+v after it has returned, and %d calls", got, hangs.calls.Load())
		}
		if hangs.most.Load() != 1 {
			t.Errorf("%d calls at once", hangs.most.Load())
		}
	})
}

// goroutines returns how many goroutines call a check, or wait for one.
func goroutines() int {
	stacks := make([]byte, 1<<20)
	n := 0
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "health.(*Health)") {
			n++
		}
	}
	return n
}

// What a check says at last may be no longer true.
func TestALateAnswerDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := running(deaf(release))
		get(t, h.Readyz())

		close(release)
		synctest.Wait()

		if got := get(t, h.Readyz()); got.code != http.StatusServiceUnavailable || got.Units[0].Check.State != "hanging" {
			t.Errorf("%+v", got)
		}
	})
}

func TestRequestsShareWhatIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sleeper(500 * time.Millisecond)
		h := running(c)
		began := time.Now()
		var clients sync.WaitGroup
		for i := range 100 {
			clients.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				if got := get(t, h.Readyz()); got.code != http.StatusOK || time.Since(began) != 500*time.Millisecond {
					t.Errorf("%d after %v", got.code, time.Since(began))
				}
			})
		}
		clients.Wait()
		if c.calls.Load() != 1 {
			t.Errorf("called %d times", c.calls.Load())
		}
	})
}

func TestARequestThatIsGivenUpCancelsNoCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sleeper(500 * time.Millisecond)
		h := running(c)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var others sync.WaitGroup
		others.Go(func() {
			time.Sleep(50 * time.Millisecond)
			if got := get(t, h.Readyz()); got.code != http.StatusOK || time.Since(began) != 500*time.Millisecond {
				t.Errorf("the other: %d after %v", got.code, time.Since(began))
			}
		})

		got := getContext(t, ctx, h.Readyz())

		if took := time.Since(began); took != 100*time.Millisecond || got.code != http.StatusServiceUnavailable {
			t.Errorf("%d after %v", got.code, took)
		}
		if got.Units[0].Check.State != "unknown" || got.Reason != "check of a: not answered yet" {
			t.Errorf("%+v", got)
		}
		others.Wait()
		if c.calls.Load() != 1 {
			t.Errorf("called %d times", c.calls.Load())
		}
	})
}

func TestACheckThatDoesNotReturnButEndsHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(
			&checker{check: func(context.Context) error { panic("boom") }},
			&checker{check: func(context.Context) error { runtime.Goexit(); return nil }},
			&checker{check: func(context.Context) error { return panicky{} }},
			new(checker),
		)
		got := get(t, h.Readyz())
		for i, says := range []string{"panic: boom", "goroutine ended by runtime.Goexit", "PANIC"} {
			if check := got.Units[i].Check; check.State != "failed" || !strings.Contains(check.Error, says) {
				t.Errorf("%+v", check)
			}
		}
		if check := got.Units[3].Check; check.State != "passed" {
			t.Errorf("%+v", check)
		}
	})
}

func TestChecksAreAskedOnlyWhileAllUnitsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(checker)
		h := health.New()
		for _, e := range started {
			if starting, ok := e.(hooks.UnitStarting); ok {
				starting.Value = c
				e = starting
			}
			get(t, h.Readyz())
			h.Observe(e)
		}
		if c.calls.Load() != 0 {
			t.Error("asked before the start was complete")
		}
		get(t, h.Readyz())
		if c.calls.Load() != 2 { // it is the value of two units
			t.Errorf("asked %d times", c.calls.Load())
		}
		h.Observe(hooks.Draining{At: after(10)})
		time.Sleep(time.Minute)
		if got := get(t, h.Readyz()); got.Units[0].Check != nil || c.calls.Load() != 2 {
			t.Errorf("asked after the drain began: %+v", got)
		}
	})
}

func TestReadinessEndsWhileAnAnswerIsFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(new(checker))
		want(t, "running", h, 200, 200, 200)
		h.Observe(hooks.AppStopping{At: time.Now()})
		want(t, "stopping", h, 200, 503, 200)
	})
}

// Those who wait are told at once, and what is asked is in vain.
func TestTheEndOfReadinessEndsTheChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := sleeper(time.Hour)
		h := running(c, deaf(release))
		began := time.Now()
		time.AfterFunc(100*time.Millisecond, func() { h.Observe(hooks.AppStopping{At: time.Now(), Why: hooks.WhySignal}) })

		got := get(t, h.Readyz())

		if took := time.Since(began); took != 100*time.Millisecond || got.code != http.StatusServiceUnavailable {
			t.Errorf("%d after %v", got.code, took)
		}
		if got.Reason != "the application is stopping: signal" || got.Units[0].Check != nil {
			t.Errorf("%+v", got)
		}
		synctest.Wait()
		if c.now.Load() != 0 {
			t.Error("a check that heeds its context still runs")
		}
		close(release)
	})
}

func TestSyncWaitsForChecksButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, soon := make(chan struct{}), make(chan struct{})
		h := running(deaf(soon), deaf(release), deaf(soon), new(checker))
		if err := h.Sync(); err != nil {
			t.Errorf("of none: %v", err)
		}
		get(t, h.Readyz())
		h.Observe(hooks.AppStopped{At: time.Now()})
		began := time.Now()
		time.AfterFunc(200*time.Millisecond, func() { close(soon) })

		err := h.Sync()

		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if err == nil || err.Error() != "health check of b has not returned for 1.3s" {
			t.Errorf("error %v", err)
		}

		close(release)
		if err := h.Sync(); err != nil {
			t.Errorf("of none: %v", err)
		}
	})
}

// A goroutine profile then shows whose check it is that hangs.
func TestChecksRunUnderTheLabelOfTheirUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		label := ""
		h := running(&checker{check: func(ctx context.Context) error {
			label, _ = pprof.Label(ctx, "unit")
			return nil
		}})
		get(t, h.Readyz())
		if label != "a" {
			t.Errorf("label %q", label)
		}
	})
}
