package container

import (
	"context"
	"errors"

	"github.com/strata-go/strata/process"
)

// WithAdapter has values of type T run that do not implement [process.Runner]
// themselves, as the Runner that adapt returns for them:
//
//	container.WithAdapter(func(e *echo.Echo) process.Runner {
//		return process.Leaf(
//			func(context.Context) error { return e.Start(":8080") },
//			func(ctx context.Context) error { return e.Shutdown(ctx) },
//		)
//	})
//
// [AdaptStop], [AdaptStartStop], [AdaptBlocking] and [AdaptRun] go by the methods of
// a value, and [AdaptFunc] takes functions: most components need no more.
//
// An adapter for a concrete type has the values of that type built, as if they were
// Runners. T may be an interface, any included: then the adapter applies to values
// that implement it and are built anyway, whatever type they are declared as. Of
// several adapters that fit a value one is taken: one for the value's own type comes
// first, an AdaptStop for an interface last, and of what is left the one given last
// to [New].
//
// What is adapted takes part in everything as a Runner does: it has its place in the
// order, runs once though it is provided twice, and is replaced by what a decorator
// makes of it. Its unit is named after the value, and observers are given the value,
// not the Runner. A nil value is not adapted, and a value that is a Runner never.
//
// adapt is called at most once for a value, after everything was constructed, and is
// to start nothing itself. If it returns nil, the value does not run; [App.Plan] takes
// it that it does, before the build. A panic in it is an error of the start, which
// names the value and its constructor. A nil adapt, and a T that implements Runner,
// are errors of [App.Err].
func WithAdapter[T any](adapt func(T) process.Runner) Option {
	a := newAdapter[T]("WithAdapter")
	if adapt == nil {
		return a.refuse(errors.New("the function is nil"), "")
	}
	a.adapt = func(v any) process.Runner { return adapt(v.(T)) }
	return a.option()
}

// AdaptFunc has values of type T run by a pair of functions. start returns when the
// value is in use and leaves it running in the background; stop is called when the
// value is to stop, if start has returned nil, and should end gracefully until its
// context ends, then at once. See [process.StartStop].
//
// Without a start function the value runs from its construction on and only has to
// be stopped: all that [AdaptStop] says of that is true here. Without a stop function
// there is nothing to do at the stop; without both it is an error of [App.Err]. All
// else is as for [WithAdapter].
func AdaptFunc[T any](start, stop func(ctx context.Context, value T) error) Option {
	a := newAdapter[T]("AdaptFunc")
	bind := func(f func(context.Context, T) error, v any) func(context.Context) error {
		return func(ctx context.Context) error {
			if f == nil {
				return nil
			}
			return f(ctx, v.(T))
		}
	}
	switch {
	case start == nil && stop == nil:
		return a.refuse(errors.New("both functions are nil"), "")
	case start == nil:
		a.stops = true
		a.adapt = func(v any) process.Runner { return stopOnly(bind(stop, v)) }
	default:
		a.adapt = func(v any) process.Runner { return process.StartStop(bind(start, v), bind(stop, v)) }
	}
	return a.option()
}

// AdaptStop has values of type T stopped that run, or hold something open, from their
// construction on: pools, clients, producers. It calls the first of the methods
// Shutdown, Stop, Close, Release and Disconnect that the value has with a signature
// of the following; a method of that name with any other is passed over:
//
//	Close()    Close() error    Close(context.Context)    Close(context.Context) error
//
// A method that takes a context should end gracefully until that ends, then at once.
//
// T says which values:
//
//	AdaptStop[*sql.DB]()    this type; its values are built for it
//	AdaptStop[io.Closer]()  what has this Close and is built anyway; Close is called
//	AdaptStop[any]()        everything that has such a method and is built anyway
//
// So an interface that has such a method itself decides which is called, and any goes
// by the value. Prefer types: the catch-all closes whatever constructors return, also
// a file that the log is written to, a connection that something else closes, and
// both of a value and one that wraps it.
//
// The value is stopped when everything that needs it has ended; also if it was built
// and the start never reached it, because the start, or the construction of something
// else, failed or was given up: then, too, after what needs it and before what it
// needs is stopped, within the stop timeout, and its error is part of the result. It
// is stopped once, and on force as well, with a context that has ended. Only of an
// app that was built and whose Run was never called nothing is stopped, and of one
// that gives up a constructor that does not return.
//
// A T that is no interface and has no such method is an error of [App.Err]. All else
// is as for [WithAdapter].
func AdaptStop[T any]() Option {
	return adaptMethods[T](family{
		option:  "AdaptStop",
		methods: [][]method{stopMethods},
		stops:   true,
		runner:  func(m []function) process.Runner { return stopOnly(m[0]) },
	})
}

// AdaptStartStop has values of type T run by their method Start, which returns when
// the value is in use and leaves it running in the background, and by the one of
// Shutdown, Stop, Close, Release and Disconnect that comes first. Both may or may not
// take a context and return an error. The context of Start ends when the value has
// stopped, or the start is given up. The other method is called if and only if Start
// has succeeded.
//
// If Start returns only when the value has stopped, take [AdaptBlocking]: the
// signature does not tell. Given to AdaptStartStop, such a value never becomes ready.
//
// T is as for [AdaptStop]: a type, or an interface that says which values. A T that is
// no interface and lacks one of the methods is an error of [App.Err]. All else is as
// for [WithAdapter].
func AdaptStartStop[T any]() Option {
	return adaptMethods[T](family{
		option:  "AdaptStartStop",
		methods: [][]method{{start}, stopMethods},
		runner:  func(m []function) process.Runner { return process.StartStop(m[0], m[1]) },
	})
}

// AdaptBlocking has values of type T run by the first of the methods Run, Serve,
// Listen and Start, which returns when the value has stopped, and by the one of
// Shutdown, Stop, Close, Release and Disconnect that comes first, which has it stop.
// Each may or may not take a context and return an error.
//
// The value counts as ready at once, and its return, before it was asked to stop, as
// the end of the app: a method that leaves the value running in the background is one
// for [AdaptStartStop]; the signature does not tell. When it is to stop, the second
// method is called, and when that has returned, the context of the first is
// cancelled; a stop that comes at once may come before the first method has got
// going. See [process.Leaf]. An error that the first returns in the end is one of
// the stop, unless it is that cancellation: for a server that tells by an error of its
// own that it was closed, use [WithAdapter].
//
// T is as for [AdaptStop]: a type, or an interface that says which values. A T that is
// no interface and lacks one of the methods is an error of [App.Err]. All else is as
// for [WithAdapter].
func AdaptBlocking[T any]() Option {
	return adaptMethods[T](family{
		option:  "AdaptBlocking",
		methods: [][]method{runMethods, stopMethods},
		runner:  func(m []function) process.Runner { return process.Leaf(m[0], m[1]) },
	})
}

// AdaptRun has values of type T run by the first of the methods Run, Serve, Listen and
// Start that takes a context and nothing else. It runs until its context ends, which
// is how it is stopped, and may return an error; that its context has ended is none.
//
// The value counts as ready at once, and its return, before it was asked to stop, as
// the end of the app.
//
// T is as for [AdaptStop]: a type, or an interface that says which values. A T that is
// no interface and has no such method is an error of [App.Err]. All else is as for
// [WithAdapter].
func AdaptRun[T any]() Option {
	return adaptMethods[T](family{
		option:  "AdaptRun",
		methods: [][]method{withContext(runMethods)},
		runner:  func(m []function) process.Runner { return process.Leaf(m[0], nil) },
	})
}
