// Suture is the smallest program on suture.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/thejerf/suture/v4"
)

type thing struct{}

func (thing) Serve(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	supervisor := suture.NewSimple("app")
	supervisor.Add(thing{})
	supervisor.Serve(ctx)
}
