package grpcprocess

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// connections are the open connections of a server, as they are before anything is said
// on them.
type connections struct {
	mu    sync.Mutex // guards what follows
	phase phase
	open  map[*conn]struct{}
}

// phase is what is done to connections. Each goes on to one further down.
type phase int

const (
	served phase = iota // nothing
	swept               // those that have not said who they are are closed
	forced              // all were closed, and new ones are
)

func newConnections() *connections { return &connections{open: make(map[*conn]struct{})} }

// accepted returns what is served in the place of a connection.
func (c *connections) accepted(accepted net.Conn) net.Conn {
	conn := &conn{Conn: accepted, connections: c}
	c.mu.Lock()
	late := c.phase == forced
	c.open[conn] = struct{}{}
	c.mu.Unlock()
	if late {
		_ = conn.Close()
	}
	return conn
}

func (c *connections) closed(conn *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

// closeStrangers has grpc close the connections that have not said who they are, and
// those still to come.
func (c *connections) closeStrangers() {
	for _, conn := range c.enter(swept) {
		conn.hurry()
	}
}

// force closes all connections.
func (c *connections) force() {
	for _, conn := range c.enter(forced) {
		_ = conn.Close()
	}
}

func (c *connections) enter(p phase) (open []*conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase = p
	for conn := range c.open {
		open = append(open, conn)
	}
	return open
}

func (c *connections) isSwept() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase >= swept
}

// conn is a connection that knows whether it is a stranger: whether grpc waits to be
// told who it is. That is what grpc sets a deadline for, and takes it off when it has
// been told.
type conn struct {
	net.Conn
	connections *connections

	mu       sync.Mutex // guards stranger, and that the deadline of Conn goes with it
	stranger bool
}

// SetDeadline is called by grpc before it is told who the connection is, and after.
func (c *conn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stranger = !t.IsZero()
	if err := c.Conn.SetDeadline(t); err != nil || !c.stranger || !c.connections.isSwept() {
		return err
	}
	return c.Conn.SetReadDeadline(past)
}

// hurry has nothing more read from a stranger, which grpc then closes. One that has said
// all just before is none the worse: grpc takes the deadline off as ever.
func (c *conn) hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stranger {
		_ = c.Conn.SetReadDeadline(past)
	}
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

func (c *conn) Close() error {
	c.connections.closed(c)
	return c.Conn.Close()
}

// NetConn returns the connection that was accepted.
func (c *conn) NetConn() net.Conn { return c.Conn }

// SyscallConn is for credentials that ask the operating system who is at the other end.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if conn, ok := c.Conn.(syscall.Conn); ok {
		return conn.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
