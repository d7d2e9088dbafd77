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
// It is ready when it calls the callback, and asked to stop gracefully when the
// callback returns: whoever depends on it has ended by then, and what it depends on
// still runs. The end of its context is force: return now, whatever is in hand.
//
// [Worker] turns that around for the usual loop, which says when it is ready and is
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
//   - [Worker] for a loop. Begin here.
//   - [Leaf] for a pair like Serve and Shutdown, of which the first blocks.
//   - [StartStop] for a pair like Open and Close, of which neither does.
//   - [RunnerFunc] for all else; pass on the context that you were given.
//   - [StartTimeout] and [StopTimeout] limit one of them, [PrefixedError] names it.
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
//
// Groups, limits and Process make an error of a panic in the Run of a runner. In a
// goroutine that a runner starts by itself it crashes the program, as in all of Go.
package process
