// Package peers has libraries do the work of package bench, each in a file of its own.
package peers

import (
	"context"
	"slices"

	"github.com/strata-go/strata/bench"
)

// Peer is a library, or a way to use one, that does such work as it can.
type Peer struct {
	Name   string
	Module string // its path

	// Build provides the constructors, in each of so many scopes, or without a scope if
	// that is one, and has all of them called.
	Build func(c *bench.Constructors, scopes int) error

	// Prepare does what can be done before the start.
	Prepare func(units []*bench.Unit) (Process, error)

	// Main is that of a program: it starts the units, and returns when all have ended
	// because one has failed, with the exit code, or exits.
	Main func(units []*bench.Unit) int

	// Cannot has the reason for each task that is not among those.
	Cannot map[Task]string
}

// Process is units that are started and stopped, once.
type Process interface {
	Start(context.Context) error // returns when all are ready
	Stop(context.Context) error  // returns when all have ended
}

// Task is a kind of work.
type Task string

const (
	Build       Task = "build"       // call constructors
	Independent Task = "independent" // start and stop units that depend on nothing
	Layered     Task = "layered"     // and in ten layers
	Graph       Task = "graph"       // and a real graph
	Crash       Task = "crash"       // end when a unit of that fails
)

// Tasks are all tasks.
var Tasks = []Task{Build, Independent, Layered, Graph, Crash}

// Can tells whether the peer can do a task.
func (p *Peer) Can(t Task) bool { return p.Cannot[t] == "" }

// All returns all peers, Strata first.
func All() []*Peer {
	return []*Peer{
		Parallel, Sequential, AppByLayer, AppByDependency, AppRunning,
		Fx, Do, Dskit, Suture, OklogRun, Dig, Errgroup,
	}
}

const (
	noConstructors = "it has no constructors to call"
	noOrder        = "it knows no order"
)

type startStop struct{ start, stop func(context.Context) error }

func (p startStop) Start(ctx context.Context) error { return p.start(ctx) }
func (p startStop) Stop(ctx context.Context) error  { return p.stop(ctx) }

// independent tells whether no unit depends on another.
func independent(units []*bench.Unit) bool {
	return !slices.ContainsFunc(units, func(u *bench.Unit) bool { return len(u.DependsOn) > 0 })
}
