package main

import (
	"context"
	"errors"
	"net"
	"net/http"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/settings"
)

func NewServer(
	lc fx.Lifecycle, shutdowner fx.Shutdowner,
	cfg settings.Settings, mux *http.ServeMux, log *zap.Logger,
) *http.Server {
	server := &http.Server{Addr: cfg.HTTP, Handler: mux}
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			listener, err := new(net.ListenConfig).Listen(ctx, "tcp", server.Addr)
			if err != nil {
				return err
			}
			log.Info("listening", zap.Stringer("address", listener.Addr()))
			go func() {
				if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
					log.Error("serve", zap.Error(err))
					_ = shutdowner.Shutdown(fx.ExitCode(1))
				}
			}()
			return nil
		},
		OnStop: server.Shutdown,
	})
	return server
}
