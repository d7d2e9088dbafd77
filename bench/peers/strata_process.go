package peers

import (
	"context"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/process"
)

const strata = "github.com/strata-go/strata"

// Parallel is package process: Parallel, and Graph where there are dependencies.
var Parallel = &Peer{
	Name:   "Strata process",
	Module: strata,
	Prepare: func(units []*bench.Unit) (Process, error) {
		return process.NewProcess(context.Background(), group(units)), nil
	},
	Main: func(units []*bench.Unit) int {
		p := process.NewProcess(context.Background(), group(units))
		if p.Start(context.Background()) != nil {
			return 1
		}
		<-p.Done()
		if p.Err() != nil {
			return 1
		}
		return 0
	},
	Cannot: map[Task]string{
		Build: noConstructors,
	},
}

// Sequential is package process, one unit after the other.
var Sequential = &Peer{
	Name:   "Strata Sequential",
	Module: strata,
	Prepare: func(units []*bench.Unit) (Process, error) {
		return process.NewProcess(context.Background(), process.Sequential(runners(units)...)), nil
	},
	Cannot: map[Task]string{
		Build:   noConstructors,
		Layered: "its order is written down, whatever depends on what",
		Graph:   "its order is written down, whatever depends on what",
		Crash:   "its order is written down, whatever depends on what",
	},
}

// group runs units in the order of their dependencies.
func group(units []*bench.Unit) process.Runner {
	if independent(units) {
		return process.Parallel(runners(units)...)
	}
	var g process.Graph
	vertices := make([]*process.Vertex, len(units))
	for i, r := range runners(units) {
		var on []*process.Vertex
		for _, d := range units[i].DependsOn {
			on = append(on, vertices[d])
		}
		vertices[i] = g.Add(r, on...)
	}
	return &g
}

func runners(units []*bench.Unit) []process.Runner {
	all := make([]process.Runner, len(units))
	for i, u := range units {
		all[i] = &runner{u}
	}
	return all
}

// runner is a unit as a process.Runner.
type runner struct{ unit *bench.Unit }

func (r *runner) Run(ctx context.Context, callback process.Callback) error {
	if r.unit.Crashed() != nil {
		return crashing(r.unit).Run(ctx, callback)
	}
	if err := r.unit.Start(ctx); err != nil {
		return err
	}
	if err := callback(ctx); err != nil {
		return err
	}
	return r.unit.Stop(ctx)
}

func crashing(u *bench.Unit) process.Runner {
	return process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		if err := u.Start(ctx); err != nil {
			return err
		}
		stop := ready()
		select {
		case <-u.Crashed():
			return bench.ErrCrash
		case <-stop:
			return u.Stop(ctx)
		}
	})
}
