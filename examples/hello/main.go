// Hello says hello over HTTP: the smallest application.
package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/logging/terminal"
	"github.com/strata-go/strata/process"
)

func NewGreeter() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello", r.URL.Path[1:]) }
}

type Server struct{ http.Server } // runs, because it has Run

func NewServer(greeter http.HandlerFunc) *Server {
	return &Server{http.Server{Addr: cmp.Or(os.Getenv("HTTP"), "127.0.0.1:8080"), Handler: greeter}}
}

func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	listener, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return err
	}
	return process.Leaf(func(context.Context) error {
		if err := s.Serve(listener); err != http.ErrServerClosed {
			return err
		}
		return nil
	}, s.Shutdown).Run(ctx, callback)
}

func main() {
	container.New(
		container.WithLog(terminal.New(os.Stderr).Observer()), // on a terminal; elsewhere it logs
		container.Provide(NewGreeter, NewServer),
	).Run()
}
