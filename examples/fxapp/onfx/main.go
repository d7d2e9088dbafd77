// Onfx takes messages over HTTP, keeps them in a database and delivers them: a service on go.uber.org/fx.
package main

import (
	"log"
	"net/http"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"

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

func newApp(cfg settings.Settings) *fx.App {
	return fx.New(
		fx.Supply(cfg),
		fx.Provide(settings.NewLogger),
		fx.WithLogger(func(log *zap.Logger) fxevent.Logger {
			return &fxevent.ZapLogger{Logger: log}
		}),
		fx.StartTimeout(cfg.Start),
		fx.StopTimeout(cfg.Stop),
		storage,
		delivery,
		service,
	)
}

var storage = fx.Module("storage",
	fx.Provide(NewStore),
)

var delivery = fx.Module("delivery",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("delivery") }),
	fx.Provide(
		fx.Annotate(sender.NewLog, fx.As(new(outbox.Sender)), fx.ResultTags(`group:"senders"`)),
		fx.Annotate(sender.NewRelay, fx.As(new(outbox.Sender)), fx.ResultTags(`group:"senders"`)),
		NewOutbox,
	),
	fx.Invoke(func(*outbox.Outbox) {}),
)

var service = fx.Module("service",
	fx.Provide(
		fx.Annotate(settings.NewAccessLog, fx.ResultTags(`name:"access"`)),
		fx.Annotate(web.NewAdd, fx.As(new(web.Route)), fx.ResultTags(`group:"routes"`)),
		fx.Annotate(web.NewList, fx.As(new(web.Route)), fx.ResultTags(`group:"routes"`)),
		fx.Annotate(web.NewMux, fx.ParamTags(`group:"routes"`, `name:"access"`)),
		NewServer,
	),
	fx.Invoke(func(*http.Server) {}),
)
