// Package admin has what operators and orchestrators ask the shop.
package admin

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/inspect"
	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/examples/shop/server"
	"github.com/strata-go/strata/hooks/health"
)

// Server answers, with the states of all units:
//
//	GET /livez      503 if the shop is stuck, else 200
//	GET /readyz     200 while all of the shop runs and its checks pass, else 503
//	GET /startupz   200 once all of the shop has started, 503 before
//	GET /debug/strata/   a page that shows the shop as it starts, runs and stops
//
// It is a runner, as [server.Server] is. It needs no other part of the shop: so it is among the first to start and the last to stop,
// and can be asked while the others do.
type Server struct{ *server.Server }

// New returns the server on the address that the settings name.
func New(settings config.Config, shop *health.Health, app *container.App, log *zap.Logger) *Server {
	routes := http.NewServeMux()
	routes.Handle("GET /livez", shop.Livez())
	routes.Handle("GET /readyz", shop.Readyz())
	routes.Handle("GET /startupz", shop.Startupz())
	routes.Handle("GET /debug/strata/", inspect.Handler(app))
	return &Server{server.New("admin", settings.Admin, routes, log)}
}
