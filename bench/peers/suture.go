package peers

import (
	"context"
	"errors"
	"sync"

	"github.com/thejerf/suture/v4"

	"github.com/strata-go/strata/bench"
)

// Suture has the units under one supervisor.
var Suture = &Peer{
	Name:   "suture",
	Module: "github.com/thejerf/suture/v4",
	Prepare: func(units []*bench.Unit) (Process, error) {
		var ready sync.WaitGroup
		supervisor := supervise(units, &ready)
		ctx, cancel := context.WithCancel(context.Background())
		var ended <-chan error
		return startStop{
			start: func(context.Context) error {
				ended = supervisor.ServeBackground(ctx)
				ready.Wait()
				return nil
			},
			stop: func(context.Context) error {
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					return err
				}
				return nil
			},
		}, nil
	},
	Main: func(units []*bench.Unit) int {
		if supervise(units, new(sync.WaitGroup)).Serve(context.Background()) != nil {
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

func supervise(units []*bench.Unit, ready *sync.WaitGroup) *suture.Supervisor {
	supervisor := suture.New("bench", suture.Spec{EventHook: func(suture.Event) {}})
	ready.Add(len(units))
	for _, u := range units {
		supervisor.Add(&sutureService{u, ready})
	}
	return supervisor
}

type sutureService struct {
	unit  *bench.Unit
	ready *sync.WaitGroup
}

func (s *sutureService) Serve(ctx context.Context) error {
	if err := s.unit.Start(ctx); err != nil {
		return err
	}
	s.ready.Done()
	select {
	case <-ctx.Done():
		return s.unit.Stop(ctx)
	case <-s.unit.Crashed():
		return suture.ErrTerminateSupervisorTree // it would be started again otherwise
	}
}
