package container_test

import (
	"errors"
	"slices"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/strata-go/strata/container"
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
