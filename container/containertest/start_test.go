package containertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// recording is a test that does not fail, but is recorded.
type recording struct {
	testing.TB
	failures []string
	logs     []string
	cleanups []func()
}

func (r *recording) Helper()          {}
func (r *recording) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recording) Error(args ...any) {
	r.failures = append(r.failures, fmt.Sprint(args...))
}
func (r *recording) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}
func (r *recording) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}
func (r *recording) Fatal(args ...any) { r.Error(args...); runtime.Goexit() }
func (r *recording) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// record runs f as a test, its cleanups included, and returns its failures.
func record(f func(t testing.TB)) []string {
	r := new(recording)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(r.cleanups) - 1; i >= 0; i-- {
				r.cleanups[i]()
			}
		}()
		f(r)
	}()
	<-done
	return r.failures
}

func wantFailure(t *testing.T, failures []string, words ...string) {
	t.Helper()
	all := strings.Join(failures, "\n")
	if len(failures) == 0 {
		t.Errorf("no failure, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(all, w) {
			t.Errorf("no %q in:\n%s", w, all)
		}
	}
}

// told returns a runner that tells when it runs and has ended.
func told(running *bool) process.Runner {
	return process.StartStop(
		func(context.Context) error { *running = true; return nil },
		func(context.Context) error { *running = false; return nil },
	)
}

func TestStartRunsTheAppUntilTheTestEnds(t *testing.T) {
	var running bool
	newDatabase := func() *Database { return &Database{told(&running)} }
	failures := record(func(tb testing.TB) {
		Start(tb, quiet(container.Provide(newDatabase), container.WithDrainDelay(20*time.Second)))
		if !running {
			t.Error("it does not run when Start has returned")
		}
	})
	if len(failures) > 0 {
		t.Error(failures)
	}
	if running {
		t.Error("it runs when the test has ended")
	}
}

func TestStartFailsTheTest(t *testing.T) {
	broken := errors.New("broken")
	runs := func(f process.RunnerFunc) *container.App {
		return quiet(container.Provide(func() *Database { return &Database{f} }),
			container.WithStartTimeout(time.Second), container.WithStopTimeout(time.Second), container.WithForceTimeout(time.Second))
	}
	for _, c := range []struct {
		name string
		app  func() *container.App
		want []string
	}{
		{"of nil", func() *container.App { return nil }, []string{"the app is nil"}},
		{"that was started", func() *container.App {
			app := quiet()
			_, _ = app.Runner()
			return app
		}, []string{"started already"}},
		{"that lacks a type", func() *container.App { return quiet(container.Provide(newCache)) }, []string{"nobody provides"}},
		{"whose start fails", func() *container.App {
			return runs(func(context.Context, process.Callback) error { return broken })
		}, []string{"start *containertest.Database", "broken"}},
		{"that does not become ready", func() *container.App {
			return runs(func(ctx context.Context, _ process.Callback) error { <-ctx.Done(); return ctx.Err() })
		}, []string{"not ready in time", "*containertest.Database"}},
		{"whose stop fails", func() *container.App {
			return runs(func(ctx context.Context, callback process.Callback) error { _ = callback(ctx); return broken })
		}, []string{"stop *containertest.Database", "broken"}},
		{"that does not stop", func() *container.App {
			return runs(func(ctx context.Context, callback process.Callback) error {
				_ = callback(ctx)
				<-ctx.Done()
				return nil
			})
		}, []string{"not stopped in time", "*containertest.Database"}},
		{"that dies meanwhile", func() *container.App {
			return runs(func(ctx context.Context, callback process.Callback) error {
				ctx, cancel := context.WithCancelCause(ctx)
				cancel(broken)
				_ = callback(ctx)
				return broken
			})
		}, []string{"*containertest.Database", "broken"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wantFailure(t, record(func(tb testing.TB) { Start(tb, c.app()) }), c.want...)
			})
		})
	}
}

func TestStartTellsWhatTheAppLeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		newDatabase := func() *Database {
			go leaves(release)
			return &Database{process.Nop()}
		}
		failures := record(func(tb testing.TB) { Start(tb, quiet(container.Provide(newDatabase))) })
		wantFailure(t, failures, "has left goroutines", "containertest.leaves")
		close(release)
	})
}

func TestStartDoesNotMindTheGoroutinesOfOthers(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	failures := record(func(tb testing.TB) {
		Start(tb, newShop())
		go leaves(release)
	})
	if len(failures) > 0 {
		t.Error(failures)
	}
}

func TestStartDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		deaf := func() *Database {
			return &Database{process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				_ = callback(ctx)
				<-release
				return nil
			})}
		}
		failures := record(func(tb testing.TB) {
			Start(tb, quiet(container.Provide(deaf), container.WithStopTimeout(0)))
		})
		wantFailure(t, failures, "has not ended after")
		close(release)
	})
}
