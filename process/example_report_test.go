package process_test

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// What is reported is an event of the app, and a line of its log.
func ExampleReport() {
	app := container.New(
		container.WithLogger(zap.NewNop()),
		container.WithObserver(hooks.ObserverFunc(func(event hooks.Event) {
			if e, ok := event.(hooks.UnitReported); ok {
				fmt.Println("reported:", e.Value)
			}
		})),
	)
	app.Provide(func(s container.Shutdowner) *Consumer {
		return &Consumer{process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
			process.Report(ctx, errors.New("no broker yet, tried again"))
			stop := ready()
			_ = s.Shutdown()
			<-stop
			return nil
		})}
	})
	fmt.Println(app.RunContext(context.Background()))
	// Output:
	// reported: no broker yet, tried again
	// <nil>
}

// Consumer runs.
type Consumer struct{ process.Runner }
