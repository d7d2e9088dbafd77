package terminal

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

type (
	database struct{ process.Runner }
	cache    struct{ process.Runner }
	server   struct{ process.Runner }
)

// lasting is a runner that takes its time to start and to stop.
func lasting(start, stop time.Duration) process.Runner {
	return process.StartStop(
		func(ctx context.Context) error {
			select {
			case <-time.After(start):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		func(context.Context) error { time.Sleep(stop); return nil })
}

func newDatabase() *database                   { return &database{lasting(3*time.Second, time.Second)} }
func newCache(*database) *cache                { return &cache{lasting(2*time.Second, time.Second)} }
func newServer(*database, *cache) *server      { return &server{lasting(time.Second, 2*time.Second)} }
func newBrokenServer(*database) *server        { return &server{broken(0)} }
func newCrashingServer(*database) *server      { return &server{broken(time.Second)} }
func newSleeplessServer(*database) *server     { return &server{process.RunnerFunc(sleepless)} }
func newDatabaseElsewhere() (*database, error) { return nil, errors.New("no such host: db") }

// broken is a runner that fails, after the start or, if it is not to run, in it.
func broken(runs time.Duration) process.Runner {
	return process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		if runs > 0 {
			ready()
		}
		time.Sleep(runs)
		return errors.New("bind: address already in use")
	})
}

// sleepless does not stop when it is asked to.
func sleepless(ctx context.Context, callback process.Callback) error {
	_ = callback(ctx)
	<-ctx.Done()
	return nil
}

// What an operator reads in the end is what happened, in the fewest lines: whatever of
// the error of a real app was told is told once.
func TestTheEndOfARealAppIsTold(t *testing.T) {
	cases := map[string]struct {
		constructors []any
		lives        time.Duration // before its context ends
		want         string
	}{
		"a good life": {
			[]any{newDatabase, newCache, newServer}, 10 * time.Second, `
00:00:06  started   3 units in 6.0s: *terminal.database 3.0s > *terminal.cache 2.0s > *terminal.server 1.0s
00:00:14  stopped   3 units in 4.0s: context: context deadline exceeded
`,
		},
		"stopped during the start": {
			[]any{newDatabase, newCache, newServer}, 4 * time.Second, `
00:00:05  stopped   2 units in 1.0s during the start: context: context deadline exceeded
`,
		},
		"a start that fails": {
			[]any{newDatabase, newBrokenServer}, 10 * time.Second, `
00:00:03  error     start *terminal.server (terminal.newBrokenServer, app_test.go:N): bind: address already in use
00:00:04  stopped   2 units in 1.0s during the start: *terminal.server failed
`,
		},
		"a crash": {
			[]any{newDatabase, newCrashingServer}, 10 * time.Second, `
00:00:03  started   2 units in 3.0s: *terminal.database 3.0s > ..
00:00:04  error     run *terminal.server (terminal.newCrashingServer, app_test.go:N): bind: address already in use
00:00:05  stopped   2 units in 1.0s: *terminal.server failed
`,
		},
		"a unit that does not stop": {
			[]any{newDatabase, newSleeplessServer}, 10 * time.Second, `
00:00:03  started   2 units in 3.0s: *terminal.database 3.0s > ..
00:00:36  error     app not stopped in time: 25s; still running *terminal.server (terminal.newSleeplessServer, app_test.go:N)
00:00:36  stopped   2 units in 26s: context: context deadline exceeded, 2 forced
`,
		},
		"a constructor that is missing": {
			[]any{newCache}, 10 * time.Second, `
00:00:00  error     terminal.newCache (app_test.go:N) needs *terminal.database, which nobody provides
00:00:00  stopped   before the start
`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 160, 24, func(e *emulator, l *Log) {
				app := container.New(container.WithLog(l.Observer()), container.Provide(c.constructors...))
				ctx, cancel := context.WithTimeout(context.Background(), c.lives)
				defer cancel()
				_ = app.RunContext(ctx) // it is told
				wantShown(t, e, c.want)
			})
		})
	}
}

// An error that is told with more in the end is not told before.
func TestARefusedConstructorIsToldOnce(t *testing.T) {
	for name, constructors := range map[string][]any{
		"provided twice": {newDatabase, newDatabase},
		"failed":         {newCache, newDatabaseElsewhere},
		"panicked":       {newCache, func() *database { panic("boom") }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 1000, 24, func(e *emulator, l *Log) {
				err := container.New(container.WithLog(l.Observer()), container.Provide(constructors...)).RunContext(context.Background())
				wantShown(t, e, "00:00:00  error     "+unnumbered(err.Error())+"\n00:00:00  stopped   before the start\n")
			})
		})
	}
}

// Whatever tells of a panic, its stack is there, and once.
func TestAPanicIsToldOnceWithItsStack(t *testing.T) {
	bubble(t, 400, 60, func(e *emulator, l *Log) {
		app := container.New(container.WithLog(l.Observer()), container.Provide(newDatabase, func(*database) *server {
			return &server{process.Worker(func(_ context.Context, ready func() (stop <-chan struct{})) error {
				ready()
				panic("boom")
			})}
		}))
		_ = app.RunContext(context.Background())
		synctest.Wait()
		for _, once := range []string{"panic: boom", "[running", "terminal.TestAPanicIsToldOnceWithItsStack.func1.1.1"} {
			if n := strings.Count(e.shown(), once); n != 1 {
				t.Errorf("%d times %q in\n%s", n, once, e.shown())
			}
		}
	})
}

// What hangs is told with its stack, which shows the line, and told once.
func TestWhatHangsIsToldOnceWithItsStack(t *testing.T) {
	bubble(t, 400, 60, func(e *emulator, l *Log) {
		wake := make(chan struct{})
		asleep := func(ctx context.Context, callback process.Callback) error {
			_ = callback(ctx)
			<-wake
			return nil
		}
		app := container.New(container.WithLog(l.Observer()), container.Provide(newDatabase,
			func(*database) *server { return &server{process.RunnerFunc(asleep)} }))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped := make(chan error)
		go func() { stopped <- app.RunContext(ctx) }()

		time.Sleep(30 * time.Second)
		synctest.Wait()
		wantEnd(t, e, `
stopping [----------------------] 0/2  20s  context: context deadline exceeded
  *terminal.server     20s
`)
		err := <-stopped
		synctest.Wait()
		wantEnd(t, e, `
00:00:38  stopped   2 units in 28s: context: context deadline exceeded, 1 forced, 1 left running
`)
		if !errors.Is(err, container.ErrStuck) {
			t.Errorf("it ended with %v", err)
		}
		for _, once := range []string{"not stopped in time", "stuck: *terminal.server (stop for 28s)", "terminal.TestWhatHangsIsToldOnceWithItsStack.func1.1"} {
			if n := strings.Count(e.shown(), once); n != 1 {
				t.Errorf("%d times %q in\n%s", n, once, e.shown())
			}
		}
		close(wake)
	})
}

// wantEnd checks the last lines that a terminal shows.
func wantEnd(t *testing.T, e *emulator, want string) {
	t.Helper()
	if got := e.shown(); !strings.HasSuffix("\n"+got, want) {
		t.Errorf("it shows\n%s\nwhich does not end with%s", got, want)
	}
}
