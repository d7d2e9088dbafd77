package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/strata-go/strata/process"
)

// Supervisor is a runner that runs another, and runs it anew when that fails: see the
// package comment. [New] and [NewFunc] make one. It may be run again if what it runs
// may.
type Supervisor struct {
	fresh   func() process.Runner
	limit   int
	window  time.Duration
	backoff func() backoff.BackOff
	err     error // of a wrong use
}

const (
	defaultLimit  = 10
	defaultWindow = time.Minute
)

// New returns a Supervisor of r, of which Run is called again after each failure. A nil
// r is an error of Run.
func New(r process.Runner, options ...Option) *Supervisor {
	if r == nil {
		return invalid("New: runner is nil")
	}
	return newSupervisor(func() process.Runner { return r }, options)
}

// NewFunc returns a Supervisor of runners that fresh makes, a new one after each
// failure. It is called in the goroutine of the instance; a panic in it is a failure of
// that. A nil fresh, or nil returned by it, is an error of Run.
func NewFunc(fresh func() process.Runner, options ...Option) *Supervisor {
	if fresh == nil {
		return invalid("NewFunc: function is nil")
	}
	return newSupervisor(fresh, options)
}

func newSupervisor(fresh func() process.Runner, options []Option) *Supervisor {
	s := &Supervisor{
		fresh:   fresh,
		limit:   defaultLimit,
		window:  defaultWindow,
		backoff: func() backoff.BackOff { return backoff.NewExponentialBackOff() },
	}
	for _, option := range options {
		if option.set != nil {
			option.set(s)
		}
	}
	return s
}

// Option changes what [New] and [NewFunc] return. The zero value changes nothing.
type Option struct{ set func(*Supervisor) }

// WithLimit has the Supervisor give up at the failure that makes it that many within
// the window, which slides. The error of Run wraps the last. With 1 nothing is
// restarted, and 0 is no limit: then the window is only how long an instance has to be
// ready for the delays to begin anew, see [WithBackOff].
//
// The default is 10 failures within a minute: with the default delays, an instance that
// fails at once has that after some 40 seconds. One whose attempts take long never
// fails so often, and is restarted for ever. A negative limit, and a window that is not
// positive, are errors of Run.
func WithLimit(failures int, window time.Duration) Option {
	return Option{func(s *Supervisor) {
		switch {
		case failures < 0:
			s.refuse("WithLimit: negative limit %d", failures)
		case window <= 0:
			s.refuse("WithLimit: window %v is not positive", window)
		}
		s.limit, s.window = failures, window
	}}
}

// WithBackOff has the delays before restarts come from what make returns, which is
// called once a Run. They begin anew when an instance fails that has been ready for as
// long as the window of [WithLimit]. backoff.Stop has the Supervisor give up.
//
// The default is [backoff.NewExponentialBackOff]: half a second at first, half as long
// again after each failure, up to a minute, each up to half longer or shorter at
// random, so that replicas do not come back all at once. A nil make, and nil returned
// by it, is an error of Run.
func WithBackOff(make func() backoff.BackOff) Option {
	return Option{func(s *Supervisor) {
		if make == nil {
			s.refuse("WithBackOff: function is nil")
		}
		s.backoff = make
	}}
}

// Restart is what a Supervisor reports when an instance has failed and the next is to
// be run.
type Restart struct {
	// Failures is how many there were within the window, this one included.
	Failures int
	// Limit is with how many the Supervisor gives up, 0 if it never does.
	Limit int
	// Err is the failure.
	Err error
	// Delay is how long it waits before it runs the next instance.
	Delay time.Duration
}

// String returns "failure 2 of 10: connection refused, restart in 750ms".
func (r Restart) String() string {
	of := ""
	if r.Limit > 0 {
		of = fmt.Sprintf(" of %d", r.Limit)
	}
	return fmt.Sprintf("failure %d%s: %v, restart in %v", r.Failures, of, r.Err, r.Delay.Round(time.Millisecond))
}

// Run runs instances until one ends without an error, there are too many failures, or
// it is asked to stop.
func (s *Supervisor) Run(ctx context.Context, callback process.Callback) error {
	switch {
	case s == nil || s.fresh == nil:
		return errors.New("supervisor: Supervisor was not made by New or NewFunc")
	case s.err != nil:
		return s.err
	case ctx == nil:
		return errors.New("supervisor: Run with a nil context")
	case callback == nil:
		return errors.New("supervisor: Run with a nil callback")
	}
	delays := s.backoff()
	if delays == nil {
		return errors.New("supervisor: WithBackOff: function returned nil")
	}
	delays.Reset()
	return process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		w := &watch{Supervisor: s, delays: delays, ready: ready}
		return w.run(ctx)
	}).Run(ctx, callback)
}

func invalid(format string, args ...any) *Supervisor {
	s := &Supervisor{fresh: process.Nop}
	s.refuse(format, args...)
	return s
}

func (s *Supervisor) refuse(format string, args ...any) {
	s.err = errors.Join(s.err, fmt.Errorf("supervisor: "+format, args...))
}
