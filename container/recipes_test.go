package container_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// The recipes of docs/dig.md.

// Nothing that was given to the container has a Run.
func TestRecipeAttach(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		c := dig.New()
		closed := false
		c.Provide(func() *pool { return &pool{func() { closed = true }} })
		c.Provide(func(*pool) *poller { return new(poller) })
		c.Provide(http.NewServeMux)
		c.Provide(func(mux *http.ServeMux) *http.Server { return &http.Server{Handler: mux} })
		c.Invoke(func(mux *http.ServeMux, p *pool) { mux.Handle("/orders", http.NotFoundHandler()) })
		r := new(recorder)

		app := container.Attach(c, schedule, container.WithObserver(r),
			container.AdaptStop[*pool](),
			container.WithAdapter(func(p *poller) process.Runner { return process.Leaf(p.Loop, nil) }),
			container.WithAdapter(func(s *http.Server) process.Runner { return takes(0, time.Second) }),
		)
		app.Depend(new(*http.Server), new(*pool))
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}

		for _, unit := range []string{"*container_test.poller", "*http.Server"} {
			wantBefore(t, r.story(), "started *container_test.pool", "starting "+unit, "stopped "+unit, "stopping *container_test.pool")
		}
		if !closed {
			t.Error("the pool is not closed")
		}
	})
}

type pool struct{ close func() }

func (p *pool) Close() { p.close() }

type poller struct{}

func (*poller) Loop(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRecipeAnOrderThatNoParameterShows(t *testing.T) {
	wantOrder(t, func(app *container.App) {
		app.Provide(func() *Server { return &Server{takes(0, time.Second)} }) // reads what the cache writes
		app.Provide(func() *Cache { return &Cache{takes(time.Second, 0)} })
		app.Depend(new(*Server), new(*Cache))
	}, "*container_test.Cache", "*container_test.Server")
}

func TestRecipeHandlersThatAreRegisteredInAnInvoke(t *testing.T) {
	wantOrder(t, func(app *container.App) {
		app.Provide(http.NewServeMux)
		app.Provide(func(*http.ServeMux) *Server { return &Server{takes(0, time.Second)} })
		app.Provide(func() *Database { return &Database{takes(time.Second, 0)} })
		app.Invoke(func(mux *http.ServeMux, db *Database) { mux.Handle("/orders", http.NotFoundHandler()) })
		app.Depend(new(*Server), new(*Database))
	}, "*container_test.Database", "*container_test.Server")
}

func TestRecipeRoutesAreAGroup(t *testing.T) {
	type routes struct {
		dig.In
		All []http.Handler `group:"routes"`
	}
	wantOrder(t, func(app *container.App) {
		app.Provide(func(routes) *Server { return &Server{takes(0, time.Second)} })
		app.Provide(func(*Database) http.Handler { return http.NotFoundHandler() }, dig.Group("routes"))
		app.Provide(func() *Database { return &Database{takes(time.Second, 0)} })
	}, "*container_test.Database", "*container_test.Server")
}

func TestRecipeMigrateBeforeEveryone(t *testing.T) {
	type migrated struct{ process.Runner }
	wantOrder(t, func(app *container.App) {
		app.Provide(func(*Cache) *Server { return &Server{takes(0, time.Second)} })
		app.Provide(func(*migrated) *Cache { return &Cache{takes(0, time.Second)} })
		app.Provide(func(*Database) *migrated {
			return &migrated{process.Task(func(ctx context.Context) error { return sleep(ctx, time.Second) })}
		})
		app.Provide(func() *Database { return &Database{takes(time.Second, time.Second)} })
	}, "*container_test.Database", "*container_test.migrated", "*container_test.Cache", "*container_test.Server")
}

func TestRecipePartsThatMayFail(t *testing.T) {
	type telemetry struct{ process.Runner }
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		var reported error
		app := newApp(schedule, container.WithObserver(r))
		app.Provide(func() *telemetry {
			return &telemetry{process.BestEffort(fails(time.Second, errors.New("no collector")), func(err error) { reported = err })}
		})
		app.Provide(func(*telemetry) *Server { return &Server{takes(time.Second, time.Second)} })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		if err := app.RunContext(ctx); err != nil {
			t.Error(err)
		}
		wantText(t, reported, "no collector")
		if failed := find[hooks.UnitFailed](r); len(failed) > 0 {
			t.Errorf("failed: %+v", failed)
		}
	})
}

// wantOrder checks that units start in an order, one after the other, and have stopped in its reverse.
func wantOrder(t *testing.T, provide func(app *container.App), units ...string) {
	t.Helper()
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		provide(app)
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		for i, unit := range units[1:] {
			before := units[i]
			wantBefore(t, r.story(), "started "+before, "starting "+unit, "stopped "+unit, "stopping "+before)
		}
	})
}
