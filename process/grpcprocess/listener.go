package grpcprocess

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/strata-go/strata/internal/serving"
	"github.com/strata-go/strata/process"
)

// Listener is a gRPC server with what it listens to. It is a [process.Runner]; get one
// from [ListenAndServe] or [Server].
type Listener struct {
	culprit string // what errors begin with
	grpc    *grpc.Server
	listen  func(context.Context) (*serving.Listener, error)
	health  *healthService
	addr    atomic.Pointer[net.Addr]
}

// ListenAndServe returns a runner that binds addr, a TCP address like ":9090", and serves
// srv on it. It binds in Run: nobody connects before all that the server depends on
// runs, and an address that cannot be bound is an error of the start. Port 0 takes a
// free one, which [Listener.Addr] tells. TLS is for srv to have, by [grpc.Creds]. See the
// package for what it promises.
//
// A nil server, an address that is empty, malformed or in use, and a server that was run
// or stopped before, are errors of Run. After one about the address, Run may be called
// again.
func ListenAndServe(srv *grpc.Server, addr string) *Listener {
	return &Listener{
		culprit: "grpcprocess: ListenAndServe",
		grpc:    srv,
		health:  newHealth(),
		listen: func(ctx context.Context) (*serving.Listener, error) {
			if addr == "" { // which would be any port
				return nil, errors.New("address is empty")
			}
			return serving.Listen(ctx, addr)
		},
	}
}

// Server returns a runner that serves srv on lis, as srv.Serve(lis) does: for a Unix
// socket, or a listener that was inherited. Run closes lis in the end, also if it could
// not serve, but for one without server, context or callback. Who connects before Run
// waits.
//
// A nil server, a nil or a closed listener, and a server that was run or stopped before,
// are errors of Run.
func Server(srv *grpc.Server, lis net.Listener) *Listener {
	return &Listener{
		culprit: "grpcprocess: Server",
		grpc:    srv,
		health:  newHealth(),
		listen: func(context.Context) (*serving.Listener, error) {
			return serving.Take(lis)
		},
	}
}

// Addr returns the address that it listens to. It never blocks, and is nil before the
// server is ready. After the stop it is still the last.
func (l *Listener) Addr() net.Addr {
	if addr := l.addr.Load(); addr != nil {
		return *addr
	}
	return nil
}

// Drain has the health service answer NOT_SERVING from now on, for all services, so that
// clients and load balancers go elsewhere; RPCs are served as before. An app calls it
// when its drain delay begins. It may be called at any time.
func (l *Listener) Drain() { l.health.Shutdown() }

// Run listens and serves until callback returns.
func (l *Listener) Run(ctx context.Context, callback process.Callback) error {
	if l == nil {
		return errors.New("grpcprocess: Listener is nil")
	}
	if err := serving.Check(ctx, callback, l.grpc == nil); err != nil {
		return fmt.Errorf("%s: %w", l.culprit, err)
	}
	lis, err := l.listen(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", l.culprit, err)
	}
	defer lis.Close()
	if !running.add(l.grpc) {
		return fmt.Errorf("%s: %v: %w", l.culprit, lis.Addr(), errUsedUp)
	}
	defer running.remove(l.grpc)
	l.health.register(l.grpc)
	run := run{Listener: l, connections: newConnections()}
	lis.Wrap = run.connections.accepted
	return serving.Server{
		Serve: run.serve,
		Stop:  run.stop,
		Ready: func() {
			addr := lis.Addr()
			l.addr.Store(&addr)
		},
	}.Run(ctx, callback, lis)
}

// errUsedUp is the error for a server that cannot serve any more.
var errUsedUp = errors.New(
	"the grpc.Server was run or stopped before: it serves once, so give each Run a new one")

// running are the servers that run: one that is given to two Runs would be stopped by
// either of them.
var running = servers{all: make(map[*grpc.Server]bool)}

type servers struct {
	mu  sync.Mutex // guards all
	all map[*grpc.Server]bool
}

func (s *servers) add(srv *grpc.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[srv] {
		return false
	}
	s.all[srv] = true
	return true
}

func (s *servers) remove(srv *grpc.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, srv)
}
