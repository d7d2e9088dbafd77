package httpprocess

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// connections are the open connections of a server and its running handlers. They do
// what http.Server does not:
//
//   - Shutdown waits 5 s for a connection that has not brought a request, for ever for
//     an HTTP/2 connection that came as it began, and for hijacked ones not at all.
//   - Close does not wait for handlers, and does not know of hijacked connections.
//
// They are told of all that there is by the hooks of http.Server, and let no handler be
// entered on a connection that they have closed.
type connections struct {
	ended chan struct{} // closed when nothing is pending

	mu      sync.Mutex // guards what follows
	phase   phase
	open    map[net.Conn]use
	pending int // Serve, connections and handlers that have not ended
	cancels []context.CancelCauseFunc
}

// phase is what is done to connections. Each goes on to one further down.
type phase int

const (
	accepted phase = iota // nothing
	stopping              // they are closed after what was accepted is answered
	swept                 // also, those that bring no request were closed, and new ones are
	forced                // all were closed, and new ones are
)

// use is what has come of a connection.
type use int

const (
	unused   use = iota // no handler was entered
	used                // one was
	hijacked            // and has it now, and still runs
	cut                 // it was closed by us, and no handler is entered any more
)

func newConnections() *connections {
	return &connections{ended: make(chan struct{}), open: make(map[net.Conn]use), pending: 1}
}

// stop is called before http.Server.Shutdown.
func (c *connections) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase = stopping
}

func (c *connections) isStopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase >= stopping
}

// closeUnused closes the connections that have not brought a request, and those still
// to come.
func (c *connections) closeUnused() {
	for _, conn := range c.cut(swept, func(u use) bool { return u == unused }) {
		_ = conn.Close()
	}
}

// force closes all connections and ends the contexts of the handlers.
func (c *connections) force(cause error) {
	conns := c.cut(forced, func(use) bool { return true })
	c.cancel(cause)
	for _, conn := range conns {
		if over, ok := conn.(*tls.Conn); ok {
			conn = over.NetConn() // to say goodbye over it may take seconds
		}
		_ = conn.Close()
	}
}

// cut enters the phase and returns the connections that are to be closed: those with
// such a use, of which no handler is entered any more.
func (c *connections) cut(p phase, which func(use) bool) (conns []net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase = p
	for conn, use := range c.open {
		if !which(use) {
			continue
		}
		conns = append(conns, conn)
		if use != hijacked {
			c.open[conn] = cut
		}
	}
	return conns
}

// lastAccepted is called when Serve has returned.
func (c *connections) lastAccepted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done()
}

// done is called, with the lock held, when something pending has ended.
func (c *connections) done() {
	c.pending--
	if c.pending == 0 {
		close(c.ended)
	}
}

// changed is the ConnState hook.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	late := false
	switch _, known := c.open[conn]; {
	case state == http.StateNew && c.pending == 0: // somebody else has called Serve, too
		late = true
	case state == http.StateNew:
		c.open[conn] = unused
		c.pending++
		if late = c.phase >= swept; late {
			c.open[conn] = cut
		}
	case state == http.StateHijacked && known:
		c.open[conn] = hijacked
	case state == http.StateClosed && known:
		delete(c.open, conn)
		c.done()
	}
	c.mu.Unlock()
	if late {
		_ = conn.Close()
	}
}

// enter is called before a handler is entered, with its connection, and reports whether
// it may be, and whether that is the last request that the connection is to bring.
func (c *connections) enter(conn net.Conn) (ok, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	use, open := c.open[conn]
	if c.pending == 0 || c.phase == forced || conn != nil && (!open || use == cut) {
		return false, false
	}
	if open {
		c.open[conn] = used
	}
	c.pending++
	return true, c.phase >= stopping
}

// leave is called after a handler that was entered has returned.
func (c *connections) leave(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[conn] == hijacked { // what becomes of it is nobody's business here
		delete(c.open, conn)
		c.done()
	}
	c.done()
}

// cancellable returns a context that ends when handlers are to, with the values of
// parent.
func (c *connections) cancellable(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancels = append(c.cancels, cancel)
	return ctx
}

// cancel ends the contexts of all handlers.
func (c *connections) cancel(cause error) {
	c.mu.Lock()
	cancels := c.cancels
	c.mu.Unlock()
	for _, cancel := range cancels {
		cancel(cause)
	}
}
