package containertest

import (
	"reflect"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/internal/explore"
)

// Replace returns an option for [container.New] which has the app use value wherever
// a constructor of type T is provided, or a T supplied: in any scope, and under any
// name or group. The constructor is not called, and what only it needs is not built:
//
//	app := newApp(containertest.Replace[Mailer](new(mailbox)))
//
// T is the type that the constructor returns, which may be an interface. Its place in
// the order is then that of a constructor without parameters; errors name the
// constructor that it stands for. A value that runs is run.
//
// The constructor may return an error beside the T, but nothing else: a T that is one
// result among several, a field of a dig.Out, an element of a flattened slice, or made
// by dig.As of another type, is an error of the start and of [container.App.Verify].
// So is a T that nobody provides, or that a container held before [container.Attach].
// Of several values for one type the last one counts. A decorator of T decorates the
// value.
func Replace[T any](value T) container.Option {
	return explore.Container.Replace(reflect.TypeFor[T](), reflect.ValueOf(&value).Elem()).(container.Option)
}
