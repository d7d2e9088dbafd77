package container_test

import (
	"context"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

func newSlowConfig() *Config          { time.Sleep(12 * time.Second); return nil }
func newOnConfig(*Config) *Database   { return &Database{process.Nop()} }
func newOnDatabase(*Database) *Server { time.Sleep(6 * time.Second); return &Server{process.Nop()} }

// A construction that takes long says which constructor is being called, for how long,
// and who asked for it, whoever runs the app.
func TestHeartbeatOfAConstruction(t *testing.T) {
	ways(t, func(t *testing.T, schedule container.Option, run func(app *container.App) error) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.Provide(newOnConfig, newSlowConfig, newOnDatabase))
		if err := run(app); err != nil {
			t.Error(err)
		}
		var got []string
		for _, e := range find[hooks.StillStarting](r) {
			for _, p := range e.Pending {
				text := e.Took.String() + ": " + p.Unit + " for " + p.For.String()
				for _, holder := range p.Holds {
					text += " holds " + holder
				}
				got = append(got, text)
			}
		}
		wantEqual(t, "told", withoutPlaces(got...), []string{
			"5s: container_test.newSlowConfig (constructing_beat_test.go) for 5s holds container_test.newOnConfig (constructing_beat_test.go)",
			"10s: container_test.newSlowConfig (constructing_beat_test.go) for 10s holds container_test.newOnConfig (constructing_beat_test.go)",
			"15s: container_test.newOnDatabase (constructing_beat_test.go) for 3s",
		})
	})
}

// A constructor that asks for more itself waits for that.
func TestHeartbeatOfAConstructorInAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r), container.Provide(newSlowConfig))
		app.Provide(func() (*Database, error) {
			time.Sleep(4 * time.Second)
			return &Database{process.Nop()}, app.Invoke(func(*Config) {})
		})
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		var got []string
		for _, e := range find[hooks.StillStarting](r) {
			p := e.Pending[0]
			got = append(got, p.Unit+" for "+p.For.String()+" holds "+strings.Join(p.Holds, ", "))
		}
		const outer, inner = "container_test.F (constructing_beat_test.go)", "container_test.newSlowConfig (constructing_beat_test.go)"
		wantEqual(t, "told", withoutPlaces(got...), []string{
			inner + " for 1s holds " + outer, inner + " for 6s holds " + outer, inner + " for 11s holds " + outer,
		})
	})
}

// When the app is to stop, it is the stop that waits for the constructor.
func TestHeartbeatOfAConstructionThatIsToStop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		app := newApp(container.WithObserver(r), container.Provide(newOnConfig, newSlowConfig))
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
		defer cancel()
		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}
		stopping := find[hooks.StillStopping](r)
		if len(stopping) != 1 || stopping[0].Took != 4*time.Second || len(stopping[0].Pending) != 1 || stopping[0].Pending[0].For != 10*time.Second {
			t.Errorf("told %+v", stopping)
		}
		if n := len(find[hooks.StillStarting](r)); n != 1 {
			t.Errorf("told %d times of the start", n)
		}
	})
}

// A constructor that was given up is told of no more, though it goes on.
func TestNoHeartbeatOfWhatWasGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		app := newApp()
		app.Provide(func() *Database { hangInConstructor(release); return nil })
		_ = app.RunContext(t.Context())
		synctest.Wait()
		if profile := goroutines(t); !strings.Contains(profile, "hangInConstructor") || strings.Contains(profile, "tellConstruction") {
			t.Errorf("goroutines:\n%s", profile)
		}
		close(release)
	})
}

// goroutines returns the profile of all goroutines.
func goroutines(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
