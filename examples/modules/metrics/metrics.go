// Package metrics counts, in the text format of Prometheus.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/examples/modules/orders"
	"github.com/strata-go/strata/examples/modules/web"
)

// Register provides the route GET /metrics, and has orders counted if there are any.
// Nothing here runs.
func Register(to container.Provider) error {
	return errors.Join(
		to.Provide(func() *counter { return new(counter) }),
		to.Provide(newRoute, dig.Group("routes")),
		to.Provide(newPlaced, dig.Group("placed")),
	)
}

type counter struct{ atomic.Int64 }

func newRoute(placed *counter) web.Route {
	return web.Route{Pattern: "GET /metrics", Handler: func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE orders_placed_total counter\norders_placed_total %d\n", placed.Load())
	}}
}

func newPlaced(placed *counter) orders.Placed {
	return func(context.Context, orders.Order) error {
		placed.Add(1)
		return nil
	}
}
