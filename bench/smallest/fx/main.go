// Fx is the smallest program on fx.
package main

import (
	"context"

	"go.uber.org/fx"
)

type thing struct{ _ int }

func newThing(l fx.Lifecycle) *thing {
	l.Append(fx.Hook{
		OnStart: func(context.Context) error { return nil },
		OnStop:  func(context.Context) error { return nil },
	})
	return new(thing)
}

func main() {
	fx.New(fx.Provide(newThing), fx.Invoke(func(*thing) {})).Run()
}
