package systemd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// recorder notes when what was sent: a real socket cannot be in a bubble.
type recorder struct {
	began time.Time

	mu   sync.Mutex // guards sent
	sent []string
}

func record() *recorder { return &recorder{began: time.Now()} }

func (r *recorder) send(datagram string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range strings.SplitSeq(datagram, "\n") {
		r.sent = append(r.sent, fmt.Sprintf("%v %s", time.Since(r.began), line))
	}
	return nil
}

// of returns when and what was sent of the assignments with these names.
func (r *recorder) of(names ...string) []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []string
	for _, line := range r.sent {
		_, assignment, _ := strings.Cut(line, " ")
		name, _, _ := strings.Cut(assignment, "=")
		if slices.Contains(names, name) {
			found = append(found, strings.TrimSuffix(line, "=1"))
		}
	}
	return found
}

// pings returns when pings were sent, in seconds.
func (r *recorder) pings() string {
	var seconds []string
	for _, line := range r.of("WATCHDOG") {
		at, _, _ := strings.Cut(line, " ")
		d, _ := time.ParseDuration(at)
		seconds = append(seconds, fmt.Sprint(d.Seconds()))
	}
	return strings.Join(seconds, " ")
}

// second is an event after a time, in seconds since the beginning.
type second struct {
	at    int
	event hooks.Event // nil if there is none any more
}

func TestPingsTwiceInEachIntervalWhileTheAppIsLive(t *testing.T) {
	start := func(at int) second { return second{at, hooks.AppStarting{Units: 1}} }
	for name, test := range map[string]struct {
		events []second
		want   string // when it pings, with an interval of 20 s
	}{
		"from the start to the end": {
			[]second{start(0), {5, hooks.AppStarted{}}, {35, hooks.AppStopping{}}, {45, hooks.AppStopped{}}, {100, nil}},
			"10 20 30 40",
		},
		"not while it is constructed": {
			[]second{{0, hooks.Provided{}}, {1, hooks.Constructed{}}, {30, hooks.Planned{}}, start(31), {32, hooks.AppStarted{}}, {55, hooks.AppStopped{}}},
			"41 51",
		},
		"not if it never starts": {
			[]second{{0, hooks.Constructed{}}, {60, hooks.AppStopped{Err: errors.New("no")}}, {100, nil}},
			"",
		},
		"not if its construction is given up": {
			[]second{{0, hooks.AppStopping{}}, {15, hooks.UnitStopping{}}, {60, hooks.Stuck{}}, {60, hooks.AppStopped{}}, {100, nil}},
			"",
		},
		"not when it is stuck": {
			[]second{start(0), {1, hooks.AppStarted{}}, {12, hooks.AppStopping{}}, {25, hooks.Stuck{}}, {100, nil}, {100, hooks.AppStopped{}}},
			"10 20",
		},
		"however long it runs and has nothing to tell": {
			[]second{start(0), {1, hooks.AppStarted{}}, {62, hooks.AppStopped{}}},
			"10 20 30 40 50 60",
		},
		"a slow start that tells what it waits for": {
			[]second{start(0), {14, hooks.StillStarting{}}, {28, hooks.UnitStarted{}}, {42, hooks.StillStarting{}}, {49, hooks.AppStopped{}}},
			"10 20 30 40",
		},
		"not a start that tells nothing": {
			[]second{start(0), {47, hooks.StillStarting{}}, {55, hooks.AppStarted{}}, {65, hooks.AppStopped{}}},
			"10 50 60",
		},
		"a slow stop that tells what it waits for": {
			[]second{start(0), {1, hooks.AppStarted{}}, {18, hooks.AppStopping{}}, {32, hooks.StillStopping{}}, {46, hooks.UnitReported{}}, {55, hooks.AppStopped{}}},
			"10 20 30 40 50",
		},
		"not a stop that tells nothing": {
			[]second{start(0), {1, hooks.AppStarted{}}, {18, hooks.AppStopping{}}, {47, hooks.StillStopping{}}, {55, hooks.AppStopped{}}},
			"10 20 30 50",
		},
		"while it drains, whatever is told meanwhile": {
			[]second{start(0), {1, hooks.AppStarted{}}, {8, hooks.AppStopping{}}, {8, hooks.Draining{Delay: 30 * time.Second}}, {9, hooks.Misuse{}}, {75, hooks.AppStopped{}}},
			"10 20 30 40 50",
		},
		"one whose beginning is forgotten": {
			[]second{{0, hooks.AppStarted{}}, {15, hooks.AppStopped{}}},
			"10",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := record()
				n := newNotifier(r.send, 20*time.Second)
				for _, s := range test.events {
					time.Sleep(time.Until(r.began.Add(time.Duration(s.at) * time.Second)))
					if s.event != nil {
						n.Observe(s.event)
					}
				}
				if got := r.pings(); got != test.want {
					t.Errorf("pings at %s, want %s", got, test.want)
				}
			})
		})
	}
}

func TestNoPingIsUnderWayWhenTheyHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free, ended := make(chan struct{}), make(chan struct{})
		w := &watchdog{every: time.Second, ping: func() { <-free }}
		w.begin()
		time.Sleep(1500 * time.Millisecond)
		go func() {
			defer close(ended)
			w.end()
		}()
		synctest.Wait()
		select {
		case <-ended:
			t.Error("a ping is under way")
		default:
		}
		close(free)
		<-ended
	})
}

func TestPingsAreNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record()
		n := newNotifier(r.send, 0)
		n.Observe(hooks.AppStarting{})
		n.Observe(hooks.AppStarted{})
		time.Sleep(time.Hour)
		n.Observe(hooks.Stuck{})
		n.Observe(hooks.AppStopped{})
		if got := r.pings(); got != "" {
			t.Errorf("pings at %s", got)
		}
	})
}

// slow is a unit that takes its time.
type slow struct {
	name        string
	start, stop time.Duration
}

func (s *slow) Name() string { return s.name }

func (s *slow) Run(ctx context.Context, callback process.Callback) error {
	time.Sleep(s.start)
	err := callback(ctx)
	time.Sleep(s.stop)
	return err
}

// quiet returns an app that does not log.
func quiet(n *Notifier, opts ...container.Option) *container.App {
	return container.New(append(opts, container.WithLogger(zap.NewNop()), container.WithObserver(n))...)
}

type (
	database struct{ slow }
	api      struct{ slow }
)

// A start and a stop that take longer than any limit of the unit file are given time at
// each step, and only then.
func TestSlowAppIsGivenTimeAtEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record()
		n := newNotifier(r.send, 44*time.Second)
		app := quiet(n, container.WithStartTimeout(0), container.WithStopTimeout(0))
		_ = app.Provide(func() *database {
			time.Sleep(10 * time.Second)
			return &database{slow{"database", 100 * time.Second, 50 * time.Second}}
		})
		_ = app.Provide(func(*database) *api { return &api{slow{"api", 25 * time.Second, 0}} })
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-app.Ready()
			time.Sleep(65 * time.Second)
			cancel()
		}()
		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}

		want := []string{
			"10s EXTEND_TIMEOUT_USEC=30000000",   // both constructed
			"1m50s EXTEND_TIMEOUT_USEC=30000000", // database started
			"2m15s EXTEND_TIMEOUT_USEC=30000000", // api started
			"2m15s READY",
			"3m20s STOPPING",
			"3m20s EXTEND_TIMEOUT_USEC=30000000", // api stopped
			"4m10s EXTEND_TIMEOUT_USEC=30000000", // database stopped
		}
		// Compact, as what happens at once may be one message or two.
		if got := slices.Compact(r.of("EXTEND_TIMEOUT_USEC", "READY", "STOPPING")); !slices.Equal(got, want) {
			t.Errorf("sent %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if got, want := r.pings(), "32 54 76 98 120 142 164 186 208 230"; got != want {
			t.Errorf("pings at %s, want %s", got, want)
		}
	})
}

// deaf is a unit that does not stop.
type deaf struct{ release <-chan struct{} }

func (d *deaf) Run(ctx context.Context, callback process.Callback) error {
	err := callback(ctx)
	<-d.release
	return err
}

func TestStuckAppIsPingedForUntilItIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer synctest.Wait()
		defer close(release)
		r := record()
		n := newNotifier(r.send, 10*time.Second)
		app := quiet(n, container.WithStopTimeout(16*time.Second), container.WithForceTimeout(6*time.Second))
		_ = app.Supply(&deaf{release})
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		if err := app.RunContext(ctx); !errors.Is(err, container.ErrStuck) {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if got, want := r.pings(), "5 10 15 20 25"; got != want {
			t.Errorf("pings at %s, want %s", got, want)
		}
		status := r.of("STATUS")
		if last := status[len(status)-1]; !strings.HasPrefix(last, "29s STATUS=failed: ") || !strings.Contains(last, "*systemd.deaf") {
			t.Errorf("the last status is %s", last)
		}
	})
}

// An observer that comes when the app has started is told the past.
func TestLateNotifierTellsThatTheAppIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record()
		n := newNotifier(r.send, 10*time.Second)
		app := container.New(container.WithLogger(zap.NewNop()))
		_ = app.Supply(&slow{name: "unit"})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-app.Ready()
			time.Sleep(time.Second)
			app.Observe(n)
			time.Sleep(11 * time.Second)
			cancel()
		}()
		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}
		if got, want := r.of("READY", "WATCHDOG", "STOPPING"), []string{"1s READY", "6s WATCHDOG", "11s WATCHDOG", "12s STOPPING"}; !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
}
