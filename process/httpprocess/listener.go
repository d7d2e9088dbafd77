package httpprocess

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/strata-go/strata/internal/serving"
	"github.com/strata-go/strata/process"
)

// Listener is a server that binds its address itself. It is a [process.Runner]; get one
// from [ListenAndServe].
type Listener struct {
	http *http.Server
	addr atomic.Pointer[net.Addr]
}

// ListenAndServe returns a runner that binds srv.Addr and serves srv on it. It binds in
// Run: nobody connects before all that the server depends on runs, and an address that
// cannot be bound is an error of the start. See the package for what it promises.
//
// srv.Addr is a TCP address, as for [http.Server.ListenAndServe]; port 0 takes a free
// one, which [Listener.Addr] tells. If srv.TLSConfig is not nil, it serves TLS, HTTP/2
// included, as [http.Server.ListenAndServeTLS] does; then the config must have a
// certificate: what was to be encrypted is never served in plain text. An empty Addr is
// ":http", or ":https" with TLS. For other networks there is [Server].
//
// A nil server, an address that is malformed or in use, a TLSConfig without certificate,
// and a server that was run or shut down before, are errors of Run. After one about the
// address, Run may be called again.
func ListenAndServe(srv *http.Server) *Listener {
	return &Listener{http: srv}
}

// Addr returns the address that is bound. It never blocks, and is nil before the server
// is ready. After the stop it is still the last.
func (l *Listener) Addr() net.Addr {
	if addr := l.addr.Load(); addr != nil {
		return *addr
	}
	return nil
}

// Run binds the address and serves until callback returns.
func (l *Listener) Run(ctx context.Context, callback process.Callback) error {
	const culprit = "httpprocess: ListenAndServe"
	if err := serving.Check(ctx, callback, l == nil || l.http == nil); err != nil {
		return fmt.Errorf("%s: %w", culprit, err)
	}
	if isWatched(l.http) { // and http.Server has set its TLSConfig
		return fmt.Errorf("%s: %s: %w", culprit, l.http.Addr, errUsedUp)
	}
	run := run{http: l.http, serve: l.http.Serve}
	addr := cmp.Or(l.http.Addr, ":http")
	if l.http.TLSConfig != nil {
		addr = cmp.Or(l.http.Addr, ":https")
		if !hasCertificate(l.http.TLSConfig) {
			return fmt.Errorf("%s: %s: %w", culprit, addr, errNoCertificate)
		}
		run.serve = func(lis net.Listener) error { return l.http.ServeTLS(lis, "", "") }
	}
	lis, err := serving.Listen(ctx, addr)
	if err != nil {
		return fmt.Errorf("%s: %w", culprit, err)
	}
	run.name = fmt.Sprintf("%s: %v", culprit, lis.Addr())
	run.ready = func() {
		addr := lis.Addr()
		l.addr.Store(&addr)
	}
	return run.run(ctx, callback, lis)
}

var errNoCertificate = errors.New(
	"TLSConfig has no certificate: set its Certificates, GetCertificate or GetConfigForClient")

func hasCertificate(config *tls.Config) bool {
	return len(config.Certificates) > 0 || config.GetCertificate != nil || config.GetConfigForClient != nil
}
