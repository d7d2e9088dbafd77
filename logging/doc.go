// Package logging writes the life of an application to a structured log: it has observers of its events for zap and for
// log/slog.
//
//	app.Observe(logging.New(logger))        // a *zap.Logger
//	app.Observe(logging.NewSlog(logger))    // a *slog.Logger
//	app.Observe(logging.Default())          // to the standard error
//
// An event is one line. Its message is a constant, so that it can be searched for and counted; everything else is a
// field with a type, and the same thing has the same key on every line. Both loggers get the same messages, levels, keys
// and values; the time of a line is that of its event. Lines carry no caller and no stack trace of the logger's, which
// would always be the same.
//
// # Levels
//
// Error has the culprit: a unit that failed, a constructor that failed or was refused, units that are stuck, an
// application that ended with an error. Warn is for what lasts long (every few seconds of a start or stop), what had to
// be forced, warnings of the plan and misuse of the library. Info tells the story of the application in a handful of
// lines, and names what took a second or more. All else is Debug, also the error of an invoked function: the caller of
// Invoke has been given it; and the end of a unit that is known to have failed with the same error.
//
// # Messages
//
//	provide, decorate, supply       something was given to the application
//	construct, invoke               a constructor or an invoked function has returned
//	plan                            what will run is known
//	app starting, app started       the start began, and is complete
//	unit starting, unit started     a unit was started, and is ready
//	still starting, still stopping  what is awaited: units, or a constructor
//	unit report                     what a unit says about itself
//	unit failed, unit ended         a unit ended unasked: with an error, and without
//	app stopping, app stopped       the stop began, and is complete
//	draining                        load balancers are given time
//	unit stopping, unit stopped     a unit was asked to stop, and has ended
//	stuck                           a unit did not even end when forced
//	misuse                          a mistake in how the library is used
//
// # Keys
//
// A key whose value is empty (no text, no entries, no error, not forced) is left out.
//
//	unit         text       name of a unit, unique in the application
//	type         text       Go type of the unit, left out if that is its name
//	constructor  text       function that a unit or value comes from: shop.NewServer
//	decorator    text       function that decorates
//	function     text       function that was invoked
//	location     text       where that function stands: server.go:42
//	scope        text       scope, left out for the root
//	results      texts      types that a constructor or decorator returns
//	types        texts      types of supplied values
//	layer        number     layer of the unit, from 0
//	depends_on   texts      names of the units that the unit waits for
//	took         duration   how long what the message says took
//	phase        text       what the unit was doing: construct, start, run, stop
//	forced       flag       whether the unit had to be forced to end
//	report       text       what the unit says
//	why          text       why the application stops: signal, shutdown, failure, context, unit ended, timeout, stop
//	signal       text       the signal that stops it
//	delay        duration   how long it drains
//	error        error      what went wrong
//	stack        text       where a panic happened, over several lines
//	schedule     text       when units start: by layer, by dependency
//	unit_count   number     how many units there are
//	layer_count  number     how many layers they form
//	layers       list       for each layer, the names of its units
//	unused       texts      constructors that nothing asks for
//	warnings     texts      what to know about the plan
//	critical     list       units that decided how long the start took: unit, took
//	pending      list       units that are awaited: unit, for, holds (the names of those that wait for it)
//	stuck        list       units that do not end: unit, phase, for, stack
//	more         number     how many units are left out of the two lists above, of which twenty are written
//
// Durations and lists are encoded as the logger does it: with the usual encoders, durations are seconds in zap's JSON and
// nanoseconds in slog's.
package logging
