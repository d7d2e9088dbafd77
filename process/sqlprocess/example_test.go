package sqlprocess_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/sqlprocess"
)

// Open stands for sql.Open("pgx", "postgres://..."), of a database that comes up a
// moment later.
func Open() *sql.DB { return sql.OpenDB(&connector{away: 1}) }

// Orders needs the database.
type Orders struct{ process.Runner }

func NewOrders(db *sql.DB) *Orders {
	return &Orders{process.StartStop(
		func(ctx context.Context) error {
			fmt.Println("orders: database answers:", db.PingContext(ctx) == nil)
			return nil
		},
		func(ctx context.Context) error {
			fmt.Println("orders: database answers:", db.PingContext(ctx) == nil)
			return nil
		},
	)}
}

func ExampleDB() {
	app := container.New(
		container.WithAdapter(func(db *sql.DB) process.Runner { return sqlprocess.DB(db) }),
		container.WithLogger(zap.NewNop()),
		container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			switch e := e.(type) {
			case hooks.UnitReported:
				fmt.Println(e.Unit.Name, "reports:", e.Value.(sqlprocess.Retry).Err)
			case hooks.UnitStopped:
				fmt.Println(e.Unit.Name, "stopped")
			}
		})),
	)
	_ = app.Provide(Open)
	_ = app.Provide(NewOrders)

	// In a main it would be app.Run(), which stops at SIGTERM.
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		<-app.Ready()
		stop()
	}()
	fmt.Println(app.RunContext(ctx))
	// Output:
	// *sql.DB reports: connection refused
	// orders: database answers: true
	// orders: database answers: true
	// *sqlprocess_test.Orders stopped
	// *sql.DB stopped
	// <nil>
}

func ExamplePool() {
	pool, err := pgxpool.New(context.Background(), "host=/nowhere user=shop dbname=shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	database := process.StartTimeout(100*time.Millisecond, sqlprocess.Pool(pool))

	err = database.Run(context.Background(), func(context.Context) error {
		fmt.Println("the database answers")
		return nil
	})
	fmt.Println("not in time:", errors.Is(err, process.ErrStartTimeout))
	// Output:
	// not in time: true
}
