package sqlprocess_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/strata-go/strata/internal/pgtest"
)

// deadline is how long a test waits for what must happen; reaching it is a failure.
const deadline = time.Minute

// server is a PostgreSQL of a test's own, and what the tests ask it for.
type server struct{ *pgtest.Server }

// newServer returns a server that does not run yet.
func newServer(t *testing.T) *server {
	t.Helper()
	return &server{pgtest.New(t)}
}

// execute runs a statement on a connection of its own.
func (s *server) execute(statement string) error {
	return s.connected(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, statement)
		return err
	})
}

// missing returns how many of the rows that were confirmed are not there.
func (s *server) missing(confirmed []int) (n int, err error) {
	err = s.connected(func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT count(*) FROM unnest($1::integer[]) AS id
			WHERE id NOT IN (SELECT id FROM written)`, confirmed).Scan(&n)
	})
	return n, err
}

func (s *server) connected(do func(ctx context.Context, conn *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return do(ctx, conn)
}

// eventually waits until the condition is true, and fails the test at the deadline.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}
