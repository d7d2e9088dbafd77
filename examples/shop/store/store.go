// Package store keeps what the shop must not forget: the stock, the orders, the outbox, the deliveries. It does in
// SQLite or in PostgreSQL, with the same statements.
//
// What belongs together is written in one transaction. A method that returned nil has put its work on the disk.
package store

import (
	"context"
	"database/sql"
	"fmt"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/process"
)

// Store is the database of the shop. It is a [process.Runner]: its methods work while it runs.
type Store struct {
	where     string
	log       *zap.Logger
	*database // set while it runs
}

// New returns the store in the database that the settings name. Nothing is opened before it runs.
func New(settings config.Config, log *zap.Logger) *Store {
	return &Store{where: settings.Database, log: log}
}

// Run opens the database, makes the tables that it lacks, and closes it when it is asked to stop. A server that does
// not answer is waited for; one that goes away later has the methods fail until it is back.
func (s *Store) Run(ctx context.Context, callback process.Callback) error {
	db, err := open(s.where)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.database = db
	s.log.Info("database", zap.String("path", db.path))
	runs := process.Sequential(db.handle, process.Task(s.prepare))
	return process.PrefixedError("store: "+db.path, runs).Run(ctx, callback)
}

// prepare makes the tables.
func (s *Store) prepare(ctx context.Context) error {
	err := s.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.schema)
		return err
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // the drivers have many words for being interrupted
	}
	return err
}

// HealthCheck returns nil if an order could be written now: it takes its turn with those that write, and leaves all as
// it is.
func (s *Store) HealthCheck(ctx context.Context) error {
	return s.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE stock SET qty = qty WHERE false`)
		return err
	})
}

// transaction calls change within a transaction, and commits if it returns nil.
func (s *Store) transaction(ctx context.Context, change func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := change(tx); err != nil {
		return err
	}
	return tx.Commit()
}
