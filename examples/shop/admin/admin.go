// Package admin has what operators and orchestrators ask the shop: whether it lives, whether it is ready.
package admin

import (
	"context"
	"net/http"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/examples/shop/server"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// Readiness knows whether the application is ready, because it observes it. It is a [hooks.Observer]; its zero value is
// not ready.
type Readiness struct{ ready atomic.Bool }

// Observe is told what happens. The application is ready from the moment when all of it runs until it begins to stop.
func (r *Readiness) Observe(event hooks.Event) {
	switch event.(type) {
	case hooks.AppStarted:
		r.ready.Store(true)
	case hooks.Draining, hooks.AppStopping:
		r.ready.Store(false)
	}
}

// Server answers
//
//	GET /livez    200 as long as the process can answer at all
//	GET /readyz   200 while the application is ready, 503 before and after
//
// It is a [process.Runner]. It needs no other part of the shop: so it is among the first to start and the last to stop,
// and can be asked while the others do.
type Server struct{ http *server.Server }

// New returns the server on the address that the settings name.
func New(settings config.Config, readiness *Readiness, log *zap.Logger) *Server {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		server.WriteJSON(w, http.StatusOK, status{"alive"})
	})
	routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if readiness.ready.Load() {
			server.WriteJSON(w, http.StatusOK, status{"ready"})
		} else {
			server.WriteError(w, http.StatusServiceUnavailable, "not ready")
		}
	})
	return &Server{server.New("admin", settings.Admin, routes, log)}
}

type status struct {
	Status string `json:"status"`
}

// Run serves until it is asked to stop.
func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	return s.http.Run(ctx, callback)
}

// Addr returns the address in use. It is known when the server runs, empty before.
func (s *Server) Addr() string { return s.http.Addr() }
