package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"
)

// What may be wrong with an order.
var (
	ErrUnknownSKU   = errors.New("unknown sku")
	ErrOutOfStock   = errors.New("out of stock")
	ErrUnknownOrder = errors.New("unknown order")
)

// Order is what somebody has bought.
type Order struct {
	ID        string    `json:"id"`
	SKU       string    `json:"sku"`
	Qty       int64     `json:"qty"`
	PlacedAt  time.Time `json:"placed_at"`
	Delivered bool      `json:"delivered"` // fulfilment has confirmed it
}

// PlaceOrder takes qty from the stock, writes the order down and puts it into the outbox, all or nothing. It returns
// [ErrUnknownSKU] if nothing is sold under that name, [ErrOutOfStock] if there is less than that left.
func (s *Store) PlaceOrder(ctx context.Context, sku string, qty int64) (Order, error) {
	order := Order{ID: rand.Text(), SKU: sku, Qty: qty, PlacedAt: time.Now().UTC()}
	err := s.transaction(ctx, func(tx *sql.Tx) error {
		if err := takeStock(ctx, tx, sku, qty); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO orders (id, sku, qty, placed_at) VALUES ($1, $2, $3, $4)`,
			order.ID, order.SKU, order.Qty, order.PlacedAt.Format(time.RFC3339Nano)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO outbox (order_id) VALUES ($1)`, order.ID)
		return err
	})
	if err != nil {
		return Order{}, err
	}
	return order, nil
}

const selectOrders = `
	SELECT id, sku, qty, placed_at, NOT EXISTS (SELECT 1 FROM outbox WHERE order_id = id)
	FROM orders`

// Order returns the order with that id, [ErrUnknownOrder] if there is none.
func (s *Store) Order(ctx context.Context, id string) (Order, error) {
	order, err := scanOrder(s.read.QueryRowContext(ctx, selectOrders+` WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Order{}, ErrUnknownOrder
	}
	return order, err
}

// Orders returns all orders, the oldest first.
func (s *Store) Orders(ctx context.Context) ([]Order, error) {
	return collect(ctx, s.read, scanOrder, selectOrders+` ORDER BY seq`)
}

func scanOrder(row row) (Order, error) {
	var order Order
	var placedAt string
	err := row.Scan(&order.ID, &order.SKU, &order.Qty, &placedAt, &order.Delivered)
	if err != nil {
		return Order{}, err
	}
	order.PlacedAt, err = time.Parse(time.RFC3339Nano, placedAt)
	return order, err
}

// row is a *sql.Row, or *sql.Rows at one of them.
type row interface{ Scan(into ...any) error }

// collect returns what scan makes of each row of the query's result: an empty slice of none, never nil.
func collect[T any](ctx context.Context, db *sql.DB, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
