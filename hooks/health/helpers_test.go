package health_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/health"
)

// answer is what a handler answers with, as a client reads it.
type answer struct {
	code   int
	Status string
	Reason string
	App    struct {
		State string
		Since time.Time
	}
	Units []struct {
		Unit, State, Error string
		Since              time.Time
		Check              *struct {
			State, Error string
			Since        time.Time
		}
	}
}

// get asks a handler.
func get(t *testing.T, h http.Handler) answer {
	t.Helper()
	return getContext(t, context.Background(), h)
}

func getContext(t *testing.T, ctx context.Context, h http.Handler) answer {
	t.Helper()
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	got := answer{code: recorder.Code}
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, recorder.Body)
	}
	return got
}

// want checks what the three handlers answer.
func want(t *testing.T, when any, h *health.Health, livez, readyz, startupz int) {
	t.Helper()
	for _, c := range []struct {
		name    string
		handler http.Handler
		code    int
		yes, no string
	}{
		{"livez", h.Livez(), livez, "alive", "not alive"},
		{"readyz", h.Readyz(), readyz, "ready", "not ready"},
		{"startupz", h.Startupz(), startupz, "started", "not started"},
	} {
		got := get(t, c.handler)
		status := c.yes
		if c.code != http.StatusOK {
			status = c.no
		}
		if got.code != c.code || got.Status != status || (got.Reason == "") != (c.code == http.StatusOK) {
			t.Errorf("%v: %s is %d, %q because of %q; want %d", when, c.name, got.code, got.Status, got.Reason, c.code)
		}
	}
}

// checker is a value with a check.
type checker struct {
	calls, now, most atomic.Int32 // how often it was called, is called now, was called at once
	check            func(context.Context) error
}

func (c *checker) HealthCheck(ctx context.Context) error {
	c.calls.Add(1)
	if now := c.now.Add(1); now > c.most.Load() {
		c.most.Store(now)
	}
	defer c.now.Add(-1)
	if c.check == nil {
		return nil
	}
	return c.check(ctx)
}

// deaf is a check that returns when the channel is closed.
func deaf(release <-chan struct{}) *checker {
	return &checker{check: func(context.Context) error { <-release; return nil }}
}

// sleeper is a check that takes that long, and heeds its context.
func sleeper(d time.Duration) *checker {
	return &checker{check: func(ctx context.Context) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}

var names = []string{"a", "b", "c", "d"}

// running returns a Health of an application whose units, a, b and so on, run and have
// these values.
func running(values ...any) *health.Health {
	h := health.New()
	start(h, values...)
	return h
}

func start(h *health.Health, values ...any) {
	now := time.Now()
	var layer []hooks.Unit
	for i := range values {
		layer = append(layer, hooks.Unit{Name: names[i]})
	}
	h.Observe(hooks.Planned{At: now, Plan: &hooks.Plan{Layers: [][]hooks.Unit{layer}}})
	h.Observe(hooks.AppStarting{At: now})
	for i, v := range values {
		h.Observe(hooks.UnitStarting{At: now, Unit: layer[i], Value: v})
		h.Observe(hooks.UnitStarted{At: now, Unit: layer[i]})
	}
	h.Observe(hooks.AppStarted{At: now})
}
