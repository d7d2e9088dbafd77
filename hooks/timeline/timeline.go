package timeline

import (
	"time"

	"github.com/strata-go/strata/hooks"
)

// Timeline is what had happened in the life of an application when the snapshot was
// taken. It belongs to whoever asked for it and does not change any more. Its methods may
// be called from any goroutine, and change nothing.
//
// A time is zero for what has not happened. All times are readings of one clock, so that
// differences are exact, also after a Timeline was saved as JSON and loaded.
type Timeline struct {
	// Began is when the application began to call constructors; while it is at that, as
	// far as is known.
	Began time.Time `json:"began,omitzero"`
	// Built is when everything that runs had been constructed.
	Built time.Time `json:"built,omitzero"`
	// Starting is when the first units were about to start.
	Starting time.Time `json:"starting,omitzero"`
	// Ready is when all units were.
	Ready time.Time `json:"ready,omitzero"`
	// Stopping is when the application began to stop.
	Stopping time.Time `json:"stopping,omitzero"`
	// Draining is when it began to drain, which is a part of the stop.
	Draining time.Time `json:"draining,omitzero"`
	// Ended is when it had ended, or was given up.
	Ended time.Time `json:"ended,omitzero"`
	// Taken is when the snapshot was.
	Taken time.Time `json:"taken,omitzero"`

	// State is where the application stood.
	State State `json:"state"`
	// Why is the reason for which it stops, with the unit that is the reason if there is
	// one: "signal", "failure: *shop.Store".
	Why string `json:"why,omitempty"`
	// Err is what the application ended with, empty after a clean end.
	Err string `json:"error,omitempty"`
	// Schedule is the rule by which the units start.
	Schedule hooks.Schedule `json:"-"`

	// Constructors are the calls of constructors, in the order in which they ended.
	Constructors []Constructor `json:"constructors,omitempty"`
	// Units are all units, in the order of the plan.
	Units []Unit `json:"units,omitempty"`
	// Dropped is how many constructors and units there were beyond what is kept.
	Dropped int `json:"dropped,omitempty"`
}

// Constructor is a call of a constructor that has ended.
type Constructor struct {
	// Name is the function's, like "shop.NewServer".
	Name string `json:"name"`
	// Location is its file and line, like "server.go:42".
	Location string `json:"location,omitempty"`
	// Scope is the name of its scope, empty for the root.
	Scope string `json:"scope,omitempty"`
	// Began and Ended are when it was called and when it returned; what it needed was
	// constructed before.
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Err is what it returned, empty if it succeeded.
	Err string `json:"error,omitempty"`
}

// Unit is the life of a unit.
type Unit struct {
	// Name, Type, Constructor and DependsOn are those of [hooks.Unit].
	Name        string   `json:"name"`
	Type        string   `json:"type,omitempty"`
	Constructor string   `json:"constructor,omitempty"`
	DependsOn   []string `json:"depends_on,omitempty"`
	// Layer is its layer, counted from 0.
	Layer int `json:"layer"`

	// State is where it stood.
	State State `json:"state"`
	// Starting is when it was started.
	Starting time.Time `json:"starting,omitzero"`
	// Ready is when it became ready.
	Ready time.Time `json:"ready,omitzero"`
	// Failed is when it failed, or ended without being asked.
	Failed time.Time `json:"failed,omitzero"`
	// Stopping is when it was asked to stop. It may have been without having been started,
	// if it only has to be stopped.
	Stopping time.Time `json:"stopping,omitzero"`
	// Ended is when it had ended.
	Ended time.Time `json:"ended,omitzero"`
	// Forced is whether its context was cancelled to end it.
	Forced bool `json:"forced,omitempty"`
	// Err is what it failed with or returned, empty if nothing.
	Err string `json:"error,omitempty"`

	// Reports are what it said about itself: restarts, retries. The oldest are dropped.
	Reports []Report `json:"reports,omitempty"`
	// Dropped is how many of its reports were dropped.
	Dropped int `json:"dropped,omitempty"`
}

// Report is what a unit said about itself.
type Report struct {
	// At is when.
	At time.Time `json:"at"`
	// Text is what it said, as text.
	Text string `json:"text"`
}

// State is where an application or a unit stands.
type State string

const (
	StateWaiting      State = "waiting"      // a unit: it has not been started, and is not if the application stops first
	StateConstructing State = "constructing" // an application: no unit has been started
	StateStarting     State = "starting"     // it was started and is not ready
	StateRunning      State = "running"      // it is ready
	StateDraining     State = "draining"     // an application: it will stop and still serves
	StateStopping     State = "stopping"     // it was asked to stop, or ends by itself
	StateStopped      State = "stopped"      // it has ended without an error
	StateFailed       State = "failed"       // it failed, or ended with an error
	StateStuck        State = "stuck"        // it did not end though it was forced, and was given up
)

// Took returns how long the start took, from [Timeline.Began] until all units were ready.
// Of a start that was given up, it is the time until the application began to stop; of one
// under way, the time so far. It is 0 if nothing has begun.
func (t *Timeline) Took() time.Duration {
	if t.Began.IsZero() {
		return 0
	}
	return t.startEnd().Sub(t.Began)
}

// startEnd is when the start was over, or the snapshot taken.
func (t *Timeline) startEnd() time.Time {
	end := first(t.Ready, t.Stopping, t.Ended, t.Taken)
	if end.Before(t.Began) {
		return t.Began
	}
	return end
}

// end is when all was over, or the snapshot taken.
func (t *Timeline) end() time.Time { return first(t.Ended, t.Taken) }

// first returns the first of the times that is not zero.
func first(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
