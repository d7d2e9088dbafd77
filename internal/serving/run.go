package serving

import (
	"context"
	"errors"
	"net"

	"github.com/strata-go/strata/process"
)

// Server is what is served in one Run.
type Server struct {
	// Serve accepts connections from lis, and returns when Stop was called, or with
	// what broke.
	Serve func(lis net.Listener) error
	// Stop has Serve return, waits until all that came of it has ended, and hastens
	// that when ctx ends. It is called once, also if Serve has ended by itself.
	Stop func(ctx context.Context)
	// Ready is called before the callback.
	Ready func()
}

// Run serves on lis until callback returns, and closes it in every case. It is ready,
// and calls callback, when Serve accepts connections: what breaks before that is an
// error of the start.
func (s Server) Run(ctx context.Context, callback process.Callback, lis *Listener) error {
	defer lis.Close()
	leaf := process.Leaf(
		func(context.Context) error { return s.Serve(lis) },
		func(ctx context.Context) error { s.Stop(ctx); return nil },
	)
	var givenUp error // why callback was not called
	err := leaf.Run(ctx, func(ctx context.Context) error {
		select {
		case <-lis.accepting:
			s.Ready()
			return callback(ctx)
		case <-ctx.Done():
			givenUp = context.Cause(ctx)
			return ctx.Err()
		}
	})
	if err == nil {
		return givenUp
	}
	return err
}

// Check returns an error for what no server can be run with.
func Check(ctx context.Context, callback process.Callback, serverIsNil bool) error {
	switch {
	case ctx == nil:
		return errors.New("Run with a nil context")
	case callback == nil:
		return errors.New("Run with a nil callback")
	case serverIsNil:
		return errors.New("server is nil")
	}
	return nil
}

// Listen binds a TCP address.
func Listen(ctx context.Context, addr string) (*Listener, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var config net.ListenConfig
	lis, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		if ctx.Err() != nil { // no fault of the address
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	return newListener(lis), nil
}
