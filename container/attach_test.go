package container_test

import (
	"testing"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
)

// provideAll gives constructors to a container, as applications do it.
func provideAll(t *testing.T, c container.Provider, constructors ...any) {
	t.Helper()
	for _, f := range constructors {
		if err := c.Provide(f); err != nil {
			t.Fatal(err)
		}
	}
}

// attach attaches an app that logs nothing.
func attach(c *dig.Container, opts ...container.Option) *container.App {
	return container.Attach(c, append([]container.Option{container.WithLogger(zap.NewNop())}, opts...)...)
}

func TestAttachRunsWhatWasProvidedBefore(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		c := dig.New()
		provideAll(t, c, newConfig, newDatabase, newCache, newQueue, newServer)
		var r recorder
		app := attach(c, schedule, container.WithObserver(&r))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		story := r.story()
		wantBefore(t, story, "started *container_test.Database", "starting *container_test.Cache", "started *container_test.Cache",
			"starting *container_test.Server", "app started", "stopped *container_test.Server", "stopping *container_test.Queue",
			"stopped *container_test.Queue", "stopping *container_test.Database", "app stopped")
		wantWellFormed(t, &r)
	})
}
