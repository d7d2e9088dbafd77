// Package explore is what package container lets containertest and inspect do with an
// app, and nobody else. It stands between them, so that none of it is exported to users.
package explore

import (
	"reflect"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// Wrap returns what runs as the unit, in the place of r.
type Wrap = func(unit hooks.Unit, r process.Runner) process.Runner

// Limits are the timeouts of an app; zero is none.
type Limits struct{ Start, Stop, Force time.Duration }

// Container is set by package container. An app is a *container.App there, which
// this package cannot name.
var Container struct {
	// Limits returns the timeouts of an app.
	Limits func(app any) Limits
	// SetLimits replaces the timeouts of an app that was not started.
	SetLimits func(app any, l Limits)
	// Wrap has w called for each unit of an app that was not started.
	Wrap func(app any, w Wrap)
	// Simulation returns an app with the units, the schedule and the limits of
	// another, which it leaves alone. It calls no constructor and has no observers;
	// its units are those of the plan, and do nothing but what w makes of them.
	Simulation func(app any, w Wrap) (simulation any)
	// Replace returns a container.Option which has a value, of type t, provided in the
	// place of what constructors return.
	Replace func(t reflect.Type, value reflect.Value) (option any)
	// Stacks returns the stacks of the goroutines of a unit, as they are now, in the
	// format of a goroutine profile; of many or long ones the first.
	Stacks func(app any, unit string) string
}
