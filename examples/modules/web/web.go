// Package web serves what the modules have to show.
package web

import (
	"context"
	"net/http"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// Register provides the server.
func Register(to container.Provider) error { return to.Provide(New) }

type Config struct{ Address string }

// Route is what a module gives to the group "routes" to have it served.
type Route struct {
	Pattern string // as http.ServeMux has them
	Handler http.HandlerFunc
}

// Server runs, and whatever its routes need was started before it.
type Server struct {
	*httpprocess.Listener
	log *zap.Logger
}

type in struct {
	dig.In

	Config Config
	Log    *zap.Logger
	Routes []Route `group:"routes"` // of the modules that are there, if any
}

func New(in in) *Server {
	mux := http.NewServeMux()
	for _, route := range in.Routes {
		mux.HandleFunc(route.Pattern, route.Handler)
	}
	return &Server{httpprocess.ListenAndServe(&http.Server{Addr: in.Config.Address, Handler: mux}), in.Log}
}

func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	return s.Listener.Run(ctx, func(ctx context.Context) error {
		s.log.Info("listening", zap.Stringer("address", s.Addr()))
		return callback(ctx)
	})
}
