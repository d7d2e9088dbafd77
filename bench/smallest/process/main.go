// Process is the smallest program on package process alone.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/strata-go/strata/process"
)

func thing(_ context.Context, ready func() <-chan struct{}) error {
	<-ready()
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := process.NewProcess(context.Background(), process.Parallel(process.Worker(thing)))
	if p.Start(ctx) != nil {
		os.Exit(1)
	}
	select {
	case <-ctx.Done():
	case <-p.Done():
	}
	if p.Stop(context.Background()) != nil {
		os.Exit(1)
	}
}
