// Package hooks has what is attached to the life of an application, and what listens to it.
//
// A [Hook] is a pair of functions, one to call when the application starts and one when it stops, for code that has
// no value that runs: warming a cache, registering with a discovery service, closing a file. A constructor takes a
// [Lifecycle] and appends hooks to it; outside of a container, [Runner] turns a hook into a process.Runner.
//
//	func NewCache(lc hooks.Lifecycle, db *Database) *Cache {
//		cache := &Cache{db: db}
//		lc.Append(hooks.StartStopHook(cache.Load, cache.Flush))
//		return cache
//	}
//
// An [Event] is something that happened: a constructor was called, a unit started, a unit failed, the application
// stopped. There is one struct type for each kind, listed in the order in which an application goes through them. An
// [Observer] is told of every event, in the order in which they happened; logs, metrics, health checks and timelines
// are observers.
//
//	app.Observe(hooks.ObserverFunc(func(event hooks.Event) {
//		if e, ok := event.(hooks.UnitStarted); ok {
//			startSeconds.WithLabelValues(e.Unit.Name).Set(e.Took.Seconds())
//		}
//	}))
//
// A [Plan] says what starts when and what waits for what: as text, as JSON, and as a diagram for Graphviz or Mermaid.
// [Plan.Explain] says why a unit waits for another one. [AppStarted] says which units decided how long the start took,
// and so which to make faster; package timeline says more of that.
package hooks
