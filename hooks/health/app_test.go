package health_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks/health"
	"github.com/strata-go/strata/process"
)

// What the applications of these tests are made of: each takes a while to start and to
// stop, and the database has a check.
type (
	database struct {
		unit
		checker
	}
	cache  struct{ unit }
	server struct{ unit }
)

// unit runs until it is asked to stop, or breaks.
type unit struct {
	start, stop time.Duration
	broken      chan error // nil if it does not
}

func (u *unit) Run(ctx context.Context, callback process.Callback) error {
	return process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		if err := sleeper(u.start).check(ctx); err != nil {
			return err
		}
		select {
		case <-ready():
			return sleeper(u.stop).check(ctx)
		case err := <-u.broken:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}).Run(ctx, callback)
}

// service is an application of three units, each of which needs the one before, and
// which take a second each to start and to stop.
type service struct {
	*container.App
	database *database
	cache    *cache
	server   *server

	group  sync.WaitGroup
	cancel context.CancelFunc
	err    error // of RunContext, once it has returned
}

func newService(opts ...container.Option) *service {
	one := unit{start: time.Second, stop: time.Second}
	s := &service{database: &database{unit: one}, cache: &cache{one}, server: &server{one}}
	s.App = container.New(append(opts, container.WithLogger(zap.NewNop()), container.Provide(
		func(*cache) *server { return s.server },
		func(*database) *cache { return s.cache },
		func() *database { return s.database },
	))...)
	return s
}

// run has the application run, until it is told to stop.
func (s *service) run(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	s.group.Go(func() { s.err = s.RunContext(ctx) })
	t.Cleanup(func() { cancel(); s.group.Wait() })
}

func states(a answer) (states []string) {
	for _, u := range a.Units {
		states = append(states, u.State)
	}
	return states
}

// wantStates checks the states of database, cache and server.
func wantStates(t *testing.T, when string, h *health.Health, app string, units ...string) {
	t.Helper()
	got := get(t, h.Livez())
	if got.App.State != app || !slices.Equal(states(got), units) {
		t.Errorf("%s: %s, %v, want %s, %v", when, got.App.State, states(got), app, units)
	}
	for i, name := range []string{"*health_test.database", "*health_test.cache", "*health_test.server"} {
		if i < len(got.Units) && got.Units[i].Unit != name {
			t.Errorf("%s: unit %d is %s, want %s", when, i, got.Units[i].Unit, name)
		}
	}
}

func TestAnAppIsReadyWhenItsSlowestUnitRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		s := newService(container.WithObserver(h))
		s.cache.start = 20 * time.Second
		want(t, "before the run", h, 200, 503, 503)
		s.run(t)
		time.Sleep(10 * time.Second)
		want(t, "during the start", h, 200, 503, 503)
		wantStates(t, "during the start", h, "starting", "running", "starting", "waiting")

		<-s.Ready()

		want(t, "after the start", h, 200, 200, 200)
		wantStates(t, "after the start", h, "running", "running", "running", "running")
		if since := get(t, h.Readyz()).App.Since; !since.Equal(time.Now()) {
			t.Errorf("since %v", since)
		}
	})
}

func TestAnAppWhoseStartFailsNeverWasReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		s := newService(container.WithObserver(h))
		s.Provide(func(*cache) *broken { return new(broken) })
		s.run(t)
		time.Sleep(2500 * time.Millisecond) // the cache is stopping
		want(t, "failed", h, 200, 503, 503)
		wantStates(t, "failed", h, "stopping", "running", "stopping", "stopped", "failed")
		if got := get(t, h.Readyz()); got.Reason != "the application is stopping: failure (*health_test.broken)" {
			t.Errorf("reason %q", got.Reason)
		}
		s.group.Wait()
		want(t, "ended", h, 503, 503, 503)
	})
}

type broken struct{}

func (*broken) Run(context.Context, process.Callback) error { return errors.New("no license") }

func TestAnAppIsNotReadyOnceAUnitHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		s := newService(container.WithObserver(h))
		s.database.broken = make(chan error, 1)
		s.run(t)
		<-s.Ready()
		want(t, "running", h, 200, 200, 200)

		s.database.broken <- errors.New("disk full")
		synctest.Wait()

		want(t, "failed", h, 200, 503, 200)
		wantStates(t, "failed", h, "stopping", "failed", "running", "stopping")
		s.group.Wait()
		want(t, "ended", h, 503, 503, 200)
		wantStates(t, "ended", h, "stopped", "failed", "stopped", "stopped")
		if s.err == nil {
			t.Error("no error")
		}
	})
}

func TestAnAppThatDrainsServesAndIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		s := newService(container.WithObserver(h), container.WithDrainDelay(5*time.Second))
		s.run(t)
		<-s.Ready()
		want(t, "running", h, 200, 200, 200)

		s.cancel()
		time.Sleep(4 * time.Second)

		want(t, "draining", h, 200, 503, 200)
		wantStates(t, "draining", h, "draining", "running", "running", "running")
		time.Sleep(1500 * time.Millisecond)
		wantStates(t, "stopping", h, "stopping", "running", "running", "stopping")
		s.group.Wait()
		want(t, "ended", h, 503, 503, 200)
		if s.err != nil {
			t.Error(s.err)
		}
	})
}

func TestAnAppThatIsStuckIsNotAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		release := make(chan struct{})
		s := newService(container.WithObserver(h))
		s.Provide(func(*server) *stuck { return &stuck{release} })
		s.run(t)
		<-s.Ready()

		s.cancel()
		s.group.Wait()

		want(t, "stuck", h, 503, 503, 200)
		if got := get(t, h.Livez()); got.Reason != "the application is stuck: *health_test.stuck" {
			t.Errorf("reason %q", got.Reason)
		}
		close(release)
		if !errors.Is(s.err, container.ErrStuck) {
			t.Errorf("error %v", s.err)
		}
	})
}

// stuck does not end before it is released, whoever asks.
type stuck struct{ release chan struct{} }

func (s *stuck) Run(ctx context.Context, callback process.Callback) error {
	_ = callback(ctx)
	<-s.release
	return nil
}

func TestAnObserverThatComesLateKnowsThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.run(t)
		<-s.Ready()
		started := time.Now()
		time.Sleep(time.Hour)
		late, later := health.New(), health.New()

		s.Observe(late)

		want(t, "late", late, 200, 200, 200)
		wantStates(t, "late", late, "running", "running", "running", "running")
		if got := get(t, late.Readyz()); !got.App.Since.Equal(started) || s.database.calls.Load() != 1 {
			t.Errorf("%+v, and %d calls", got.App, s.database.calls.Load())
		}
		s.cancel()
		s.group.Wait()
		s.Observe(later)
		want(t, "too late", later, 503, 503, 200)
		wantStates(t, "too late", later, "stopped", "stopped", "stopped", "stopped")
	})
}

// The value of a unit is asked, also if something else runs it.
func TestChecksOfAnApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		s := newService(container.WithObserver(h), container.WithAdapter(func(*foreign) process.Runner { return process.Nop() }))
		s.Provide(func() *foreign { return new(foreign) })
		s.run(t)
		<-s.Ready()
		s.database.check = func(context.Context) error { return errors.New("no quorum") }

		got := get(t, h.Readyz())

		checks := make(map[string]string)
		for _, u := range got.Units {
			if u.Check != nil {
				checks[u.Unit] = u.Check.State + " " + u.Check.Error
			}
		}
		if len(checks) != 2 || checks["*health_test.database"] != "failed no quorum" || checks["*health_test.foreign"] != "failed not ours" {
			t.Errorf("checks: %q", checks)
		}
		if got.code != http.StatusServiceUnavailable {
			t.Errorf("%d", got.code)
		}
	})
}

// What an adapter made of a value is asked, if the value has no check.
func TestTheCheckOfAnAdapter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New()
		adapt := func(*plain) process.Runner { return &checked{process.Nop()} }
		s := newService(container.WithObserver(h), container.WithAdapter(adapt))
		s.Provide(func() *plain { return new(plain) })
		s.run(t)
		<-s.Ready()

		got := get(t, h.Readyz())

		if want := "check of *health_test.plain: away"; got.Reason != want {
			t.Errorf("reason %q, want %q", got.Reason, want)
		}
	})
}

type plain struct{ _ int }

type checked struct{ process.Runner }

func (*checked) HealthCheck(context.Context) error { return errors.New("away") }

type foreign struct{}

func (*foreign) HealthCheck(context.Context) error { return errors.New("not ours") }

// Checks that heed their context have returned when RunContext returns.
func TestAnAppThatHasEndedLeavesNoCheckBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New(health.WithTimeout(time.Hour))
		s := newService(container.WithObserver(h))
		s.database.check = func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(3100 * time.Millisecond) // the units take 3 s to stop
			return ctx.Err()
		}
		s.run(t)
		<-s.Ready()
		var client sync.WaitGroup
		client.Go(func() { get(t, h.Readyz()) })
		synctest.Wait()
		if s.database.now.Load() != 1 {
			t.Fatal("the check is not called")
		}

		s.cancel()
		s.group.Wait()

		if s.database.now.Load() != 0 {
			t.Error("the check still runs")
		}
		client.Wait()
	})
}
