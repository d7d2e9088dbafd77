// Dig is the smallest program on dig.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/dig"
)

type thing struct{ _ int }

func newThing() *thing { return new(thing) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := dig.New()
	if c.Provide(newThing) != nil || c.Invoke(func(*thing) { <-ctx.Done() }) != nil {
		os.Exit(1)
	}
}
