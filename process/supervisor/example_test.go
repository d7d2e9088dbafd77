package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/supervisor"
)

// Consumer is restarted when it fails. As a type of its own it has a name in the log.
type Consumer struct{ *supervisor.Supervisor }

// NewConsumer returns a consumer whose first connection breaks.
func NewConsumer() *Consumer {
	connection := 0
	return &Consumer{supervisor.NewFunc(func() process.Runner {
		connection++
		broken := connection == 1
		return process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
			if broken {
				return errors.New("connection reset")
			}
			<-ready()
			fmt.Println("consumer: stopped")
			return nil
		})
	}, supervisor.WithBackOff(func() backoff.BackOff {
		return backoff.NewConstantBackOff(10 * time.Millisecond)
	}), supervisor.WithLimit(5, time.Minute))}
}

func ExampleNewFunc() {
	app := container.New(
		container.WithLogger(zap.NewNop()),
		container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			if e, ok := e.(hooks.UnitReported); ok {
				fmt.Println(e.Value)
			}
		})),
	)
	_ = app.Provide(NewConsumer)

	// In a main it would be app.Run(), which stops at SIGTERM.
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		<-app.Ready()
		stop()
	}()
	fmt.Println(app.RunContext(ctx))
	// Output:
	// failure 1 of 5: connection reset, restart in 10ms
	// consumer: stopped
	// <nil>
}

func ExampleNew() {
	watch := process.Leaf(func(context.Context) error { return errors.New("watch closed") }, nil)
	s := supervisor.New(watch,
		supervisor.WithLimit(3, time.Minute),
		supervisor.WithBackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(time.Millisecond) }),
	)
	err := s.Run(context.Background(), func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	})
	fmt.Println(err)
	// Output:
	// supervisor: gave up at failure 3 within 1m0s: watch closed
}
