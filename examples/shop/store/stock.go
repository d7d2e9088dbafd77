package store

import (
	"context"
	"database/sql"
	"errors"
)

// Stock returns how much there is left of each sku.
func (s *Store) Stock(ctx context.Context) (map[string]int64, error) {
	type item struct {
		sku string
		qty int64
	}
	items, err := collect(ctx, s.read, func(row row) (i item, err error) {
		err = row.Scan(&i.sku, &i.qty)
		return i, err
	}, `SELECT sku, qty FROM stock`)
	if err != nil {
		return nil, err
	}
	left := make(map[string]int64, len(items))
	for _, item := range items {
		left[item.sku] = item.qty
	}
	return left, nil
}

// takeStock takes qty from what is left. Looking and taking is one statement: what two customers
// see can be sold to one of them only.
func takeStock(ctx context.Context, tx *sql.Tx, sku string, qty int64) error {
	result, err := tx.ExecContext(ctx, `UPDATE stock SET qty = qty - $1 WHERE sku = $2 AND qty >= $1`, qty, sku)
	if err != nil {
		return err
	}
	if taken, err := result.RowsAffected(); err != nil || taken == 1 {
		return err
	}
	err = tx.QueryRowContext(ctx, `SELECT qty FROM stock WHERE sku = $1`, sku).Scan(new(int64))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrUnknownSKU
	case err != nil:
		return err
	}
	return ErrOutOfStock
}
