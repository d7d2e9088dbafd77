package hooks

import "errors"

// Observer is told what happens in the life of an application.
//
// Observe is called for one event at a time, in an order in which no effect comes before its cause. It should return
// soon: later events wait for it. It may be called from any goroutine of the application. It must not change what the
// event holds. An observer that panics is reported once, by [Misuse], and left out from then on.
//
// An Observer that holds something back, like a log with a buffer, may have a method Sync() error: it is called
// after the last event and before the program exits.
type Observer interface {
	Observe(event Event)
}

// ObserverFunc is a function that implements [Observer]. A nil ObserverFunc ignores what it is told.
type ObserverFunc func(event Event)

// Observe implements [Observer].
func (f ObserverFunc) Observe(event Event) {
	if f != nil {
		f(event)
	}
}

// Multi returns an [Observer] that tells each of the observers in turn. Nil ones are skipped; of none, it does
// nothing. Its method Sync calls Sync of all those that have it and joins their errors.
//
// A panic in one of them is not caught here, so that all of them are left out together; to have each stand for itself,
// give each to the application.
func Multi(observers ...Observer) Observer {
	several := &multi{}
	for _, o := range observers {
		if o != nil {
			several.observers = append(several.observers, o)
		}
	}
	return several
}

type multi struct {
	observers []Observer
}

func (m *multi) Observe(event Event) {
	for _, o := range m.observers {
		o.Observe(event)
	}
}

func (m *multi) Sync() error {
	var errs []error
	for _, o := range m.observers {
		if s, ok := o.(interface{ Sync() error }); ok {
			errs = append(errs, s.Sync())
		}
	}
	return errors.Join(errs...)
}
