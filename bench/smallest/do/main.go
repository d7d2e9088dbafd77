// Do is the smallest program on do.
package main

import (
	"os"
	"syscall"

	"github.com/samber/do/v2"
)

type thing struct{ _ int }

func newThing(do.Injector) (*thing, error) { return new(thing), nil }

func (*thing) Shutdown() error { return nil }

func main() {
	injector := do.New()
	do.Provide(injector, newThing)
	do.MustInvoke[*thing](injector)
	injector.ShutdownOnSignals(os.Interrupt, syscall.SIGTERM)
}
