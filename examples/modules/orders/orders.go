// Package orders takes orders and keeps them. Who wants to know of one gives a function
// to the group "placed": this package knows nobody of those.
package orders

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"

	_ "github.com/ncruces/go-sqlite3/driver" // SQLite without cgo
	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/examples/modules/web"
	"github.com/strata-go/strata/process"
)

// Register provides the store and the route POST /orders.
func Register(to container.Provider) error {
	return errors.Join(
		to.Provide(NewStore),
		to.Provide(newRoute, dig.Group("routes")),
	)
}

type Config struct{ Database string }

type Order struct {
	ID   int64
	Item string
}

// Placed is told of each order, when it is in the store and before it is answered.
type Placed func(context.Context, Order) error

// Store has the orders. It is open until the server, and so the last order, has ended.
type Store struct{ db *sql.DB }

func NewStore(config Config) (*Store, error) {
	db, err := sql.Open("sqlite3", "file:"+config.Database)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer: the others queue here
	return &Store{db}, nil
}

func (s *Store) Run(ctx context.Context, callback process.Callback) error {
	open := func(ctx context.Context) error {
		_, err := s.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL)`)
		return err
	}
	return process.StartStop(open, func(context.Context) error { return s.db.Close() }).Run(ctx, callback)
}

func (s *Store) add(ctx context.Context, item string) (Order, error) {
	order := Order{Item: item}
	err := s.db.QueryRowContext(ctx, `INSERT INTO orders (item) VALUES (?) RETURNING id`, item).Scan(&order.ID)
	return order, err
}

type routeIn struct {
	dig.In

	Store  *Store
	Placed []Placed `group:"placed"`
}

func newRoute(in routeIn) web.Route {
	return web.Route{Pattern: "POST /orders", Handler: func(w http.ResponseWriter, r *http.Request) {
		item, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		order, err := in.Store.add(r.Context(), string(item))
		for _, placed := range in.Placed {
			if err == nil {
				err = placed(r.Context(), order)
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintln(w, order.ID)
	}}
}
