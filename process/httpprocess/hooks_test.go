package httpprocess_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

func TestHooksOfTheUserAreCalled(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		type base struct{}
		type conn struct{}
		var (
			mu     sync.Mutex // guards what follows
			states = make(map[http.ConnState]bool)
			text   bytes.Buffer
		)
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := p.newServer(func(w http.ResponseWriter, r *http.Request) {
			if r.Context().Value(base{}) != 1 || r.Context().Value(conn{}) != 2 {
				t.Error("a handler has not the contexts of the user")
			}
			if r.Context().Value(http.ServerContextKey) == nil || r.Context().Value(http.LocalAddrContextKey) == nil {
				t.Error("a handler has not the context of net/http")
			}
			serve(w, r)
		})
		told := make(chan struct{})
		srv.TLSConfig = nil
		srv.ErrorLog = log.New(&text, "", 0)
		srv.RegisterOnShutdown(func() { close(told) })
		srv.BaseContext = func(own net.Listener) context.Context {
			if !p.tls && own != lis {
				t.Errorf("BaseContext(%T)", own)
			}
			return context.WithValue(context.Background(), base{}, 1)
		}
		var kept context.Context
		srv.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
			kept = ctx
			return context.WithValue(ctx, conn{}, 2)
		}
		srv.ConnState = func(_ net.Conn, state http.ConnState) {
			mu.Lock()
			defer mu.Unlock()
			states[state] = true
		}
		var r process.Runner = httpprocess.Server(srv, lis)
		url := p.scheme + "://" + lis.Addr().String()
		var l *httpprocess.Listener
		if p.tls {
			_ = lis.Close()
			srv.TLSConfig = servingtest.Certificate().Server.Clone()
			l = httpprocess.ListenAndServe(srv)
			r = l
		}
		running := servingtest.Start(t, context.Background(), r)
		if l != nil {
			url = p.url(l)
		}

		err = request(p.newTransport(t), url, 1)
		srv.ErrorLog.Print("still the user's")
		_ = servingtest.Stop(running)

		if err != nil {
			t.Error(err)
		}
		servingtest.Within(t, told, "what was registered for the shutdown")
		if kept.Err() == nil {
			t.Error("a context of the server lives on")
		}
		if text.String() != "still the user's\n" {
			t.Errorf("log: %s", text.String())
		}
		for _, state := range []http.ConnState{http.StateNew, http.StateActive, http.StateIdle, http.StateClosed} {
			if !states[state] {
				t.Errorf("ConnState was not called for %v", state)
			}
		}
	})
}

// A handler can reach whoever observes the runner.
func TestHandlersHaveTheValuesOfTheContextOfRun(t *testing.T) {
	type key struct{}
	l := httpprocess.ListenAndServe(protocols[0].newServer(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(key{}) != "value" {
			t.Error("they have not")
		}
		serve(w, r)
	}))
	servingtest.Start(t, context.WithValue(context.Background(), key{}, "value"), l)

	if err := request(protocols[0].newTransport(t), protocols[0].url(l), 0); err != nil {
		t.Error(err)
	}
}

func init() { http.HandleFunc("/of-the-default-mux", serve) }

func TestNoHandlerMeansDefaultServeMux(t *testing.T) {
	l, _ := listen(t, protocols[0].newServer(nil))

	if err := request(protocols[0].newTransport(t), protocols[0].url(l)+"/of-the-default-mux", 0); err != nil {
		t.Error(err)
	}
}

func TestPanicOfAHookIsTheErrorOfTheRunner(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(*http.Server)
		want string
	}{
		{"no base", func(srv *http.Server) { srv.BaseContext = func(net.Listener) context.Context { return nil } }, "nil context"},
		{"no context", func(srv *http.Server) {
			srv.ConnContext = func(context.Context, net.Conn) context.Context { return nil }
		}, "ConnContext"},
		{"new connection", func(srv *http.Server) { srv.ConnState = func(net.Conn, http.ConnState) { panic("no") } }, "panic: no"},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := protocols[0].newServer(nil)
			test.set(srv)
			l := httpprocess.ListenAndServe(srv)
			running := process.NewProcess(context.Background(), l)
			err := running.Start(t.Context())
			if err == nil {
				conn := dial(t, l.Addr())
				servingtest.Within(t, running.Done(), "the end")
				err = running.Err()
				if test.name == "new connection" { // which net/http knows of by then
					if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("the connection is open: %v", err)
					}
				}
			}

			var panicked *process.PanicError
			if !errors.As(err, &panicked) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// A panic of a handler is its own affair, as ever.
func TestPanicOfAHandlerEndsNothing(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		l, running := listen(t, p.newServer(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/panic" {
				panic("a handler")
			}
			serve(w, r)
		}))
		transport := p.newTransport(t)

		if err := request(transport, p.url(l)+"/panic", 0); err == nil {
			t.Error("it was answered")
		}
		if err := request(transport, p.url(l), 0); err != nil {
			t.Error(err)
		}
		if err := servingtest.Within(t, servingtest.Stopping(running), "the stop"); err != nil {
			t.Error(err)
		}
	})
}

// valueConn cannot be compared, and so not be a key of a map.
type valueConn struct {
	net.Conn
	_ []byte
}

type valueListener struct{ net.Listener }

func (l valueListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return valueConn{Conn: conn}, nil
}

func TestConnectionsNeedNotBeComparable(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	running := servingtest.Start(t, context.Background(), httpprocess.Server(protocols[0].newServer(serve), valueListener{lis}))

	if err := request(protocols[0].newTransport(t), "http://"+lis.Addr().String(), 0); err != nil {
		t.Error(err)
	}
	if err := servingtest.Within(t, servingtest.Stopping(running), "the stop"); err != nil {
		t.Error(err)
	}
}

// brokenListener cannot be closed without an error.
type brokenListener struct{ net.Listener }

func (l brokenListener) Close() error { return errors.Join(l.Listener.Close(), io.ErrShortWrite) }

func TestErrorOfCloseIsTold(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	running := servingtest.Start(t, context.Background(), httpprocess.Server(protocols[0].newServer(nil), brokenListener{lis}))

	err = servingtest.Stop(running)

	if !errors.Is(err, io.ErrShortWrite) || !strings.HasPrefix(err.Error(), "httpprocess: Server: 127.0.0.1:") {
		t.Errorf("error = %v", err)
	}
}
