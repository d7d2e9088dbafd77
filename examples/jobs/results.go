package main

import (
	"context"
	"database/sql"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // SQLite without cgo
	"go.uber.org/zap"

	"github.com/strata-go/strata/process"
)

// Database is open until all that use it have ended.
type Database struct{ *sql.DB }

func NewDatabase(config Config) (*Database, error) {
	db, err := sql.Open("sqlite3", "file:"+config.Database)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer: the others queue here
	return &Database{db}, nil
}

func (d *Database) Run(ctx context.Context, callback process.Callback) error {
	return process.StartStop(d.PingContext, func(context.Context) error { return d.Close() }).Run(ctx, callback)
}

// Migration makes the table. It is a task: whoever takes a *Migration starts when it is
// done, and if it fails nothing of that starts at all.
type Migration struct{ process.Runner }

func NewMigration(db *Database) *Migration {
	return &Migration{process.Task(func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS links (
			link TEXT PRIMARY KEY, result TEXT NOT NULL, checked INTEGER NOT NULL)`)
		return err
	})}
}

// Results is the table.
type Results struct{ db *Database }

// NewResults takes the migration though it makes no use of it: so nobody can have the
// table before it is there.
func NewResults(db *Database, _ *Migration) *Results { return &Results{db} }

func (r *Results) Keep(ctx context.Context, link, result string) error {
	_, err := r.db.ExecContext(ctx, `INSERT OR REPLACE INTO links VALUES (?, ?, unixepoch())`, link, result)
	return err
}

func (r *Results) Get(ctx context.Context, link string) (result string, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT result FROM links WHERE link = ?`, link).Scan(&result)
	return result, err
}

// Forgetter forgets, once a minute, what is older than a day. A time that goes wrong is
// reported, which is a line of the log, and the next may go better.
type Forgetter struct{ process.Runner }

func NewForgetter(results *Results, log *zap.Logger) *Forgetter {
	return &Forgetter{process.Every(time.Minute, func(ctx context.Context) error {
		done, err := results.db.ExecContext(ctx, `DELETE FROM links WHERE checked < unixepoch('now', '-1 day')`)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		log.Info("forgot old results", zap.Int64("results", n))
		return err
	}, process.ReportErrors())}
}
