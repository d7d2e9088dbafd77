package grpcprocess

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// What cannot be timed from outside: a client that speaks just as its connection is
// closed.

func isOpen(conn net.Conn) bool { return conn.SetDeadline(time.Time{}) == nil }

func TestSilentConnectionThatWasClosedIsNotRead(t *testing.T) {
	c := newConnections()
	client, server := net.Pipe()
	speaks := c.accepted(&late{server, c.closeSilent})
	go func() { _, _ = client.Write([]byte("PRI")) }()

	if n, err := speaks.Read(make([]byte, 3)); n != 0 || err == nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if isOpen(server) {
		t.Error("it is open")
	}
}

// late is a connection with something that happens as it was read from.
type late struct {
	net.Conn
	then func()
}

func (l *late) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.then()
	return n, err
}

func TestConnectionThatHasSpokenIsClosedByForceAlone(t *testing.T) {
	c := newConnections()
	client, server := net.Pipe()
	conn := c.accepted(server)
	go func() { _, _ = client.Write([]byte("PRI")) }()
	if _, err := conn.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}

	c.closeSilent()
	if !isOpen(server) {
		t.Error("closed, though it is not silent")
	}
	c.force()
	if isOpen(server) {
		t.Error("not closed by force")
	}
}

func TestConnectionThatComesLateIsClosed(t *testing.T) {
	c := newConnections()
	c.closeSilent()
	_, server := net.Pipe()

	c.accepted(server)

	if isOpen(server) {
		t.Error("it is open")
	}
}

func TestNothingIsKeptOfWhatHasEnded(t *testing.T) {
	c := newConnections()
	_, server := net.Pipe()
	_ = c.accepted(server).Close()
	if len(c.open) != 0 {
		t.Error("the connection is")
	}

	srv := grpc.NewServer()
	if err := ListenAndServe(srv, "127.0.0.1:0").Run(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	running.mu.Lock()
	defer running.mu.Unlock()
	if running.all[srv] {
		t.Error("the server is")
	}
}

func TestConnectionCanBeAskedForWhatItIs(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer lis.Close()
	client, err := net.Dial("tcp", lis.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	c := newConnections().accepted(client).(*conn)
	if c.NetConn() != client {
		t.Error("NetConn is another")
	}
	if raw, err := c.SyscallConn(); err != nil || raw.Control(func(uintptr) {}) != nil {
		t.Errorf("SyscallConn: %v", err)
	}
	_, server := net.Pipe()
	if _, err := newConnections().accepted(server).(*conn).SyscallConn(); err == nil {
		t.Error("a pipe has a SyscallConn")
	}
}
