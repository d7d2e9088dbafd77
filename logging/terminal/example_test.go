package terminal_test

import (
	"fmt"
	"log/slog"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/logging/terminal"
)

// The lifecycle is shown on the terminal, and the application's own lines above it. Here,
// where the standard output is none, nothing changes.
func Example() {
	screen := terminal.New(os.Stdout)
	app := container.New(
		container.WithLog(screen.Observer()), // nil: leaves the log as it is
		container.WithLogger(zap.NewNop()),   // which is this
		container.Supply(screen),
		container.Provide(func(screen *terminal.Log) *zap.Logger {
			encoder := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
			return zap.New(zapcore.NewCore(encoder, screen, zapcore.InfoLevel))
		}),
	)
	err := app.Invoke(func(logger *zap.Logger) { logger.Info("ready to go") })
	fmt.Println(screen.Observer(), err)
	// Output:
	// ready to go
	// <nil> <nil>
}

func ExampleLog_Write() {
	screen := terminal.New(os.Stdout)
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(screen, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	logger.Info("hello")
	// Output:
	// level=INFO msg=hello
}
