package container_test

import (
	"errors"
	"slices"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

func messages(logs *observer.ObservedLogs) []string {
	var messages []string
	for _, entry := range logs.All() {
		messages = append(messages, entry.Message)
	}
	return messages
}

// The lifecycle is logged to the logger that the graph provides, what was before it
// included, unless another was given.
func TestLogGoesToTheLoggerOfTheGraph(t *testing.T) {
	bubble(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.DebugLevel)
		app := container.New()
		app.Provide(func() *Database { return &Database{process.Nop()} })
		app.Provide(func() *zap.Logger { return zap.New(core) })
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		got := messages(logs)
		for _, want := range []string{"provide", "plan", "app started", "app stopped"} {
			if !slices.Contains(got, want) {
				t.Errorf("no %q in %q", want, got)
			}
		}
		if n := len(slices.DeleteFunc(got, func(m string) bool { return m != "app stopped" })); n != 1 {
			t.Errorf("%d lines of the end", n)
		}
	})
}

func TestLogGoesToTheLoggerThatWasGiven(t *testing.T) {
	bubble(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.DebugLevel)
		app := container.New(container.WithLogger(zap.New(core)))
		app.Provide(func() *zap.Logger { t.Error("called"); return zap.NewNop() })
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		if len(logs.All()) == 0 {
			t.Error("nothing was logged")
		}
	})
}

// What shows the lifecycle itself comes before all loggers, and is told the past, too.
func TestLogIsReplacedByWithLog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.DebugLevel)
		shown := new(synced)
		app := container.New(
			container.WithLog(nil), container.WithLog(shown), // the last counts
			container.WithLogger(zap.New(core)),
		)
		app.Provide(func() *Database { return &Database{process.Nop()} })
		app.Provide(func() *zap.Logger { t.Error("called"); return zap.NewNop() })
		if len(shown.all()) != 0 {
			t.Error("told before the app is built")
		}
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		if n := len(logs.All()); n != 0 {
			t.Errorf("%d lines were logged", n)
		}
		if len(find[hooks.Provided](&shown.recorder)) != 2 || len(find[hooks.AppStopped](&shown.recorder)) != 1 {
			t.Errorf("told %v", shown.all())
		}
		if shown.syncs != 1 {
			t.Errorf("Sync was called %d times", shown.syncs)
		}
	})
}

// synced is a recorder that has something to write out.
type synced struct {
	recorder
	syncs int
}

func (s *synced) Sync() error { s.syncs++; return nil }

func TestLogIsTheDefaultWithoutAnObserver(t *testing.T) {
	for name, o := range map[string]hooks.Observer{"nil": nil, "a nil pointer": (*synced)(nil), "a nil function": hooks.ObserverFunc(nil)} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				core, logs := observer.New(zapcore.DebugLevel)
				app := container.New(container.WithLog(new(recorder)), container.WithLog(o), container.WithLogger(zap.New(core)))
				app.Provide(func() *Database { return &Database{process.Nop()} })
				if err := startAndStop(t, app); err != nil {
					t.Error(err)
				}
				if !slices.Contains(messages(logs), "app stopped") {
					t.Errorf("logged %q", messages(logs))
				}
			})
		})
	}
}

// An app whose logger cannot be made does not start.
func TestLoggerThatFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		app := container.New()
		app.Provide(func() (*zap.Logger, error) { return nil, errBoom })
		app.Provide(func() *Database { t.Error("called"); return nil })
		err := app.RunContext(t.Context())
		if !errors.Is(err, errBoom) {
			t.Errorf("error is %v", err)
		}
		wantText(t, err, "construct: ", "*zap.Logger", "log_test.go:")
	})
}
