package process

import (
	"errors"
	"fmt"
	"time"

	"github.com/strata-go/strata/internal/engine"
)

var (
	// ErrNotReady is returned for a runner that returned nil before it had called
	// its callback, without having been asked to stop.
	ErrNotReady = errors.New("ended before it was ready")

	// ErrCalledTwice is what a runner gets from its callback when it calls it again.
	ErrCalledTwice = errors.New("callback called twice")

	// ErrGoexit is the error of a runner that ended its goroutine by
	// [runtime.Goexit], as testing.T.FailNow does.
	ErrGoexit = errors.New("goroutine ended by runtime.Goexit")

	// ErrAborted is returned by a runner whose start was given up by whoever ran
	// it: because another runner failed, a limit passed, or [Process.Stop] was
	// called. Its text ends with the culprit, which it does not wrap: that error is
	// found where it happened.
	ErrAborted = errors.New("start aborted")

	// ErrStartTimeout is returned by [StartTimeout] for a runner that was not ready
	// in time.
	ErrStartTimeout = errors.New("not ready in time")

	// ErrStopTimeout is returned by [StopTimeout] for a runner that had not ended
	// in time after it was asked to stop, and was forced.
	ErrStopTimeout = errors.New("not stopped in time")

	// ErrProcessInvalidState is returned by the methods of [Process] that make no
	// sense in the state it is in.
	ErrProcessInvalidState = errors.New("invalid process state")
)

// PanicError is the error of a runner that panicked. It unwraps to the value of
// the panic if that is an error.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine, as from [runtime/debug.Stack]
}

// Error returns "panic: " and the value. The stack is not part of it.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// abortError is the cause of an abort: ErrAborted with the culprit's text.
type abortError struct{ culprit error }

func (e *abortError) Error() string { return fmt.Sprintf("%v: %v", ErrAborted, e.culprit) }
func (e *abortError) Unwrap() error { return ErrAborted }

func init() { engine.Process = engineErrors }

// engineErrors are the errors that the engine makes.
var engineErrors = &engine.Errors{
	NotReady:    ErrNotReady,
	CalledTwice: ErrCalledTwice,
	Goexit:      ErrGoexit,
	Panic: func(value any, stack []byte) error {
		return &PanicError{Value: value, Stack: stack}
	},
	IsPanic: func(err error) bool {
		_, ok := err.(*PanicError)
		return ok
	},
	Ended:   errors.New("a runner ended"),
	Aborted: func(culprit error) error { return &abortError{culprit} },
	StartTimeout: func(limit time.Duration) error {
		return fmt.Errorf("%w: %v", ErrStartTimeout, limit)
	},
	StopTimeout: func(limit time.Duration) error {
		return fmt.Errorf("%w: %v", ErrStopTimeout, limit)
	},
}
