package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	_ "net/http/pprof" // registers itself with http.DefaultServeMux

	"go.uber.org/zap"

	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// Server takes links and tells results. It takes the checker, so it ends first: when it
// has answered its last request, nobody submits any more.
type Server struct {
	*httpprocess.Listener
	log *zap.Logger
}

func NewServer(config Config, checker *Checker, results *Results, log *zap.Logger) *Server {
	routes := http.NewServeMux()
	routes.HandleFunc("POST /links", func(w http.ResponseWriter, r *http.Request) {
		link, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<10))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := checker.Submit(r.Context(), string(link)); err != nil { // waits while the queue is full
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted) // a promise, from now on
	})
	routes.HandleFunc("GET /links", func(w http.ResponseWriter, r *http.Request) {
		result, err := results.Get(r.Context(), r.FormValue("link"))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			http.Error(w, "not checked", http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			_, _ = io.WriteString(w, result+"\n")
		}
	})
	return &Server{httpprocess.ListenAndServe(&http.Server{Addr: config.HTTP, Handler: routes}), log}
}

func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	return s.Listener.Run(ctx, func(ctx context.Context) error {
		s.log.Info("listening", zap.Stringer("address", s.Addr())) // it is known now
		return callback(ctx)
	})
}

// Debug serves the profiles. Links are checked without it, too: that its address is
// taken is a line in the log.
type Debug struct{ process.Runner }

func NewDebug(config Config, log *zap.Logger) *Debug {
	server := httpprocess.ListenAndServe(&http.Server{Addr: config.Debug})
	return &Debug{process.BestEffort(server, func(err error) { log.Warn("no profiles", zap.Error(err)) })}
}
