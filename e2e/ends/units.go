package main

import (
	"context"
	"errors"
	"sync"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// database, ticker and server are ready at once and end when they are asked to.
type (
	database struct{ process.Runner }
	ticker   struct{ process.Runner }
	server   struct{ process.Runner }
)

func (*database) Name() string { return "database" }
func (*ticker) Name() string   { return "ticker" }
func (*server) Name() string   { return "server" }

func newDatabase() *database       { return &database{obedient(nil)} }
func newTicker(*database) *ticker  { return &ticker{obedient(nil)} }
func newReplica(*primary) *replica { return &replica{obedient(nil)} }
func newPrimary(*replica) *primary { return new(primary) }

func newServer(s *settings, _ *cache) *server {
	var last error
	if s.server {
		last = errors.New("no cache")
	}
	return &server{obedient(last)}
}

// closer is a server that is open when its constructor returns, and has to be closed.
type closer struct{}

func newCloser(*cache) *closer { return new(closer) }

func (*closer) Name() string { return "server" }
func (*closer) Close() error { return nil }

// replica runs and needs a primary, which is missing, or needs the replica.
type (
	replica struct{ process.Runner }
	primary struct{}
)

// obedient returns a runner whose stop returns last.
func obedient(last error) process.Runner {
	return process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		select {
		case <-ready():
			return last
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// ready tells when everything has started.
type ready struct{ app <-chan struct{} }

// tickerUp tells when the ticker has started, so that the cache finds it running when it fails.
type tickerUp struct {
	started chan struct{}
	once    sync.Once // closes started
}

func newTickerUp() *tickerUp { return &tickerUp{started: make(chan struct{})} }

// Observe implements [hooks.Observer].
func (t *tickerUp) Observe(e hooks.Event) {
	if e, ok := e.(hooks.UnitStarted); ok && e.Unit.Name == "ticker" {
		t.once.Do(func() { close(t.started) })
	}
}
