// Package supervisor restarts a runner that has failed.
//
// A [Supervisor] is a [process.Runner] around another, or around a function that makes
// a fresh one each time:
//
//	supervisor.New(consumer)
//	supervisor.NewFunc(func() process.Runner { return NewConsumer(settings) })
//
// When the instance that runs fails, it is waited for, the failure is reported, and
// after a delay that grows with each failure the next one is run. When there are too
// many failures in a time, the Supervisor fails itself, with the last of them; see
// [WithLimit]. An instance that ends without an error was not to be restarted: then
// the Supervisor ends, too.
//
// Use it for what fails by itself and can begin anew alone: a consumer that loses its
// connection, a watch that breaks off. Those that depend on it are not restarted with
// it, nor told: to them it runs. What they cannot do without should fail, and have the
// application end and be restarted as a whole.
//
// # What is promised
//
//   - Ready: when the first instance is, also if some failed before it. Later the
//     Supervisor counts as running, whether an instance does or not. A start that
//     never ends is limited by [process.StartTimeout], around the Supervisor for all
//     attempts, or around the instance for each.
//   - A failure is any error of the instance, at its start or later, a panic, and an end
//     before it was ready. It counts, and the next delay begins, when its Run has
//     returned: two instances never run at the same time.
//   - A graceful stop asks the instance to stop, gracefully; one that is just being
//     started is aborted. During a delay, the Supervisor ends at once. A failure that
//     comes after is an error of the stop, and nothing is restarted.
//   - An abort and a force reach the instance as they reach the Supervisor. During a
//     delay they end it at once.
//   - Each restart is given to [process.Report] as a [Restart], when the delay begins.
//     In an app of package container that is an event, and a line of the log at the
//     level Info, which the default log shows.
//
// A Supervisor has no method of what it runs but Run: a HealthCheck or a Drain is hidden.
// A type that embeds the Supervisor may have such methods of its own.
//
// # Compared with suture
//
// Package github.com/thejerf/suture is the best known of its kind in Go, after Erlang's
// supervisors. What it promises, in version 4, and what is promised here:
//
//	                        suture                            here
//	supervises              services, added and removed       one runner; several Supervisors
//	                        while it runs                     are a Graph, or an app
//	a service ends          is restarted, with and without    with an error it is restarted,
//	                        an error, unless it returned      without one the Supervisor ends
//	                        ErrDoNotRestart
//	a panic                 is a failure, or passed on        is a failure; one in a goroutine
//	                                                          of the runner's own is Go's
//	restart                 at once                           after a delay that grows
//	too many failures       a pause, the same for all its     the Supervisor fails, with the
//	                        services; then goes on, for ever  last failure
//	what are too many       a count that decays               a count in a sliding window
//	to end it all           ErrTerminateSupervisorTree        the limit, or WithLimit(1, d)
//	readiness               none: a service is started        ready, when the instance says so;
//	                                                          dependents wait for that
//	stop                    the context ends                  graceful, abort and force
//	order of the stop       all at once                       that of the group it is in
//	a service does not end  it is left behind and named in    it is waited for; StopTimeout
//	                        a report after a timeout          forces it, the app gives up
//	told of it              events to one hook of the tree    process.Report, so the observers
//	                                                          of the app
package supervisor
