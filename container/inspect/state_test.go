package inspect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/inspect"
)

func TestItFollowsAStartAndAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		want(t, "before", s.page, "waiting", "waiting waiting waiting")
		s.launch()

		for i, units := range []string{"starting waiting waiting", "running starting waiting", "running running starting"} {
			time.Sleep(500 * time.Millisecond)
			want(t, fmt.Sprint("in the start of ", i), s.page, "starting", units)
			time.Sleep(500 * time.Millisecond)
		}
		synctest.Wait()
		got := want(t, "started", s.page, "running", "running running running")
		if got.App.Start != 3 || got.App.Layers != 3 || got.App.Schedule != "by layer" {
			t.Errorf("app: %+v", got.App)
		}
		for _, u := range got.Units {
			if u.Start != 1 || !u.Critical {
				t.Errorf("unit: %+v", u)
			}
		}

		s.cancel()
		for i, units := range []string{"running running stopping", "running stopping stopped", "stopping stopped stopped"} {
			time.Sleep(500 * time.Millisecond)
			got = want(t, fmt.Sprint("in the stop of ", i), s.page, "stopping", units)
			time.Sleep(500 * time.Millisecond)
		}
		if got.App.Reason != "context" {
			t.Errorf("reason %q", got.App.Reason)
		}
		if err := <-s.done; err != nil {
			t.Error(err)
		}
		got = want(t, "stopped", s.page, "stopped", "stopped stopped stopped")
		for _, u := range got.Units {
			if u.Stop != 1 || u.Error != "" || u.Forced {
				t.Errorf("unit: %+v", u)
			}
		}
	})
}

func TestItTellsWhatAUnitIsAndOfWhomItNeeds(t *testing.T) {
	s := newService()

	got := stateOf(t, s.page)

	cache := got.Units[1]
	if cache.Name != "*inspect_test.cache" || cache.Type != "*inspect_test.cache" || cache.Layer != 1 || cache.ID != 1 ||
		!strings.Contains(cache.Constructor, "(helpers_test.go:") ||
		len(cache.Depends) != 1 || cache.Depends[0].Name != "*inspect_test.database" ||
		len(cache.Dependents) != 1 || cache.Dependents[0] != "*inspect_test.server" {
		t.Errorf("%+v", cache)
	}
}

func TestAHandlerThatComesLateKnowsThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.launch()
		time.Sleep(1500 * time.Millisecond)
		during := inspect.Handler(s.App)
		want(t, "during", during, "starting", "running starting waiting")

		time.Sleep(time.Hour)
		if err := s.end(); err != nil {
			t.Error(err)
		}

		want(t, "after", inspect.Handler(s.App), "stopped", "stopped stopped stopped")
		want(t, "the other", during, "stopped", "stopped stopped stopped")
	})
}

func TestAFailureIsToldWithItsErrorAndWhyTheAppStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.launch()
		time.Sleep(time.Hour)

		s.cache.broken <- errors.New("disk on fire")
		time.Sleep(500 * time.Millisecond)

		got := want(t, "failed", s.page, "stopping", "running failed stopping")
		if got.App.Reason != "failure: *inspect_test.cache" || !strings.Contains(got.App.Error, "disk on fire") ||
			!strings.Contains(got.Units[1].Error, "disk on fire") {
			t.Errorf("%+v", got)
		}
		if err := <-s.done; err == nil {
			t.Error("no error")
		}
		want(t, "ended", s.page, "failed", "stopped failed stopped")
	})
}

func TestAStartThatIsGivenUpIsNoFailureOfWhatWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.launch()
		time.Sleep(1500 * time.Millisecond)

		if err := s.end(); err != nil {
			t.Error(err)
		}

		want(t, "given up", s.page, "stopped", "stopped stopped waiting")
	})
}

func TestAPanicIsToldWithItsStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.launch()
		time.Sleep(time.Hour)

		s.server.report <- panicking{} // in the unit's own goroutine
		<-s.done

		if got := stateOf(t, s.page).Units[2]; got.State != "failed" || !strings.Contains(got.Stack, "(*unit).Run") {
			t.Errorf("%+v", got)
		}
	})
}

// TestADrainIsTold is about those that are told themselves, too.
func TestADrainIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(container.WithDrainDelay(4 * time.Second))
		s.Provide(func(*server) *door { return &door{unit: newUnit()} })
		s.launch()
		time.Sleep(time.Hour)

		s.cancel()
		time.Sleep(time.Second)

		want(t, "draining", s.page, "draining", "running running running draining")
		time.Sleep(3500 * time.Millisecond)
		want(t, "drained", s.page, "stopping", "running running running stopping")
		<-s.done
	})
}

type door struct{ unit }

func (*door) Drain() {}

func TestWhatIsLateIsMarkedUntilItIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.cache.start = 7 * time.Second
		s.launch()

		time.Sleep(5500 * time.Millisecond)
		got := want(t, "late", s.page, "starting", "running starting! waiting")
		if len(got.App.Pending) != 1 || got.App.Pending[0].Name != "*inspect_test.cache" {
			t.Errorf("pending %+v", got.App.Pending)
		}
		time.Sleep(time.Hour)
		got = want(t, "done", s.page, "running", "running running running")
		if got.App.Pending != nil {
			t.Errorf("pending %+v", got.App.Pending)
		}
		_ = s.end()
	})
}

func TestWhatIsStuckIsMarkedWithItsStacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(container.WithStopTimeout(time.Second), container.WithForceTimeout(time.Second))
		s.server.deaf = true
		s.launch()
		time.Sleep(time.Hour)

		if err := s.end(); !errors.Is(err, container.ErrStuck) {
			t.Error(err)
		}
		got := want(t, "stuck", s.page, "failed", "stopped stopped stopping!!")
		if !strings.Contains(got.Units[2].Stack, "hangsHere") || len(got.App.Stuck) != 1 ||
			got.App.Stuck[0].Name != "*inspect_test.server" || got.App.Stuck[0].Phase != "stop" {
			t.Errorf("%+v", got)
		}
		close(s.server.drained)
	})
}

func TestItTellsWhereAUnitIsNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.server.deaf = true
		s.launch()
		time.Sleep(time.Hour)
		s.cancel()
		time.Sleep(time.Second)

		if got := get(t, s.page, "/stacks?id=2").Body.String(); !strings.Contains(got, "hangsHere") {
			t.Errorf("stacks %q", got)
		}
		if got := get(t, s.page, "/stacks?id=1").Body.String(); strings.Contains(got, "hangsHere") || got == "" {
			t.Errorf("stacks of another %q", got)
		}
		for _, query := range []string{"", "?id=", "?id=-1", "?id=3", "?id=x", "?id=99999999999999999999"} {
			if got := get(t, s.page, "/stacks"+query); got.Code != 404 {
				t.Errorf("stacks%s: %d", query, got.Code)
			}
		}
		close(s.server.drained)
		<-s.done
	})
}

func TestReportsAreKeptAndTheirNumberIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.launch()
		time.Sleep(time.Hour)

		for i := range 100 {
			s.server.report <- fmt.Errorf("restart %d", i)
		}
		s.server.report <- struct{ Password string }{"secret"}
		s.server.report <- strings.Repeat("long", 1<<20)
		synctest.Wait()

		got := stateOf(t, s.page).Units[2]
		if got.ReportCount != 102 || len(got.Reports) != 20 || got.Reports[0].Text != "restart 82" ||
			got.Reports[18].Text != "struct { Password string }" || len(got.Reports[19].Text) > 9<<10 {
			t.Errorf("%d reports, %d kept: %.1000v", got.ReportCount, len(got.Reports), got.Reports)
		}
		_ = s.end()
	})
}

// A constructor that fails leaves nothing but an error, and a plan that does not come
// about none but its reason.
func TestAnAppThatCannotStartSaysWhy(t *testing.T) {
	failing := container.New(container.WithLogger(zap.NewNop()))
	failing.Provide(func() (*database, error) { return nil, errors.New("no such host") })
	page := inspect.Handler(failing)
	want(t, "before", page, "waiting", "waiting")
	_ = failing.RunContext(context.Background())
	if got := stateOf(t, page); got.App.State != "failed" || !strings.Contains(got.App.Error, "no such host") {
		t.Errorf("%+v", got.App)
	}

	missing := container.New()
	missing.Provide(func(*cache) *database { return nil })
	if got := stateOf(t, inspect.Handler(missing)); !strings.Contains(got.App.Error, "*inspect_test.cache") || got.Units == nil {
		t.Errorf("%+v", got.App)
	}
}

func TestOfNoAppNothingIsKnown(t *testing.T) {
	page := inspect.Handler(nil)

	if got := want(t, "nil", page, "waiting", ""); got.Units == nil {
		t.Error("units is null")
	}
	for _, path := range []string{"/", "/page.js", "/timeline.json", "/timeline.svg"} {
		if got := get(t, page, path); got.Code != 200 {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
	if got := get(t, page, "/stacks?id=0"); got.Code != 404 {
		t.Errorf("stacks: %d", got.Code)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	recorder := httptest.NewRecorder()
	page.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	if !strings.HasPrefix(recorder.Body.String(), "event: snapshot\n") {
		t.Errorf("events: %q", recorder.Body)
	}
}

// What is being constructed, for however long, is shown as what will start.
func TestWhatIsConstructedIsPlanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := container.New(container.WithLogger(zap.NewNop()))
		page := inspect.Handler(app)
		app.Provide(func() *database { time.Sleep(7 * time.Second); return &database{newUnit()} })
		app.Provide(func(*database) *cache { return &cache{newUnit()} })
		s := &service{App: app, done: make(chan error, 1)}
		s.launch()
		time.Sleep(6 * time.Second)

		got := stateOf(t, page)

		if got.App.Error != "" || got.states() != "waiting waiting" || len(got.App.Pending) != 1 {
			t.Errorf("%+v", got)
		}
		_ = s.end()
	})
}

type conn struct{}

func (*conn) Close() error { return nil }

// What was opened before the construction failed is stopped, and stood in no plan.
func TestWhatStoodInNoPlanIsInALayer(t *testing.T) {
	app := container.New(container.WithLogger(zap.NewNop()), container.AdaptStop[*conn]())
	page := inspect.Handler(app)
	app.Provide(func() *conn { return &conn{} })
	app.Provide(func(*conn) (*database, error) { return nil, errors.New("refused") })

	_ = app.RunContext(t.Context())

	if got := want(t, "ended", page, "failed", "stopped"); got.App.Layers != 1 {
		t.Errorf("it is in %d layers", got.App.Layers)
	}
}
