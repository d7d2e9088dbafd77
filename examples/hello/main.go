// Hello says hello over HTTP: the smallest application.
package main

import (
	"cmp"
	"fmt"
	"net/http"
	"os"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/logging/terminal"
	"github.com/strata-go/strata/process/httpprocess"
)

func NewGreeter() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello", r.URL.Path[1:]) }
}

func NewServer(greeter http.HandlerFunc) *httpprocess.Listener { // runs, because it has Run
	return httpprocess.ListenAndServe(&http.Server{Addr: cmp.Or(os.Getenv("HTTP"), "127.0.0.1:8080"), Handler: greeter})
}

func main() {
	container.New(
		container.WithLog(terminal.New(os.Stderr).Observer()), // on a terminal; elsewhere it logs
		container.Provide(NewGreeter, NewServer),
	).Run()
}
