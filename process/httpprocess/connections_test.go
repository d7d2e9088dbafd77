package httpprocess

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// What cannot be timed from outside: a request that comes just as its connection is
// closed.

func opened(c *connections) net.Conn {
	conn, _ := net.Pipe()
	c.changed(conn, http.StateNew)
	return conn
}

func isOpen(conn net.Conn) bool {
	return conn.SetDeadline(time.Time{}) == nil
}

func hasEnded(c *connections) bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

func TestNoHandlerIsEnteredOnAConnectionThatWasClosed(t *testing.T) {
	for _, test := range []struct {
		name  string
		close func(c *connections, used, unused net.Conn)
		// whether the connections are open then, and handlers entered
		used, unused bool
	}{
		{"nothing", func(*connections, net.Conn, net.Conn) {}, true, true},
		{"stop", func(c *connections, _, _ net.Conn) { c.stop() }, true, true},
		{"unused", func(c *connections, _, _ net.Conn) { c.closeUnused() }, true, false},
		{"force", func(c *connections, _, _ net.Conn) { c.force(nil) }, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newConnections()
			used, unused := opened(c), opened(c)
			c.enter(used)
			c.leave(used)

			test.close(c, used, unused)

			for _, conn := range []struct {
				net.Conn
				want bool
			}{{used, test.used}, {unused, test.unused}} {
				if ok, _ := c.enter(conn.Conn); ok != conn.want || isOpen(conn.Conn) != conn.want {
					t.Errorf("entered: %t, open: %t, want %t", ok, isOpen(conn.Conn), conn.want)
				}
			}
		})
	}
}

func TestRequestThatComesTooLateIsAborted(t *testing.T) {
	c := newConnections()
	conn := opened(c)
	c.force(nil)
	gate := &gate{connections: c, handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("its handler is entered")
	})}
	request := httptest.NewRequestWithContext(context.WithValue(t.Context(), connKey{}, conn), "GET", "/", nil)
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
	}()

	gate.ServeHTTP(httptest.NewRecorder(), request)
}

func TestNoHandlerIsEnteredAfterItsConnectionHasEnded(t *testing.T) {
	c := newConnections()
	conn := opened(c)
	c.changed(conn, http.StateClosed)

	if ok, _ := c.enter(conn); ok {
		t.Error("entered after the connection")
	}
	c.lastAccepted()
	if ok, _ := c.enter(nil); ok {
		t.Error("entered after the end")
	}
}

func TestConnectionsThatComeAfterTheUnusedWereClosedAreClosed(t *testing.T) {
	for name, end := range map[string]func(*connections){
		"unused": (*connections).closeUnused,
		"force":  func(c *connections) { c.force(nil) },
	} {
		c := newConnections()
		end(c)

		conn := opened(c)

		if isOpen(conn) {
			t.Errorf("%s: open", name)
		}
		if ok, _ := c.enter(conn); ok {
			t.Errorf("%s: entered", name)
		}
		c.changed(conn, http.StateClosed)
		if c.lastAccepted(); !hasEnded(c) {
			t.Errorf("%s: not ended", name)
		}
	}
}

// The server is shut down by then, but somebody may have called its Serve, too.
func TestConnectionThatComesAfterTheEndIsClosed(t *testing.T) {
	c := newConnections()
	c.lastAccepted()

	conn := opened(c)

	if isOpen(conn) {
		t.Error("open")
	}
	if ok, _ := c.enter(conn); ok {
		t.Error("entered")
	}
	c.changed(conn, http.StateClosed)
}

func TestEndsWithTheLastOfServeConnectionsAndHandlers(t *testing.T) {
	c := newConnections()
	conn, hijacked := opened(c), opened(c)
	c.enter(conn)
	c.enter(hijacked)
	c.changed(hijacked, http.StateHijacked)
	for i, next := range []func(){
		func() { c.changed(conn, http.StateClosed) }, // HTTP/2 does not wait for its handlers
		func() { c.leave(hijacked) },
		c.lastAccepted,
		func() { c.leave(conn) },
	} {
		if hasEnded(c) {
			t.Errorf("ended before step %d", i)
		}
		next()
	}
	if !hasEnded(c) {
		t.Error("not ended")
	}
}

// It is closed by force, and is the handler's as long as that runs.
func TestHijackedConnectionIsKnownUntilItsHandlerReturns(t *testing.T) {
	c := newConnections()
	running, returned := opened(c), opened(c)
	for _, conn := range []net.Conn{running, returned} {
		c.enter(conn)
		c.changed(conn, http.StateHijacked)
	}
	c.leave(returned)

	c.closeUnused()
	if !isOpen(running) {
		t.Error("closed, though it is used")
	}
	c.force(nil)

	if isOpen(running) || !isOpen(returned) {
		t.Errorf("open: %t while its handler runs, %t after", isOpen(running), isOpen(returned))
	}
	c.leave(running)
	if c.lastAccepted(); !hasEnded(c) {
		t.Error("not ended")
	}
}
