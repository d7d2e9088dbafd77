package container

import (
	"context"
	"reflect"
)

// function is a method of a value, in one form whatever its signature is.
type function = func(ctx context.Context) error

// call calls a method of a value.
type call func(value any, ctx context.Context) error

// method is a method by its name, with the signatures in which it may come. They are
// interfaces, and not looked up by name at run time: that would have the linker keep
// every method of every type of the program.
type method struct {
	name  string
	forms []form
}

type form struct {
	has       reflect.Type // the interface of values that have it
	call      call
	inContext bool // takes a context
}

// stopMethods are tried in this order: what is most likely to wait for work in hand
// comes first.
var stopMethods = []method{
	forms("Shutdown",
		func(v interface{ Shutdown() }) { v.Shutdown() },
		func(v interface{ Shutdown() error }) error { return v.Shutdown() },
		func(v interface{ Shutdown(context.Context) }, ctx context.Context) { v.Shutdown(ctx) },
		func(v interface{ Shutdown(context.Context) error }, ctx context.Context) error {
			return v.Shutdown(ctx)
		},
	),
	forms("Stop",
		func(v interface{ Stop() }) { v.Stop() },
		func(v interface{ Stop() error }) error { return v.Stop() },
		func(v interface{ Stop(context.Context) }, ctx context.Context) { v.Stop(ctx) },
		func(v interface{ Stop(context.Context) error }, ctx context.Context) error { return v.Stop(ctx) },
	),
	forms("Close",
		func(v interface{ Close() }) { v.Close() },
		func(v interface{ Close() error }) error { return v.Close() },
		func(v interface{ Close(context.Context) }, ctx context.Context) { v.Close(ctx) },
		func(v interface{ Close(context.Context) error }, ctx context.Context) error { return v.Close(ctx) },
	),
	forms("Release",
		func(v interface{ Release() }) { v.Release() },
		func(v interface{ Release() error }) error { return v.Release() },
		func(v interface{ Release(context.Context) }, ctx context.Context) { v.Release(ctx) },
		func(v interface{ Release(context.Context) error }, ctx context.Context) error { return v.Release(ctx) },
	),
	forms("Disconnect",
		func(v interface{ Disconnect() }) { v.Disconnect() },
		func(v interface{ Disconnect() error }) error { return v.Disconnect() },
		func(v interface{ Disconnect(context.Context) }, ctx context.Context) { v.Disconnect(ctx) },
		func(v interface{ Disconnect(context.Context) error }, ctx context.Context) error {
			return v.Disconnect(ctx)
		},
	),
}

// runMethods are tried in this order: Start is the one that may not block.
var runMethods = []method{
	forms("Run",
		func(v interface{ Run() }) { v.Run() },
		func(v interface{ Run() error }) error { return v.Run() },
		func(v interface{ Run(context.Context) }, ctx context.Context) { v.Run(ctx) },
		func(v interface{ Run(context.Context) error }, ctx context.Context) error { return v.Run(ctx) },
	),
	forms("Serve",
		func(v interface{ Serve() }) { v.Serve() },
		func(v interface{ Serve() error }) error { return v.Serve() },
		func(v interface{ Serve(context.Context) }, ctx context.Context) { v.Serve(ctx) },
		func(v interface{ Serve(context.Context) error }, ctx context.Context) error { return v.Serve(ctx) },
	),
	forms("Listen",
		func(v interface{ Listen() }) { v.Listen() },
		func(v interface{ Listen() error }) error { return v.Listen() },
		func(v interface{ Listen(context.Context) }, ctx context.Context) { v.Listen(ctx) },
		func(v interface{ Listen(context.Context) error }, ctx context.Context) error { return v.Listen(ctx) },
	),
	start,
}

var start = forms("Start",
	func(v interface{ Start() }) { v.Start() },
	func(v interface{ Start() error }) error { return v.Start() },
	func(v interface{ Start(context.Context) }, ctx context.Context) { v.Start(ctx) },
	func(v interface{ Start(context.Context) error }, ctx context.Context) error { return v.Start(ctx) },
)

// forms makes a method of its four signatures.
func forms[A, B, C, D any](
	name string, plain func(A), failing func(B) error, inContext func(C, context.Context), both func(D, context.Context) error,
) method {
	return method{name, []form{
		{reflect.TypeFor[A](), func(v any, _ context.Context) error { plain(v.(A)); return nil }, false},
		{reflect.TypeFor[B](), func(v any, _ context.Context) error { return failing(v.(B)) }, false},
		{reflect.TypeFor[C](), func(v any, ctx context.Context) error { inContext(v.(C), ctx); return nil }, true},
		{reflect.TypeFor[D](), func(v any, ctx context.Context) error { return both(v.(D), ctx) }, true},
	}}
}

// withContext returns the methods with the signatures alone that take a context.
func withContext(methods []method) []method {
	var found []method
	for _, m := range methods {
		only := method{name: m.name}
		for _, f := range m.forms {
			if f.inContext {
				only.forms = append(only.forms, f)
			}
		}
		found = append(found, only)
	}
	return found
}

// findMethod returns the first of the methods that values of type t have, nil if
// there is none.
func findMethod(methods []method, t reflect.Type) call {
	for _, m := range methods {
		for _, f := range m.forms {
			if t.Implements(f.has) {
				return f.call
			}
		}
	}
	return nil
}
