package container

import (
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
)

// drains are calls of Drain that are under way.
type drains struct {
	done  chan struct{} // closed when all have returned
	began time.Time

	mu    sync.Mutex // guards what follows
	units []*unit    // of which Drain has not returned
}

// drain calls Drain of the values that have it, each in a goroutine.
func (r *run) drain() *drains {
	d := &drains{done: make(chan struct{}), began: time.Now()}
	for _, u := range r.units {
		if u.drainer() != nil {
			d.units = append(d.units, u)
		}
	}
	var calls sync.WaitGroup
	for _, u := range slices.Clone(d.units) {
		calls.Go(func() {
			defer d.returned(u)
			u.drain(r.app)
		})
	}
	go func() {
		calls.Wait()
		close(d.done)
	}()
	return d
}

type drainer interface{ Drain() }

// drain calls Drain of the unit's value, under the unit's label. A panic is reported.
func (u *unit) drain(a *App) {
	pprof.Do(context.Background(), a.labels(u.Name), func(context.Context) {
		defer func() {
			if p := recover(); p != nil {
				a.emit(hooks.Misuse{At: time.Now(), Err: fmt.Errorf("drain %v: panic: %v", u, p)})
			}
		}()
		u.drainer().Drain()
	})
}

func (d *drains) returned(u *unit) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.units = slices.DeleteFunc(d.units, func(other *unit) bool { return other == u })
}

// ended returns a channel that is closed when all calls have returned.
func (d *drains) ended() <-chan struct{} {
	if d == nil {
		c := make(chan struct{})
		close(c)
		return c
	}
	return d.done
}

// pendingNames names the calls that have not returned, and what made the values.
func (d *drains) pendingNames() (names []string) {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, u := range d.units {
		names = append(names, "the Drain of "+u.String())
	}
	return names
}

// stuck returns the units of which Drain has not returned.
func (d *drains) stuck(report *stuckReport) []hooks.StuckUnit {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var units []hooks.StuckUnit
	for _, u := range d.units {
		units = append(units, hooks.StuckUnit{
			Unit: u.Name, Phase: hooks.PhaseStop, For: time.Since(d.began), Stack: report.stacks(u.Name, "(*unit).drain"),
		})
	}
	return units
}
