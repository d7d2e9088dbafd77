package health

import "time"

// appState is where an application stands:
//
//	constructing -> starting -> running -> stopping -> stopped
//
// A start that fails goes from starting to stopping. A drain interrupts stopping, until
// the first unit stops. What is stuck or stopped stays so.
type appState int

const (
	appConstructing appState = iota // as far as is known, nothing has started
	appStarting
	appRunning // each unit runs, and nothing is to stop
	appStopping
	appDraining
	appStuck
	appStopped
)

var appStates = [...]string{"constructing", "starting", "running", "stopping", "draining", "stuck", "stopped"}

func (s appState) String() string { return appStates[s] }

// unitState is where a unit stands. It only goes on, and may leave states out.
type unitState int

const (
	unitWaiting unitState = iota
	unitStarting
	unitRunning
	unitStopping
	unitStopped
	unitFailed
)

var unitStates = [...]string{"waiting", "starting", "running", "stopping", "stopped", "failed"}

func (s unitState) String() string { return unitStates[s] }

// unit is what is known of a unit. The [Health]'s lock guards it.
type unit struct {
	name  string
	state unitState
	since time.Time // of the state
	err   string    // what it failed with or returned, empty if nothing

	checker Checker // nil if its value is none
	call    *call   // of the check, nil if none is under way
	check   result  // of the last call that is known
}
