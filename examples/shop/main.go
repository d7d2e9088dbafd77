// Shop takes orders over HTTP and delivers them: a small service made of real parts.
//
// Nothing here says what starts when. Each constructor takes what it needs, and that is the order: the store first,
// then what reads it, then what takes requests; the reverse on the way out.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/examples/shop/admin"
	"github.com/strata-go/strata/examples/shop/api"
	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/examples/shop/fulfilment"
	"github.com/strata-go/strata/examples/shop/outbox"
	"github.com/strata-go/strata/examples/shop/stock"
	"github.com/strata-go/strata/examples/shop/store"
	"github.com/strata-go/strata/hooks/health"
	"github.com/strata-go/strata/logging/terminal"
)

func main() {
	settings := config.FromFlags()
	app := newApp(settings)
	if settings.Plan != "" {
		if err := printPlan(os.Stdout, app, settings.Plan); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	app.Run()
}

// printPlan prints what the app would start. It calls no constructor.
func printPlan(w io.Writer, app *container.App, format string) error {
	plan, err := app.Plan()
	if err != nil {
		return err
	}
	switch format {
	case "dot":
		return plan.WriteDOT(w)
	case "mermaid":
		return plan.WriteMermaid(w)
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(plan)
	}
	_, err = fmt.Fprint(w, plan)
	return err
}

func newApp(settings config.Config) *container.App {
	shop, screen := health.New(), terminal.New(os.Stderr)
	app := container.New(container.WithObserver(shop), container.WithLog(screen.Observer()))
	app.Supply(settings, shop, screen, app)
	app.Provide(config.NewLogger) // writes to the screen
	app.Provide(store.New)        // opens the database
	app.Provide(fulfilment.New)   // needs the store
	app.Provide(outbox.New)       // needs the store and fulfilment
	app.Provide(stock.New)        // needs the store
	app.Provide(api.New)          // needs the store, the stock and the outbox
	app.Provide(admin.New)        // needs nothing that runs
	return app
}
