// Package inspect has a page that shows an application as it starts, runs and stops,
// served by the application itself.
//
//	app := container.New()
//	app.Provide(func() *Admin { return NewAdmin(inspect.Handler(app)) })
//
//	mux.Handle("/debug/strata/", page)
//
// The page shows the units by layers with their states, live; of a unit where it comes
// from, what it waits for and why, who waits for it, its errors, its reports, and where
// its goroutines are; the timeline of the start and the stop; and why the application
// stops. It is usable with a keyboard and a screen reader, in light and dark, and prints.
//
// # Where to serve it
//
// It binds nowhere by itself. Serve it on an address that only operators get to: it names
// what the application consists of, and shows its errors and stacks. Serve it from a part
// of the application that needs no other: that is among the first to start and the last
// to stop, and shows the others meanwhile.
//
// It can be mounted at any path that ends with a slash, with or without
// [net/http.StripPrefix]: only the last element of the path is looked at, and all
// addresses in the page are relative. GET and HEAD are answered, other methods get 405.
// Nothing that is asked for changes anything. No answer may be stored, and the page loads
// nothing from elsewhere.
//
// # The stop
//
// The page is kept up to date by a stream of server-sent events. A stream ends when its
// [net/http.Server] is shut down, and so does not hold up the stop: a unit that serves the
// page stops as fast as without, and until then the page follows the stop. Where the
// server cannot be told, since it is another's or was shut down already, streams end when
// the application begins to stop, and the page asks now and then. Then it says that the
// connection is lost.
//
// No client holds up the application: what it is sent is not queued, but looked up when it
// can take it. At most 32 streams are open at a time, and the next get 503; their page
// asks now and then.
//
// # For scripts
//
// state.json, beside the page, has what the page shows. Fields are added, but those that
// are there keep their name and meaning. A field is left out if there is nothing to say,
// but for those marked with *.
//
//	instance*  differs from one process to the next
//	version*   grows with every change
//	now*       the time, by the application's clock
//	app*
//	  program*       the name of the executable
//	  state*         waiting, starting, running, draining, stopping, stuck, stopped or failed
//	  since          when it came to that
//	  reason         why it stops: "signal: terminated", "failure: *shop.Database"
//	  error          its error, or what caused its stop
//	  start_seconds  how long the start took
//	  schedule       "by layer" or "by dependency"
//	  layers*        how many there are
//	  pending        what a start or a stop has waited for, of five seconds and more:
//	                 name, seconds, and holds, the names of what waits for it
//	  stuck          what was given up: name, phase, seconds, and stack
//	  unused         constructors that nothing asks for
//	  warnings       of the plan
//	  mistakes       in the use of the library, the first 20
//	units*     in the order of the plan
//	  id*            its position
//	  name*          unique, and the same from one start to the next
//	  type           of the value, none for a hook
//	  constructor*   with its file and line: "shop.NewServer (server.go:42)"
//	  layer*         counted from 0
//	  depends_on*    what it waits for: name, and why
//	  dependents*    the names of those that wait for it
//	  state*         waiting, starting, running, draining, stopping, stopped or failed
//	  since          when it came to that
//	  start_seconds  how long it took until it was ready
//	  stop_seconds   how long it took to end after it was asked
//	  critical       true if the start of the application took as long as it did for this
//	  late           true if it is among pending
//	  stuck          true if it did not end though it was forced, and was given up
//	  forced         true if its context was cancelled to end it
//	  error          what it failed with, or returned
//	  stack          where it is stuck, or has panicked
//	  report_count   how many reports it made
//	  reports        the last 20: at, and text
//
// Before the application is built, the units are those of [container.App.Plan]. Texts
// longer than 8 KiB are cut.
//
// timeline.json and timeline.svg are what package timeline makes of the application.
// stacks?id=3 has the stacks of the goroutines of a unit, as they are now.
package inspect
