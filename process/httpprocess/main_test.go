package httpprocess_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
		srv.TLSConfig = servingtest.Certificate().Server.Clone()
	}
	return srv
}

// newTransport returns what a client needs to speak the protocol.
func (p protocol) newTransport(t *testing.T) *http.Transport {
	transport := &http.Transport{Protocols: new(http.Protocols), MaxIdleConnsPerHost: 100}
	p.enabled(transport.Protocols)
	if p.tls {
		transport.TLSClientConfig = servingtest.Certificate().Client.Clone()
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func (p protocol) url(l *httpprocess.Listener) string { return p.scheme + "://" + l.Addr().String() }

func listen(t *testing.T, srv *http.Server) (*httpprocess.Listener, *process.Process) {
	t.Helper()
	l := httpprocess.ListenAndServe(srv)
	return l, servingtest.Start(t, context.Background(), l)
}
