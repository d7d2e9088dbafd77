package store

import "context"

// Delivery is what fulfilment has in its books about an order.
type Delivery struct {
	Order string `json:"order"`
	Count int    `json:"count"` // how many times it was carried out: once, if all is well
}

// Deliver carries a delivery out, which for this shop means to enter it into the books, unless the books say that it
// was carried out before. It returns whether it did. Looking and entering is one statement: of two who send the same,
// one is told so.
func (s *Store) Deliver(ctx context.Context, order, sku string, qty int64) (carriedOut bool, err error) {
	result, err := s.write.ExecContext(ctx, `
		INSERT INTO deliveries (order_id, sku, qty, count) VALUES ($1, $2, $3, 1)
		ON CONFLICT (order_id) DO NOTHING`, order, sku, qty)
	if err != nil {
		return false, err
	}
	entered, err := result.RowsAffected()
	return entered == 1, err
}

// Deliveries returns all that was delivered, in the order of the ids.
func (s *Store) Deliveries(ctx context.Context) ([]Delivery, error) {
	return collect(ctx, s.read, func(row row) (d Delivery, err error) {
		err = row.Scan(&d.Order, &d.Count)
		return d, err
	}, `SELECT order_id, count FROM deliveries ORDER BY order_id`)
}
