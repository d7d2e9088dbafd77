package grpcprocess

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
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
	swept               // silent ones were closed, and new ones are
	forced              // all were closed, and new ones are
)

func newConnections() *connections { return &connections{open: make(map[*conn]struct{})} }

// accepted returns what is served in the place of a connection.
func (c *connections) accepted(accepted net.Conn) net.Conn {
	conn := &conn{Conn: accepted, connections: c}
	c.mu.Lock()
	late := c.phase != served
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

// closeSilent closes the connections of which nothing has been read, and those still to
// come.
func (c *connections) closeSilent() {
	for _, conn := range c.enter(swept) {
		if conn.use.CompareAndSwap(silent, cut) {
			_ = conn.Close()
		}
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

// conn is a connection that knows whether something was read from it.
type conn struct {
	net.Conn
	connections *connections
	use         atomic.Int32
}

// What has come of a connection.
const (
	silent int32 = iota // nothing was read
	heard               // something was
	cut                 // it was closed while it was silent, and nothing is read any more
)

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.use.Load() != heard && !c.use.CompareAndSwap(silent, heard) && c.use.Load() == cut {
		return 0, net.ErrClosed
	}
	return n, err
}

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
