package process

import "context"

// StartStop returns a runner of a pair of functions: start returns when the runner
// is ready and leaves it running in the background, stop ends it. stop is called if
// and only if start returned nil; it should end gracefully until its context ends,
// then at once. The context of start ends when Run returns, or when the start is
// aborted, which does not reach stop: a start that succeeds though it was aborted is
// stopped at once, with a live context. A nil function is an error of Run.
func StartStop(startInBackground, gracefulStop func(ctx context.Context) error) Runner {
	if startInBackground == nil {
		return invalid("StartStop: start function is nil")
	}
	if gracefulStop == nil {
		return invalid("StartStop: stop function is nil")
	}
	return newRunner(func(ctx context.Context, callback Callback) (err error) {
		if err := check("StartStop", ctx, callback); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		start := newStart(ctx)
		defer start.end()
		if err := startInBackground(start.ctx); err != nil {
			return start.failed(err)
		}
		outcome := outcome{ctx: ctx}
		defer func() {
			engineErrors.Guard(func() error {
				return gracefulStop(ctx)
			}, func(stopErr error) {
				outcome.stopped(stopErr, ctx)
				err = outcome.join()
			})
		}()
		if cause := start.done(); cause != nil {
			outcome.add(cause)
			return nil
		}
		outcome.returned(callback(start.callback), start.callback)
		return nil
	})
}
