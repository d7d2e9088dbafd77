package grpcprocess

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc"
)

// What cannot be timed from outside: a client that says who it is just as it is given up.

func isOpen(conn net.Conn) bool { return conn.SetReadDeadline(time.Time{}) == nil }

// pair returns both ends of a connection, of which grpc waits to be told who it is.
func pair(t *testing.T, c *connections) (client, server net.Conn) {
	t.Helper()
	client, accepted := net.Pipe()
	server = c.accepted(accepted)
	if err := server.SetDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	return client, server
}

func TestNothingIsReadFromAStrangerThatWasGivenUp(t *testing.T) {
	c := newConnections()
	_, before := pair(t, c)
	c.closeStrangers()
	_, late := pair(t, c)

	for _, conn := range []net.Conn{before, late} {
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
	}
}

func TestOneThatHasSaidWhoItIsIsClosedByForceAlone(t *testing.T) {
	for _, after := range []bool{false, true} {
		c := newConnections()
		client, server := pair(t, c)
		known := func() { _ = server.SetDeadline(time.Time{}) }
		if !after {
			known()
		}

		c.closeStrangers()

		if after { // what grpc had read by then was enough
			known()
		}
		go func() { _, _ = client.Write([]byte("a call")) }()
		if n, err := server.Read(make([]byte, 6)); n != 6 {
			t.Errorf("read %d bytes, %v", n, err)
		}
		c.force()
		if isOpen(server) {
			t.Error("not closed by force")
		}
	}
}

func TestConnectionThatComesAfterTheForceIsClosed(t *testing.T) {
	c := newConnections()
	c.force()
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
