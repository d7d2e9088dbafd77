// Dskit is the smallest program on dskit.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-kit/log"
	"github.com/grafana/dskit/modules"
	"github.com/grafana/dskit/services"
)

func newThing() (services.Service, error) { return services.NewIdleService(nil, nil), nil }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m := modules.NewManager(log.NewLogfmtLogger(os.Stderr))
	m.RegisterModule("thing", newThing)
	all, err := m.InitModuleServices("thing")
	if err != nil {
		os.Exit(1)
	}
	manager, err := services.NewManager(all["thing"])
	if err != nil || services.StartManagerAndAwaitHealthy(ctx, manager) != nil {
		os.Exit(1)
	}
	<-ctx.Done()
	services.StopManagerAndAwaitStopped(context.Background(), manager)
}
