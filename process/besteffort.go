package process

import "context"

// BestEffort returns a runner of a part that others can do without: what goes wrong
// in r is reported, and is no failure of the runner. After it, nothing of r runs, and
// the runner does nothing until it is stopped; [Report] and report, if that is not
// nil, are given the error.
//
// It is ready when r is, or when r has failed to start: whoever depends on it starts
// then, and cannot tell which. A start that does not end is limited inside:
//
//	process.BestEffort(process.StartTimeout(10*time.Second, r), report)
//
// An error of r while it stops is reported, too, and that r ends by itself without
// one is neither reported nor the end of the runner. It is told to stop, aborted and
// forced as r is. A panic in r is an error of r; one in report is a failure of the
// runner. A nil r is an error of Run. Other methods of r are hidden: see the package.
func BestEffort(r Runner, report func(err error)) Runner {
	if r == nil {
		return invalid("BestEffort: runner is nil")
	}
	part := single(r)
	loop := func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		err := part.Run(ctx, func(own context.Context) error {
			wait(own, ready())
			return nil
		})
		if err != nil && !(ctx.Err() != nil && engineErrors.OnlyCancelled(err, ctx, nil)) {
			Report(ctx, err)
			if report != nil {
				report(err)
			}
		}
		if ctx.Err() == nil { // neither aborted nor forced
			wait(ctx, ready())
		}
		return ctx.Err()
	}
	return &checked{"BestEffort", Worker(loop)}
}

// wait returns when stop is closed or ctx has ended.
func wait(ctx context.Context, stop <-chan struct{}) {
	select {
	case <-stop:
	case <-ctx.Done():
	}
}
