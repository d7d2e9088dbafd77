// Package store keeps what the shop must not forget, in SQLite: the stock, the orders, the outbox, the deliveries.
//
// What belongs together is written in one transaction. A method that returned nil has put its work on the disk.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "github.com/ncruces/go-sqlite3/driver" // SQLite translated to Go: no cgo, and few dependencies
	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/process"
)

// Store is the database of the shop. It is a [process.Runner]: its methods work while it runs.
type Store struct {
	path string
	log  *zap.Logger

	// Set while it runs. SQLite has one writer at a time: those who write queue for the one connection, in the order in
	// which they came, instead of finding the file locked. Those who read do not wait for them.
	write *sql.DB
	read  *sql.DB
}

// New returns the store in the file that the settings name. Nothing is opened before it runs.
func New(settings config.Config, log *zap.Logger) *Store {
	return &Store{path: settings.Database, log: log}
}

// Run opens the database, brings its tables up to date, and closes it when it is asked to stop.
func (s *Store) Run(ctx context.Context, callback process.Callback) error {
	return process.StartStop(s.open, s.close).Run(ctx, callback)
}

func (s *Store) open(ctx context.Context) error {
	path, err := s.file()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.log.Info("database", zap.String("path", path))

	s.write, err = connect(path, 1, "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)")
	if err == nil {
		err = migrate(ctx, s.write)
	}
	if err == nil {
		s.read, err = connect(path, 4, "query_only(on)")
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // the driver has many words for being interrupted
	}
	if err != nil {
		return errors.Join(fmt.Errorf("store: %s: %w", path, err), s.close(ctx))
	}
	return nil
}

// HealthCheck returns nil if an order could be written now: it takes its turn with the writer, and the lock of the file,
// and leaves all as it is.
func (s *Store) HealthCheck(ctx context.Context) error {
	return s.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE stock SET qty = qty WHERE false`)
		return err
	})
}

// close closes the writer last: it is the one that may write the journal back into the file.
func (s *Store) close(context.Context) error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

func (s *Store) file() (string, error) {
	if s.path != "" {
		return filepath.Abs(s.path)
	}
	folder, err := os.MkdirTemp("", "shop-")
	return filepath.Join(folder, "shop.db"), err
}

// connect returns a pool of connections to the file. Each is given the pragmas; another process that holds the file
// is waited for.
func connect(path string, connections int, pragmas ...string) (*sql.DB, error) {
	query := url.Values{"_pragma": append([]string{"busy_timeout(5000)"}, pragmas...)}
	source := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite3", source.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// transaction calls change within a transaction of the writer, and commits if it returns nil.
func (s *Store) transaction(ctx context.Context, change func(tx *sql.Tx) error) error {
	return transaction(ctx, s.write, change)
}

func transaction(ctx context.Context, db *sql.DB, change func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := change(tx); err != nil {
		return err
	}
	return tx.Commit()
}
