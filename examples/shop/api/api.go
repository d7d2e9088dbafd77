// Package api has the public interface of the shop.
package api

import (
	"errors"
	"fmt"
	"net/http"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/examples/shop/outbox"
	"github.com/strata-go/strata/examples/shop/server"
	"github.com/strata-go/strata/examples/shop/stock"
	"github.com/strata-go/strata/examples/shop/store"
)

// qtyLimit is beyond what anybody can mean.
const qtyLimit = 1_000_000_000_000

// Server takes orders:
//
//	POST /orders {"sku":"tea","qty":2}   201 and the order; 400 if it makes no sense; 409 if there is not enough
//	GET  /orders/{id}                    the order; 404 if there is none
//	GET  /orders                         {"orders":[...]}, all of them, the oldest first
//	GET  /stock                          {"stock":{"tea":999998}}, at most a second old
//
// Everything else than success is {"error":"..."}. It is a runner: when it is asked to stop, each order that is
// being placed gets its complete answer.
type Server struct {
	*server.Server
	store  *store.Store
	stock  *stock.Cache
	outbox *outbox.Outbox
	log    *zap.Logger
}

// New returns the server on the address that the settings name.
func New(settings config.Config, store *store.Store, stock *stock.Cache, outbox *outbox.Outbox, log *zap.Logger) *Server {
	s := &Server{store: store, stock: stock, outbox: outbox, log: log}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /orders", s.place)
	routes.HandleFunc("GET /orders/{id}", s.show)
	routes.HandleFunc("GET /orders", s.list)
	routes.HandleFunc("GET /stock", s.left)
	s.Server = server.New("api", settings.HTTP, routes, log)
	return s
}

type wish struct {
	SKU string `json:"sku"`
	Qty int64  `json:"qty"`
}

func (w wish) check() error {
	switch {
	case w.SKU == "":
		return errors.New("sku: missing")
	case w.Qty <= 0:
		return fmt.Errorf("qty: %d is not above 0", w.Qty)
	case w.Qty > qtyLimit:
		return fmt.Errorf("qty: %d is more than anybody can want", w.Qty)
	}
	return nil
}

func (s *Server) place(w http.ResponseWriter, r *http.Request) {
	var wanted wish
	err := server.ReadJSON(w, r, &wanted)
	if err == nil {
		err = wanted.check()
	}
	if err != nil {
		server.WriteError(w, http.StatusBadRequest, err.Error())
		return
	}

	var order store.Order
	if left, known := s.stock.Left(wanted.SKU); known && left < wanted.Qty {
		err = store.ErrOutOfStock // the database need not be troubled
	} else {
		order, err = s.store.PlaceOrder(r.Context(), wanted.SKU, wanted.Qty)
	}
	switch {
	case errors.Is(err, store.ErrUnknownSKU):
		server.WriteError(w, http.StatusBadRequest, fmt.Sprintf("sku: %q is not sold here", wanted.SKU))
	case errors.Is(err, store.ErrOutOfStock):
		server.WriteError(w, http.StatusConflict, fmt.Sprintf("%s: out of stock", wanted.SKU))
	case err != nil:
		s.fail(w, r, "order", err)
	default:
		s.outbox.Wake()
		w.Header().Set("Location", "/orders/"+order.ID)
		server.WriteJSON(w, http.StatusCreated, order)
	}
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	order, err := s.store.Order(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, store.ErrUnknownOrder):
		server.WriteError(w, http.StatusNotFound, fmt.Sprintf("order %q: unknown", r.PathValue("id")))
	case err != nil:
		s.fail(w, r, "order", err)
	default:
		server.WriteJSON(w, http.StatusOK, order)
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	orders, err := s.store.Orders(r.Context())
	if err != nil {
		s.fail(w, r, "orders", err)
		return
	}
	server.WriteJSON(w, http.StatusOK, struct {
		Orders []store.Order `json:"orders"`
	}{orders})
}

func (s *Server) left(w http.ResponseWriter, _ *http.Request) {
	server.WriteJSON(w, http.StatusOK, struct {
		Stock map[string]int64 `json:"stock"`
	}{s.stock.All()})
}

// fail answers for what is not the client's fault, and tells the log what it does not tell the client. A client that
// has left is no news.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	if r.Context().Err() == nil {
		s.log.Error(what, zap.Error(err))
	}
	server.WriteError(w, http.StatusInternalServerError, what+": something went wrong, and it was not your fault")
}
