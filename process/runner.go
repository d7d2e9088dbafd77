package process

import (
	"context"
	"errors"
	"fmt"

	"github.com/strata-go/strata/internal/engine"
)

// Runner is something that runs: a server, a consumer, a pool, a ticker.
//
// Run executes it. It calls callback, once, when it is ready: initialized and in
// use. It is asked to stop gracefully by the return of the callback; then its
// context still lives, so that it may finish what it has in hand. The end of its
// context asks it to stop at once. Run returns when everything that it has
// started has ended.
//
// A runner passes to the callback the context that it was given, or one that it
// derived from it and cancels, with a cause, when it can no longer work. It does
// not have to look at the error that the callback returns: in a group that is
// always nil, except for [ErrCalledTwice].
//
// [Worker], [Leaf] and [StartStop] make runners of functions.
type Runner interface {
	Run(ctx context.Context, callback Callback) error
}

// Callback is what a [Runner] calls when it is ready. It returns when the runner
// is to stop.
type Callback = func(ctx context.Context) error

// RunnerFunc is a function that implements [Runner]. Run of a nil one returns an error.
type RunnerFunc func(ctx context.Context, callback Callback) error

// Run calls f.
func (f RunnerFunc) Run(ctx context.Context, callback Callback) error {
	if f == nil {
		return errors.New("process: RunnerFunc is nil")
	}
	return f(ctx, callback)
}

// Nop returns a runner that does nothing: it is ready at once, and returns what
// the callback does.
func Nop() Runner {
	return newRunner(func(ctx context.Context, callback Callback) error {
		if err := check("Nop", ctx, callback); err != nil {
			return err
		}
		return callback(ctx)
	})
}

// PrefixedError returns a runner that runs r and puts prefix, a colon and a space
// before its error. A nil r is an error of Run. Other methods of r are hidden: see the
// package.
func PrefixedError(prefix string, r Runner) Runner {
	if r == nil {
		return invalid("PrefixedError: runner is nil")
	}
	return newRunner(func(ctx context.Context, callback Callback) error {
		if err := r.Run(ctx, callback); err != nil {
			return fmt.Errorf("%s: %w", prefix, err)
		}
		return nil
	})
}

// runner is a RunnerFunc that is one thing, however often it is passed on: two
// functions cannot be compared.
type runner struct{ run RunnerFunc }

func newRunner(run RunnerFunc) Runner { return &runner{run} }

func (r *runner) Run(ctx context.Context, callback Callback) error { return r.run(ctx, callback) }

// Report hands v to whoever observes the runner in whose Run the context was
// made: a restart, a retry, anything that is worth a line and is no failure. In an
// app of package container it becomes an event, hooks.UnitReported. With nobody to
// hear, as where ctx comes from elsewhere or is nil, it does nothing.
func Report(ctx context.Context, v any) {
	if ctx != nil {
		engine.Report(ctx, v)
	}
}

// check returns an error for what no runner can work with.
func check(name string, ctx context.Context, callback Callback) error {
	if ctx == nil {
		return fmt.Errorf("process: %s: Run with a nil context", name)
	}
	if callback == nil {
		return fmt.Errorf("process: %s: Run with a nil callback", name)
	}
	return nil
}

// invalid returns a runner whose Run returns the error of a wrong use.
func invalid(format string, args ...any) Runner {
	err := fmt.Errorf("process: "+format, args...)
	return newRunner(func(context.Context, Callback) error { return err })
}
