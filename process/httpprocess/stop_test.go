package httpprocess_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

func TestStopAnswersWhatIsInHandAndTakesNothingNew(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		entered, release := make(chan error, 1), make(chan struct{})
		l, running := listen(t, p.newServer(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor != p.major || (r.TLS != nil) != p.tls {
				t.Errorf("it speaks %s, TLS %t", r.Proto, r.TLS != nil)
			}
			_, _ = io.WriteString(w, "first piece, ")
			_ = http.NewResponseController(w).Flush()
			entered <- nil
			<-release
			if r.Context().Err() != nil {
				t.Error("the context of a handler ended while the stop was graceful")
			}
			_, _ = io.WriteString(w, strings.Repeat("complete ", 10_000))
		}))
		answered := make(chan error, 1)
		go func() {
			response, err := (&http.Client{Transport: p.newTransport(t)}).Get(p.url(l))
			if err != nil {
				answered <- err
				return
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err == nil && len(body) != 90_013 {
				err = fmt.Errorf("%d bytes", len(body))
			}
			answered <- err
		}()
		servingtest.Within(t, entered, "the handler")

		stopped := servingtest.Stopping(running)
		servingtest.Refused(t, l.Addr())
		close(release)

		if err := servingtest.Within(t, answered, "the answer"); err != nil {
			t.Error(err)
		}
		if err := servingtest.Within(t, stopped, "the stop"); err != nil {
			t.Error(err)
		}
	})
}

// Server-sent events go on for ever: who sends them can hear of the stop.
func TestStreamThatHearsOfTheStopEndsItself(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		entered, told := make(chan struct{}), make(chan struct{})
		srv := p.newServer(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "data: hello\n\n")
			_ = http.NewResponseController(w).Flush()
			close(entered)
			select {
			case <-told:
				_, _ = io.WriteString(w, "event: bye\n\n")
			case <-r.Context().Done():
				t.Error("the context of a handler ended while the stop was graceful")
			}
		})
		srv.RegisterOnShutdown(func() { close(told) })
		l, running := listen(t, srv)
		response, err := (&http.Client{Transport: p.newTransport(t)}).Get(p.url(l))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		servingtest.Within(t, entered, "the handler")

		stopped := servingtest.Stopping(running)

		if body, err := io.ReadAll(response.Body); err != nil || string(body) != "data: hello\n\nevent: bye\n\n" {
			t.Errorf("%q, %v", body, err)
		}
		if err := servingtest.Within(t, stopped, "the stop"); err != nil {
			t.Error(err)
		}
	})
}

// A handler may end its goroutine, as testing.T.FailNow does.
func TestGoexitOfAHandlerKeepsNothing(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		l, running := listen(t, p.newServer(func(http.ResponseWriter, *http.Request) { runtime.Goexit() }))
		if err := request(p.newTransport(t), p.url(l), 0); err == nil {
			t.Error("it was answered")
		}

		if err := servingtest.Within(t, servingtest.Stopping(running), "the stop"); err != nil {
			t.Error(err)
		}
	})
}

func TestForceEndsContextsAndWaitsForHandlers(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		entered, ended, release := make(chan struct{}), make(chan error, 1), make(chan struct{})
		srv := p.newServer(func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
			ended <- context.Cause(r.Context())
			<-release
		})
		ctx, force := context.WithCancelCause(context.Background())
		l := httpprocess.ListenAndServe(srv)
		running := servingtest.Start(t, ctx, l)
		answered := make(chan error, 1)
		go func() { answered <- request(p.newTransport(t), p.url(l), 0) }()
		servingtest.Within(t, entered, "the handler")

		force(servingtest.ErrForced)

		if err := servingtest.Within(t, ended, "the end of the handler's context"); err != servingtest.ErrForced {
			t.Errorf("cause = %v", err)
		}
		if err := servingtest.Within(t, answered, "the end of the connection"); err == nil {
			t.Error("the connection is open")
		}
		select {
		case <-running.Done():
			t.Error("it ended while a handler runs")
		case <-time.After(50 * time.Millisecond):
		}
		close(release)
		servingtest.Within(t, running.Done(), "the end")
		if err := running.Err(); !errors.Is(err, servingtest.ErrForced) {
			t.Errorf("error = %v", err)
		}
	})
}

// A stop that is graceful first, and forced when that takes too long.
func TestStopIsForcedWhenItTakesTooLong(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		entered := make(chan struct{})
		srv := p.newServer(func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
		})
		l := httpprocess.ListenAndServe(srv)
		running := servingtest.Start(t, context.Background(), process.StopTimeout(20*time.Millisecond, l))
		answered := make(chan error, 1)
		go func() { answered <- request(p.newTransport(t), p.url(l), 0) }()
		servingtest.Within(t, entered, "the handler")

		err := servingtest.Within(t, servingtest.Stopping(running), "the stop")

		if !errors.Is(err, process.ErrStopTimeout) {
			t.Errorf("error = %v", err)
		}
		if err := servingtest.Within(t, answered, "the end of the connection"); err == nil {
			t.Error("the connection is open")
		}
	})
}

// The contexts of a BaseContext of the user end as well.
func TestForceEndsContextsOfTheUser(t *testing.T) {
	type key struct{}
	entered, ended := make(chan struct{}), make(chan error, 1)
	srv := protocols[0].newServer(func(_ http.ResponseWriter, r *http.Request) {
		if r.Context().Value(key{}) != "user's" {
			t.Error("not the context of the user")
		}
		close(entered)
		<-r.Context().Done()
		ended <- context.Cause(r.Context())
	})
	srv.BaseContext = func(net.Listener) context.Context {
		return context.WithValue(context.Background(), key{}, "user's")
	}
	l, running := listen(t, srv)
	go func() { _ = request(protocols[0].newTransport(t), protocols[0].url(l), 0) }()
	servingtest.Within(t, entered, "the handler")

	_ = servingtest.Force(running)

	servingtest.Within(t, ended, "the end of the handler's context")
	servingtest.Within(t, running.Done(), "the end")
}

func hijack(t *testing.T, w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
	}
	return conn
}

func TestStopWaitsForHijackedConnections(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	l, running := listen(t, protocols[0].newServer(func(w http.ResponseWriter, r *http.Request) {
		conn := hijack(t, w)
		defer conn.Close()
		close(entered)
		<-release
		if r.Context().Err() != nil {
			t.Error("the context of a handler ended while the stop was graceful")
		}
		_, _ = io.WriteString(conn, "answer\n")
	}))
	conn := dial(t, l.Addr())
	send(t, conn)
	servingtest.Within(t, entered, "the handler")

	stopped := servingtest.Stopping(running)
	servingtest.Refused(t, l.Addr())
	select {
	case <-stopped:
		t.Error("it did not wait")
	case <-time.After(300 * time.Millisecond): // longer than unused ones have
	}
	close(release)

	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "answer\n" {
		t.Errorf("%q, %v", line, err)
	}
	if err := servingtest.Within(t, stopped, "the stop"); err != nil {
		t.Error(err)
	}
}

func TestForceClosesHijackedConnections(t *testing.T) {
	entered := make(chan struct{})
	l, running := listen(t, protocols[0].newServer(func(w http.ResponseWriter, r *http.Request) {
		conn := hijack(t, w)
		defer conn.Close()
		close(entered)
		if _, err := conn.Read(make([]byte, 1)); err == nil { // knows nothing of contexts
			t.Error("read something")
		}
		if !errors.Is(context.Cause(r.Context()), servingtest.ErrForced) {
			t.Errorf("cause = %v", context.Cause(r.Context()))
		}
	}))
	send(t, dial(t, l.Addr()))
	servingtest.Within(t, entered, "the handler")

	_ = servingtest.Force(running)

	servingtest.Within(t, running.Done(), "the end")
}

// A hijacked connection that its handler has left to somebody is not the server's.
func TestHijackedConnectionThatOutlivesItsHandlerIsLeftAlone(t *testing.T) {
	hijacked, returned := make(chan net.Conn, 1), make(chan struct{})
	srv := protocols[0].newServer(func(w http.ResponseWriter, _ *http.Request) {
		defer close(returned)
		hijacked <- hijack(t, w)
	})
	told := make(chan struct{})
	srv.RegisterOnShutdown(func() { close(told) })
	l, running := listen(t, srv)
	conn := dial(t, l.Addr())
	send(t, conn)
	servingtest.Within(t, returned, "the handler")

	if err := servingtest.Within(t, servingtest.Stopping(running), "the stop"); err != nil {
		t.Error(err)
	}

	servingtest.Within(t, told, "what was registered for the shutdown")
	left := <-hijacked
	defer left.Close()
	go func() { _, _ = io.WriteString(left, "!") }()
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

func TestStopDoesNotWaitForConnectionsWithoutRequest(t *testing.T) {
	l, running := listen(t, protocols[0].newServer(func(w http.ResponseWriter, _ *http.Request) {}))
	idle, unused, half, last := dial(t, l.Addr()), dial(t, l.Addr()), dial(t, l.Addr()), dial(t, l.Addr())
	if _, err := io.WriteString(half, "GET / HTTP/1.1\r\nHo"); err != nil {
		t.Fatal(err)
	}
	for _, conn := range []net.Conn{idle, last} { // when the last is answered, all are accepted
		send(t, conn)
		answer(t, conn)
	}

	if err := servingtest.Within(t, servingtest.Stopping(running), "the stop"); err != nil {
		t.Fatal(err)
	}

	for _, conn := range []net.Conn{idle, unused, half, last} {
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection is open: %v", err)
		}
	}
}

func TestServesOwnErrorEndsItAndWhatIsInHandIsAnswered(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	running := servingtest.Start(t, context.Background(), httpprocess.Server(protocols[0].newServer(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
	}), lis))
	conn := dial(t, lis.Addr())
	send(t, conn)
	servingtest.Within(t, entered, "the handler")

	_ = lis.Close() // behind its back
	select {
	case <-running.Done():
		t.Error("it ended with a request in hand")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)

	answer(t, conn)
	servingtest.Within(t, running.Done(), "the end")
	want := "httpprocess: Server: " + lis.Addr().String() + ": accept tcp "
	if err := running.Err(); err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("error = %v", err)
	}
}

func TestShutdownByTheUserEndsIt(t *testing.T) {
	srv := protocols[0].newServer(nil)
	_, running := listen(t, srv)

	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}

	servingtest.Within(t, running.Done(), "the end")
	if err := running.Err(); err != nil {
		t.Error(err)
	}
}

func dial(t *testing.T, addr net.Addr) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(2 * servingtest.Deadline)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func send(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
}

func answer(t *testing.T, conn net.Conn) {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
}
