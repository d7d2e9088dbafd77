package main

import (
	"context"
	"database/sql"
	"errors"

	_ "github.com/ncruces/go-sqlite3/driver"
	"go.uber.org/dig"

	"github.com/strata-go/strata/process"
)

func RegisterStorage(c *dig.Container) {
	c.Provide(NewDatabase)
	c.Provide(NewJobs)
}

// Database runs as long as it is open.
type Database struct{ *sql.DB }

func NewDatabase(cfg Config) (*Database, error) {
	db, err := sql.Open("sqlite3", "file:"+cfg.Database)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // one writer, and one :memory:
	return &Database{db}, nil
}

func (d *Database) Run(ctx context.Context, callback process.Callback) error {
	migrate := func(ctx context.Context) error {
		_, err := d.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, text TEXT NOT NULL, done TEXT)`)
		return err
	}
	return process.StartStop(migrate, func(context.Context) error { return d.Close() }).Run(ctx, callback)
}

type Job struct {
	ID   int64
	Text string
}

// Jobs is the table of jobs.
type Jobs struct{ db *Database }

func NewJobs(db *Database) *Jobs { return &Jobs{db} }

func (j *Jobs) Add(ctx context.Context, text string) (id int64, err error) {
	err = j.db.QueryRowContext(ctx, `INSERT INTO jobs (text) VALUES (?) RETURNING id`, text).Scan(&id)
	return id, err
}

// Next returns the oldest job that is not done.
func (j *Jobs) Next(ctx context.Context) (job Job, ok bool, err error) {
	err = j.db.QueryRowContext(ctx, `SELECT id, text FROM jobs WHERE done IS NULL ORDER BY id LIMIT 1`).Scan(&job.ID, &job.Text)
	if errors.Is(err, sql.ErrNoRows) {
		return job, false, nil
	}
	return job, err == nil, err
}

func (j *Jobs) Finish(ctx context.Context, id int64, result string) error {
	_, err := j.db.ExecContext(ctx, `UPDATE jobs SET done = ? WHERE id = ?`, result, id)
	return err
}

func (j *Jobs) Result(ctx context.Context, id string) (result string, err error) {
	err = j.db.QueryRowContext(ctx, `SELECT coalesce(done, 'not yet') FROM jobs WHERE id = ?`, id).Scan(&result)
	return result, err
}
