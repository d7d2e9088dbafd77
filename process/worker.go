package process

import (
	"context"
	"sync"
)

// Worker returns a runner of a loop that says itself when it is ready, and is told
// when to stop: the usual way to write a runner.
//
//	process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
//		conn, err := dial(ctx)
//		if err != nil {
//			return err
//		}
//		defer conn.Close()
//		stop := ready()
//		for {
//			select {
//			case m := <-conn.Messages():
//				handle(ctx, m)
//			case <-stop: // gracefully: nothing is in hand here
//				return nil
//			case <-ctx.Done(): // now
//				return ctx.Err()
//			}
//		}
//	})
//
// The channel that ready returns is closed when loop is to stop gracefully, ctx
// ends when it is to stop at once. A second call of ready returns the same channel.
// An error that loop returns while it is needed is the runner's failure; a nil
// before ready is [ErrNotReady]. A nil loop is an error of Run.
func Worker(loop func(ctx context.Context, ready func() (stop <-chan struct{})) error) Runner {
	if loop == nil {
		return invalid("Worker: function is nil")
	}
	return &background{
		name: "Worker",
		run:  loop,
		stop: func(_ context.Context, stop, _ func()) error { stop(); return nil },
	}
}

// Leaf returns a runner of a function that runs in the foreground until it is
// stopped, as http.Server's Serve does. It is ready at once, so an error of the
// function is one at run time, never one of the start: where readiness matters, use
// [Worker].
//
// When it is to stop, gracefulStop is called, and when that has returned, the
// context of runInForeground is cancelled. gracefulStop is always called, also
// when the function has ended by itself, and, with a context that has ended, on
// force. It may be nil; then cancelling the context is all, and giving that
// cancellation back is no error. A nil runInForeground is an error of Run.
//
// Leaf is for what runs on, not for jobs: the return of the function, also without
// an error, ends the group that it is in.
func Leaf(runInForeground, gracefulStop func(ctx context.Context) error) Runner {
	if runInForeground == nil {
		return invalid("Leaf: function to run is nil")
	}
	return &background{
		name: "Leaf",
		run: func(ctx context.Context, ready func() <-chan struct{}) error {
			ready()
			return runInForeground(ctx)
		},
		stop: func(ctx context.Context, _, cancel func()) error {
			defer cancel()
			if gracefulStop == nil {
				return nil
			}
			return gracefulStop(ctx)
		},
	}
}

// background is the runner behind Worker and Leaf: run has a goroutine of its own,
// beside the callback.
type background struct {
	name string
	run  func(ctx context.Context, ready func() <-chan struct{}) error
	// stop asks run to end, by what it was made for: by the channel that ready
	// returns, or by cancelling its context.
	stop func(ctx context.Context, stop, cancel func()) error
}

func (b *background) Run(ctx context.Context, callback Callback) (err error) {
	if err := check(b.name, ctx, callback); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	start := newStart(ctx)
	defer start.end()

	var (
		ready     = make(chan struct{})
		asked     = make(chan struct{})
		ended     = make(chan struct{})
		runErr    error // valid when ended is closed, as is runForced
		runForced bool
		goroutine sync.WaitGroup
	)
	defer goroutine.Wait()
	markReady := sync.OnceFunc(func() { close(ready) })
	goroutine.Go(func() {
		engineErrors.Guard(func() error {
			return b.run(start.ctx, func() <-chan struct{} {
				markReady()
				return asked
			})
		}, func(err error) {
			runErr, runForced = err, ctx.Err() != nil
			close(ended)
			if err == nil {
				err = engineErrors.Ended
			}
			start.callback.Cancel(err)
		})
	})

	select {
	case <-ready:
	case <-ended:
	}
	if !closed(ready) {
		return start.failed(runErr)
	}

	outcome := outcome{ctx: ctx}
	endedFirst := false
	// Deferred, so that a callback that panics or exits goes on with it only when
	// all has ended.
	defer func() {
		defer func() {
			<-ended
			if !endedFirst {
				outcome.stopped(runErr, start.ctx)
			}
			err = outcome.join()
		}()
		engineErrors.Guard(func() error {
			return b.stop(ctx, func() { close(asked) }, func() { start.ctx.Cancel(nil) })
		}, func(err error) {
			outcome.stopped(err, ctx)
		})
	}()
	if cause := start.done(); cause != nil {
		outcome.add(cause)
		return nil
	}
	callbackErr := callback(start.callback)
	if endedFirst = closed(ended); endedFirst {
		outcome.ended(runErr, runForced)
	}
	outcome.returned(callbackErr, start.callback)
	return nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
