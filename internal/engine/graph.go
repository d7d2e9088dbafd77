package engine

import (
	"context"
	"runtime/debug"
	"time"
)

// Runner is process.Runner.
type Runner interface {
	Run(ctx context.Context, callback Callback) error
}

// Callback is process.Callback.
type Callback = func(ctx context.Context) error

// Graph is a group of runners, of which some depend on others. It may be run
// any number of times, also at once, and is not changed by it.
type Graph struct {
	// Vertices are the runners. There is at least one, and no cycle.
	Vertices []Vertex
	// Errors makes the errors that the engine itself returns.
	Errors *Errors
	// Transparent has the callback of the group run below the context that the
	// last vertex passed to its own callback: the runner's values are seen there.
	Transparent bool
}

// Vertex is a runner in a graph.
type Vertex struct {
	Runner    Runner
	DependsOn []int    // indices of vertices, each one once
	Observer  Observer // may be nil
	// Wrap names the culprit of an error, whatever the runner did to cause it. It
	// may be nil.
	Wrap func(err error) error
	// StartLimit is how long the runner may take to be ready; then it has failed. Zero
	// is no limit, here and below.
	StartLimit time.Duration
	// StopLimit is how long the runner may go on after it was asked to stop, or its
	// start was aborted; then it alone is forced.
	StopLimit time.Duration
	// Finishes has an abort of the start leave its context alone: it ends soon by
	// itself, when its callback returns.
	Finishes bool
}

// Observer is told what happens to a vertex, in the goroutine in which it
// happens and before the engine acts on it, so that what it is told of a vertex
// comes before what it is told of those that the engine starts or stops for it.
type Observer interface {
	Starting()           // Run is about to be called.
	Unreached()          // The start was given up before it: Run is never called.
	Ready()              // The callback was called.
	Failing(cause error) // It failed, or ended (cause is nil), unasked.
	Stopping()           // The callback is about to return: it is asked to stop.
	Late(err error)      // Its stop limit has passed, and it is about to be forced.
	// Ended tells that Run has returned. The error is nil if the engine had asked
	// for it; forced is whether its context had been cancelled, for another reason
	// than that its start was given up, or it was late.
	Ended(err error, forced bool)
	Reported(v any) // It called Report.
}

// Process makes the errors that package process exports, which sets it.
var Process *Errors

// Errors makes the errors that the engine returns itself.
type Errors struct {
	NotReady    error // returned nil without having called the callback
	Ended       error // the cause of what ends for one that returned nil
	CalledTwice error // called the callback again
	Goexit      error // ended its goroutine

	Panic        func(value any, stack []byte) error // panicked
	IsPanic      func(err error) bool                // whether err was made by Panic
	Aborted      func(culprit error) error           // the cause of an aborted start
	StartTimeout func(limit time.Duration) error
	StopTimeout  func(limit time.Duration) error
}

// Guard calls f, and then done with its error, which is made of it if f panicked
// or ended the goroutine.
func (e *Errors) Guard(f func() error, done func(err error)) {
	var (
		err      error
		returned bool
	)
	defer func() {
		if !returned {
			err = e.Goexit
			if p := recover(); p != nil {
				err = e.Panic(p, debug.Stack())
			}
		}
		done(err)
	}()
	err = f()
	returned = true
}

// Run runs the graph: see package process for what it promises.
func (g *Graph) Run(ctx context.Context, callback Callback) error {
	return Chain{g}.Run(ctx, callback)
}

// Chain runs graphs one inside the callback of the other.
type Chain []*Graph

// Run runs the chain. The callback runs inside the last of its graphs.
func (c Chain) Run(ctx context.Context, callback Callback) error {
	called := false
	_, err := c.run(ctx, func(ctx context.Context) error {
		called = true
		return callback(ctx)
	}, false)
	if err == nil && !called {
		return c[0].Errors.NotReady
	}
	return err
}

func (c Chain) run(ctx context.Context, callback Callback, inner bool) (alone bool, err error) {
	return c[0].run(ctx, func(ctx context.Context) (bool, error) {
		if len(c) == 1 {
			return true, callback(ctx)
		}
		return c[1:].run(ctx, callback, true)
	}, inner)
}

// nestedCallback tells, besides the error, whether that error is the user's
// callback's own and no runner had failed before: such an error stands alone.
type nestedCallback func(ctx context.Context) (alone bool, err error)

func (g *Graph) run(
	ctx context.Context, callback nestedCallback, inner bool,
) (alone bool, err error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	r := newRun(g, ctx)
	r.inner = inner
	// Deferred, so that a callback that panics or exits goes on with it only when
	// everything has ended.
	defer func() {
		r.close()
		alone, err = r.result()
	}()
	r.begin()
	<-r.started
	if r.complete() {
		r.callbackReturned(callback(r.callbackContext))
	}
	return false, nil
}
