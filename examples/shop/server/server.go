// Package server has the HTTP server that the parts of the shop are reached through.
package server

import (
	"context"
	"log"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// Limits on what a client may take: none of them is near what an honest one needs.
const (
	headerTimeout  = 5 * time.Second  // to send the header of a request
	requestTimeout = 10 * time.Second // to send all of it
	answerTimeout  = 30 * time.Second // to be answered
	idleTimeout    = time.Minute      // between two requests
	headerLimit    = 64 << 10         // bytes
)

// Server serves HTTP on one address. It is a [process.Runner].
type Server struct {
	name     string
	listener *httpprocess.Listener
	log      *zap.Logger
}

// New returns a server that will serve routes on addr; port 0 takes a free one. The name is what it is called in
// errors and in the log.
func New(name, addr string, routes *http.ServeMux, log *zap.Logger) *Server {
	log = log.With(zap.String("server", name))
	return &Server{name: name, log: log, listener: httpprocess.ListenAndServe(&http.Server{
		Addr:              addr,
		Handler:           noted(log, jsonErrors(routes)),
		ErrorLog:          errorLog(log),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerLimit,
	})}
}

// Addr returns the address in use, with the port that was taken. It is known when the server runs, empty before.
func (s *Server) Addr() string {
	if addr := s.listener.Addr(); addr != nil {
		return addr.String()
	}
	return ""
}

// Run takes the address and serves until it is asked to stop. Then each request whose handler was entered gets its
// complete answer; connections that wait for a request are closed. If ctx ends, all connections are. In every case Run
// returns only after the last handler has. A server is run once.
func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	return process.PrefixedError(s.name, s.listener).Run(ctx, func(ctx context.Context) error {
		s.log.Info("listening", zap.String("addr", s.Addr()))
		return callback(ctx)
	})
}

// noted has each request logged, at level debug, when it is taken in: it is owed an answer from then on.
func noted(log *zap.Logger, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Debug("request",
			zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.String("id", r.Header.Get("X-Request-ID")))
		handler.ServeHTTP(w, r)
	})
}

// errorLog is where http.Server writes what no request can be blamed for, like a panic in a handler.
func errorLog(to *zap.Logger) *log.Logger {
	std, err := zap.NewStdLogAt(to, zap.WarnLevel)
	if err != nil {
		panic(err) // there is such a level
	}
	return std
}
