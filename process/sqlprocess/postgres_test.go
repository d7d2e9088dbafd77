package sqlprocess_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/health"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/sqlprocess"
)

// database is what the tests do with a handle of either kind.
type database interface {
	insert(ctx context.Context, id int) error
	ping(ctx context.Context) error
}

// stdDatabase and pgxDatabase are what an application that wants its health asked
// provides.
type stdDatabase struct {
	*sql.DB
	*sqlprocess.Handle
}

func (d *stdDatabase) insert(ctx context.Context, id int) error {
	_, err := d.ExecContext(ctx, `INSERT INTO written VALUES ($1)`, id)
	return err
}

func (d *stdDatabase) ping(ctx context.Context) error { return d.PingContext(ctx) }

type pgxDatabase struct {
	*pgxpool.Pool
	*sqlprocess.Handle
}

func (d *pgxDatabase) insert(ctx context.Context, id int) error {
	_, err := d.Exec(ctx, `INSERT INTO written VALUES ($1)`, id)
	return err
}

func (d *pgxDatabase) ping(ctx context.Context) error { return d.Ping(ctx) }

func newStd(s *server) (*stdDatabase, error) {
	db, err := sql.Open("pgx", s.URL())
	if err != nil {
		return nil, err
	}
	return &stdDatabase{db, sqlprocess.DB(db)}, nil
}

func newPgx(s *server) (*pgxDatabase, error) {
	pool, err := pgxpool.New(context.Background(), s.URL())
	if err != nil {
		return nil, err
	}
	return &pgxDatabase{pool, sqlprocess.Pool(pool)}, nil
}

// kinds are both kinds of handle: each provides a database to an app, and its name as
// a unit.
var kinds = map[string]struct {
	provide func(app *container.App, s *server)
	unit    string
}{
	"DB": {func(app *container.App, s *server) {
		app.Provide(func() (*stdDatabase, error) { return newStd(s) })
		app.Provide(func(d *stdDatabase) database { return d })
	}, "*sqlprocess_test.stdDatabase"},
	"Pool": {func(app *container.App, s *server) {
		app.Provide(func() (*pgxDatabase, error) { return newPgx(s) })
		app.Provide(func(d *pgxDatabase) database { return d })
	}, "*sqlprocess_test.pgxDatabase"},
}

// running is an app that was started.
type running struct {
	t      *testing.T
	app    *container.App
	health *health.Health
	retry  chan struct{} // closed at the first Retry
	stop   func() error  // stops it, and returns what RunContext did
	done   chan struct{}
}

func run(t *testing.T, provide func(app *container.App)) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, health: health.New(), retry: make(chan struct{}), done: make(chan struct{})}
	retried := sync.OnceFunc(func() { close(r.retry) })
	r.app = container.New(container.WithLogger(zap.NewNop()), container.WithObserver(r.health, hooks.ObserverFunc(
		func(e hooks.Event) {
			if e, ok := e.(hooks.UnitReported); ok {
				if _, ok := e.Value.(sqlprocess.Retry); ok {
					retried()
				}
			}
		})))
	provide(r.app)
	var err error
	go func() {
		defer close(r.done)
		err = r.app.RunContext(ctx)
	}()
	r.stop = func() error {
		cancel()
		<-r.done
		return err
	}
	t.Cleanup(func() { _ = r.stop() })
	return r
}

func (r *running) await(c <-chan struct{}, what string) {
	r.t.Helper()
	select {
	case <-c:
	case <-r.done:
		r.t.Fatalf("the app ended before %s: %v", what, r.stop())
	case <-time.After(deadline):
		r.t.Fatalf("waited too long until %s", what)
	}
}

// isReady asks as an orchestrator does, and returns the answer.
func (r *running) isReady() (ready bool, answer string) {
	recorder := httptest.NewRecorder()
	r.health.Readyz().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return recorder.Code == http.StatusOK, recorder.Body.String()
}

// reader needs the database to its very end.
type reader struct {
	process.Runner
	last error // of a query that it does when it stops
}

func newReader(d database) *reader {
	u := new(reader)
	u.Runner = process.StartStop(d.ping, func(ctx context.Context) error {
		u.last = d.ping(ctx)
		return nil
	})
	return u
}

func TestStartWaitsForAServerAndStopClosesAfterEveryUser(t *testing.T) {
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			var d database
			var u *reader
			r := run(t, func(app *container.App) {
				kind.provide(app, s)
				app.Provide(func(of database) *reader { d, u = of, newReader(of); return u })
			})
			r.await(r.retry, "it retries")
			s.Start()
			r.await(r.app.Ready(), "it is ready")
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			if u.last != nil {
				t.Errorf("closed before its user had ended: %v", u.last)
			}
			if err := d.ping(t.Context()); err == nil || !strings.Contains(err.Error(), "closed") {
				t.Errorf("not closed: %v", err)
			}
		})
	}
}

// The plain *sql.DB and *pgxpool.Pool run by an adapter.
func TestAdaptersRunTheHandles(t *testing.T) {
	s := newServer(t)
	s.Start()
	var db *sql.DB
	var pool *pgxpool.Pool
	app := container.New(container.WithLogger(zap.NewNop()),
		container.WithAdapter(func(db *sql.DB) process.Runner { return sqlprocess.DB(db) }),
		container.WithAdapter(func(pool *pgxpool.Pool) process.Runner { return sqlprocess.Pool(pool) }),
	)
	app.Provide(func() (_ *sql.DB, err error) { db, err = sql.Open("pgx", s.URL()); return db, err })
	app.Provide(func() (_ *pgxpool.Pool, err error) {
		pool, err = pgxpool.New(context.Background(), s.URL())
		return pool, err
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-app.Ready(); cancel() }()
	if err := app.RunContext(ctx); err != nil {
		t.Error(err)
	}
	if db.PingContext(t.Context()) == nil || pool.Ping(t.Context()) == nil {
		t.Error("not closed")
	}
}

// Roles, passwords and databases may be made while the application waits, so none of
// these ends the start before its time. What is wrong is told at once, and in the end.
func TestAStartThatIsRefusedIsTriedAgainAndTellsWhy(t *testing.T) {
	s := newServer(t)
	s.Start()
	stranger := strings.Replace(s.URL(), "postgres://postgres@", "postgres://stranger@", 1)
	db, err := sql.Open("pgx", stranger)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), stranger)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]*sqlprocess.Handle{"DB": sqlprocess.DB(db), "Pool": sqlprocess.Pool(pool)} {
		t.Run(name, func(t *testing.T) {
			retries := 0
			err := reports(process.StartTimeout(time.Second, h), func(v any) {
				if text := v.(sqlprocess.Retry).String(); !strings.Contains(text, `role "stranger" does not exist`) {
					t.Errorf("reported %q", text)
				}
				retries++
			}).Run(t.Context(), stopAtOnce)
			if !errors.Is(err, process.ErrStartTimeout) || !strings.Contains(err.Error(), `role "stranger" does not exist`) || retries < 2 {
				t.Errorf("after %d retries: %v", retries, err)
			}
		})
	}
}

// leak holds a connection that it gives back only after the test.
type leak struct{ process.Runner }

func TestAPoolThatIsNotGivenBackAConnectionIsNamedAsStuck(t *testing.T) {
	s := newServer(t)
	s.Start()
	var held *pgxpool.Conn
	app := container.New(container.WithLogger(zap.NewNop()),
		container.WithStopTimeout(100*time.Millisecond), container.WithForceTimeout(100*time.Millisecond),
		container.WithAdapter(func(pool *pgxpool.Pool) process.Runner { return sqlprocess.Pool(pool) }),
	)
	app.Provide(func() (*pgxpool.Pool, error) { return pgxpool.New(context.Background(), s.URL()) })
	app.Provide(func(pool *pgxpool.Pool) *leak {
		return &leak{process.Task(func(ctx context.Context) (err error) {
			held, err = pool.Acquire(ctx)
			return err
		})}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-app.Ready(); cancel() }()
	err := app.RunContext(ctx)
	if !errors.Is(err, container.ErrStuck) || !strings.Contains(err.Error(), "*pgxpool.Pool") {
		t.Errorf("got %v", err)
	}
	held.Release() // then it ends after all
}

// writer writes one row after the other, and keeps count of what was confirmed.
type writer struct {
	process.Runner
	mu        sync.Mutex // guards what follows
	confirmed []int
	failed    int
}

func newWriter(d database) *writer {
	w := new(writer)
	next := 0
	w.Runner = process.Every(time.Millisecond, func(ctx context.Context) error {
		next++
		err := d.insert(ctx, next)
		w.mu.Lock()
		defer w.mu.Unlock()
		if err != nil {
			w.failed++
		} else {
			w.confirmed = append(w.confirmed, next)
		}
		return nil
	})
	return w
}

func (w *writer) counts() (confirmed, failed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.confirmed), w.failed
}

func TestAServerThatIsKilledAndStartedAgainIsNoFailure(t *testing.T) {
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.Start()
			if err := s.execute(`CREATE TABLE written (id integer PRIMARY KEY)`); err != nil {
				t.Fatal(err)
			}
			var w *writer
			r := run(t, func(app *container.App) {
				kind.provide(app, s)
				app.Provide(func(of database) *writer { w = newWriter(of); return w })
			})
			r.await(r.app.Ready(), "it is ready")

			const kills = 3
			for range kills {
				before, failed := w.counts()
				eventually(t, "it writes", func() bool { n, _ := w.counts(); return n > before+20 })
				eventually(t, "it is well", func() bool { ready, _ := r.isReady(); return ready })
				s.Kill()
				eventually(t, "writing fails", func() bool { _, n := w.counts(); return n > failed })
				var answer string
				eventually(t, "its health tells", func() bool {
					var ready bool
					ready, answer = r.isReady()
					return !ready
				})
				if !strings.Contains(answer, "check of "+kind.unit) {
					t.Errorf("readyz says %s", answer)
				}
				s.Start()
			}
			before, _ := w.counts()
			eventually(t, "it writes again", func() bool { n, _ := w.counts(); return n > before+20 })
			eventually(t, "it is well again", func() bool { ready, _ := r.isReady(); return ready })

			if err := r.stop(); err != nil {
				t.Errorf("the app has failed: %v", err)
			}
			lost, err := s.missing(w.confirmed)
			if err != nil {
				t.Fatal(err)
			}
			if lost > 0 {
				t.Errorf("%d of %d confirmed writes are lost", lost, len(w.confirmed))
			}
			t.Logf("killed %d times: %d writes confirmed, %d failed, %d lost", kills, len(w.confirmed), w.failed, lost)
		})
	}
}
