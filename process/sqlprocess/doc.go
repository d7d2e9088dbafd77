// Package sqlprocess runs database handles: a *sql.DB of any driver, and a
// *pgxpool.Pool.
//
// An adapter makes units of those that an application of package container has:
//
//	app := container.New(
//		container.WithAdapter(func(db *sql.DB) process.Runner { return sqlprocess.DB(db) }),
//	)
//	app.Provide(NewDB) // func(Config) (*sql.DB, error), which is sql.Open
//
// Everything that takes the *sql.DB, directly or not, is started when the database has
// answered, and has ended before it is closed.
//
// # What is promised
//
//   - Start: the database is pinged until it answers; then the [Handle] is ready. After
//     an attempt that failed, whatever the reason, or had no answer within 10 seconds,
//     there is a delay: 100 ms at first, half as long again each time, up to 5 seconds,
//     each up to half longer or shorter at random. Each such attempt is given to
//     [process.Report] as a [Retry]: so a wrong password, which is tried again, too, is
//     in the log at once.
//   - Nothing but the end of its context ends that: limit it by the start timeout of the
//     app, or by [process.StartTimeout]. The error then ends with that of the last
//     attempt, and the handle is closed.
//   - While it runs, a lost connection, or a server that is away, is no failure:
//     the application lives on, see below.
//   - Stop: the handle is closed, once. It cannot be opened again: a second Run is an
//     error.
//
// A pgxpool.Pool waits, when it is closed, for the connections that are in use, and
// knows no context: one that is never given back keeps it from ending, and an app that
// has forced it gives up, and names it as stuck. A handle of which Run is never called,
// since the start of something else failed before, is not closed.
//
// # When the server goes away
//
// Both kinds of handle make new connections by themselves, so there is nothing to
// restart. While the server is away, queries fail, and they work again as soon as it
// answers; a connection that was in use or idle when it broke may fail one query more.
// What was committed is there: an INSERT that returned nil is found after the server
// was killed and started again, unless the server is set up otherwise. Of one that
// returned an error nobody knows; do it again only if doing it twice does no harm.
//
// [Handle.HealthCheck] tells of it meanwhile: package hooks/health asks it for the *sql.DB
// that the adapter runs.
//
// An application that is better restarted than kept waiting has a unit of its own that
// fails when the database has been away for too long.
package sqlprocess
