package server

import (
	"log"
	"net"
	"net/http"
	"sync"

	"go.uber.org/zap"
)

// connections are the open connections of a server. It has the two things that http.Server lacks for a stop that is
// both quick and complete.
//
// Shutdown waits up to five seconds for a connection that has not brought a request yet, as browsers open them in
// advance. Such a connection can be closed at once: from the beginning of the shutdown on, http.Server enters no
// handler any more. And Close does not wait for handlers.
type connections struct {
	mu       sync.Mutex
	unused   map[net.Conn]struct{} // those that have not brought a request yet, guarded by mu
	stopping bool                  // guarded by mu

	open sync.WaitGroup // one for each connection, until its last handler has returned
}

// changed is the ConnState hook of the http.Server.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.open.Add(1)
		if c.stopping {
			_ = conn.Close()
			return
		}
		if c.unused == nil {
			c.unused = make(map[net.Conn]struct{})
		}
		c.unused[conn] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		c.open.Done()
		fallthrough
	default:
		delete(c.unused, conn)
	}
}

// closeUnused closes the connections that have not brought a request, and those still to come. It must not be called
// before the shutdown has begun.
func (c *connections) closeUnused() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping = true
	for conn := range c.unused {
		_ = conn.Close()
	}
}

// wait waits until every connection is closed and its handler has returned. Nothing may be accepted any more.
func (c *connections) wait() { c.open.Wait() }

// errorLog is where http.Server writes what no request can be blamed for, like a panic in a handler.
func (s *Server) errorLog() *log.Logger {
	log, err := zap.NewStdLogAt(s.log, zap.WarnLevel)
	if err != nil {
		panic(err) // there is such a level
	}
	return log
}
