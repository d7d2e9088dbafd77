// Package server has the HTTP server that the parts of the shop are reached through.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/process"
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
	name    string
	addr    string
	handler http.Handler
	log     *zap.Logger

	mu    sync.Mutex
	bound string // the address in use, guarded by mu
}

// New returns a server that will serve routes on addr; port 0 takes a free one. The name is what it is called in
// errors and in the log.
func New(name, addr string, routes *http.ServeMux, log *zap.Logger) *Server {
	log = log.With(zap.String("server", name))
	return &Server{name: name, addr: addr, handler: noted(log, jsonErrors(routes)), log: log}
}

// noted has each request logged, at level debug, when it is taken in: it is owed an answer from then on.
func noted(log *zap.Logger, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Debug("request",
			zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.String("id", r.Header.Get("X-Request-ID")))
		handler.ServeHTTP(w, r)
	})
}

// Addr returns the address in use, with the port that was taken. It is known when the server runs, empty before.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bound
}

// Run takes the address and serves until it is asked to stop. Then each request whose handler was entered gets its
// complete answer; connections that wait for a request are closed. If ctx ends, all connections are. In every case Run
// returns only after the last handler has.
func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	defer listener.Close() // for a run that ends before it serves; else it is closed already
	s.mu.Lock()
	s.bound = listener.Addr().String()
	s.mu.Unlock()
	s.log.Info("listening", zap.String("addr", s.Addr()))

	var open connections
	server := &http.Server{
		Handler:           s.handler,
		ConnState:         open.changed,
		ErrorLog:          s.errorLog(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerLimit,
	}
	shutDown := make(chan struct{})
	server.RegisterOnShutdown(func() {
		defer close(shutDown)
		open.closeUnused()
	})

	serve := func(context.Context) error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		return nil
	}
	stop := func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if err != nil {
			err = server.Close() // it was not given the time: cut what is left
		}
		<-shutDown
		open.wait()
		return err
	}
	return process.Leaf(serve, stop).Run(ctx, callback)
}
