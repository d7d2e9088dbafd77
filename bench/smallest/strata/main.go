// Strata is the smallest program on package container.
package main

import (
	"context"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

type thing struct{ _ int }

func newThing() *thing { return new(thing) }

func (*thing) Run(ctx context.Context, callback process.Callback) error { return callback(ctx) }

func main() {
	container.New(container.Provide(newThing)).Run()
}
