package store

import (
	"context"
	"database/sql"
)

// Delivery is what fulfilment has in its books about an order.
type Delivery struct {
	Order string `json:"order"`
	Count int    `json:"count"` // how many times it was carried out: once, if all is well
}

// Deliver carries a delivery out, which for this shop means to enter it into the books, unless the books say that it
// was carried out before. It returns whether it did.
func (s *Store) Deliver(ctx context.Context, order, sku string, qty int64) (carriedOut bool, err error) {
	err = s.transaction(ctx, func(tx *sql.Tx) error {
		var known bool
		row := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM deliveries WHERE order_id = ?)`, order)
		if err := row.Scan(&known); err != nil || known {
			return err
		}
		carriedOut = true
		_, err := tx.ExecContext(ctx, `
			INSERT INTO deliveries (order_id, sku, qty, count) VALUES (?, ?, ?, 1)
			ON CONFLICT (order_id) DO UPDATE SET count = count + 1`, order, sku, qty)
		return err
	})
	return carriedOut && err == nil, err
}

// Deliveries returns all that was delivered, the oldest first.
func (s *Store) Deliveries(ctx context.Context) ([]Delivery, error) {
	return collect(ctx, s.read, func(row row) (d Delivery, err error) {
		err = row.Scan(&d.Order, &d.Count)
		return d, err
	}, `SELECT order_id, count FROM deliveries ORDER BY rowid`)
}
