package container

import (
	"errors"
	"reflect"
)

var (
	// ErrStarted is returned by the methods of the setup, and by a second Run,
	// RunContext, Process or Runner, after the first of these.
	ErrStarted = errors.New("the app was started already")

	// ErrStuck is part of the error of Run and RunContext when units did not end
	// though they were forced. The text names them and shows where they hang.
	ErrStuck = errors.New("stuck")
)

// setupError is an error of the setup, with the method that made it and where that
// was called.
type setupError struct {
	at, method string
	err        error
	hint       string // what to do instead; may be empty
}

func (e *setupError) Error() string {
	s := e.at + ": " + e.method + ": " + e.err.Error()
	if e.hint != "" {
		s += "; " + e.hint
	}
	return s
}

func (e *setupError) Unwrap() error { return e.err }

// join is errors.Join, but for one error it returns that.
func join(errs ...error) error {
	var real []error
	for _, err := range errs {
		if err != nil {
			real = append(real, err)
		}
	}
	if len(real) == 1 {
		return real[0]
	}
	return errors.Join(real...)
}

// without returns err without target, if that is err itself or one of those that
// were joined to it. The target is a pointer.
func without(err, target error) error {
	if err == target {
		return nil
	}
	if reflect.TypeOf(err) == joinType {
		var rest []error
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			rest = append(rest, without(e, target))
		}
		return join(rest...)
	}
	return err
}

var joinType = reflect.TypeOf(errors.Join(errors.ErrUnsupported))
