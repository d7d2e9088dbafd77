// Jobs checks links: it takes addresses over HTTP, asks each in the background, and keeps
// what came of it. It shows what is no server: a task that comes first, a pool of
// workers, something done again and again, and a part that it can do without.
package main

import (
	"flag"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/logging/terminal"
)

type Config struct{ HTTP, Debug, Database string }

func main() {
	var config Config
	flag.StringVar(&config.HTTP, "http", "127.0.0.1:8080", "`address` that links are sent to")
	flag.StringVar(&config.Debug, "debug", "127.0.0.1:6060", "`address` of net/http/pprof")
	flag.StringVar(&config.Database, "db", ":memory:", "`path` of the database")
	flag.Parse()
	newApp(config).Run()
}

func newApp(config Config) *container.App {
	screen := terminal.New(os.Stderr)
	return container.New(
		container.WithLog(screen.Observer()), // on a terminal; elsewhere it logs
		container.Supply(config, screen),
		container.Provide(NewLogger, NewDatabase, NewMigration, NewResults, NewForgetter, NewChecker, NewServer, NewDebug),
	)
}

func NewLogger(screen *terminal.Log) *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, screen, zapcore.DebugLevel))
}
