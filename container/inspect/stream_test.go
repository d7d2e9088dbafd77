package inspect_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/inspect"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// served has a server in memory serve the page until the test ends. It limits what a
// client may take, as one should.
func served(t *testing.T, page http.Handler) (*memory, *http.Server) {
	lis, srv := listen(), &http.Server{
		Handler: page, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = srv.Serve(lis) }()
	t.Cleanup(func() { _ = srv.Close(); <-ended })
	return lis, srv
}

const lastEvent = "event: end\ndata: {}\n\n"

func TestAStreamTellsWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		lis, _ := served(t, s.page)
		events := follow(t, lis.dial(t), "/debug/strata/events")

		event, data := events.next(t)
		var got state
		decode(t, data, &got)
		if event != "snapshot" || got.states() != "waiting waiting waiting" {
			t.Fatalf("%s %s", event, data)
		}
		s.launch()
		event, data = events.next(t)
		decode(t, data, &got)
		if event != "snapshot" || got.states() != "starting waiting waiting" || got.App.State != "starting" {
			t.Fatalf("%s %s", event, data)
		}
		for _, units := range []string{"running starting", "running starting"} {
			event, data = events.next(t)
			got = state{}
			decode(t, data, &got)
			if event != "update" || got.states() != units {
				t.Errorf("%s %s, want %s", event, data, units)
			}
		}
		for got.App.State != "running" {
			_, data = events.next(t)
			decode(t, data, &got)
		}
		events.Close()
		_ = s.end()
	})
}

// A stream stays open when nothing happens, and says so.
func TestAStreamIsKeptOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		lis, _ := served(t, s.page)
		s.launch()
		time.Sleep(time.Minute)
		events := follow(t, lis.dial(t), "/events")
		events.next(t)

		late := time.AfterFunc(time.Hour, func() { s.server.report <- "after an hour" })
		defer late.Stop()
		began := time.Now()
		event, data := events.next(t)
		beats := 0
		for ; event == "beat"; event, data = events.next(t) {
			beats++
		}

		if beats < 200 { // which tell a page that there is still somebody
			t.Errorf("%d beats in an hour", beats)
		}
		var got state
		decode(t, data, &got)
		if event != "update" || len(got.Units) != 1 || time.Since(began) < time.Hour {
			t.Errorf("after %v: %s %s", time.Since(began), event, data)
		}
		events.Close()
		_ = s.end()
	})
}

// A stream ends when its server is shut down, though its client reads nothing, and so
// does not hold that up; until then it follows the stop.
func TestAStreamEndsWhenItsServerIsShutDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		lis, srv := served(t, s.page)
		s.launch()
		time.Sleep(time.Hour)
		events := follow(t, lis.dial(t), "/events")
		deaf := follow(t, lis.dial(t), "/events")
		events.next(t)
		deaf.next(t)
		time.Sleep(time.Second)

		s.cancel() // the app stops, and the streams stay
		event, data := events.next(t)
		for ; event == "update" && !strings.Contains(data, `"stopped"`); event, data = events.next(t) {
		}
		if event != "update" {
			t.Fatalf("%s %s", event, data)
		}
		began := time.Now()
		shut := make(chan error)
		go func() { shut <- srv.Shutdown(context.Background()) }()
		last := ""
		for {
			event, _ := events.next(t)
			if event == "" {
				break
			}
			last = event
		}
		if err := <-shut; err != nil || last != "end" || time.Since(began) > time.Second {
			t.Errorf("shut down in %v: %v, last event %q", time.Since(began), err, last)
		}
		deaf.Close()
		<-s.done
	})
}

// The server of another application, too, is not held up.
func TestAStreamEndsWhenItsServerIsShutDownWhileTheAppRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		lis, srv := served(t, s.page)
		s.launch()
		time.Sleep(time.Hour)
		events := follow(t, lis.dial(t), "/events")
		events.next(t)
		go func() { _, _ = io.Copy(io.Discard, events) }()

		began := time.Now()
		err := srv.Shutdown(context.Background())

		if err != nil || time.Since(began) > time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		_ = s.end()
	})
}

// Of a server that is not known, or is seen first when the app stops, nobody says that it
// is shut down.
func TestAStreamOfAnUnknownServerEndsWhenTheAppStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.launch()
		time.Sleep(time.Hour)
		answered := make(chan string)
		go func() { answered <- get(t, s.page, "/events").Body.String() }()
		time.Sleep(time.Minute)
		select {
		case got := <-answered:
			t.Fatalf("it ended: %s", got)
		default:
		}

		s.cancel()

		if got := <-answered; !strings.HasSuffix(got, lastEvent) {
			t.Errorf("%q", got)
		}
		if got := stateOf(t, s.page); got.App.State != "stopping" {
			t.Errorf("it ended when the app was %s", got.App.State)
		}
		lis, _ := served(t, s.page)
		late := follow(t, lis.dial(t), "/events")
		for _, want := range []string{"snapshot", "end", ""} {
			if event, _ := late.next(t); event != want {
				t.Errorf("%q, want %q", event, want)
			}
		}
		<-s.done
	})
}

func TestAStreamEndsWithTheApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		lis, _ := served(t, s.page)
		events := follow(t, lis.dial(t), "/events")
		events.next(t)
		s.launch()
		go func() { time.Sleep(time.Hour); s.cancel() }()
		var last string
		var got state
		for {
			event, data := events.next(t)
			if event == "" {
				break
			}
			if last = event; event != "end" {
				got = state{}
				decode(t, data, &got)
			}
		}
		if last != "end" || got.App.State != "stopped" {
			t.Errorf("%s, %s", last, got.App.State)
		}
		<-s.done
	})
}

// A client that receives nothing holds up neither the app nor other clients; it is given
// up, and one that is only slow is told the latest.
func TestASlowClientHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		lis, _ := served(t, s.page)
		s.launch()
		time.Sleep(time.Hour)
		slow, deaf := follow(t, lis.dial(t), "/events"), follow(t, lis.dial(t), "/events")
		slow.next(t)
		deaf.next(t)

		began := time.Now()
		for i := range 1000 {
			s.server.report <- fmt.Sprint("report ", i)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("the app waited %v", took)
		}
		time.Sleep(9 * time.Second)
		count := 0
		for reports := 0; reports != 1000; count++ {
			var got state
			_, data := slow.next(t)
			decode(t, data, &got)
			reports = got.Units[0].ReportCount
		}
		if count > 2 {
			t.Errorf("told in %d updates", count)
		}
		time.Sleep(2 * time.Second)
		if text, err := io.ReadAll(deaf.Conn); err == nil && len(text) > 64<<10 {
			t.Errorf("the deaf one was sent %d bytes", len(text))
		}
		slow.Close()
		_ = s.end()
	})
}

func TestTheNumberOfStreamsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		lis, _ := served(t, s.page)
		var open []*stream
		for range 32 {
			open = append(open, follow(t, lis.dial(t), "/events"))
		}
		if got := get(t, s.page, "/events"); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
			t.Errorf("%d", got.Code)
		}
		for _, o := range open {
			o.Close()
		}
		time.Sleep(time.Minute)
		follow(t, lis.dial(t), "/events").Close()
	})
}

// A server that does not hand over what is written before the handler returns gets an
// answer, too.
func TestAStreamThatCannotBeFlushedIsASnapshot(t *testing.T) {
	s := newService()
	recorder := httptest.NewRecorder()
	http.TimeoutHandler(s.page, time.Minute, "").ServeHTTP(recorder, httptest.NewRequest("GET", "/events", nil))
	if got := recorder.Body.String(); recorder.Code != 200 || !strings.HasPrefix(got, "event: snapshot\n") {
		t.Errorf("%d %q", recorder.Code, got)
	}
}

// admin serves the page of the app that it is a unit of.
type admin struct{ *httpprocess.Listener }

// An app with an open page stops as soon as one without: with a stop timeout that a stream
// would let pass, it stops clean. The page is followed, read no more, or its client gone.
func TestAnAppWithAnOpenPageStopsAsOneWithout(t *testing.T) {
	for _, client := range []string{"none", "following", "deaf"} {
		t.Run(client, func(t *testing.T) {
			app := container.New(container.WithLogger(zap.NewNop()), container.WithStopTimeout(10*time.Second))
			var a *admin
			app.Provide(func() *admin {
				a = &admin{httpprocess.ListenAndServe(&http.Server{Addr: "127.0.0.1:0", Handler: inspect.Handler(app)})}
				return a
			})
			app.Provide(func(*admin) *server { return &server{unit{}} })
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			done := make(chan error)
			go func() { done <- app.RunContext(ctx) }()
			<-app.Ready()
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			followed := make(chan string, 1)
			if client != "none" {
				answer, err := (&http.Client{Transport: transport}).Get("http://" + a.Addr().String() + "/events")
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				if client == "following" {
					go func() { text, _ := io.ReadAll(answer.Body); followed <- string(text) }()
				}
			}

			began := time.Now()
			cancel()

			if err := <-done; err != nil {
				t.Error(err)
			}
			t.Logf("stopped in %v", time.Since(began))
			if client == "following" {
				if text := <-followed; !strings.HasSuffix(text, lastEvent) {
					t.Errorf("%q", text)
				}
			}
		})
	}
}

var _ process.Runner = (*admin)(nil)

// Over HTTP/2, where a stream has no connection of its own, it is no other.
func TestAStreamOverHTTP2EndsWhenItsServerIsShutDown(t *testing.T) {
	app := container.New(container.WithLogger(zap.NewNop()))
	server := httptest.NewUnstartedServer(inspect.Handler(app))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	answer, err := server.Client().Get(server.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	followed := make(chan string)
	go func() { text, _ := io.ReadAll(answer.Body); followed <- string(text) }()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := server.Config.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if text := <-followed; answer.ProtoMajor != 2 || !strings.HasSuffix(text, lastEvent) {
		t.Errorf("%s: %q", answer.Proto, text)
	}
}

// A handler remembers the servers that it has to hear of, and so refuses streams to more
// than a few.
func TestTheNumberOfServersIsBounded(t *testing.T) {
	page := newService().page
	codes := make(map[int]int)
	for range 20 {
		codes[visit(page, new(http.Server))]++
	}
	if codes[200] != 16 || codes[503] != 4 {
		t.Errorf("%v", codes)
	}
}

// One server after another may serve the page, as where a supervisor restarts it.
func TestAServerThatWasShutDownIsForgotten(t *testing.T) {
	page := newService().page
	for i := range 40 {
		server, end := new(http.Server), time.Now().Add(10*time.Second)
		for visit(page, server) != 200 { // those before are told in goroutines of their own
			if time.Now().After(end) {
				t.Fatalf("there is no room for server %d", i)
			}
			time.Sleep(time.Millisecond)
		}
		if err := server.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// visit asks for a stream by way of a server, and leaves. It returns the code of the answer.
func visit(page http.Handler, by *http.Server) int {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), http.ServerContextKey, by))
	cancel()
	recorder := httptest.NewRecorder()
	page.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
	return recorder.Code
}

// It may be asked while the app is set up, constructed, started and stopped.
func TestItMayBeAskedAtAnyTime(t *testing.T) {
	app := container.New(container.WithLogger(zap.NewNop()))
	page := inspect.Handler(app)
	over := make(chan struct{})
	var asking sync.WaitGroup
	for _, path := range []string{"/state.json", "/timeline.json", "/timeline.svg", "/stacks?id=0"} {
		asking.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					got := get(t, page, path)
					if got.Code != 200 && path != "/stacks?id=0" || strings.Contains(got.Body.String(), "cycle") {
						t.Errorf("%s: %d %s", path, got.Code, got.Body)
					}
				}
			}
		})
	}
	asking.Go(func() {
		for range 100 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			page.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
			cancel()
		}
	})
	app.Provide(func() *database { return &database{} })
	app.Provide(func(*database) *cache { return &cache{} })
	app.Provide(func(*cache) *server { return &server{} })
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { <-app.Ready(); cancel() }()
	if err := app.RunContext(ctx); err != nil {
		t.Error(err)
	}
	close(over)
	asking.Wait()
}
