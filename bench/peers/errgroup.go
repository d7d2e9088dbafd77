package peers

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/strata-go/strata/bench"
)

// Errgroup is a bare goroutine for each unit: the floor.
var Errgroup = &Peer{
	Name:   "errgroup",
	Module: "golang.org/x/sync",
	Prepare: func(units []*bench.Unit) (Process, error) {
		var group *errgroup.Group
		stop := make(chan struct{})
		return startStop{
			start: func(context.Context) error {
				var ready sync.WaitGroup
				group = goroutines(units, &ready, stop)
				ready.Wait()
				return nil
			},
			stop: func(context.Context) error {
				close(stop)
				return group.Wait()
			},
		}, nil
	},
	Main: func(units []*bench.Unit) int {
		if goroutines(units, new(sync.WaitGroup), nil).Wait() != nil {
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

// goroutines starts one for each unit, which is told to stop when stop is closed, or when
// one has failed.
func goroutines(units []*bench.Unit, ready *sync.WaitGroup, stop <-chan struct{}) *errgroup.Group {
	group, ctx := errgroup.WithContext(context.Background())
	ready.Add(len(units))
	for _, u := range units {
		group.Go(func() error {
			if err := u.Start(ctx); err != nil {
				return err
			}
			ready.Done()
			if stop != nil && u.Crashed() == nil { // as cheap as it gets
				<-stop
				return u.Stop(ctx)
			}
			select {
			case <-stop:
			case <-ctx.Done():
			case <-u.Crashed():
				return bench.ErrCrash
			}
			return u.Stop(ctx)
		})
	}
	return group
}
