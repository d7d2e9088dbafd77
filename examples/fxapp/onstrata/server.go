package main

import (
	"context"
	"net/http"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/settings"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// Server runs, and says where.
type Server struct {
	listener *httpprocess.Listener
	log      *zap.Logger
}

func NewServer(cfg settings.Settings, mux *http.ServeMux, log *zap.Logger) *Server {
	return &Server{httpprocess.ListenAndServe(&http.Server{Addr: cfg.HTTP, Handler: mux}), log}
}

func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	return s.listener.Run(ctx, func(ctx context.Context) error {
		s.log.Info("listening", zap.Stringer("address", s.listener.Addr()))
		return callback(ctx)
	})
}
