// Package web has what the service answers over HTTP.
package web

import (
	"encoding/json"
	"io"
	"net/http"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/store"
)

// Route is a handler that knows where it belongs.
type Route interface {
	http.Handler
	Pattern() string
}

// NewMux returns the routes, each request of which is logged.
func NewMux(routes []Route, log *zap.Logger) *http.ServeMux {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.HandleFunc(route.Pattern(), func(w http.ResponseWriter, r *http.Request) {
			log.Info("request", zap.String("method", r.Method), zap.String("path", r.URL.Path))
			route.ServeHTTP(w, r)
		})
	}
	return mux
}

// Add takes a message in.
type Add struct{ store *store.Store }

func NewAdd(store *store.Store) *Add { return &Add{store} }

func (a *Add) Pattern() string { return "POST /messages" }

func (a *Add) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id, err := a.store.Add(r.Context(), string(text))
	answer(w, http.StatusCreated, id, err)
}

// List returns all messages.
type List struct{ store *store.Store }

func NewList(store *store.Store) *List { return &List{store} }

func (l *List) Pattern() string { return "GET /messages" }

func (l *List) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	messages, err := l.store.All(r.Context())
	answer(w, http.StatusOK, messages, err)
}

func answer(w http.ResponseWriter, status int, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone
}
