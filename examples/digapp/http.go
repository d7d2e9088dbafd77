package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/process"
)

func RegisterHTTP(c *dig.Container) {
	c.Provide(http.NewServeMux)
	c.Provide(NewServer)
}

// RegisterRoutes registers the handlers, as such applications do: in an Invoke, which builds what they use.
func RegisterRoutes(c *dig.Container) {
	c.Invoke(func(mux *http.ServeMux, jobs *Jobs) {
		mux.HandleFunc("POST /jobs", func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			id, err := jobs.Add(r.Context(), string(text))
			reply(w, id, err)
		})
		mux.HandleFunc("GET /jobs/{id}", func(w http.ResponseWriter, r *http.Request) {
			result, err := jobs.Result(r.Context(), r.PathValue("id"))
			reply(w, result, err)
		})
	})
}

func reply(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, v)
}

// Server serves what the mux has. That it answers for the database, in /healthz, is why it takes it; and so it starts
// after it and stops before it.
type Server struct {
	http.Server
	log *zap.Logger
}

func NewServer(cfg Config, mux *http.ServeMux, db *Database, log *zap.Logger) *Server {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { reply(w, "ok", db.PingContext(r.Context())) })
	return &Server{http.Server{Addr: cfg.HTTP, Handler: mux}, log}
}

func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	listener, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return err
	}
	s.log.Info("listening", zap.Stringer("address", listener.Addr()))
	return process.Leaf(func(context.Context) error {
		if err := s.Serve(listener); err != http.ErrServerClosed {
			return err
		}
		return nil
	}, s.Shutdown).Run(ctx, callback)
}
