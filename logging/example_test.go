package logging_test

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/logging"
)

func ExampleNew() {
	observer := logging.New(zap.NewExample()) // a logger of your own

	// An application does this.
	server := hooks.Unit{Name: "*shop.Server", Type: "*shop.Server", Constructor: "shop.NewServer (server.go:42)"}
	observer.Observe(hooks.UnitStarted{Unit: server, Took: 1500 * time.Millisecond})
	observer.Observe(hooks.UnitFailed{Unit: server, Phase: hooks.PhaseRun, Cause: fmt.Errorf("connection lost")})

	// Output:
	// {"level":"info","msg":"unit started","unit":"*shop.Server","constructor":"shop.NewServer","location":"server.go:42","layer":0,"took":"1.5s"}
	// {"level":"error","msg":"unit failed","unit":"*shop.Server","constructor":"shop.NewServer","location":"server.go:42","layer":0,"phase":"run","error":"connection lost"}
}

func ExampleNewSlog() {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	observer := logging.NewSlog(logger)

	// An application does this.
	observer.Observe(hooks.AppStarted{
		Took:     1500 * time.Millisecond,
		Critical: []hooks.Step{{Unit: "*shop.Database", Took: time.Second}, {Unit: "*shop.Server", Took: 500 * time.Millisecond}},
	})
	observer.Observe(hooks.AppStopping{Why: hooks.WhySignal, Signal: os.Interrupt})

	// Output:
	// level=INFO msg="app started" took=1.5s critical="[{Unit:*shop.Database Took:1s} {Unit:*shop.Server Took:500ms}]"
	// level=INFO msg="app stopping" why=signal signal=interrupt
}
