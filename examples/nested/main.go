// Nested has an app for each tenant inside of one: each has its own constructors and its
// own server, and all share the host's database.
package main

import (
	"context"
	"database/sql"
	"flag"
	"os"

	_ "github.com/ncruces/go-sqlite3/driver" // SQLite without cgo
	"go.uber.org/dig"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/logging/terminal"
	"github.com/strata-go/strata/process"
)

type Config struct {
	Database string
	OnCrash  string // a key of onCrash
	Tenants  []Settings
}

func main() {
	config := Config{OnCrash: "stop"}
	flag.StringVar(&config.Database, "db", ":memory:", "`path` of the database")
	flag.Func("crash", "`what` to do when a tenant crashes: stop, restart or leave (default stop)", config.setOnCrash)
	flag.Func("tenant", "a `name=address`, may be repeated (default acme=127.0.0.1:8081 and globex=127.0.0.1:8082)", config.addTenant)
	flag.Parse()
	if len(config.Tenants) == 0 {
		config.Tenants = []Settings{{"acme", "127.0.0.1:8081"}, {"globex", "127.0.0.1:8082"}}
	}
	newApp(config).Run()
}

// newApp returns the host. A tenant is one of its units: it takes the database, so it
// starts after it and has ended before that is closed.
func newApp(config Config) *container.App {
	screen := terminal.New(os.Stderr)
	app := container.New(
		container.WithLog(screen.Observer()), // on a terminal; elsewhere it logs
		container.Supply(config, screen),
		container.Provide(NewLogger, NewDatabase),
	)
	for _, settings := range config.Tenants {
		app.Provide(func(db *Database, log *zap.Logger) *Tenant {
			return NewTenant(settings, onCrash[config.OnCrash], db, log)
		}, dig.Group("tenants"))
	}
	return app
}

// Database is open until the last tenant has ended.
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
	open := func(ctx context.Context) error {
		_, err := d.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS notes (tenant TEXT NOT NULL, note TEXT NOT NULL)`)
		return err
	}
	return process.StartStop(open, func(context.Context) error { return d.Close() }).Run(ctx, callback)
}

func NewLogger(screen *terminal.Log) *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, screen, zapcore.DebugLevel)).Named("host")
}
