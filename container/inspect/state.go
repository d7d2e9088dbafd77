package inspect

import "time"

// appState is where an application stands:
//
//	waiting -> starting -> running -> draining -> stopping -> stuck -> stopped or failed
//
// States may be left out, and it never goes back, but that a drain is told of when the
// application is known to stop already.
type appState int

const (
	appWaiting  appState = iota // nothing has started: it is set up, or constructed
	appStarting                 // not all units are ready
	appRunning
	appDraining
	appStopping
	appStuck // units did not end when forced, and are given up
	appStopped
	appFailed // it has ended, with an error
)

var appStates = [...]string{
	"waiting", "starting", "running", "draining", "stopping", "stuck", "stopped", "failed",
}

func (s appState) String() string { return appStates[s] }

// MarshalText has JSON say the word.
func (s appState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s appState) ended() bool { return s >= appStopped }

// unitState is where a unit stands. As with [appState] it only goes on.
type unitState int

const (
	unitWaiting unitState = iota
	unitStarting
	unitRunning
	unitDraining
	unitStopping
	unitStopped
	unitFailed
)

var unitStates = [...]string{
	"waiting", "starting", "running", "draining", "stopping", "stopped", "failed",
}

func (s unitState) String() string { return unitStates[s] }

// MarshalText has JSON say the word.
func (s unitState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// shown returns a time as it is shown: more digits would only be harder to read.
func shown(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}
