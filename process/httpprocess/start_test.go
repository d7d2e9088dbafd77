package httpprocess_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

func TestBindsInRunAndIsReadyWhenBound(t *testing.T) {
	l := httpprocess.ListenAndServe(protocols[0].newServer(serve))
	if l.Addr() != nil {
		t.Errorf("address before Run = %v", l.Addr())
	}
	dependency := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		if l.Addr() != nil {
			t.Error("it is bound before what it depends on runs")
		}
		return callback(ctx)
	})

	running := servingtest.Start(t, context.Background(), process.Sequential(dependency, l))

	if err := request(protocols[0].newTransport(t), protocols[0].url(l), 0); err != nil {
		t.Error(err)
	}
	bound := l.Addr()
	if err := servingtest.Stop(running); err != nil {
		t.Error(err)
	}
	if l.Addr() != bound {
		t.Errorf("address after the stop = %v, was %v", l.Addr(), bound)
	}
}

func TestAddressInUseIsAnErrorOfTheStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	l := httpprocess.ListenAndServe(&http.Server{Addr: taken.Addr().String()})

	err = process.NewProcess(context.Background(), l).Start(t.Context())

	want := fmt.Sprintf("httpprocess: ListenAndServe: listen tcp %v: bind: address already in use", taken.Addr())
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	if l.Addr() != nil {
		t.Errorf("address = %v", l.Addr())
	}

	_ = taken.Close() // and then the same one may be run
	servingtest.Start(t, context.Background(), l)
}

func TestBadInput(t *testing.T) {
	open := func() net.Listener {
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return lis
	}
	closed := open()
	_ = closed.Close()
	over := tls.NewListener(closed, servingtest.Certificate().Server)
	shut := &http.Server{Addr: "127.0.0.1:0"}
	_ = shut.Close()
	shutToo := &http.Server{}
	_ = shutToo.Close()
	unserved := open()
	background := context.Background()
	ready := func(context.Context) error { return nil }
	for _, test := range []struct {
		name     string
		runner   process.Runner
		ctx      context.Context
		callback process.Callback
		want     string // a regular expression
	}{
		{"nil server", httpprocess.ListenAndServe(nil), background, ready, `httpprocess: ListenAndServe: server is nil`},
		{"nil server too", httpprocess.Server(nil, closed), background, ready, `httpprocess: Server: server is nil`},
		{"nil Listener", (*httpprocess.Listener)(nil), background, ready, `httpprocess: ListenAndServe: server is nil`},
		{"nil listener", httpprocess.Server(&http.Server{}, nil), background, ready, `httpprocess: Server: listener is nil`},
		{"nil pointer", httpprocess.Server(&http.Server{}, (*net.TCPListener)(nil)), background, ready, `httpprocess: Server: listener is nil`},
		{"closed listener", httpprocess.Server(&http.Server{}, closed), background, nil, `httpprocess: Server: Run with a nil callback`},
		{"closed listener", httpprocess.Server(&http.Server{}, closed), background, ready,
			`httpprocess: Server: 127\.0\.0\.1:\d+: listener is closed: use of closed network connection`},
		{"closed listener behind TLS", httpprocess.Server(&http.Server{}, over), background, ready,
			`httpprocess: Server: 127\.0\.0\.1:\d+: accept tcp 127\.0\.0\.1:\d+: use of closed network connection`},
		{"malformed address", httpprocess.ListenAndServe(&http.Server{Addr: "nonsense"}), background, ready,
			`httpprocess: ListenAndServe: listen tcp: address nonsense: missing port in address`},
		{"unknown port", httpprocess.ListenAndServe(&http.Server{Addr: "127.0.0.1:nonsense"}), background, ready,
			`httpprocess: ListenAndServe: listen tcp: lookup tcp/nonsense: .*`},
		{"no such address", httpprocess.ListenAndServe(&http.Server{Addr: "192.0.2.1:80"}), background, ready,
			`httpprocess: ListenAndServe: listen tcp 192\.0\.2\.1:80: bind: .*`},
		{"no certificate", httpprocess.ListenAndServe(&http.Server{Addr: ":8443", TLSConfig: &tls.Config{}}), background, ready,
			`httpprocess: ListenAndServe: :8443: TLSConfig has no certificate: set its Certificates, GetCertificate or GetConfigForClient`},
		{"shut down before", httpprocess.ListenAndServe(shut), background, ready,
			`httpprocess: ListenAndServe: 127\.0\.0\.1:\d+: the http\.Server was run or shut down before: .*`},
		{"shut down before too", httpprocess.Server(shutToo, unserved), background, ready,
			`httpprocess: Server: 127\.0\.0\.1:\d+: the http\.Server was run or shut down before: .*`},
		{"nil context", httpprocess.ListenAndServe(&http.Server{}), nil, ready, `httpprocess: ListenAndServe: Run with a nil context`},
		{"nil callback", httpprocess.ListenAndServe(&http.Server{}), background, nil, `httpprocess: ListenAndServe: Run with a nil callback`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.runner.Run(test.ctx, test.callback)

			if err == nil || !regexp.MustCompile("^"+test.want+"$").MatchString(err.Error()) {
				t.Errorf("error = %v, want %s", err, test.want)
			}
		})
	}
	if _, err := unserved.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a listener that was not served: %v", err)
	}
}

func TestClosedListenerIsAnErrorOfTheStart(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = lis.Close()

	err = httpprocess.Server(&http.Server{}, lis).Run(t.Context(), func(context.Context) error {
		t.Error("it is ready")
		return nil
	})

	if !errors.Is(err, net.ErrClosed) {
		t.Errorf("error = %v", err)
	}
}

func TestServerIsRunOnce(t *testing.T) {
	srv := &http.Server{Addr: "127.0.0.1:0"}
	l, running := listen(t, srv)
	again := func() error {
		return l.Run(t.Context(), func(context.Context) error {
			t.Error("it is ready")
			return nil
		})
	}
	want := regexp.MustCompile(`^httpprocess: ListenAndServe: 127\.0\.0\.1:\d+: the http\.Server was run or shut down before: ` +
		`it serves once, so give each Run a new one$`)

	if err := again(); err == nil || !want.MatchString(err.Error()) {
		t.Errorf("while it runs: %v", err)
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	err = httpprocess.Server(srv, other).Run(t.Context(), func(context.Context) error { return nil })
	if want := fmt.Sprintf("httpprocess: Server: %v: the http.Server was run", other.Addr()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("on another listener: %v", err)
	}
	if _, err := other.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the other listener: %v", err)
	}
	if err := servingtest.Stop(running); err != nil {
		t.Error("the first was disturbed:", err)
	}
	if err := again(); err == nil || !want.MatchString(err.Error()) {
		t.Errorf("after it has run: %v", err)
	}
}

func TestOfTwoRunsAtOnceOneServes(t *testing.T) {
	for range 20 {
		l := httpprocess.ListenAndServe(protocols[2].newServer(nil))
		errs := make(chan error, 2)
		var runs sync.WaitGroup
		for range 2 {
			runs.Go(func() { errs <- l.Run(t.Context(), func(context.Context) error { return nil }) })
		}
		runs.Wait()

		if first, second := <-errs, <-errs; (first == nil) == (second == nil) {
			t.Fatalf("errors: %v; %v", first, second)
		}
	}
}

func TestRunWithADeadContextBindsNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(servingtest.ErrForced)
	srv := &http.Server{Addr: "127.0.0.1:0"}
	srv.BaseContext = func(net.Listener) context.Context { t.Error("it serves"); return context.Background() }
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	for _, r := range []process.Runner{httpprocess.ListenAndServe(srv), httpprocess.Server(srv, lis)} {
		if err := r.Run(ctx, func(context.Context) error { return nil }); !errors.Is(err, servingtest.ErrForced) {
			t.Errorf("error = %v", err)
		}
	}
	if _, err := lis.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener: %v", err)
	}
}

func TestTLSConfigMeansTLS(t *testing.T) {
	p := protocols[2]
	l, _ := listen(t, p.newServer(serve))

	if err := request(p.newTransport(t), p.url(l), 0); err != nil {
		t.Error(err)
	}
	plain := dial(t, l.Addr())
	send(t, plain)
	answer := make([]byte, 12)
	if _, err := plain.Read(answer); err != nil || string(answer) != "HTTP/1.0 400" {
		t.Errorf("in plain text: %q, %v", answer, err)
	}
}

func TestServerServesTheListenerItIsGiven(t *testing.T) {
	p := protocols[2]
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := servingtest.Certificate().Server.Clone()
	config.NextProtos = []string{"h2"}
	srv := p.newServer(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("it speaks %s", r.Proto)
		}
		serve(w, r)
	})
	srv.TLSConfig = nil
	servingtest.Start(t, context.Background(), httpprocess.Server(srv, tls.NewListener(plain, config)))

	if err := request(p.newTransport(t), "https://"+plain.Addr().String(), 0); err != nil {
		t.Error(err)
	}
}

func TestStartThatIsGivenUpSaysSo(t *testing.T) {
	starting, release := make(chan struct{}), make(chan struct{})
	srv := protocols[0].newServer(nil)
	srv.RegisterOnShutdown(func() { close(release) })
	srv.BaseContext = func(net.Listener) context.Context {
		close(starting)
		<-release
		return context.Background()
	}
	l := httpprocess.ListenAndServe(srv)
	running := process.NewProcess(context.Background(), l)
	started := make(chan error, 1)
	go func() { started <- running.Start(context.Background()) }()
	servingtest.Within(t, starting, "the start")

	if l.Addr() != nil {
		t.Errorf("address before it is ready = %v", l.Addr())
	}
	stopped := servingtest.Stopping(running)

	if err := servingtest.Within(t, started, "the start"); !errors.Is(err, process.ErrAborted) || strings.Contains(err.Error(), "before") {
		t.Errorf("Start = %v", err)
	}
	if err := servingtest.Within(t, stopped, "the stop"); err != nil {
		t.Errorf("Stop = %v", err)
	}
}
