package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/ncruces/go-sqlite3/driver" // SQLite translated to Go: no cgo, and few dependencies

	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/sqlprocess"
)

// database is what differs between the two kinds.
type database struct {
	path   string         // to be shown: without a password
	schema string         // creates the tables, unless they are there
	write  *sql.DB        // for transactions
	read   *sql.DB        // for the rest; it may be the same
	handle process.Runner // closes both
}

// open returns the database at a URL of PostgreSQL, or in a file of SQLite. It does not connect.
func open(where string) (*database, error) {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return openPostgres(where)
	}
	return openFile(where)
}

func openPostgres(where string) (*database, error) {
	address, err := url.Parse(where)
	if err != nil {
		return nil, errors.New("the URL of the database makes no sense") // the error would show the password
	}
	db, err := sql.Open("pgx", where)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(16) // a server has 100 at most, unless it is set up otherwise
	db.SetMaxIdleConns(16)
	return &database{address.Redacted(), schemaOfPostgres, db, db, sqlprocess.DB(db)}, nil
}

// openFile opens a file at the path; none is one in a fresh temporary folder. SQLite has one writer at a time: those who
// write queue for the one connection, in the order in which they came, instead of finding the file locked. Those who
// read do not wait for them.
func openFile(path string) (*database, error) {
	if path == "" {
		folder, err := os.MkdirTemp("", "shop-")
		if err != nil {
			return nil, err
		}
		path = filepath.Join(folder, "shop.db")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	write, err := connect(path, 1, "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)")
	if err != nil {
		return nil, err
	}
	read, err := connect(path, 4, "query_only(on)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	// A file that cannot be opened now never will be, so it is not waited for as sqlprocess does. The writer is closed
	// last: it is the one that may write the journal back into the file.
	handle := process.StartStop(
		func(context.Context) error { return nil },
		func(context.Context) error { return errors.Join(read.Close(), write.Close()) },
	)
	return &database{path, schema, write, read, handle}, nil
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
