package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations are the steps from an empty file to the tables of today. A file remembers how many of them it has seen.
// Add to the end; never change one that has been released.
var migrations = []string{
	`CREATE TABLE stock (
		sku TEXT    PRIMARY KEY,
		qty INTEGER NOT NULL CHECK (qty >= 0)
	) STRICT;

	CREATE TABLE orders (
		seq       INTEGER PRIMARY KEY,
		id        TEXT    NOT NULL UNIQUE,
		sku       TEXT    NOT NULL REFERENCES stock,
		qty       INTEGER NOT NULL CHECK (qty > 0),
		placed_at TEXT    NOT NULL
	) STRICT;

	-- One row for each order that has not been delivered yet.
	CREATE TABLE outbox (
		seq      INTEGER PRIMARY KEY AUTOINCREMENT,
		order_id TEXT    NOT NULL UNIQUE REFERENCES orders (id)
	) STRICT;

	-- The books of fulfilment, which is another service in all but the process: it knows orders by their id alone.
	CREATE TABLE deliveries (
		order_id TEXT    PRIMARY KEY,
		sku      TEXT    NOT NULL,
		qty      INTEGER NOT NULL,
		count    INTEGER NOT NULL -- how many times it was carried out
	) STRICT;`,

	`INSERT INTO stock (sku, qty) VALUES ('tea', 1000000), ('last-unicorn', 1);`,
}

// migrate takes the steps that the file has not seen, all of them or none.
func migrate(ctx context.Context, db *sql.DB) error {
	return transaction(ctx, db, func(tx *sql.Tx) error {
		var done int
		if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&done); err != nil {
			return err
		}
		if done > len(migrations) {
			return fmt.Errorf("version %d is newer than this program, which knows %d", done, len(migrations))
		}
		for i, step := range migrations[done:] {
			if _, err := tx.ExecContext(ctx, step); err != nil {
				return fmt.Errorf("migration %d: %w", done+i+1, err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, len(migrations)))
		return err
	})
}
