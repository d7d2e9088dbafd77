// Digapp takes jobs over HTTP, keeps them in a database and does them: an application on go.uber.org/dig as they are
// written. What goes on has a method Run, and the last line of main is Strata's.
package main

import (
	"cmp"
	"os"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
)

func main() {
	c := BuildContainer()
	RegisterRoutes(c)
	container.Attach(c).Run()
}

// BuildContainer provides everything. Nothing in it says what starts when.
func BuildContainer() *dig.Container {
	c := dig.New()
	c.Provide(func() *dig.Container { return c })
	c.Provide(NewConfig)
	c.Provide(zap.NewDevelopment, dig.Name("base"))
	c.Provide(NewLogger)
	RegisterStorage(c)
	RegisterWork(c)
	RegisterHTTP(c)
	return c
}

type Config struct{ HTTP, Database string }

func NewConfig() Config {
	return Config{
		HTTP:     cmp.Or(os.Getenv("HTTP"), "127.0.0.1:8080"),
		Database: cmp.Or(os.Getenv("DATABASE"), ":memory:"),
	}
}

type loggerIn struct {
	dig.In
	Base *zap.Logger `name:"base"`
}

func NewLogger(in loggerIn) *zap.Logger {
	return in.Base.WithOptions(zap.WithCaller(false), zap.AddStacktrace(zap.DPanicLevel))
}
