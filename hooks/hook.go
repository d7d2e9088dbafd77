package hooks

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"

	"github.com/strata-go/strata/process"
)

// Hook is a pair of functions, one to call at the start and one at the stop. Either may be nil, and then there is
// nothing to do at that point; a Hook with neither does nothing.
type Hook struct {
	// Name is what logs, plans and errors call the hook. If it is empty, the application names it after the
	// constructor that appended it.
	Name string

	// OnStart is called once everything that the hook's constructor depends on is running. What depends on that
	// constructor starts when it has returned nil. Its context ends when the start is given up, and once
	// the hook has stopped.
	OnStart func(ctx context.Context) error

	// OnStop is called when everything that depends on the hook's constructor has ended, and only if OnStart, if
	// there is one, has returned nil. Its context ends when the stop is forced.
	OnStop func(ctx context.Context) error
}

// Lifecycle takes the hooks of a constructor. An application gives each constructor that has a parameter of this type
// one of its own: what is appended starts and stops with that constructor's place in the dependency order, hooks of
// one constructor in the order in which they were appended, and stops in the reverse.
//
// Append is for use inside the constructor. A hook appended after the application has started is never called; that is
// reported by [Misuse] and in the application's result.
type Lifecycle interface {
	Append(hook Hook)
}

// Runner returns a process.Runner that is ready when OnStart has returned nil, and that calls OnStop when it is asked
// to stop. It returns the functions' own errors.
func Runner(h Hook) process.Runner {
	return process.StartStop(h.function(h.OnStart), h.function(h.OnStop))
}

// function returns f as Runner calls it: never nil, and telling of a missing function with the name that the hook was
// given after a helper had made it.
func (h Hook) function(f func(context.Context) error) func(context.Context) error {
	if f == nil {
		return func(context.Context) error { return nil }
	}
	return func(ctx context.Context) error {
		err := f(ctx)
		if h.Name != "" && errors.Is(err, errNilFunction) {
			return fmt.Errorf("hook %s: %w", h.Name, err)
		}
		return err
	}
}

// Func is what [StartHook], [StopHook] and [StartStopHook] accept: a function with or without a context, with or
// without an error.
type Func interface {
	~func() | ~func() error | ~func(context.Context) | ~func(context.Context) error
}

// StartHook returns a [Hook] whose OnStart calls start. If start is nil, the hook fails to start with an error that
// names the place where StartHook was called.
func StartHook[F Func](start F) Hook {
	onStart := adapt(start)
	if onStart == nil {
		return broken("StartHook", "start")
	}
	return Hook{OnStart: onStart}
}

// StopHook returns a [Hook] whose OnStop calls stop. If stop is nil, the hook fails, already when it is started, with
// an error that names the place where StopHook was called.
func StopHook[F Func](stop F) Hook {
	onStop := adapt(stop)
	if onStop == nil {
		return broken("StopHook", "stop")
	}
	return Hook{OnStop: onStop}
}

// StartStopHook returns a [Hook] whose OnStart calls start and whose OnStop calls stop. If either is nil, the hook
// fails to start, calling neither, with an error that names the place where StartStopHook was called.
func StartStopHook[F, G Func](start F, stop G) Hook {
	onStart, onStop := adapt(start), adapt(stop)
	if onStart == nil {
		return broken("StartStopHook", "start")
	}
	if onStop == nil {
		return broken("StartStopHook", "stop")
	}
	return Hook{OnStart: onStart, OnStop: onStop}
}

// adapt returns f in the form that a Hook has, nil if f is nil.
func adapt[F Func](f F) func(context.Context) error {
	if reflect.ValueOf(f).IsNil() {
		return nil
	}
	switch f := unnamed(f).(type) {
	case func():
		return func(context.Context) error { f(); return nil }
	case func() error:
		return func(context.Context) error { return f() }
	case func(context.Context):
		return func(ctx context.Context) error { f(ctx); return nil }
	default:
		return f.(func(context.Context) error)
	}
}

// unnamed returns f as a value of its underlying type: a type switch does not look through a declared type like
// context.CancelFunc.
func unnamed[F Func](f F) any {
	v := reflect.ValueOf(f)
	for _, t := range funcTypes {
		if v.CanConvert(t) {
			return v.Convert(t).Interface()
		}
	}
	panic("unreachable: Func allows nothing else")
}

var funcTypes = [...]reflect.Type{
	reflect.TypeFor[func()](),
	reflect.TypeFor[func() error](),
	reflect.TypeFor[func(context.Context)](),
	reflect.TypeFor[func(context.Context) error](),
}

var errNilFunction = errors.New("nil function")

// broken returns the Hook of a helper that was given a nil function. To find that out at the stop would be late, so
// that it does not start.
func broken(helper, which string) Hook {
	where := "unknown place"
	if _, file, line, ok := runtime.Caller(2); ok {
		where = fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	err := fmt.Errorf("hooks.%s (%s): %s is a %w", helper, where, which, errNilFunction)
	fail := func(context.Context) error { return err }
	return Hook{OnStart: fail, OnStop: fail}
}
