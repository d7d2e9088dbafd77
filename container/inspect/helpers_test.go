package inspect_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/inspect"
	"github.com/strata-go/strata/process"
)

// What the applications of these tests are made of: the server needs the cache, which
// needs the database.
type (
	database struct{ unit }
	cache    struct{ unit }
	server   struct{ unit }
)

// unit takes a while to start and to stop.
type unit struct {
	start, stop time.Duration
	broken      chan error
	report      chan any
	deaf        bool // it does not end when it is forced
	drained     chan struct{}
}

func (u *unit) Run(ctx context.Context, callback process.Callback) error {
	return process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		if err := sleep(ctx, u.start); err != nil {
			return err
		}
		stop := ready()
		for {
			select {
			case <-stop:
				if u.deaf {
					hangsHere(u.drained)
				}
				return sleep(ctx, u.stop)
			case v := <-u.report:
				if p, ok := v.(panicking); ok {
					panic(p)
				}
				process.Report(ctx, v)
			case err := <-u.broken:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}).Run(ctx, callback)
}

// panicking is a report that has the unit panic.
type panicking struct{}

func hangsHere(c <-chan struct{}) { <-c }

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// service is an application of three units, each of which takes a second to start and one
// to stop.
type service struct {
	*container.App
	page     http.Handler
	database *database
	cache    *cache
	server   *server

	cancel context.CancelFunc
	done   chan error
}

func newUnit() unit {
	return unit{start: time.Second, stop: time.Second, broken: make(chan error), report: make(chan any), drained: make(chan struct{})}
}

func newService(options ...container.Option) *service {
	s := &service{
		database: &database{newUnit()}, cache: &cache{newUnit()}, server: &server{newUnit()},
		done: make(chan error, 1),
	}
	s.App = container.New(append(options, container.WithLogger(zap.NewNop()))...)
	s.Provide(func() *database { return s.database })
	s.Provide(func(*database) *cache { return s.cache })
	s.Provide(func(*cache) *server { return s.server })
	s.page = inspect.Handler(s.App)
	return s
}

func (s *service) launch() {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() { s.done <- s.RunContext(ctx) }()
}

// end stops the service and returns what came of it.
func (s *service) end() error {
	s.cancel()
	return <-s.done
}

// state is what state.json says.
type state struct {
	Instance string
	Version  uint64
	App      struct {
		Program, State, Reason, Error, Schedule string
		Start                                   float64 `json:"start_seconds"`
		Layers                                  int
		Pending, Stuck                          []struct{ Name, Phase, Stack string }
		Unused, Warnings, Mistakes              []string
	}
	Units []struct {
		ID                             int
		Name, Type, Constructor, State string
		Layer                          int
		Depends                        []struct{ Name, Why string } `json:"depends_on"`
		Dependents                     []string
		Since                          time.Time
		Start                          float64 `json:"start_seconds"`
		Stop                           float64 `json:"stop_seconds"`
		Critical, Late, Stuck, Forced  bool
		Error, Stack                   string
		ReportCount                    int `json:"report_count"`
		Reports                        []struct{ Text string }
	}
}

// states are the states of the units, in the order of the plan.
func (s state) states() string {
	var words []string
	for _, u := range s.Units {
		word := u.State
		if u.Late {
			word += "!"
		}
		if u.Stuck {
			word += "!!"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func get(t *testing.T, page http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	page.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder
}

func stateOf(t *testing.T, page http.Handler) (s state) {
	t.Helper()
	decode(t, get(t, page, "/state.json").Body.String(), &s)
	return s
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
}

// want checks the states of the application and of its units.
func want(t *testing.T, when string, page http.Handler, app, units string) state {
	t.Helper()
	s := stateOf(t, page)
	if s.App.State != app || s.states() != units {
		t.Errorf("%s: %s: %s, want %s: %s", when, s.App.State, s.states(), app, units)
	}
	return s
}

// memory is a listener whose connections have no buffer: what is written waits until it
// is read.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func listen() *memory { return &memory{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { m.once.Do(func() { close(m.closed) }); return nil }
func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (m *memory) dial(t *testing.T) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	select {
	case m.conns <- server:
		return client
	case <-m.closed:
		t.Fatal("nobody listens")
		return nil
	}
}

// stream is an open stream of events, as a client reads it.
type stream struct {
	net.Conn
	lines *bufio.Reader
}

// follow asks for events, and reads the header of the answer.
func follow(t *testing.T, conn net.Conn, path string) *stream {
	t.Helper()
	s := &stream{conn, bufio.NewReader(conn)}
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: here\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(s.lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s, %v", response.Status, response.Header)
	}
	s.lines = bufio.NewReader(response.Body)
	return s
}

// next returns the next event, "" when there is none left.
func (s *stream) next(t *testing.T) (event, data string) {
	t.Helper()
	for {
		line, err := s.lines.ReadString('\n')
		if err == io.EOF {
			return "", ""
		}
		if err != nil {
			t.Fatal(err)
		}
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "event: "); ok {
			event = rest
		} else if rest, ok := strings.CutPrefix(line, "data: "); ok {
			data = rest
		} else if line == "" && event != "" {
			return event, data
		}
	}
}
