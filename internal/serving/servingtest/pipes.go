package servingtest

import (
	"net"
	"sync"
)

// Pipes is a listener in memory: a bubble of testing/synctest cannot wait for a socket.
type Pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once // guards the closing of closed
}

// NewPipes returns a listener that is open.
func NewPipes() *Pipes { return &Pipes{accepted: make(chan net.Conn), closed: make(chan struct{})} }

// Dial returns the client's end of a connection that the listener has accepted.
func (p *Pipes) Dial() net.Conn {
	client, server := net.Pipe()
	p.accepted <- server
	return client
}

// Accept implements net.Listener.
func (p *Pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *Pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr implements net.Listener.
func (p *Pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }
