package container_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// Drainer finishes what it has in hand when it is to stop, which may take long.
type Drainer struct{ process.Runner }

// StopTimeout bounds it: the database below is to have its time, too.
func (*Drainer) StopTimeout() time.Duration { return 10 * time.Millisecond }

func NewDrainer() *Drainer {
	return &Drainer{process.StartStop(
		func(context.Context) error { return nil },
		func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	)}
}

// A unit says itself how long it may take.
func Example_limitsOfAUnit() {
	app := container.New(container.WithLogger(zap.NewNop()), container.Provide(NewDrainer))
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-app.Ready(); cancel() }()
	err := app.RunContext(ctx)
	fmt.Println(errors.Is(err, process.ErrStopTimeout), container.ExitCode(err))
	// Output: true 1
}
