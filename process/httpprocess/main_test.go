package httpprocess_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline is how long a test waits for what must happen; reaching it is a failure.
const deadline = 20 * time.Second

// protocol is one that a server speaks and a client with it.
type protocol struct {
	name    string
	major   int
	tls     bool
	server  func(*http.Protocols)
	scheme  string
	enabled func(*http.Protocols)
}

var protocols = []protocol{
	{name: "HTTP/1.1", major: 1, scheme: "http", server: http1, enabled: http1},
	{name: "HTTP/1.1 over TLS", major: 1, tls: true, scheme: "https", server: http1, enabled: http1},
	{name: "HTTP/2", major: 2, tls: true, scheme: "https", server: func(p *http.Protocols) { p.SetHTTP1(true); p.SetHTTP2(true) }, enabled: func(p *http.Protocols) { p.SetHTTP2(true) }},
	{name: "h2c", major: 2, scheme: "http", server: func(p *http.Protocols) { p.SetHTTP1(true); p.SetUnencryptedHTTP2(true) }, enabled: func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }},
}

func http1(p *http.Protocols) { p.SetHTTP1(true) }

func each(t *testing.T, test func(t *testing.T, p protocol)) {
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

// newServer returns a server that speaks the protocol on a free port.
func (p protocol) newServer(handler http.HandlerFunc) *http.Server {
	srv := &http.Server{Addr: "127.0.0.1:0", Protocols: new(http.Protocols), ErrorLog: log.New(io.Discard, "", 0)}
	p.server(srv.Protocols)
	if handler != nil {
		srv.Handler = handler
	}
	if p.tls {
		srv.TLSConfig = certificate().server.Clone()
	}
	return srv
}

// newTransport returns what a client needs to speak the protocol.
func (p protocol) newTransport(t *testing.T) *http.Transport {
	transport := &http.Transport{Protocols: new(http.Protocols), MaxIdleConnsPerHost: 100}
	p.enabled(transport.Protocols)
	if p.tls {
		transport.TLSClientConfig = certificate().client.Clone()
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func (p protocol) url(l *httpprocess.Listener) string { return p.scheme + "://" + l.Addr().String() }

var certificate = sync.OnceValue(func() (configs struct{ server, client *tls.Config }) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	configs.server = &tls.Config{Certificates: srv.TLS.Certificates}
	configs.client = &tls.Config{RootCAs: x509.NewCertPool()}
	configs.client.RootCAs.AddCert(srv.Certificate())
	return configs
})

// start starts a runner, which is stopped at the end of the test.
func start(t *testing.T, ctx context.Context, r process.Runner) *process.Process {
	t.Helper()
	running := process.NewProcess(ctx, r)
	if err := running.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(running) })
	return running
}

func listen(t *testing.T, srv *http.Server) (*httpprocess.Listener, *process.Process) {
	t.Helper()
	l := httpprocess.ListenAndServe(srv)
	return l, start(t, context.Background(), l)
}

// stop stops gracefully, and by force after the deadline.
func stop(running *process.Process) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	return running.Stop(ctx)
}

// stopping stops gracefully in the background.
func stopping(running *process.Process) <-chan error {
	stopped := make(chan error, 1)
	go func() { stopped <- stop(running) }()
	return stopped
}

var errForced = errors.New("forced by the test")

// force stops without any patience.
func force(running *process.Process) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errForced)
	return running.Stop(ctx)
}

func within[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(deadline):
		t.Fatalf("it takes too long: %s", what)
		panic("not reached")
	}
}

// refused waits until nobody listens on the address any more.
func refused(t *testing.T, addr net.Addr) {
	t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", addr.String())
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("it listens still")
}

// rounds returns how many rounds a test runs.
func rounds(t *testing.T, otherwise int) int {
	text := os.Getenv("STRATA_E2E_ROUNDS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("STRATA_E2E_ROUNDS: %v", err)
	}
	return n
}
