// Package process is about what runs: servers, consumers, pools, tickers. It gives
// them one interface, [Runner], and puts them together so that they start in order,
// stop in the reverse, and fail as one.
//
// # A runner
//
// A runner has one method, and lives inside it:
//
//	Run(ctx, callback)
//	 │
//	 │  starting     dial, listen, load: return an error if that fails
//	 │
//	 ├─ callback(ctx) ──┐
//	 │                  │  running, as long as the callback does not return
//	 ├──────────────────┘
//	 │
//	 │  stopping     finish what is in hand, close: ctx still lives
//	 │
//	 └─ return
//
// It is ready when it calls the callback: initialized and in use. It is told to end
// in one of three ways:
//
//	way       when            how                   what to do
//	graceful  it runs         the callback returns  finish what is in hand: ctx lives
//	abort     it is starting  ctx ends              give up the start
//	force     at any time     ctx ends              return now, whatever is in hand
//
// On a graceful stop, whoever depends on the runner has ended, and what it depends
// on still runs. It need not tell an abort from a force; groups do, see below.
//
// [Worker] turns Run around for the usual loop, which says when it is ready and is
// told by a channel to stop:
//
//	process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
//		stop := ready()
//		for {
//			select {
//			case m := <-messages:
//				handle(ctx, m)
//			case <-stop: // gracefully
//				return nil
//			case <-ctx.Done(): // now
//				return ctx.Err()
//			}
//		}
//	})
//
// # Which constructor when
//
// For one runner:
//
//   - Packages httpprocess and grpcprocess for a server.
//   - [Worker] for a loop. Begin here.
//   - [Leaf] for a pair like Serve and Shutdown, of which the first blocks.
//   - [StartStop] for a pair like Open and Close, of which neither does.
//   - [RunnerFunc] for all else; pass on the context that you were given.
//   - [StartTimeout] and [StopTimeout] limit one of them, [PrefixedError] names it.
//   - [BestEffort] for a part that others can do without.
//
// For jobs:
//
//   - [Task] for what has to end before others start, like a migration.
//   - [Every] for what is done again and again.
//   - [Pool] for workers that others give jobs to.
//
// What restarts a runner that has failed stands in package supervisor, database
// handles in package sqlprocess; each is a module of its own below this one.
//
// For several:
//
//   - [Sequential] when each needs the one before, [Parallel] when none needs
//     another. They nest: Sequential(Parallel(database, cache), server).
//   - [Graph] when some need some.
//   - [Chain] when the inner is to be forced the moment the outer dies.
//
// [Process] starts and stops any of them from outside.
//
// # What a wrapper hides
//
// What limits, names, restarts or combines runners has none of their other methods: an
// app of package container and its observers do not find the Drain, HealthCheck, Name,
// StartTimeout or StopTimeout of a runner that is inside. Wrap it within a type that
// embeds it, and so has them:
//
//	type Metrics struct{ *Consumer }
//
//	func (m *Metrics) Run(ctx context.Context, callback process.Callback) error {
//		return process.BestEffort(m.Consumer, nil).Run(ctx, callback)
//	}
//
// # How a group ends
//
// In each of these, what runs is asked to stop in the reverse of the start, each
// runner when all that depend on it have returned:
//
//   - The callback of the group has returned: the graceful stop.
//   - A runner fails or ends by itself. The context of the callback ends, and
//     [context.Cause] tells why.
//   - The start is given up, since a runner failed, a limit passed or
//     [Process.Stop] was called: an abort. What is not ready has its context
//     cancelled, what was not reached never runs, and what runs stops gracefully,
//     also in groups that are half started.
//
// Only the end of the context given to Run forces them all at once. Nothing but a
// limit ends a runner that waits, while it stops, for a dependency that has died:
// give those that may a [StopTimeout]. And nothing at all ends one that is deaf to
// its context: Run waits for it.
//
// # Errors
//
// Run returns what its runners did, joined in the order in which it happened, so
// that the first is the root cause; [errors.Is] and [errors.As] find each. What was
// asked for is no error: a runner that was told to stop may return ctx.Err(). To
// tell what happened, test for:
//
//   - [ErrNotReady]: a runner ended, without an error, before it was ready.
//   - [ErrStartTimeout], [ErrStopTimeout]: a limit passed.
//   - [ErrAborted]: the start was given up by who ran it.
//   - [*PanicError], [ErrGoexit]: a runner panicked, or ended its goroutine.
//   - [context.Cause] of the context given to Run: it was forced.
//   - [ErrCalledTwice]: what a runner got from its callback, and gave back.
//   - [ErrNotRunning]: what [Pool.Submit] returns before the start and from the stop on.
//   - [ErrProcessInvalidState]: Start or Stop of a Process that was stopped, or
//     Start of one that was started.
//
// What a runner wants to be known and is no failure, it gives to [Report].
//
// # Goroutines
//
// Groups, limits and Process run each runner in a goroutine, and the function of a
// [Worker] or [Leaf] has one more. They have ended when Run returns. A panic in them
// is that runner's error, and the others stop in order. The callback of a group runs
// in the goroutine that called Run; its panic goes on when all have ended.
//
// Goroutines that a runner starts itself are its own. Nobody else knows of them: it
// waits for them before it returns, and a panic in one crashes the program, as in
// all of Go.
package process
