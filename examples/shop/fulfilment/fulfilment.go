// Package fulfilment has the service that delivers what was ordered. It runs in the same process and is spoken to over
// HTTP, as if it did not.
package fulfilment

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/examples/shop/server"
	"github.com/strata-go/strata/examples/shop/store"
)

// Server receives deliveries, each of which it carries out once, however often it is sent:
//
//	POST /deliveries {"order":"...","sku":"...","qty":n}   201 carried out, 200 answered from the books
//	GET  /deliveries                                       {"deliveries":[{"order":"...","count":n}]}
//
// It is a runner, as [server.Server] is.
type Server struct {
	*server.Server
	store *store.Store
	log   *zap.Logger
}

// New returns the server on the address that the settings name, which keeps its books in the store.
func New(settings config.Config, store *store.Store, log *zap.Logger) *Server {
	s := &Server{store: store, log: log}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /deliveries", s.deliver)
	routes.HandleFunc("GET /deliveries", s.list)
	s.Server = server.New("fulfilment", settings.Fulfilment, routes, log)
	return s
}

// Delivery is the body of a request to deliver.
type Delivery struct {
	Order string `json:"order"`
	SKU   string `json:"sku"`
	Qty   int64  `json:"qty"`
}

func (s *Server) deliver(w http.ResponseWriter, r *http.Request) {
	var wanted Delivery
	if err := server.ReadJSON(w, r, &wanted); err != nil {
		server.WriteError(w, http.StatusBadRequest, err.Error())
		return
	}
	if wanted.Order == "" || wanted.SKU == "" || wanted.Qty <= 0 {
		server.WriteError(w, http.StatusBadRequest, "order, sku and a qty above 0 are needed")
		return
	}

	carriedOut, err := s.store.Deliver(r.Context(), wanted.Order, wanted.SKU, wanted.Qty)
	switch {
	case err != nil:
		s.fail(w, r, "the delivery was not carried out", err)
	case carriedOut:
		server.WriteJSON(w, http.StatusCreated, wanted)
	default:
		server.WriteJSON(w, http.StatusOK, wanted)
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	deliveries, err := s.store.Deliveries(r.Context())
	if err != nil {
		s.fail(w, r, "the deliveries cannot be read", err)
		return
	}
	server.WriteJSON(w, http.StatusOK, struct {
		Deliveries []store.Delivery `json:"deliveries"`
	}{deliveries})
}

// fail answers for what is not the client's fault. A client that has left is no news for the log.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, message string, err error) {
	if r.Context().Err() == nil {
		s.log.Error("fulfilment", zap.String("problem", message), zap.Error(err))
	}
	server.WriteError(w, http.StatusInternalServerError, message)
}
