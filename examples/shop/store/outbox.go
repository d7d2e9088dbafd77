package store

import "context"

// Pending is an order that waits in the outbox for its delivery.
type Pending struct {
	Seq   int64 // its place in the outbox
	Order string
	SKU   string
	Qty   int64
}

// NextPending returns the first order in the outbox behind the given place; 0 is before all of them. The second result
// is false if there is none.
func (s *Store) NextPending(ctx context.Context, after int64) (Pending, bool, error) {
	next, err := collect(ctx, s.read, func(row row) (p Pending, err error) {
		err = row.Scan(&p.Seq, &p.Order, &p.SKU, &p.Qty)
		return p, err
	}, `SELECT outbox.seq, id, sku, qty
		FROM outbox JOIN orders ON id = order_id
		WHERE outbox.seq > $1 ORDER BY outbox.seq LIMIT 1`, after)
	if err != nil || len(next) == 0 {
		return Pending{}, false, err
	}
	return next[0], true, nil
}

// MarkDelivered takes an order out of the outbox.
func (s *Store) MarkDelivered(ctx context.Context, order string) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM outbox WHERE order_id = $1`, order)
	return err
}
