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
package engine
