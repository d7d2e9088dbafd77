// Package terminal shows the life of an application on a terminal: while it starts and
// while it stops as a picture that moves, before and after as lines that stay.
//
//	screen := terminal.New(os.Stderr)
//	app := container.New(container.WithLog(screen.Observer()))
//
// The picture is a bar of the units that have started, or ended, and below it the
// slowest of those that it waits for, with the time that they have taken so far and what
// they report:
//
//	starting [###############---------------] 3/6  4.2s
//	  *store.Store        4.2s
//	  *queue.Consumer     1.0s  retry 2: connection refused
//
// When it is over a line takes its place: how long the start took, how much less that was
// than if the units had started one after the other, and which units decided it, see
// [hooks.AppStarted]. What is less than a twentieth of the start is left out, of the
// chain as "..". A stop ends with a line that says how long it took and why the
// application stopped. What takes less than a tenth of a second is only that line. Before the
// start there is a picture only of a constructor that takes five seconds and more.
//
//	12:00:04  started   6 units in 4.9s (1.8s saved by parallel starts): *store.Store 4.2s > *api.Server 0.7s
//	12:31:10  stopped   6 units in 12ms: interrupt
//
// Errors are lines that stay, in full, with the stack of a panic and the stacks of what is
// stuck. An error that was told is not told again when the application ends with it. All
// else that a log has is left out: to have it logged as well, give
// container.WithObserver an observer of package logging that writes elsewhere.
//
// # Where there is no terminal
//
// Off a terminal nothing changes. The [Log.Observer] is nil, with which
// container.WithLog leaves the log as it is: lines of JSON to container.WithLogger's
// logger, the graph's, or the standard error. What is written to the Log goes to the file
// as it is. The same holds where TERM is "dumb".
//
// # What else is written to the terminal
//
// A line that somebody else writes to the terminal while there is a picture may be drawn
// over. So the application's own logger writes to the [Log], which puts its lines above
// the picture:
//
//	zapcore.NewCore(encoder, screen, zapcore.InfoLevel)
//	slog.NewTextHandler(screen, nil)
//
// The standard input is not read, the cursor never hidden, no mode of the terminal set:
// after a panic or an exit at once it is as it should be. Of a terminal that becomes so
// narrow that it wraps the lines of a picture, some of these may be left above the next;
// lines that were to stay are never drawn over.
//
// # Who waits for the terminal
//
// The application does not: the observer hands what it is told to a goroutine that draws,
// which runs while something starts or stops, or is left to write. Who
// writes to the Log waits, as for any terminal. The end of the application waits until
// all is written, a second at most.
package terminal
