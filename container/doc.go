// Package container takes the constructors of an application, as [go.uber.org/dig]
// does, and runs what they build: it finds the values that run, works out which of
// them needs which, starts what can start together in parallel, and stops everything
// in the reverse, whatever happens.
//
//	func main() {
//		app := container.New()
//		app.Provide(NewConfig)
//		app.Provide(NewDatabase) // *Database implements process.Runner
//		app.Provide(NewServer)   // *Server implements process.Runner and takes *Database
//		app.Run()
//	}
//
// Nobody writes an order down and nobody registers a hook: that NewServer takes a
// *Database is all there is to say. The server starts when the database is ready, and
// the database is stopped when the server has ended.
//
// # What runs
//
// Every value that a constructor returned and that implements [process.Runner] is a
// unit of the app, whatever type it was declared as: a result, a field of a dig.Out, a
// member of a group, a supplied value, in any scope. A pointer that several constructors
// return, under one type or another, runs once, where it was made first, and one that a
// decorator replaces does not run, but what the decorator returned. Nil does not run. A
// struct that embeds a runner has its Run, and so runs beside it: name the field if that
// is not meant.
//
// What has no Run, but something to do at the start or the stop, takes a
// [hooks.Lifecycle] and appends hooks, which are units, too.
//
// A value of a library that has no Run, but a Close, or a Start and a Stop, or that
// needs a function of yours, is run by an adapter: see [AdaptStop], [AdaptStartStop],
// [AdaptBlocking], [AdaptRun], [AdaptFunc] and [WithAdapter].
//
// Constructors are called whose results are declared to run, and whatever they need;
// the rest is left alone, as dig does. [App.Plan] tells what would start, why, and what is
// unused, without calling anybody.
//
// # An application on dig
//
// [Attach] makes an App of a [dig.Container] that constructors were provided to, and
// finds them. The container stays as it is; what has no Run is given an adapter.
//
// # In which order
//
// A unit waits for the units that its constructor reaches through its parameters,
// directly or through whatever does not run. Its layer is one more than the highest
// among these, and 0 if there are none. By default a layer starts when all of the
// layer before is ready; with [ByDependency], each unit starts the moment that what it
// waits for is ready. Within a constructor its hooks come first, in the order of
// Append, then its values, all at once. [App.Depend] adds what no parameter shows.
//
// The stop is the reverse of that: a unit is asked to stop when all that wait for it
// have ended.
//
// # Names
//
// A unit is called what its value says in a method Name() string, else by the type of
// the value, with the name or the group that it has in dig. Where that leaves several,
// they have more of the path of the package, if types of two packages have one name,
// or a number, in the order of registration:
//
//	*asynq.Server[name=low]    *outbox.Worker[group=workers]#7
//
// A hook has its own name, or that of the function that appended it. Names are the same
// from one start of a program to the next. A type, and a name, are cut at 100 characters.
//
// # On failure
//
// A unit that fails, or ends, stops the app: what depends on it first, while it still
// runs what they need. A start that fails stops what runs, in order, cancels what is
// starting, and never runs the rest. [App.Run] returns, or exits, when everything has
// ended, within limits: after the start timeout the start is given up, after the stop
// timeout everything is forced, by the end of its context, and what does not even end
// then is reported with its stacks as [ErrStuck]. An error names the unit, its
// constructor and what it was doing:
//
//	start *shop.Server (shop.NewServer, server.go:42): listen tcp :8080: bind: address already in use
//
// # Limits of a unit
//
// The limits of the app are for all of it. A unit has limits of its own within them if
// its value, which is asked once, after the build, has one of these methods, or both:
//
//	StartTimeout() time.Duration // from its start until it is ready
//	StopTimeout() time.Duration  // from the moment that it is asked to stop until it has ended
//
// A unit that is not ready in its time has failed, with [process.ErrStartTimeout], and the
// start is given up as for any failure. One that has not ended in its time is forced,
// alone, and adds [process.ErrStopTimeout] to the result; what it depends on then stops in
// order. Zero is no limit; a negative one is an error that names the unit, and nothing is
// started. A value that an adapter runs is asked, too; a hook has no limit of its own.
// These limits hold also where [App.Runner] and [App.Process] are used.
//
// While a start or a stop goes on, [hooks.StillStarting] and [hooks.StillStopping] tell
// every five seconds what it waits for: units, or the constructor that is being called.
//
// What is wrong with the setup (a type that nobody provides, a cycle) is found before
// anything is built, by [App.Verify], in a test, or by Run.
package container
