package bench

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Unit is what a peer starts and stops. It takes its time for both, and does nothing in
// between.
type Unit struct {
	Name          string
	DependsOn     []int         // positions, all of them before its own
	Starts, Stops time.Duration // what that takes

	crash chan struct{} // closed when the unit is to fail; nil if it never does
	trace *Trace        // nil if nobody wants to know
}

// ErrCrash is the error of a unit that fails at run time.
var ErrCrash = errors.New("crash")

// Start returns when the unit is ready.
func (u *Unit) Start(context.Context) error {
	u.tell(Starting)
	if u.Starts > 0 {
		time.Sleep(u.Starts)
	}
	u.tell(Ready)
	return nil
}

// Stop returns when the unit has ended. One that has crashed has ended already.
func (u *Unit) Stop(context.Context) error {
	select {
	case <-u.crash:
		return nil
	default:
	}
	u.tell(Asked)
	if u.Stops > 0 {
		time.Sleep(u.Stops)
	}
	u.tell(Ended)
	return nil
}

// Crashed returns a channel that is closed when the unit fails. It is nil for a unit that
// never does.
func (u *Unit) Crashed() <-chan struct{} { return u.crash }

func (u *Unit) tell(what Moment) {
	if u.trace != nil {
		u.trace.add(u, what)
	}
}

// CrashOf has a unit crash when the function that is returned is called, once.
func CrashOf(u *Unit) (crash func()) {
	u.crash = make(chan struct{})
	return func() {
		u.tell(Crashed)
		close(u.crash)
	}
}

// Moment is one in the life of a unit.
type Moment string

const (
	Starting Moment = "starting"
	Ready    Moment = "ready"
	Asked    Moment = "asked" // to stop
	Ended    Moment = "ended"
	Crashed  Moment = "crashed" // and ended
)

// Event is a moment in the life of a unit.
type Event struct {
	Unit string
	Moment
	At time.Time
}

// Trace is what happened to units, in the order in which it did.
type Trace struct {
	mu     sync.Mutex // guards events, and the order of calls of each
	events []Event
	each   func(Event)
}

// TraceOf has units tell what happens to them, and has each called with it, one at a time,
// if it is not nil.
func TraceOf(units []*Unit, each func(Event)) *Trace {
	t := &Trace{each: each}
	for _, u := range units {
		u.trace = t
	}
	return t
}

// Events returns what has happened so far.
func (t *Trace) Events() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.events[:len(t.events):len(t.events)]
}

func (t *Trace) add(u *Unit, what Moment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := Event{u.Name, what, time.Now()}
	t.events = append(t.events, e)
	if t.each != nil {
		t.each(e)
	}
}
