package peers

import (
	"context"
	"sync"

	"github.com/oklog/run"

	"github.com/strata-go/strata/bench"
)

// OklogRun has an actor for each unit, and one more that is told to stop.
var OklogRun = &Peer{
	Name:   "oklog/run",
	Module: "github.com/oklog/run",
	Prepare: func(units []*bench.Unit) (Process, error) {
		var ready sync.WaitGroup
		group := actors(units, &ready)
		stop, ended := make(chan struct{}), make(chan error, 1)
		group.Add(func() error { <-stop; return nil }, func(error) {})
		return startStop{
			start: func(context.Context) error {
				go func() { ended <- group.Run() }()
				ready.Wait()
				return nil
			},
			stop: func(context.Context) error {
				close(stop)
				return <-ended
			},
		}, nil
	},
	Main: func(units []*bench.Unit) int {
		if actors(units, new(sync.WaitGroup)).Run() != nil {
			return 1
		}
		return 0
	},
	Cannot: map[Task]string{
		Build:   noConstructors,
		Layered: noOrder,
		Graph:   noOrder,
	},
}

func actors(units []*bench.Unit, ready *sync.WaitGroup) *run.Group {
	group := new(run.Group)
	ready.Add(len(units))
	for _, u := range units {
		interrupted := make(chan struct{})
		group.Add(func() error {
			if err := u.Start(context.Background()); err != nil {
				return err
			}
			ready.Done()
			select {
			case <-interrupted:
				return u.Stop(context.Background())
			case <-u.Crashed():
				return bench.ErrCrash
			}
		}, func(error) { close(interrupted) })
	}
	return group
}
