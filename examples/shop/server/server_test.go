package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/strata-go/strata/process"
)

// deadline is how long a test waits for what must happen; reaching it is a failure. It is below the five seconds that
// http.Server would wait for an unused connection.
const deadline = 4 * time.Second

func TestStopAnswersTheRequestInHand(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s, running := start(t, context.Background(), func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		WriteJSON(w, http.StatusCreated, strings.Repeat("complete ", 1000))
	})
	conn := dial(t, s)
	send(t, conn)
	<-entered

	stopped := make(chan error, 1)
	go func() { stopped <- stop(running) }()
	refused(t, s.Addr())
	close(release)

	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusCreated || len(body) != 9003 {
		t.Errorf("%s, %d bytes, %v", response.Status, len(body), err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestStopDoesNotWaitForConnectionsWithoutRequest(t *testing.T) {
	s, running := start(t, context.Background(), func(w http.ResponseWriter, _ *http.Request) {
		WriteJSON(w, http.StatusOK, "done")
	})
	idle := dial(t, s)
	unused := dial(t, s)
	half := dial(t, s)
	if _, err := io.WriteString(half, "GET / HTTP/1.1\r\nHo"); err != nil {
		t.Fatal(err)
	}
	send(t, idle)
	answer(t, idle)
	last := dial(t, s) // when it is answered, those before it are accepted
	send(t, last)
	answer(t, last)

	if err := stop(running); err != nil {
		t.Fatal(err)
	}

	for _, conn := range []net.Conn{idle, unused, half, last} {
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection is open: %v", err)
		}
	}
}

func TestForceCutsConnectionsAndWaitsForHandlers(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	ctx, force := context.WithCancel(context.Background())
	s, running := start(t, ctx, func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		<-release
	})
	conn := dial(t, s)
	send(t, conn)
	<-entered

	force()

	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("connection is open: %v", err)
	}
	select {
	case <-running.Done():
		t.Error("ended while a handler runs")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	<-running.Done()
}

func TestTakenAddressIsNamed(t *testing.T) {
	first, _ := start(t, context.Background(), nil)
	second := New("second", first.Addr(), http.NewServeMux(), zap.NewNop())

	err := process.NewProcess(context.Background(), second).Start(t.Context())

	if err == nil || !strings.HasPrefix(err.Error(), "second: ") || !strings.Contains(err.Error(), first.Addr()) {
		t.Errorf("error = %v", err)
	}
}

func TestAddressInUseIsLogged(t *testing.T) {
	core, log := observer.New(zap.InfoLevel)
	s := New("test", "127.0.0.1:0", http.NewServeMux(), zap.New(core))
	running := process.NewProcess(context.Background(), s)
	if err := running.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop(running) }()

	lines := log.FilterField(zap.String("server", "test")).FilterField(zap.String("addr", s.Addr())).Len()
	if lines != 1 {
		t.Errorf("logged %d times: %v", lines, log.All())
	}
}

func TestRequestIsLoggedWhenItIsTakenIn(t *testing.T) {
	core, log := observer.New(zap.DebugLevel)
	handler := noted(zap.New(core), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if log.FilterMessage("request").FilterField(zap.String("id", "7")).FilterField(zap.String("path", "/here")).Len() != 1 {
			t.Errorf("logged when the handler is entered: %v", log.All())
		}
	}))
	request := httptest.NewRequest("GET", "/here", nil)
	request.Header.Set("X-Request-ID", "7")

	handler.ServeHTTP(httptest.NewRecorder(), request)
}

func TestWhatIsNotServedIsRefusedInJSON(t *testing.T) {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /here", func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, http.StatusOK, "yes") })
	for _, test := range []struct {
		request string
		status  int
		body    string
	}{
		{"GET /here", http.StatusOK, `"yes"`},
		{"GET /there", http.StatusNotFound, `{"error":"Not Found"}`},
		{"PUT /here", http.StatusMethodNotAllowed, `{"error":"Method Not Allowed"}`},
	} {
		t.Run(test.request, func(t *testing.T) {
			method, path, _ := strings.Cut(test.request, " ")
			response := recorded(jsonErrors(routes), method, path, "")

			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != test.status || strings.TrimSpace(string(body)) != test.body {
				t.Errorf("%s: %s", response.Status, body)
			}
			if response.Header.Get("Content-Type") != "application/json" {
				t.Errorf("header = %v", response.Header)
			}
			if test.status == http.StatusMethodNotAllowed && response.Header.Get("Allow") == "" {
				t.Error("what is allowed is not said")
			}
		})
	}
}

// start runs a server whose only route is the handler until the test ends; the end of ctx forces it.
func start(t *testing.T, ctx context.Context, handler http.HandlerFunc) (*Server, *process.Process) {
	t.Helper()
	routes := http.NewServeMux()
	if handler != nil {
		routes.HandleFunc("/", handler)
	}
	s := New("test", "127.0.0.1:0", routes, zap.NewNop())
	running := process.NewProcess(ctx, s)
	if err := running.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(running) })
	return s, running
}

func stop(running *process.Process) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	return running.Stop(ctx)
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(3 * deadline)); err != nil {
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

// refused waits until nobody listens on the address any more.
func refused(t *testing.T, addr string) {
	t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("it listens still")
}
