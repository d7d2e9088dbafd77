// Package containertest runs an app in a test, and tells how it fails.
//
// [Start] starts an app for the time of a test:
//
//	func TestOrder(t *testing.T) {
//		app := newApp(testSettings(t))
//		containertest.Start(t, app)
//		...
//	}
//
// [Replace] has an app use a fake in the place of what a constructor returns.
//
// [Explore] has each unit of an app fail, in each way that a unit can, and checks
// that the rest stops in order, in time, without a leak, and that the error says
// who it was. These three lines are all there is to write:
//
//	func TestHowItFails(t *testing.T) {
//		containertest.Explore(t, newApp)
//	}
//
// It simulates: it calls no constructor, puts a stand-in in the place of each unit,
// and runs them in virtual time, under the schedule, the limits and the very code
// that run the app. So it takes milliseconds, and it tries the graph, not the units,
// nor the limits that these have of their own.
// With [Real] it builds the app and runs its units in real time: then it finds the
// consumer that hangs when its broker has died, and the goroutine that nobody waits
// for.
package containertest
