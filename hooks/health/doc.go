// Package health tells an orchestrator how an application is, over HTTP.
//
// A [Health] is an observer with three handlers, for the three questions that
// Kubernetes asks:
//
//	h := health.New()
//	app := container.New(container.WithObserver(h))
//
//	mux.Handle("/livez", h.Livez())       // is it beyond help? Then restart it
//	mux.Handle("/readyz", h.Readyz())     // shall it be sent requests?
//	mux.Handle("/startupz", h.Startupz()) // has its start succeeded?
//
// Serve them from a part of the application that needs no other: it is among the first
// to start and the last to stop, and answers while the others do. Serve them where only
// operators get: the answers name what the application consists of, and its errors.
//
// # What is answered
//
// The status is 200 for yes and 503 for no:
//
//	              livez  readyz  startupz
//	constructing  200    503     503       nothing has started; also if nothing is observed
//	starting      200    503     503
//	running       200    200     200       readyz: if each check passes, else 503
//	draining      200    503     200
//	stopping      200    503     200       startupz: if the start had succeeded, else 503
//	stuck         503    503     200       the same; forced units did not end
//	stopped       503    503     200       the same
//
// Of all that ends readiness, a signal, a drain, a failure, a unit that stops, the
// first that is observed does; it does not come back. Readyz fails from that moment on,
// also while units still serve.
//
// The body is JSON. The units stand in the order of the plan:
//
//	{
//	  "status": "not ready",
//	  "reason": "check of *shop.Database: connection refused",
//	  "app": {"state": "running", "since": "2026-03-01T12:00:03Z"},
//	  "units": [
//	    {"unit": "*shop.Database", "state": "running", "since": "2026-03-01T12:00:01Z",
//	      "check": {"state": "failed", "since": "2026-03-01T12:09:59Z", "error": "connection refused"}},
//	    {"unit": "*shop.Server", "state": "running", "since": "2026-03-01T12:00:03Z"}
//	  ]
//	}
//
// Status is "alive", "ready" or "started", or that after "not". Reason says why not,
// and is there only then. A unit is waiting, starting, running, stopping, stopped or
// failed, and may have an error. A check passed, failed or is hanging, since the first
// such call in a row; it is unknown in the answer to a request that was given up before.
//
// The answer to HEAD has no body; other methods get 405. No answer may be stored.
//
// # Checks
//
// A value that runs and is a [Checker], or what an adapter made of it, is asked for its
// health by readyz, and by nothing else. Livez asks nobody: a database that is away is not brought back by a
// restart of all that need it. Startupz asks nobody either: a unit is ready when it says
// so. Think twice before a check asks what all replicas share: when that fails, all of
// them are taken out of service at once.
//
// Checks are asked only while all units run, all of them at the same time, at most once
// in a second: later requests are given the same answer, and requests that come
// meanwhile wait for it. What follows from the units' own states is never that old.
// Nobody waits longer than [WithTimeout] says. A check that has not returned then is
// reported as hanging, since when; while it hangs it is not called again, nor waited
// for. A request that is given up cancels no check. A check that panics has failed.
//
// The goroutines of the checks, at most one a unit, belong to the [Health]. Their
// context ends at the timeout, and when readiness ends for good. When the application
// has ended it waits for them, but for half a second at most: what is deaf to its context
// is left behind.
package health
