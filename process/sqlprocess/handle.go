package sqlprocess

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/strata-go/strata/process"
)

const (
	firstDelay   = 100 * time.Millisecond
	longestDelay = 5 * time.Second
	answerLimit  = 10 * time.Second // for one attempt
)

// Handle runs a database handle: it waits for the database at the start, and closes
// the handle at the stop. See the package comment. [DB] and [Pool] make one.
type Handle struct {
	of    string // what made it
	ping  func(ctx context.Context) error
	close func() error
	err   error // of a wrong use
	ran   atomic.Bool
}

// DB returns a Handle of db. It closes db, so nobody else should. A nil db is an error
// of Run.
func DB(db *sql.DB) *Handle {
	if db == nil {
		return &Handle{err: errors.New("sqlprocess: DB: *sql.DB is nil")}
	}
	return &Handle{of: "DB", ping: db.PingContext, close: db.Close}
}

// Pool returns a Handle of pool. It closes pool, so nobody else should. A nil pool is
// an error of Run.
func Pool(pool *pgxpool.Pool) *Handle {
	if pool == nil {
		return &Handle{err: errors.New("sqlprocess: Pool: *pgxpool.Pool is nil")}
	}
	return &Handle{of: "Pool", ping: pool.Ping, close: func() error { pool.Close(); return nil }}
}

// Run is ready when the database has answered, and closes the handle when it is asked
// to stop.
func (h *Handle) Run(ctx context.Context, callback process.Callback) error {
	switch {
	case h.check() != nil:
		return h.check()
	case ctx == nil:
		return fmt.Errorf("sqlprocess: %s: Run with a nil context", h.of)
	case callback == nil:
		return fmt.Errorf("sqlprocess: %s: Run with a nil callback", h.of)
	case h.ran.Swap(true):
		return fmt.Errorf("sqlprocess: %s: Run again, though it is closed when it ends", h.of)
	}
	return process.StartStop(h.open, func(context.Context) error { return h.close() }).Run(ctx, callback)
}

// HealthCheck returns nil if the database answers now. A pool of which all connections
// are in use waits for one until ctx ends.
func (h *Handle) HealthCheck(ctx context.Context) error {
	if err := h.check(); err != nil {
		return err
	}
	return h.ping(ctx)
}

func (h *Handle) check() error {
	if h == nil || h.ping == nil && h.err == nil {
		return errors.New("sqlprocess: Handle was not made by DB or Pool")
	}
	return h.err
}

// Retry is what a Handle reports when the database has not answered and is to be
// asked again.
type Retry struct {
	// Attempt is which it was, counted from 1.
	Attempt int
	// Err is what came of it.
	Err error
	// Delay is how long the Handle waits before the next.
	Delay time.Duration
}

// String returns "attempt 2: connection refused, next in 150ms".
func (r Retry) String() string {
	return fmt.Sprintf("attempt %d: %v, next in %v", r.Attempt, r.Err, r.Delay.Round(time.Millisecond))
}

// open returns when the database has answered, or ctx has ended and the handle is
// closed.
func (h *Handle) open(ctx context.Context) error {
	attempt := 0
	var last error // of an attempt that ctx did not end
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		attempt++
		err := h.ask(ctx)
		if err != nil && ctx.Err() == nil {
			last = fmt.Errorf("sqlprocess: %s: attempt %d: %w", h.of, attempt, err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: firstDelay, MaxInterval: longestDelay,
		Multiplier: backoff.DefaultMultiplier, RandomizationFactor: backoff.DefaultRandomizationFactor,
	}), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, delay time.Duration) {
		process.Report(ctx, Retry{attempt, err, delay})
	}))
	if err == nil {
		return nil
	}
	if last != nil {
		err = last
	}
	if closeErr := h.close(); closeErr != nil {
		err = errors.Join(err, closeErr)
	}
	return err
}

// ask pings once.
func (h *Handle) ask(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	err := h.ping(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("no answer within %v: %w", answerLimit, err)
	}
	return err
}
