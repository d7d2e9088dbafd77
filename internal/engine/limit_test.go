package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/internal/engine"
)

// forceful stops when its context ends, and not before.
func forceful(ctx context.Context, callback engine.Callback) error {
	callback(ctx)
	<-ctx.Done()
	return ctx.Err()
}

// slowStop takes that long to stop, gracefully.
func slowStop(d time.Duration) runner {
	return func(ctx context.Context, callback engine.Callback) error {
		callback(ctx)
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// limited sets the limits of the last vertex.
func limited(g *engine.Graph, start, stop time.Duration) *engine.Graph {
	v := &g.Vertices[len(g.Vertices)-1]
	v.StartLimit, v.StopLimit = start, stop
	v.Wrap = wrapped
	return g
}

func wrapped(err error) error {
	return errors.New("last: " + strings.ReplaceAll(err.Error(), "\n", " | "))
}

// What a limit comes to, as it is observed: a runner that is late to start has failed,
// one that is late to stop is forced alone, and the others stop in order.
func TestLimits(t *testing.T) {
	deaf := func(ctx context.Context, callback engine.Callback) error {
		<-ctx.Done()
		time.Sleep(time.Minute)
		return callback(ctx) // too late
	}
	broken := func(ctx context.Context, _ engine.Callback) error {
		<-ctx.Done()
		return errRun
	}
	forcefulAndBroken := func(ctx context.Context, callback engine.Callback) error {
		forceful(ctx, callback)
		return errRun
	}
	failsAndHangs := func(ctx context.Context, callback engine.Callback) error {
		fails(errRun)(ctx, callback)
		<-ctx.Done()
		return errRun
	}
	for name, test := range map[string]struct {
		last        runner
		start, stop time.Duration
		want        []string // of the last and what it depends on
		err         string
	}{
		"none passes": {slowStop(time.Second), time.Second, 2 * time.Second, []string{
			"b starting", "b ready", "b stopping", "b ended: <nil>, false", "a stopping", "a ended: <nil>, false",
		}, ""},
		"none, since it has ended": {returns(nil), 0, time.Second, []string{
			"b starting", "b ready", "b failing: <nil>", "b ended: <nil>, false", "a stopping", "a ended: <nil>, false",
		}, ""},
		"start": {starts, time.Second, 0, []string{
			"b starting", "b failing: last: start limit 1s", "b ended: last: start limit 1s, false",
			"a stopping", "a ended: <nil>, false",
		}, "last: start limit 1s"},
		"start, and it is deaf": {deaf, time.Second, 0, []string{
			"b starting", "b failing: last: start limit 1s", "b ended: last: start limit 1s, false",
			"a stopping", "a ended: <nil>, false",
		}, "last: start limit 1s"},
		"start, and it fails": {broken, time.Second, 0, []string{
			"b starting", "b failing: last: start limit 1s", "b ended: last: start limit 1s | run broke, false",
			"a stopping", "a ended: <nil>, false",
		}, "last: start limit 1s | run broke"},
		"start, then stop": {deaf, time.Second, time.Second, []string{
			"b starting", "b failing: last: start limit 1s", "b late: last: stop limit 1s", "b ended: last: start limit 1s | stop limit 1s, true",
			"a stopping", "a ended: <nil>, false",
		}, "last: start limit 1s | stop limit 1s"},
		"stop": {forceful, 0, time.Second, []string{
			"b starting", "b ready", "b stopping", "b late: last: stop limit 1s", "b ended: last: stop limit 1s, true",
			"a stopping", "a ended: <nil>, false",
		}, "last: stop limit 1s"},
		"stop, and it fails": {forcefulAndBroken, 0, time.Second, []string{
			"b starting", "b ready", "b stopping", "b late: last: stop limit 1s", "b ended: last: stop limit 1s | run broke, true",
			"a stopping", "a ended: <nil>, false",
		}, "last: stop limit 1s | run broke"},
		"stop, after it has failed": {failsAndHangs, 0, time.Second, []string{
			"b starting", "b ready", "b failing: run broke", "b stopping", "b late: last: stop limit 1s", "b ended: last: run broke | stop limit 1s, true",
			"a stopping", "a ended: <nil>, false",
		}, "last: run broke | stop limit 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				g := limited(line(j, slowStop(time.Hour), test.last), test.start, test.stop)
				err := g.Run(t.Context(), func(ctx context.Context) error {
					select {
					case <-ctx.Done():
					case <-time.After(time.Hour):
					}
					return nil
				})
				if got := textOf(err); got != test.err {
					t.Errorf("got %q, want %q", got, test.err)
				}
				j.want(t, append([]string{"a starting", "a ready"}, test.want...)...)
			})
		})
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A limit that passes when its runner has ended is nobody's concern: the callback's
// error stands alone.
func TestALimitThatPassesAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		g := limited(line(j, func(ctx context.Context, callback engine.Callback) error {
			callback(ctx)
			time.Sleep(time.Minute)
			return errRun
		}, runs), time.Second, time.Second)
		err := g.Run(t.Context(), func(context.Context) error {
			time.Sleep(time.Minute)
			return errForce
		})
		if err != errForce {
			t.Errorf("got %v", err)
		}
	})
}

// The error of a runner that had failed stays where that happened, though it is late
// then.
func TestAFailureComesBeforeWhatFollowedFromIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		needs := func(ctx context.Context, callback engine.Callback) error {
			callback(ctx)
			return errors.New("could not flush")
		}
		g := line(j, func(ctx context.Context, callback engine.Callback) error {
			fails(errRun)(ctx, callback)
			<-ctx.Done()
			return errRun
		}, needs)
		g.Vertices[0].StopLimit = time.Second
		err := g.Run(t.Context(), untilDone)
		if got := textOf(err); got != "run broke\nstop limit 1s\ncould not flush" {
			t.Errorf("got %q", got)
		}
	})
}

// slowObserver takes a while to be told of a failure.
type slowObserver struct{ observer }

func (o slowObserver) Failing(cause error) {
	o.observer.Failing(cause)
	time.Sleep(time.Minute)
}

// A runner that was late is not ready any more, though not all has been told of it.
func TestNoReadinessAfterTheStartLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		g := limited(line(j, func(ctx context.Context, callback engine.Callback) error {
			time.Sleep(2 * time.Second)
			return callback(ctx)
		}), time.Second, 0)
		g.Vertices[0].Observer = slowObserver{observer{j, "a"}}
		err := g.Run(t.Context(), func(context.Context) error { t.Error("called back"); return nil })
		if got := textOf(err); got != "last: start limit 1s" {
			t.Errorf("got %q", got)
		}
		j.want(t, "a starting", "a failing: last: start limit 1s", "a ended: last: start limit 1s, false")
	})
}

// A failure and the limit in one instant are one failure, told before the end.
func TestStartLimitAndAFailureInOneInstant(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			g := limited(line(j, func(context.Context, engine.Callback) error {
				time.Sleep(time.Second)
				return errRun
			}), time.Second, 0)
			err := g.Run(t.Context(), func(context.Context) error { return nil })
			switch got := textOf(err); got {
			case "last: run broke", "last: start limit 1s | run broke":
				first, _, _ := strings.Cut(got, " | ")
				j.want(t, "a starting", "a failing: "+first, "a ended: "+got+", false")
			default:
				t.Errorf("got %q", got)
			}
		})
	}
}

// The limit of a stop counts from an abort, too, and not once all is forced.
func TestStopLimitCountsFromAnAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		g := limited(line(j, runs, func(ctx context.Context, _ engine.Callback) error {
			time.Sleep(time.Hour)
			return nil
		}), 0, time.Minute)
		ctx := engine.NewContext(t.Context())
		time.AfterFunc(time.Second, func() { ctx.Abort(errRun) })
		err := g.Run(ctx, func(context.Context) error { return nil })
		if got := textOf(err); got != "run broke\nlast: stop limit 1m0s" {
			t.Errorf("got %q", got)
		}
		j.want(t, "a starting", "a ready", "b starting", "b late: last: stop limit 1m0s", "b ended: last: stop limit 1m0s, true", "a stopping", "a ended: <nil>, false")
	})
}

func TestNoStopLimitAfterAForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		g := limited(line(j, func(ctx context.Context, callback engine.Callback) error {
			callback(ctx)
			time.Sleep(time.Hour)
			return nil
		}), 0, time.Minute)
		ctx, cancel := context.WithCancelCause(t.Context())
		err := g.Run(ctx, func(context.Context) error { cancel(errForce); return nil })
		if err != errForce {
			t.Errorf("got %v", err)
		}
		j.want(t, "a starting", "a ready", "a stopping", "a ended: <nil>, true")
	})
}

// What finishes by itself is let finish when a start is given up, within its limit.
func TestFinishes(t *testing.T) {
	for name, test := range map[string]struct {
		takes time.Duration
		want  []string
	}{
		"in time": {time.Second, []string{"b ended: <nil>, false"}},
		"late":    {time.Hour, []string{"b late: last: stop limit 1m0s", "b ended: last: stop limit 1m0s, true"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				begun := make(chan struct{})
				g := limited(line(j, runs, func(ctx context.Context, callback engine.Callback) error {
					close(begun)
					time.Sleep(time.Second)
					return slowStop(test.takes)(ctx, callback)
				}), 0, time.Minute)
				g.Vertices[1].Finishes = true
				ctx := engine.NewContext(t.Context())
				go func() { <-begun; ctx.Abort(errRun) }()
				_ = g.Run(ctx, func(context.Context) error { return nil })
				j.want(t, slices.Concat([]string{"a starting", "a ready", "b starting"}, test.want,
					[]string{"a stopping", "a ended: <nil>, false"})...)
			})
		})
	}
}
