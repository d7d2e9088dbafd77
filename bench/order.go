package bench

import (
	"fmt"
	"time"
)

// StartOrder returns an error that names the first unit of which a trace shows that it
// was started before everything that it depends on was ready.
func StartOrder(units []*Unit, events []Event) error {
	ready := make(map[string]bool)
	byName := byName(units)
	for _, e := range events {
		switch e.Moment {
		case Starting:
			for _, d := range byName[e.Unit].DependsOn {
				if !ready[units[d].Name] {
					return fmt.Errorf("%s was started before %s was ready", e.Unit, units[d].Name)
				}
			}
		case Ready:
			ready[e.Unit] = true
		}
	}
	return nil
}

// StopOrder returns an error that names the first unit of which a trace shows that it was
// asked to stop before everything that depends on it had ended. A unit that crashed was
// asked nothing.
func StopOrder(units []*Unit, events []Event) error {
	live := make(map[string]bool)
	for _, e := range events {
		if e.Moment == Ready {
			live[e.Unit] = true
		}
	}
	dependents := make(map[string][]string)
	for _, u := range units {
		for _, d := range u.DependsOn {
			dependents[units[d].Name] = append(dependents[units[d].Name], u.Name)
		}
	}
	for _, e := range events {
		switch e.Moment {
		case Asked:
			for _, d := range dependents[e.Unit] {
				if live[d] {
					return fmt.Errorf("%s was asked to stop while %s, which needs it, still ran", e.Unit, d)
				}
			}
		case Ended, Crashed:
			live[e.Unit] = false
		}
	}
	return nil
}

// Complete returns an error that names a unit that did not get to a moment.
func Complete(units []*Unit, events []Event, moment Moment) error {
	got := make(map[string]bool)
	for _, e := range events {
		got[e.Unit] = got[e.Unit] || e.Moment == moment || moment == Ended && e.Moment == Crashed
	}
	for _, u := range units {
		if !got[u.Name] {
			return fmt.Errorf("%s: not %s", u.Name, moment)
		}
	}
	return nil
}

func byName(units []*Unit) map[string]*Unit {
	m := make(map[string]*Unit, len(units))
	for _, u := range units {
		m[u.Name] = u
	}
	return m
}

// Limits is how long a start, or a stop, has to take at the least.
type Limits struct {
	Path   time.Duration // along the critical path: each unit when what it waits for is done
	Layers time.Duration // a layer when the one before is done
	Sum    time.Duration // one after the other
}

// LimitsOf returns the limits of what a trace shows from one moment of each unit to
// another: for a start Starting and Ready, for a stop Asked and Ended. It goes by what the
// units took themselves, oversleeping included, so that all that is above a limit is what
// the library took.
func LimitsOf(units []*Unit, events []Event, from, to Moment) (l Limits) {
	took := make(map[string]time.Duration)
	began := make(map[string]time.Time)
	for _, e := range events {
		switch e.Moment {
		case from:
			began[e.Unit] = e.At
		case to:
			took[e.Unit] = e.At.Sub(began[e.Unit])
		}
	}
	// The longest path is the same in both directions, and so are the layers.
	path := make([]time.Duration, len(units))
	layer := make([]int, len(units))
	slowest := make(map[int]time.Duration)
	for i, u := range units {
		for _, d := range u.DependsOn {
			path[i] = max(path[i], path[d])
			layer[i] = max(layer[i], layer[d]+1)
		}
		path[i] += took[u.Name]
		slowest[layer[i]] = max(slowest[layer[i]], took[u.Name])
		l.Path = max(l.Path, path[i])
		l.Sum += took[u.Name]
	}
	for _, d := range slowest {
		l.Layers += d
	}
	return l
}
