package process

import (
	"context"
	"time"
)

// Every returns a runner that calls job at once when it is ready, and then once in
// each interval. Calls never overlap: while one takes longer than the interval, the
// ones that were due are left out, and the next comes when it is due again. The
// runner is ready before the first call, and does not wait for it.
//
// On a graceful stop the call in hand is finished, and no other is begun. On force
// its context ends. An error that it returns is the runner's failure, as is a panic;
// with [ReportErrors] the error is reported, and the calls go on. A nil job and an
// interval that is not positive are errors of Run.
func Every(interval time.Duration, job func(ctx context.Context) error, options ...JobOption) Runner {
	if job == nil {
		return invalid("Every: function is nil")
	}
	if interval <= 0 {
		return invalid("Every: interval %v is not positive", interval)
	}
	rules := newJobRules(options)
	loop := func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		stop := ready()
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			if closed(stop) {
				return nil
			}
			if err := rules.judge(ctx, job(ctx)); err != nil {
				return err
			}
			select {
			case <-ticker.C: // it was due during the call
			default:
			}
			select {
			case <-ticker.C:
			case <-stop:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return &checked{"Every", Worker(loop)}
}

// Task returns a runner of a job that has to end before others start, like a
// migration: it is ready when job has returned nil. Then it does nothing until it is
// stopped.
//
// An error of job is one of the start. The context of job ends when the start is
// aborted or forced; [StartTimeout] limits how long it may take. A nil job is an error
// of Run.
func Task(job func(ctx context.Context) error) Runner {
	if job == nil {
		return invalid("Task: function is nil")
	}
	return &checked{"Task", StartStop(job, func(context.Context) error { return nil })}
}

// JobOption changes what becomes of the jobs of [Every] and [Pool]. The zero value
// changes nothing.
type JobOption struct{ set func(*jobRules) }

// ReportErrors has an error of a job handed to [Report], as it is, instead of being
// the runner's failure. In an app of package container that is an event, and a line
// of the log at the level Info; elsewhere nobody hears it. A panic is still a
// failure: it is a mistake in the program, and what it left half done may be broken.
func ReportErrors() JobOption {
	return JobOption{func(r *jobRules) { r.report = true }}
}

// jobRules say what becomes of the errors of jobs.
type jobRules struct{ report bool }

func newJobRules(options []JobOption) (r jobRules) {
	for _, option := range options {
		if option.set != nil {
			option.set(&r)
		}
	}
	return r
}

// judge returns the error of a job if it is to end the runner. That the job was
// cancelled by force is not worth a report.
func (r jobRules) judge(ctx context.Context, err error) error {
	if err == nil || !r.report || ctx.Err() != nil && engineErrors.OnlyCancelled(err, ctx, nil) {
		return err
	}
	Report(ctx, err)
	return nil
}
