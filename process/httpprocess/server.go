package httpprocess

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/strata-go/strata/internal/serving"
	"github.com/strata-go/strata/process"
)

// unusedLimit is how long into a stop a connection may be open that has not brought a
// request.
const unusedLimit = 200 * time.Millisecond

// Server returns a runner that serves srv on lis, as srv.Serve(lis) does. Run closes lis
// in the end, also if it could not serve, but for one without server, context or
// callback. See the package for what it promises.
//
// The listener says what is spoken: for TLS it is one of [crypto/tls.NewListener], for
// HTTP/2 with "h2" among its NextProtos. srv.Addr is not looked at, nor the
// certificates in srv.TLSConfig.
//
// Who connects before Run, to a listener that is open already, waits; [ListenAndServe]
// lets nobody connect before.
//
// A nil server, a nil or a closed listener, and a server that was run or shut down
// before, are errors of Run.
func Server(srv *http.Server, lis net.Listener) process.Runner {
	return &server{srv, lis}
}

type server struct {
	http     *http.Server
	listener net.Listener
}

func (s *server) Run(ctx context.Context, callback process.Callback) error {
	const culprit = "httpprocess: Server"
	if err := serving.Check(ctx, callback, s.http == nil); err != nil {
		return fmt.Errorf("%s: %w", culprit, err)
	}
	lis, err := serving.Take(s.listener)
	if err != nil {
		return fmt.Errorf("%s: %w", culprit, err)
	}
	run := run{
		http:  s.http,
		name:  fmt.Sprintf("%s: %v", culprit, lis.Addr()),
		serve: s.http.Serve,
		ready: func() {},
	}
	return run.run(ctx, callback, lis)
}

// run is one Run of a server.
type run struct {
	http  *http.Server
	name  string // what errors begin with
	serve func(net.Listener) error
	ready func()

	connections *connections
}

func (r *run) run(ctx context.Context, callback process.Callback, lis *serving.Listener) error {
	r.connections = newConnections()
	if !r.connections.watch(ctx, r.http) {
		lis.Close()
		return fmt.Errorf("%s: %w", r.name, errUsedUp)
	}
	defer r.connections.cancel(nil)
	lis.Wrap = asKey
	return serving.Server{Serve: r.accept, Stop: r.stop, Ready: r.ready}.Run(ctx, callback, lis)
}

// errUsedUp is the error for a server that cannot serve any more.
var errUsedUp = errors.New(
	"the http.Server was run or shut down before: it serves once, so give each Run a new one")

// accept serves until the server is shut down.
func (r *run) accept(lis net.Listener) error {
	defer r.connections.lastAccepted()
	switch err := r.serve(lis); {
	case !errors.Is(err, http.ErrServerClosed):
		return fmt.Errorf("%s: %w", r.name, err)
	case !lis.(*serving.Listener).WasAccepting() && !r.connections.isStopping():
		return fmt.Errorf("%s: %w", r.name, errUsedUp)
	}
	if err := lis.Close(); err != nil { // what the first Close returned
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}

// stop shuts the server down, and returns when all connections and handlers have ended.
//
// http.Server.Shutdown has the connections end. It is not waited for, since it asks only
// now and then whether they have, and does not know of all: connections tells at once.
func (r *run) stop(ctx context.Context) {
	r.connections.stop()
	shutdown, cancel := context.WithCancel(ctx)
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		_ = r.http.Shutdown(shutdown) // accept has the error of the listener
	}()
	defer func() {
		cancel()
		<-returned
		_ = r.http.Close() // what a hook of the user's that panicked has left
	}()

	unused := time.NewTimer(unusedLimit)
	defer unused.Stop()
	for {
		select {
		case <-r.connections.ended:
			return
		case <-unused.C:
			r.connections.closeUnused()
		case <-ctx.Done():
			r.connections.force(context.Cause(ctx))
			<-r.connections.ended
			return
		}
	}
}
