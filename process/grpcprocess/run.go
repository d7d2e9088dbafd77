package grpcprocess

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/strata-go/strata/internal/serving"
)

// strangerLimit is how long into a stop a connection may be open that has not said who it
// is.
const strangerLimit = 200 * time.Millisecond

// run is one Run of a server.
type run struct {
	*Listener
	connections *connections
	stopping    atomic.Bool
}

// serve serves until the server is stopped.
func (r *run) serve(lis net.Listener) error {
	own := lis.(*serving.Listener)
	err := r.grpc.Serve(lis)
	switch {
	case errors.Is(err, grpc.ErrServerStopped) && !own.WasAccepting():
		if !r.stopping.Load() {
			return fmt.Errorf("%s: %v: %w", r.culprit, lis.Addr(), errUsedUp)
		}
	case err != nil:
		return fmt.Errorf("%s: %v: %w", r.culprit, lis.Addr(), err)
	}
	if err := lis.Close(); err != nil { // what the first Close returned
		return fmt.Errorf("%s: %v: %w", r.culprit, lis.Addr(), err)
	}
	return nil
}

// stop stops the server, and returns when all RPCs have ended and their handlers have
// returned.
//
// A grpc.Server tells nobody that it stops before each connection that it has accepted
// has said who it is, for which it gives them two minutes, by force as well.
func (r *run) stop(ctx context.Context) {
	r.stopping.Store(true)
	r.health.stop()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		r.grpc.GracefulStop() // it alone waits for handlers
	}()
	strangers := time.NewTimer(strangerLimit)
	defer strangers.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-strangers.C:
			r.connections.closeStrangers()
		case <-ctx.Done():
			r.connections.force()
			r.grpc.Stop()
			<-stopped
			return
		}
	}
}
