// Package engine starts and stops a graph of runners in order. It knows no
// dependency injection: a vertex is a runner and the vertices that it depends
// on.
//
// There is no coordinator. Each runner has one goroutine, and the work of the
// engine is done in them: a runner that becomes ready counts down its
// dependents and starts those that reach zero; one that has ended does the same
// towards its dependencies, and asks those to stop that nobody holds any more.
// The callback of the group runs in the goroutine that called Run and counts as
// a dependent of every runner.
//
// A run goes through its phases once:
//
//	starting -> running -> stopping -> over     the callback was called, and returned
//	starting ------------> stopping -> over     the start was given up
//	any of these --------> forced ---> over     the context given to Run ended
//
// Giving up a start must not force what can end gracefully, so a runner that is
// not ready is aborted, which is not the same as cancelled: see [Context].
//
// # What a runner costs
//
// The floor is the goroutine that an errgroup needs, too: it is made, parks on a channel
// until it is told to stop, wakes, and is counted out. On top of that a runner that
// starts and stops as it should, with nobody to observe it, pays for
//
//   - its vertex, an element of one slice a run: what is known of it, and its context,
//     below which a standard one is made when somebody asks for Done;
//   - its callback, which is a function value of its own;
//   - two critical sections, one when it is ready and one when it has ended, in which
//     all is done that this means for its neighbours; a failure, an end that nobody
//     asked for and an observer take more of them;
//   - a look at the context of the run before each, so that what was done by force is
//     not judged before the force is known;
//   - a deferred recover, and the end of its context when Run has returned;
//   - for each dependency an edge, which is made once and counted down twice;
//   - a channel of its own to be told to stop by, if anybody depends on it. All others
//     share one;
//   - a timer for a limit, if it has one.
//
// Goroutines are started without the lock of the run, and woken without it where a
// runner has ended or the callback has returned: each of them wants it next.
//
// The context given to Run should be of the standard library, or derived from one: below
// any other a runner that asks for Done costs a goroutine more, as it does there.
package engine
