package serving

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"sync"
	"syscall"
)

// Listener is a net.Listener that knows whether somebody accepts from it.
type Listener struct {
	net.Listener
	// Wrap, if it is set, is called for each connection, and returns what is
	// accepted in its place.
	Wrap func(net.Conn) net.Conn

	once      sync.Once // guards the closing of accepting
	accepting chan struct{}

	close    sync.Once // guards the call of Close
	closeErr error
}

func newListener(lis net.Listener) *Listener {
	return &Listener{Listener: lis, accepting: make(chan struct{})}
}

// Take returns the Listener of lis, or an error if there is nothing to accept from it.
func Take(lis net.Listener) (*Listener, error) {
	if lis == nil || reflect.ValueOf(lis).Kind() == reflect.Pointer && reflect.ValueOf(lis).IsNil() {
		return nil, errors.New("listener is nil")
	}
	if isClosed(lis) {
		return nil, fmt.Errorf("%v: listener is closed: %w", lis.Addr(), net.ErrClosed)
	}
	return newListener(lis), nil
}

// isClosed reports whether lis is closed, if it is one of the operating system's: of
// others only Accept tells.
func isClosed(lis net.Listener) bool {
	socket, ok := lis.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err == nil {
		err = raw.Control(func(uintptr) {})
	}
	return errors.Is(err, net.ErrClosed)
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	l.once.Do(func() { close(l.accepting) })
	conn, err := l.Listener.Accept()
	if err == nil && l.Wrap != nil {
		conn = l.Wrap(conn)
	}
	return conn, err
}

// WasAccepting reports whether Accept was called.
func (l *Listener) WasAccepting() bool {
	select {
	case <-l.accepting:
		return true
	default:
		return false
	}
}

// Close closes the listener, once: what a second Close does is not said of listeners in
// general. It returns what the first did.
func (l *Listener) Close() error {
	l.close.Do(func() { l.closeErr = l.Listener.Close() })
	return l.closeErr
}
