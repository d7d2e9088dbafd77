package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
)

// watch is one Run of a Supervisor: instances one after the other.
type watch struct {
	*Supervisor
	delays   backoff.BackOff
	ready    func() (stop <-chan struct{})
	stop     <-chan struct{} // closed to stop gracefully; nil until an instance was ready
	failures []time.Time     // within the window, the oldest first
}

func (w *watch) run(ctx context.Context) error {
	for {
		wasReady, err := w.instance(ctx)
		switch {
		case ctx.Err() != nil, closed(w.stop), err == nil, errors.Is(err, errNoRunner):
			return err
		}
		restart, err := w.failed(err, wasReady)
		if err != nil {
			return err
		}
		process.Report(ctx, restart)
		select {
		case <-time.After(restart.Delay):
		case <-w.stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errNoRunner = errors.New("supervisor: NewFunc: function returned nil")

// instance runs one instance, and tells for how long it was ready. Being a group of
// one, it has panics and early ends as errors.
func (w *watch) instance(ctx context.Context) (ready time.Duration, err error) {
	group := process.Parallel(process.RunnerFunc(
		func(ctx context.Context, callback process.Callback) error {
			r := w.fresh()
			if r == nil {
				return errNoRunner
			}
			return r.Run(ctx, callback)
		},
	))
	own := engine.NewContext(ctx)
	defer own.Cancel(nil)
	defer engine.OnAbort(ctx, own.Abort)()

	started := make(chan struct{}) // closed when it is ready, or has ended
	markStarted := sync.OnceFunc(func() { close(started) })
	var watching sync.WaitGroup
	defer watching.Wait()
	defer markStarted()
	if stop := w.stop; stop != nil {
		watching.Go(func() { abortStart(own, stop, started) })
	}

	err = group.Run(own, func(ctx context.Context) error {
		markStarted()
		since := time.Now()
		w.stop = w.ready()
		select {
		case <-w.stop:
		case <-ctx.Done():
		}
		ready = time.Since(since)
		return nil
	})
	if closed(w.stop) && err == process.ErrAborted { // it was asked for
		err = nil
	}
	return ready, err
}

// abortStart has a graceful stop give up the start of an instance.
func abortStart(ctx *engine.Context, stop, started <-chan struct{}) {
	select {
	case <-stop:
		if !closed(started) {
			ctx.Abort(process.ErrAborted)
		}
	case <-started:
	}
}

// failed counts a failure, and returns the restart that follows, or the error to give
// up with.
func (w *watch) failed(failure error, wasReady time.Duration) (Restart, error) {
	now := time.Now()
	w.failures = slices.DeleteFunc(append(w.failures, now), func(at time.Time) bool {
		return now.Sub(at) >= w.window
	})
	if w.limit > 0 && len(w.failures) >= w.limit {
		return Restart{}, fmt.Errorf("supervisor: gave up at failure %d within %v: %w", len(w.failures), w.window, failure)
	}
	if wasReady >= w.window {
		w.delays.Reset()
	}
	delay := w.delays.NextBackOff()
	if delay < 0 { // backoff.Stop
		return Restart{}, fmt.Errorf("supervisor: gave up at failure %d: %w", len(w.failures), failure)
	}
	return Restart{Failures: len(w.failures), Limit: w.limit, Err: failure, Delay: delay}, nil
}

// closed reports whether c is; nil is not.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
