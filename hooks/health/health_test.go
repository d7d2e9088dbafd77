package health_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/health"
)

var (
	began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	db    = hooks.Unit{Name: "*shop.Database"}
	web   = hooks.Unit{Name: "*shop.Server"}
	plan  = &hooks.Plan{Layers: [][]hooks.Unit{{db}, {web}}}
)

// after is a moment of these tests.
func after(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }

func observe(h *health.Health, events ...hooks.Event) {
	for _, e := range events {
		h.Observe(e)
	}
}

// started are the events of an application up to the end of its start.
var started = []hooks.Event{
	hooks.Provided{At: began},
	hooks.Planned{At: began, Plan: plan},
	hooks.AppStarting{At: after(1)},
	hooks.UnitStarting{At: after(1), Unit: db, Value: new(int)},
	hooks.UnitStarted{At: after(2), Unit: db},
	hooks.UnitStarting{At: after(2), Unit: web},
	hooks.UnitStarted{At: after(3), Unit: web},
	hooks.AppStarted{At: after(3)},
}

func TestReadyFromTheStartToTheStop(t *testing.T) {
	h := health.New()
	want(t, "nothing", h, 200, 503, 503)
	for _, e := range started[:len(started)-1] {
		h.Observe(e)
		want(t, fmt.Sprintf("%T", e), h, 200, 503, 503)
	}
	h.Observe(started[len(started)-1])
	want(t, "started", h, 200, 200, 200)
	observe(h, hooks.UnitReported{Unit: db}, hooks.Misuse{}, hooks.Invoked{})
	want(t, "nothing that matters", h, 200, 200, 200)
	for _, e := range []hooks.Event{
		hooks.AppStopping{At: after(10), Why: hooks.WhySignal},
		hooks.UnitStopping{At: after(10), Unit: web},
		hooks.UnitStopped{At: after(11), Unit: web},
		hooks.UnitStopping{At: after(11), Unit: db},
		hooks.StillStopping{},
		hooks.UnitStopped{At: after(12), Unit: db},
	} {
		h.Observe(e)
		want(t, fmt.Sprintf("%T", e), h, 200, 503, 200)
	}
	h.Observe(hooks.AppStopped{At: after(12)})
	want(t, "stopped", h, 503, 503, 200)
}

func TestEachOfTheseEndsReadinessForGood(t *testing.T) {
	for name, e := range map[string]hooks.Event{
		"stopping":              hooks.AppStopping{At: after(10), Why: hooks.WhyShutdown},
		"draining":              hooks.Draining{At: after(10)},
		"a failure":             hooks.UnitFailed{At: after(10), Unit: db, Cause: errors.New("lost")},
		"an end":                hooks.UnitFailed{At: after(10), Unit: db},
		"a unit asked to stop":  hooks.UnitStopping{At: after(10), Unit: db},
		"a unit that has ended": hooks.UnitStopped{At: after(10), Unit: db},
	} {
		t.Run(name, func(t *testing.T) {
			h := health.New()
			observe(h, started...)

			h.Observe(e)

			want(t, name, h, 200, 503, 200)
			if since := get(t, h.Readyz()).App.Since; !since.Equal(after(10)) {
				t.Errorf("since %v", since)
			}
			observe(h, hooks.UnitStarted{At: after(11), Unit: db}, hooks.AppStarted{At: after(11)})
			want(t, "started again", h, 200, 503, 200)
		})
	}
}

func TestOfTwoThatEndReadinessTheFirstCounts(t *testing.T) {
	h := health.New()
	observe(h, started...)
	observe(h,
		hooks.UnitFailed{At: after(10), Unit: db, Cause: errors.New("lost")},
		hooks.AppStopping{At: after(11), Why: hooks.WhyFailure, Unit: db.Name},
		hooks.AppStopping{At: after(12), Why: hooks.WhySignal},
		hooks.UnitStopping{At: after(13), Unit: web},
	)

	got := get(t, h.Readyz())

	if got.App.State != "stopping" || !got.App.Since.Equal(after(10)) {
		t.Errorf("%+v", got.App)
	}
	if got.Reason != "the application is stopping: failure (*shop.Database)" {
		t.Errorf("reason %q", got.Reason)
	}
}

func TestStatesOfTheApplication(t *testing.T) {
	h := health.New()
	for _, step := range []struct {
		event  hooks.Event
		state  string
		reason string
	}{
		{hooks.Provided{}, "constructing", "the application is constructing"},
		{hooks.AppStarting{At: began}, "starting", "the application is starting"},
		{hooks.AppStarted{At: began}, "running", ""},
		{hooks.AppStopping{At: began, Why: hooks.WhySignal}, "stopping", "the application is stopping: signal"},
		{hooks.Draining{At: began}, "draining", "the application is draining: signal"},
		{hooks.UnitStopping{At: began, Unit: web}, "stopping", "the application is stopping: signal"},
		{hooks.Stuck{At: began, Units: []hooks.StuckUnit{{Unit: "a"}, {Unit: "b"}}}, "stuck", "the application is stuck: a, b"},
		{hooks.UnitStopped{Unit: web}, "stuck", "the application is stuck: a, b"},
		{hooks.AppStopped{Err: errors.New("app stuck")}, "stuck", "the application is stuck: a, b"},
	} {
		h.Observe(step.event)
		if got := get(t, h.Readyz()); got.App.State != step.state || got.Reason != step.reason {
			t.Errorf("after %T: %s, %q", step.event, got.App.State, got.Reason)
		}
	}
	want(t, "stuck", h, 503, 503, 200)
}

func TestAStartThatFailsHasNotStarted(t *testing.T) {
	h := health.New()
	observe(h, started[:4]...)
	observe(h,
		hooks.UnitFailed{At: after(2), Unit: db, Phase: hooks.PhaseStart, Cause: errors.New("no such file")},
		hooks.AppStopping{At: after(2), Why: hooks.WhyFailure, Unit: db.Name},
	)
	want(t, "failed", h, 200, 503, 503)
	observe(h, hooks.UnitStopped{At: after(3), Unit: db, Err: errors.New("no such file")}, hooks.AppStopped{At: after(3)})
	want(t, "ended", h, 503, 503, 503)
}

func TestAnEndDuringTheConstruction(t *testing.T) {
	h := health.New()
	observe(h, hooks.Constructed{Err: errors.New("no config")}, hooks.AppStopped{At: began, Err: errors.New("no config")})

	want(t, "ended", h, 503, 503, 503)
	if got := get(t, h.Livez()); got.Reason != "the application is stopped: no config" || len(got.Units) != 0 {
		t.Errorf("%+v", got)
	}
}

// What a unit is called, and what it is called for, is read by programs.
func TestTheAnswerInJSON(t *testing.T) {
	h := new(health.Health)
	wantBody(t, h.Readyz(), `{"status":"not ready","reason":"no application is observed",`+
		`"app":{"state":"constructing"},"units":[]}`)

	observe(h, started[1:5]...)
	wantBody(t, h.Startupz(), `{"status":"not started","reason":"the application is starting",`+
		`"app":{"state":"starting","since":"2026-03-01T12:00:01Z"},"units":[`+
		`{"unit":"*shop.Database","state":"running","since":"2026-03-01T12:00:02Z"},`+
		`{"unit":"*shop.Server","state":"waiting","since":"2026-03-01T12:00:00Z"}]}`)

	observe(h, started[5:]...)
	wantBody(t, h.Readyz(), `{"status":"ready",`+
		`"app":{"state":"running","since":"2026-03-01T12:00:03Z"},"units":[`+
		`{"unit":"*shop.Database","state":"running","since":"2026-03-01T12:00:02Z"},`+
		`{"unit":"*shop.Server","state":"running","since":"2026-03-01T12:00:03Z"}]}`)

	east := time.FixedZone("", 3600)
	observe(h,
		hooks.UnitFailed{At: after(10).Add(1234567).In(east), Unit: db, Cause: errors.New(`lost "it"`)},
		hooks.UnitStopped{At: after(11), Unit: db, Err: errors.New("lost it, and more")},
		hooks.UnitStopping{At: after(12), Unit: web},
		hooks.UnitStopped{At: after(13), Unit: web, Err: errors.New("cut off")},
		hooks.AppStopping{At: after(14), Why: hooks.WhyFailure, Unit: db.Name},
	)
	wantBody(t, h.Livez(), `{"status":"alive",`+
		`"app":{"state":"stopping","since":"2026-03-01T12:00:10.001Z"},"units":[`+
		`{"unit":"*shop.Database","state":"failed","since":"2026-03-01T12:00:10.001Z","error":"lost \"it\""},`+
		`{"unit":"*shop.Server","state":"stopped","since":"2026-03-01T12:00:13Z","error":"cut off"}]}`)
}

func wantBody(t *testing.T, h http.Handler, want string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := recorder.Body.String(); got != want+"\n" {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := recorder.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
}

func TestAUnitThatEndsByItselfHasNotFailed(t *testing.T) {
	h := health.New()
	observe(h, started...)
	h.Observe(hooks.UnitFailed{At: after(10), Unit: db})
	if got := get(t, h.Livez()).Units[0]; got.State != "stopping" || got.Error != "" {
		t.Errorf("%+v", got)
	}
	h.Observe(hooks.UnitStopped{At: after(11), Unit: db})
	if got := get(t, h.Livez()).Units[0]; got.State != "stopped" || !got.Since.Equal(after(11)) {
		t.Errorf("%+v", got)
	}
}

// The oldest events of an app that has seen many are not told to who comes late.
func TestUnitsThatStoodInNoPlan(t *testing.T) {
	h := health.New()
	observe(h, hooks.Planned{}, hooks.AppStarting{At: began}, hooks.UnitStarted{At: after(1), Unit: web})
	h.Observe(hooks.UnitStarted{At: after(2), Unit: db})
	got := get(t, h.Livez())
	if len(got.Units) != 2 || got.Units[0].Unit != web.Name || got.Units[1].Unit != db.Name {
		t.Errorf("%+v", got.Units)
	}
}

func TestAStartThatWasNotSeenIsNotReady(t *testing.T) {
	h := health.New()
	observe(h, hooks.UnitReported{}, hooks.AppStarted{At: began})
	want(t, "unseen", h, 200, 503, 503)
}

func TestObservingTwiceIsObservingOnce(t *testing.T) {
	h := health.New()
	observe(h, started...)
	before := get(t, h.Readyz())
	for _, e := range started {
		h.Observe(e)
		if again := get(t, h.Readyz()); fmt.Sprint(again) != fmt.Sprint(before) {
			t.Errorf("%+v, and after %T %+v", before, e, again)
		}
	}
}

// An observer that panics is told nothing more, and would be ready for ever.
func TestAnErrorThatPanicsIsSurvived(t *testing.T) {
	h := health.New()
	observe(h, started...)
	h.Observe(hooks.UnitFailed{Unit: db, Cause: panicky{}})
	want(t, "failed", h, 200, 503, 200)
	if got := get(t, h.Livez()).Units[0]; !strings.Contains(got.Error, "PANIC") {
		t.Errorf("%+v", got)
	}
}

type panicky struct{}

func (panicky) Error() string { panic("no text") }

func TestOnlyGetAndHead(t *testing.T) {
	h := health.New()
	observe(h, started...)
	for name, handler := range map[string]http.Handler{"livez": h.Livez(), "readyz": h.Readyz(), "startupz": h.Startupz()} {
		for method, code := range map[string]int{
			"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405, "OPTIONS": 405, "get": 405,
		} {
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, httptest.NewRequest(method, "/", nil))
			header := recorder.Header()
			if recorder.Code != code || header.Get("Cache-Control") != "no-store" || (header.Get("Allow") == "GET, HEAD") != (code == 405) {
				t.Errorf("%s %s: %d %v", method, name, recorder.Code, header)
			}
		}
	}
}

func TestATimeThatJSONDoesNotKnow(t *testing.T) {
	h := health.New()
	h.Observe(hooks.AppStarting{At: began.AddDate(10_000, 0, 0)})
	recorder := httptest.NewRecorder()
	h.Livez().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if recorder.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}
}
