package hooks

import (
	"fmt"
	"os"
	"time"
)

// Event is something that happened in the life of an application. It is one of the struct types of this package, by
// value: an observer finds out which in a type switch.
//
// Some events carry values of the application ([UnitStarting], [UnitReported]), whose types may not be comparable: do
// not compare events with ==.
type Event interface {
	event() // only this package declares events
}

func (Provided) event()      {}
func (Decorated) event()     {}
func (Supplied) event()      {}
func (Invoked) event()       {}
func (Constructed) event()   {}
func (Planned) event()       {}
func (AppStarting) event()   {}
func (UnitStarting) event()  {}
func (UnitStarted) event()   {}
func (StillStarting) event() {}
func (AppStarted) event()    {}
func (AppStopping) event()   {}
func (Draining) event()      {}
func (UnitStopping) event()  {}
func (UnitStopped) event()   {}
func (UnitFailed) event()    {}
func (UnitReported) event()  {}
func (StillStopping) event() {}
func (Stuck) event()         {}
func (Misuse) event()        {}
func (AppStopped) event()    {}

// Provided tells that a constructor was given to the application. It has not been called yet.
type Provided struct {
	// At is when it was provided.
	At time.Time
	// Constructor is the function's name with its package, like "shop.NewServer".
	Constructor string
	// Location is the file and line of the function, like "server.go:42".
	Location string
	// Scope is the name of the scope that it was provided to, empty for the root.
	Scope string
	// Results are the types that it provides, with their names and groups.
	Results []string
	// Err is why it was refused, nil if it was accepted.
	Err error
}

// Decorated tells that a decorator was given to the application. It has not been called yet.
type Decorated struct {
	// At is when it was given.
	At time.Time
	// Decorator is the function's name with its package, like "shop.WithTracing".
	Decorator string
	// Location is the file and line of the function, like "tracing.go:12".
	Location string
	// Scope is the name of the scope that it decorates, empty for the root.
	Scope string
	// Results are the types that it decorates, with their names and groups.
	Results []string
	// Err is why it was refused, nil if it was accepted.
	Err error
}

// Supplied tells that values without constructors were given to the application.
type Supplied struct {
	// At is when they were given.
	At time.Time
	// Scope is the name of the scope that they were given to, empty for the root.
	Scope string
	// Types are the types of the values.
	Types []string
	// Err is why they were refused, nil if they were accepted.
	Err error
}

// Invoked tells that a function given to Invoke has returned, or could not be called.
type Invoked struct {
	// At is when it returned.
	At time.Time
	// Function is the function's name with its package, like "main.migrate".
	Function string
	// Location is the file and line of the function, like "main.go:30".
	Location string
	// Scope is the name of the scope that it was invoked on, empty for the root.
	Scope string
	// Took is how long it took, what had to be constructed for it included.
	Took time.Duration
	// Err is the function's error, or why it could not be called. The caller of Invoke was given it, too, and may
	// well have handled it.
	Err error
}

// Constructed tells that a constructor has returned.
type Constructed struct {
	// At is when it returned.
	At time.Time
	// Constructor is the function's name with its package, like "shop.NewServer".
	Constructor string
	// Location is the file and line of the function, like "server.go:42".
	Location string
	// Scope is the name of the scope that it was provided to, empty for the root.
	Scope string
	// Took is how long the constructor itself took, its parameters not included.
	Took time.Duration
	// Err is the constructor's error, nil if it succeeded.
	Err error
}

// Planned tells what will run and in which order. Everything that runs has been constructed.
type Planned struct {
	// At is when the plan was made.
	At time.Time
	// Took is the time since the application began to construct what runs.
	Took time.Duration
	// Plan is what starts when; it is not changed afterwards and must not be. It has no Chains.
	Plan *Plan
}

// AppStarting tells that the first units are about to start.
type AppStarting struct {
	// At is when the start began.
	At time.Time
	// Units is how many units will start.
	Units int
	// Layers is how many layers they form.
	Layers int
}

// UnitStarting tells that everything that a unit waits for is running, and that it is started now.
type UnitStarting struct {
	// At is when it was started.
	At time.Time
	// Unit is what starts.
	Unit Unit
	// Layer is the unit's layer, counted from 0.
	Layer int
	// Value is what runs, nil for a hook. It belongs to the application: use what it offers to others, like a health
	// check, and leave its life cycle alone.
	Value any
	// Adapted is what an adapter made of the value, to run it; nil if the value runs itself, and for a hook. What Value does
	// not offer it may.
	Adapted any
}

// UnitStarted tells that a unit is ready.
type UnitStarted struct {
	// At is when it became ready.
	At time.Time
	// Unit is what started.
	Unit Unit
	// Layer is the unit's layer, counted from 0.
	Layer int
	// Took is the time since its [UnitStarting].
	Took time.Duration
}

// StillStarting tells, every five seconds of a long construction or start, what it waits for.
type StillStarting struct {
	// At is when this was looked at.
	At time.Time
	// Took is the time since the start began; before [AppStarting], since the construction did.
	Took time.Duration
	// Pending are the units that were started and are not ready; before [AppStarting], the constructor that is
	// being called.
	Pending []Pending
}

// AppStarted tells that every unit is ready.
type AppStarted struct {
	// At is when the last unit became ready.
	At time.Time
	// Took is the time since the start began.
	Took time.Duration
	// Critical are the units that decided how long the start took, the first to start first: making any of them faster
	// makes the start shorter, until others are the longest, and making anything else faster does not. Their times add
	// up to Took, but for what passed since the last of them was ready.
	Critical []Step
}

// Step is a unit's part in how long a start took.
type Step struct {
	// Unit is its name.
	Unit string
	// Took is the time from the moment that the step before was ready to the moment that this unit was; for the
	// first step, from the beginning of the start.
	Took time.Duration
}

// AppStopping tells that the application stops, and why. It comes once, before the first unit is asked to stop, and
// also when a start is given up.
type AppStopping struct {
	// At is when the reason came up.
	At time.Time
	// Why is the reason.
	Why Why
	// Unit is the name of the unit that is the reason, empty if none is.
	Unit string
	// Signal is the signal that is the reason, nil if none is.
	Signal os.Signal
	// Cause is the error that is the reason, nil if none is.
	Cause error
}

// Draining tells that the application reports itself as not ready while it still serves, so that load balancers stop
// sending to it before it stops.
type Draining struct {
	// At is when it began.
	At time.Time
	// Delay is how long it will last, unless something ends it earlier.
	Delay time.Duration
}

// UnitStopping tells that everything that waits for a unit has ended, and that it is asked to stop now. A value that runs
// from its construction on is stopped also if the start never reached it: then no [UnitStarting] came before.
type UnitStopping struct {
	// At is when it was asked.
	At time.Time
	// Unit is what was asked.
	Unit Unit
	// Layer is the unit's layer, counted from 0.
	Layer int
}

// UnitStopped tells that a unit has ended, for whatever reason.
type UnitStopped struct {
	// At is when it ended.
	At time.Time
	// Unit is what ended.
	Unit Unit
	// Layer is the unit's layer, counted from 0.
	Layer int
	// Took is the time since its [UnitStopping], 0 if it ended without being asked.
	Took time.Duration
	// Err is what the unit returned, nil after a clean stop.
	Err error
	// Forced tells that its context was cancelled to end it, while it ran or because it was late. That a start was given up
	// is no force.
	Forced bool
}

// UnitFailed tells that a unit failed, or ended without being asked. It comes before the [AppStopping] that follows
// from it, and before the unit's [UnitStopped].
type UnitFailed struct {
	// At is when it failed.
	At time.Time
	// Unit is what failed.
	Unit Unit
	// Layer is the unit's layer, counted from 0.
	Layer int
	// Phase is what the unit was doing.
	Phase Phase
	// Cause is its error, nil if it ended without one.
	Cause error
}

// UnitReported carries what a unit says about itself while it runs: a restart, a retry, a lost lease.
type UnitReported struct {
	// At is when it was said.
	At time.Time
	// Unit is what said it.
	Unit Unit
	// Layer is the unit's layer, counted from 0.
	Layer int
	// Value is what was said: often an error, a string or a struct of the runner's package.
	Value any
}

// StillStopping tells, every five seconds of a long stop, what has not ended yet.
type StillStopping struct {
	// At is when this was looked at.
	At time.Time
	// Took is the time since the stop began.
	Took time.Duration
	// Pending are the units that were asked to stop and have not ended, and those whose start was given up; if the
	// stop began before [AppStarting], the constructor that is being called.
	Pending []Pending
}

// Stuck tells that units did not end even when forced, and that the application gives up waiting for them.
type Stuck struct {
	// At is when it gave up.
	At time.Time
	// Units are those that still run.
	Units []StuckUnit
}

// Misuse tells of a mistake in how the library is used that does not end the application: an observer that panicked,
// a hook appended too late.
type Misuse struct {
	// At is when it was found.
	At time.Time
	// Err says what is wrong, and where.
	Err error
}

// AppStopped tells that the application has ended. It is the last event.
type AppStopped struct {
	// At is when it ended.
	At time.Time
	// Took is the time since the stop began.
	Took time.Duration
	// Err is the application's result, nil if it ended well.
	Err error
}

// Pending is a unit that is awaited, or a constructor.
type Pending struct {
	// Unit is its name. A constructor is named with its place, like "shop.NewServer (server.go:42)".
	Unit string
	// For is how long it has been awaited.
	For time.Duration
	// Holds are the names of the units that wait for it: at the start those that depend on it, at the stop those that
	// it depends on. For a constructor it is the one that asked for it, if that is known.
	Holds []string
}

// StuckUnit is a unit that did not end when it was forced, or a constructor that did not return.
type StuckUnit struct {
	// Unit is its name, for a constructor as in [Pending].
	Unit string
	// Phase is what it was doing.
	Phase Phase
	// For is how long it has been doing it.
	For time.Duration
	// Stack shows where its goroutines are: a line is a function, its file and the line on which it waits, the innermost
	// first, without what called the unit; an empty line stands between goroutines. It is empty if that is not known, or
	// those of other units are enough to read.
	Stack string
}

// Why is the reason for which an application stops.
type Why int

const (
	WhySignal   Why = iota // the process received a signal
	WhyShutdown            // the application asked for it
	WhyFailure             // something failed
	WhyContext             // the context given to the application ended
	WhyEnded               // a unit ended by itself, without an error
	WhyTimeout             // a time limit has passed
	WhyStop                // whoever runs the application as a part of something else asked for it
)

// String returns the reason in lower case, like "signal" or "unit ended".
func (w Why) String() string {
	switch w {
	case WhySignal:
		return "signal"
	case WhyShutdown:
		return "shutdown"
	case WhyFailure:
		return "failure"
	case WhyContext:
		return "context"
	case WhyEnded:
		return "unit ended"
	case WhyTimeout:
		return "timeout"
	case WhyStop:
		return "stop"
	}
	return fmt.Sprintf("Why(%d)", int(w))
}

// Phase is a part of a unit's life.
type Phase int

const (
	PhaseConstruct Phase = iota // its constructor is being called
	PhaseStart                  // it has been started and is not ready
	PhaseRun                    // it is ready and has not been asked to stop
	PhaseStop                   // it has been asked to stop and has not ended
)

// String returns the phase in lower case: "construct", "start", "run" or "stop".
func (p Phase) String() string {
	switch p {
	case PhaseConstruct:
		return "construct"
	case PhaseStart:
		return "start"
	case PhaseRun:
		return "run"
	case PhaseStop:
		return "stop"
	}
	return fmt.Sprintf("Phase(%d)", int(p))
}
