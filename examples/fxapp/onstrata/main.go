// Onstrata takes messages over HTTP, keeps them in a database and delivers them: the service of onfx on Strata.
package main

import (
	"log"
	"net/http"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/examples/fxapp/outbox"
	"github.com/strata-go/strata/examples/fxapp/sender"
	"github.com/strata-go/strata/examples/fxapp/settings"
	"github.com/strata-go/strata/examples/fxapp/web"
)

func main() {
	cfg, err := settings.FromEnvironment()
	if err != nil {
		log.Fatal(err)
	}
	newApp(cfg).Run()
}

func newApp(cfg settings.Settings) *container.App {
	app := container.New(
		container.WithStartTimeout(cfg.Start),
		container.WithStopTimeout(cfg.Stop),
	)
	app.Supply(cfg)
	app.Provide(settings.NewLogger)
	storage(app)
	delivery(app.Scope("delivery"))
	service(app)
	return app
}

func storage(p container.Provider) {
	p.Provide(NewStore)
}

func delivery(p container.Provider) {
	p.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("delivery") })
	p.Provide(sender.NewLog, dig.As(new(outbox.Sender)), dig.Group("senders"))
	p.Provide(sender.NewRelay, dig.As(new(outbox.Sender)), dig.Group("senders"))
	p.Provide(NewOutbox)
}

func service(p container.Provider) {
	p.Provide(settings.NewAccessLog, dig.Name("access"))
	p.Provide(web.NewAdd, dig.As(new(web.Route)), dig.Group("routes"))
	p.Provide(web.NewList, dig.As(new(web.Route)), dig.Group("routes"))
	p.Provide(func(in struct {
		dig.In
		Routes []web.Route `group:"routes"`
		Access *zap.Logger `name:"access"`
	}) *http.ServeMux {
		return web.NewMux(in.Routes, in.Access)
	})
	p.Provide(NewServer)
}
