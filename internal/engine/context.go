package engine

import (
	"context"
	"sync"
	"time"
)

// Context is the context that the engine hands to a runner and to a callback.
//
// It knows, besides being cancelled, a softer way to end: [Context.Abort] tells
// the newest of those who registered with [OnAbort] on it, or on any context
// derived from it. When that one has returned, the next is told, and when none
// is left the context is cancelled. So a nested group that is half started stops
// gracefully what runs in it, and a plain runner is cancelled.
//
// The context that it wraps is made when somebody asks for Done: most runners
// never do, and it would double the cost of a runner.
type Context struct {
	parent context.Context
	vertex *Vertex // whose runner it is given to, if it is

	mu      sync.Mutex // guards what follows
	live    context.Context
	cancel  context.CancelCauseFunc
	cause   error    // of the cancellation, nil before it
	aborted error    // the cause of the abort, nil before it
	newest  *aborter // who registered last, the head of a list
}

// aborter is a registration with OnAbort.
type aborter struct {
	abort func(cause error)
	told  bool
	older *aborter
}

type (
	abortKey  struct{}
	reportKey struct{}
)

// NewContext returns a context below parent that is aborted on its own: an abort
// of the parent does not reach it, its end does.
func NewContext(parent context.Context) *Context {
	return &Context{parent: parent}
}

// OnAbort has abort called, at most once, when the nearest Context above ctx is
// aborted, until the function that it returns is called. With no such Context it
// does nothing.
func OnAbort(ctx context.Context, abort func(cause error)) (remove func()) {
	c, ok := ctx.Value(abortKey{}).(*Context)
	if !ok {
		return func() {}
	}
	a := &aborter{abort: abort}
	c.mu.Lock()
	a.older, c.newest = c.newest, a
	cause := c.aborted
	a.told = cause != nil
	c.mu.Unlock()
	if cause != nil {
		abort(cause)
	}
	return func() { c.remove(a) }
}

// InGraph reports whether ctx was given to a runner of a graph, or is derived from
// one: then the graph adds the cause of a force to what that runner returns.
func InGraph(ctx context.Context) bool {
	c, ok := ctx.Value(abortKey{}).(*Context)
	return ok && c.vertex != nil
}

// Report hands v to the observer of the vertex in whose Run ctx was made, if
// there is one.
func Report(ctx context.Context, v any) {
	if c, ok := ctx.Value(reportKey{}).(*Context); ok {
		c.vertex.Observer.Reported(v)
	}
}

// Abort asks whoever registered to end gracefully, and cancels the context when
// none is left. The first call counts.
func (c *Context) Abort(cause error) {
	c.mu.Lock()
	if c.aborted != nil {
		c.mu.Unlock()
		return
	}
	c.aborted = cause
	next := c.untold()
	c.mu.Unlock()
	c.tell(next, cause)
}

// remove ends a registration. After an abort it is the turn of the next.
func (c *Context) remove(a *aborter) {
	c.mu.Lock()
	for at := &c.newest; *at != nil; at = &(*at).older {
		if *at == a {
			*at = a.older
			break
		}
	}
	cause := c.aborted
	if cause == nil {
		c.mu.Unlock()
		return
	}
	none := c.newest == nil
	next := c.untold()
	c.mu.Unlock()
	if none || next != nil {
		c.tell(next, cause)
	}
}

// untold claims the newest registration, if it has not been told yet.
// The caller holds c.mu.
func (c *Context) untold() *aborter {
	if c.newest == nil || c.newest.told {
		return nil
	}
	c.newest.told = true
	return c.newest
}

func (c *Context) tell(a *aborter, cause error) {
	if a == nil {
		c.Cancel(cause)
		return
	}
	a.abort(cause)
}

// Cancel cancels the context. The first cause counts; that of a parent that has
// ended comes before, though it may still be on its way down.
func (c *Context) Cancel(cause error) {
	if c.parent.Err() != nil {
		cause = context.Cause(c.parent)
	}
	if cause == nil {
		cause = context.Canceled
	}
	c.mu.Lock()
	if c.cause == nil {
		c.cause = cause
	}
	cancel, cause := c.cancel, c.cause
	c.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
}

// context returns the wrapped context, and makes it if make is set or if it has
// been cancelled; else it may be nil.
func (c *Context) context(make bool) context.Context {
	for {
		c.mu.Lock()
		live, cause := c.live, c.cause
		c.mu.Unlock()
		if live != nil || !make && cause == nil {
			return live
		}
		// The parent may be anybody's, so it is asked without the lock, and nobody
		// sees the new context before it stands where this one does.
		live, cancel := context.WithCancelCause(c.parent)
		if cause != nil {
			cancel(cause)
		}
		c.mu.Lock()
		if c.live == nil && (c.cause == nil) == (cause == nil) {
			c.live, c.cancel = live, cancel
			c.mu.Unlock()
			return live
		}
		c.mu.Unlock()
		cancel(nil)
	}
}

// Done implements context.Context.
func (c *Context) Done() <-chan struct{} { return c.context(true).Done() }

// Err implements context.Context.
func (c *Context) Err() error {
	if live := c.context(false); live != nil {
		return live.Err()
	}
	return c.parent.Err()
}

// Deadline implements context.Context.
func (c *Context) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// Value implements context.Context.
func (c *Context) Value(key any) any {
	switch key.(type) {
	case abortKey:
		return c
	case reportKey:
		if c.vertex != nil && c.vertex.Observer != nil {
			return c
		}
	}
	if live := c.context(false); live != nil {
		return live.Value(key)
	}
	return c.parent.Value(key)
}

// String implements fmt.Stringer, without looking at what may be changing.
func (c *Context) String() string { return "strata.Context" }
