package containertest

import (
	"context"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/internal/explore"
)

// Start builds and starts an app, and returns when all of it runs. The app runs
// until the test has ended; then it is stopped, as by a [container.Shutdowner], and
// so without a drain delay, after the cleanups that the test has registered since.
//
// The test fails, at once, if the start fails. It fails at its end if the app has
// failed meanwhile, or its stop does, and if a goroutine of the app is left, with the
// stacks. All of that happens within the app's own timeouts, as for
// [container.App.RunContext]; where it has none, it is waited for as if it had the
// default.
//
// A goroutine is the app's if one of the app's has started it, so tests may run in
// parallel. One that a library keeps for later use, like an idle connection of
// [net/http.DefaultTransport], counts, too: close it in the unit that has used it.
// Goroutines are known by a pprof label; one that a timer started has none.
func Start(t testing.TB, app *container.App) {
	t.Helper()
	if app == nil {
		t.Fatal("containertest: the app is nil")
		return
	}
	var shutdowner container.Shutdowner
	if err := app.Invoke(func(s container.Shutdowner) { shutdowner = s }); err != nil {
		t.Fatalf("containertest: %v", err)
		return
	}
	wait := patience(explore.Container.Limits(app)) + grace
	r := launch(context.Background(), app)
	if !r.isReady(app, wait) {
		_ = shutdowner.Shutdown() // it never fails
		if r.err != nil {
			t.Errorf("start: %v", r.err)
		}
		r.check(t, wait)
		t.Fatal("the app has not started")
		return
	}
	t.Cleanup(func() {
		t.Helper()
		_ = shutdowner.Shutdown()
		if r.ends(wait) && r.err != nil {
			t.Errorf("the app ended with: %v", r.err)
		}
		r.check(t, wait)
	})
}

// isReady waits until the app has started, or ended, or that takes too long.
func (r *running) isReady(app *container.App, wait time.Duration) bool {
	limit := time.NewTimer(wait)
	defer limit.Stop()
	select {
	case <-app.Ready():
		return true
	case <-r.done:
	case <-limit.C:
	}
	return false
}

// ends waits until the app has ended, or that takes too long.
func (r *running) ends(wait time.Duration) bool {
	limit := time.NewTimer(wait)
	defer limit.Stop()
	select {
	case <-r.done:
		return true
	case <-limit.C:
		return false
	}
}

// check fails the test if the app does not end, or leaves goroutines.
func (r *running) check(t testing.TB, wait time.Duration) {
	t.Helper()
	if !r.ends(wait) {
		t.Errorf("the app has not ended after %v; its goroutines:\n%s", wait, r.stacks())
		return
	}
	if stacks := r.leaks(); stacks != "" {
		t.Errorf("the app has left goroutines:\n%s", stacks)
	}
}
