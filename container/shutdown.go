package container

import (
	"errors"
	"fmt"
	"sync"
)

// Shutdowner stops the app. It may be a parameter of any constructor or invoked
// function.
type Shutdowner interface {
	// Shutdown has the app stop gracefully; a start is aborted, and an app that was
	// not started will not be. It never blocks, and may be called from any goroutine
	// at any time. The first call counts, any other changes nothing. It returns nil.
	Shutdown(opts ...ShutdownOption) error
}

// ShutdownOption says more about a shutdown. The zero value says nothing.
type ShutdownOption struct{ set func(*shutdown) }

// WithExitCode sets the code that Run exits with; RunContext returns an [*ExitError]
// unless it is 0. A code of 0 does not hide a failure of the stop.
func WithExitCode(code int) ShutdownOption {
	return ShutdownOption{func(s *shutdown) { s.code = code }}
}

// WithCause sets the error for which the app is shut down. It is logged, and part of
// an [*ExitError].
func WithCause(err error) ShutdownOption {
	return ShutdownOption{func(s *shutdown) { s.cause = err }}
}

// shutdown is the one that counted. As an error it is the cause of the contexts
// that it ends.
type shutdown struct {
	code  int
	cause error
}

func (s *shutdown) Error() string {
	if s.cause == nil {
		return "shutdown"
	}
	return fmt.Sprintf("shutdown: %v", s.cause)
}

type shutdowner struct {
	requested chan struct{} // closed by the first call

	mu     sync.Mutex // guards what follows
	called *shutdown
}

func (s *shutdowner) Shutdown(opts ...ShutdownOption) error {
	request := new(shutdown)
	for _, o := range opts {
		if o.set != nil {
			o.set(request)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.called == nil {
		s.called = request
		close(s.requested)
	}
	return nil
}

// request returns the shutdown that was called, nil if none was.
func (s *shutdowner) request() *shutdown {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.called
}

// ExitError is what RunContext returns when a [Shutdowner] gave a code other than
// 0.
type ExitError struct {
	Code  int   // of WithExitCode
	Cause error // of WithCause, and what else went wrong; may be nil
}

// Error returns the code and the cause.
func (e *ExitError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return fmt.Sprintf("exit code %d: %v", e.Code, e.Cause)
}

// Unwrap returns the cause.
func (e *ExitError) Unwrap() error { return e.Cause }

// ExitCode returns what Run exits with when RunContext would return err: 0 for nil,
// the code of an [*ExitError], or 1 if that is not between 1 and 255, 128+n when a
// second or third signal n forced the app, 1 for any other error.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	// Not by errors.As: that of a unit is one error among others.
	for e := err; e != nil && !isUnitError(e); e = errors.Unwrap(e) {
		if exit, ok := e.(*ExitError); ok {
			if exit.Code < 1 || exit.Code > 255 {
				return 1
			}
			return exit.Code
		}
	}
	// By errors.As: a unit may say more beside the signal that forced it.
	var forced *signalError
	if errors.As(err, &forced) {
		return forced.code()
	}
	return 1
}

func isUnitError(err error) bool {
	_, ok := err.(*unitError)
	return ok
}
