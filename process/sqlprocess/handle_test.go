package sqlprocess_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/sqlprocess"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errRefused = errors.New("connection refused")

// connector is a database that is away at first. It keeps to virtual time, which no
// real one does; the others are tested in postgres_test.go.
type connector struct {
	away    int // how many attempts fail
	deaf    int // the attempt that gets no answer, counted from 1
	tried   int
	closing error
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	c.tried++
	if c.tried == c.deaf {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if c.tried <= c.away {
		return nil, errRefused
	}
	return conn{}, nil
}

func (c *connector) Driver() driver.Driver { return nil }
func (c *connector) Close() error          { return c.closing }

type conn struct{ driver.Conn }

func (conn) Close() error               { return nil }
func (conn) Ping(context.Context) error { return nil }

// reports has what is reported handed to tell.
func reports(r process.Runner, tell func(v any)) process.Runner {
	return &engine.Graph{Errors: engine.Process, Vertices: []engine.Vertex{{Runner: r, Observer: listener{tell}}}}
}

type listener struct{ tell func(v any) }

func (listener) Starting()         {}
func (listener) Ready()            {}
func (listener) Failing(error)     {}
func (listener) Stopping()         {}
func (listener) Late(error)        {}
func (listener) Unreached()        {}
func (listener) Ended(error, bool) {}
func (l listener) Reported(v any)  { l.tell(v) }

func stopAtOnce(context.Context) error { return nil }

func wantErr(t *testing.T, err error, want string) {
	t.Helper()
	got := "<nil>"
	if err != nil {
		got = strings.ReplaceAll(err.Error(), "\n", " | ")
	}
	if got != want {
		t.Errorf("error\n got %s\nwant %s", got, want)
	}
}

func wantClosed(t *testing.T, db *sql.DB) {
	t.Helper()
	wantErr(t, db.PingContext(t.Context()), "sql: database is closed")
}

func TestStartPingsUntilTheDatabaseAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &connector{away: 20}
		db := sql.OpenDB(c)
		began := time.Now()
		var retries []sqlprocess.Retry
		wantErr(t, reports(sqlprocess.DB(db), func(v any) {
			retries = append(retries, v.(sqlprocess.Retry))
		}).Run(t.Context(), func(ctx context.Context) error {
			if c.tried != 21 {
				t.Errorf("ready after %d attempts", c.tried)
			}
			return db.PingContext(ctx)
		}), "<nil>")
		wantClosed(t, db)
		if len(retries) != 20 || retries[19].Attempt != 20 || retries[19].Err != errRefused {
			t.Fatalf("reported %v", retries)
		}
		first, last := retries[0].Delay, retries[19].Delay
		if first < 50*time.Millisecond || first > 150*time.Millisecond || last < 2500*time.Millisecond || last > 7500*time.Millisecond {
			t.Errorf("delays from %v to %v", first, last)
		}
		var sum time.Duration
		for _, r := range retries {
			sum += r.Delay
		}
		if took := time.Since(began); took != sum {
			t.Errorf("it took %v, the delays %v", took, sum)
		}
	})
}

func TestAnAttemptWithoutAnAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(&connector{deaf: 1})
		var retries []string
		wantErr(t, reports(sqlprocess.DB(db), func(v any) {
			retries = append(retries, v.(sqlprocess.Retry).Err.Error())
		}).Run(t.Context(), stopAtOnce), "<nil>")
		if len(retries) != 1 || retries[0] != "no answer within 10s: context deadline exceeded" {
			t.Errorf("reported %q", retries)
		}
	})
}

func TestAStartThatNeverEndsIsLimitedAndTellsTheLastAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &connector{away: 1e6}
		db := sql.OpenDB(c)
		err := process.StartTimeout(time.Hour, sqlprocess.DB(db)).Run(t.Context(), stopAtOnce)
		if !errors.Is(err, process.ErrStartTimeout) || !errors.Is(err, errRefused) {
			t.Errorf("got %v", err)
		}
		if text := err.Error(); !strings.HasPrefix(text, "not ready in time: 1h0m0s\n") || !strings.HasSuffix(text, ": connection refused") ||
			!strings.Contains(text, "sqlprocess: DB: attempt ") {
			t.Errorf("got %q", text)
		}
		wantClosed(t, db)
	})
}

func TestTheLastAttemptIsNotTheOneThatWasCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(&connector{away: 1, deaf: 2})
		err := process.StartTimeout(time.Second, sqlprocess.DB(db)).Run(t.Context(), stopAtOnce)
		wantErr(t, err, "not ready in time: 1s | start aborted: not ready in time: 1s | "+
			"sqlprocess: DB: attempt 1: connection refused")
	})
}

func TestAStartThatIsAbortedBeforeAnAttemptFailedNamesTheCulpritAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(&connector{deaf: 1})
		bad := process.Task(func(context.Context) error { time.Sleep(time.Second); return errors.New("migration broke") })
		wantErr(t, process.Parallel(sqlprocess.DB(db), bad).Run(t.Context(), stopAtOnce), "migration broke")
		wantClosed(t, db)
	})
}

func TestAnErrorOfCloseIsOneOfTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing := errors.New("close broke")
		wantErr(t, sqlprocess.DB(sql.OpenDB(&connector{closing: closing})).Run(t.Context(), stopAtOnce), "close broke")

		err := process.StartTimeout(time.Minute, sqlprocess.DB(sql.OpenDB(&connector{away: 1e6, closing: closing}))).
			Run(t.Context(), stopAtOnce)
		if !errors.Is(err, errRefused) || !errors.Is(err, closing) {
			t.Errorf("got %v", err)
		}
	})
}

func TestForceDuringTheStartClosesToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(&connector{away: 1e6})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("power lost"))
		defer cancel()
		err := sqlprocess.DB(db).Run(ctx, stopAtOnce)
		if text := err.Error(); !strings.HasPrefix(text, "power lost\n") || !errors.Is(err, errRefused) {
			t.Errorf("got %q", text)
		}
		wantClosed(t, db)
	})
}

func TestAHandleThatIsNeverRunIsNotClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(&connector{})
		defer db.Close()
		bad := process.Task(func(context.Context) error { return errors.New("migration broke") })
		wantErr(t, process.Sequential(bad, sqlprocess.DB(db)).Run(t.Context(), stopAtOnce), "migration broke")
		wantErr(t, db.PingContext(t.Context()), "<nil>")
	})
}

func TestHealthCheckPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(&connector{away: 1})
		defer db.Close()
		h := sqlprocess.DB(db)
		wantErr(t, h.HealthCheck(t.Context()), "connection refused")
		wantErr(t, h.HealthCheck(t.Context()), "<nil>")
	})
}

func TestRetrySaysWhatHappens(t *testing.T) {
	r := sqlprocess.Retry{Attempt: 2, Err: errRefused, Delay: 150*time.Millisecond + time.Nanosecond}
	if got := r.String(); got != "attempt 2: connection refused, next in 150ms" {
		t.Error(got)
	}
}

func TestItRefusesBadInput(t *testing.T) {
	var none *sqlprocess.Handle
	for _, c := range []struct {
		h    *sqlprocess.Handle
		want string
	}{
		{sqlprocess.DB(nil), "sqlprocess: DB: *sql.DB is nil"},
		{sqlprocess.Pool(nil), "sqlprocess: Pool: *pgxpool.Pool is nil"},
		{new(sqlprocess.Handle), "sqlprocess: Handle was not made by DB or Pool"},
		{none, "sqlprocess: Handle was not made by DB or Pool"},
	} {
		wantErr(t, c.h.Run(t.Context(), stopAtOnce), c.want)
		wantErr(t, c.h.HealthCheck(t.Context()), c.want)
	}
	h := sqlprocess.DB(sql.OpenDB(&connector{}))
	var nobody context.Context
	wantErr(t, h.Run(nobody, stopAtOnce), "sqlprocess: DB: Run with a nil context")
	wantErr(t, h.Run(t.Context(), nil), "sqlprocess: DB: Run with a nil callback")
	wantErr(t, h.Run(t.Context(), stopAtOnce), "<nil>")
	wantErr(t, h.Run(t.Context(), stopAtOnce), "sqlprocess: DB: Run again, though it is closed when it ends")
}
