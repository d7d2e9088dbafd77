package httpprocess

import (
	"context"
	"net"
	"net/http"
	"reflect"
	"sync"

	"github.com/strata-go/strata/internal/serving"
)

// watch puts the connections before the hooks and the handler of a server, where they
// stay: an http.Server serves once. The hooks of the user are called as ever. The
// contexts of handlers are made from ctx if the user has no other. It reports false if
// the server has been watched before.
func (c *connections) watch(ctx context.Context, srv *http.Server) bool {
	watching.Lock()
	defer watching.Unlock()
	if _, ok := srv.Handler.(*gate); ok {
		return false
	}
	srv.Handler = &gate{handler: srv.Handler, connections: c}
	srv.BaseContext = c.baseContext(ctx, srv.BaseContext)
	srv.ConnContext = connContext(srv.ConnContext)
	srv.ConnState = c.connState(srv.ConnState)
	return true
}

func isWatched(srv *http.Server) bool {
	watching.Lock()
	defer watching.Unlock()
	_, ok := srv.Handler.(*gate)
	return ok
}

// watching guards the hooks of servers that are given to two Runs.
var watching sync.Mutex

// gate is the handler before the user's.
type gate struct {
	handler     http.Handler
	connections *connections
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, _ := r.Context().Value(connKey{}).(net.Conn)
	ok, last := g.connections.enter(conn)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	defer g.connections.leave(conn)
	if last && r.ProtoMajor == 2 {
		// HTTP/1 does so by itself, and most of HTTP/2, but not a connection that came
		// while the server was shut down.
		w.Header().Set("Connection", "close")
	}
	handler := g.handler
	if handler == nil {
		handler = http.DefaultServeMux
	}
	handler.ServeHTTP(w, r)
}

// connKey is the key of a handler's connection in its context.
type connKey struct{}

func connContext(user func(context.Context, net.Conn) context.Context) func(context.Context, net.Conn) context.Context {
	return func(ctx context.Context, conn net.Conn) context.Context {
		if user != nil {
			if ctx = user(ctx, conn); ctx == nil {
				return nil // which http.Server has an answer for
			}
		}
		return context.WithValue(ctx, connKey{}, conn)
	}
}

func (c *connections) baseContext(ctx context.Context, user func(net.Listener) context.Context) func(net.Listener) context.Context {
	return func(lis net.Listener) context.Context {
		if user == nil {
			return c.cancellable(ctx)
		}
		if own, ok := lis.(*serving.Listener); ok {
			lis = own.Listener
		}
		base := user(lis)
		if base == nil {
			return nil // which http.Server has an answer for
		}
		return c.cancellable(base)
	}
}

func (c *connections) connState(user func(net.Conn, http.ConnState)) func(net.Conn, http.ConnState) {
	return func(conn net.Conn, state http.ConnState) {
		if state != http.StateNew { // of which a panic has no end told
			defer c.changed(conn, state)
		}
		if user != nil {
			user(conn, state)
		}
		if state == http.StateNew {
			c.changed(conn, state)
		}
	}
}

// asKey returns conn, or if it cannot be a key of a map, one that can and does the same.
func asKey(conn net.Conn) net.Conn {
	if conn != nil && !reflect.ValueOf(conn).Comparable() {
		return &struct{ net.Conn }{conn}
	}
	return conn
}
