// Modules is a service made of packages, each of which registers its constructors: a
// flag says which of them are in it.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/examples/modules/mail"
	"github.com/strata-go/strata/examples/modules/metrics"
	"github.com/strata-go/strata/examples/modules/orders"
	"github.com/strata-go/strata/examples/modules/web"
	"github.com/strata-go/strata/logging/terminal"
)

// modules are those that one can choose from. A module takes a container.Provider, and
// so does not know whether that is an App, a scope of one, or a dig.Container.
var modules = map[string]func(to container.Provider) error{
	"mail":    mail.Register,
	"metrics": metrics.Register,
	"orders":  orders.Register,
}

// Config is what the modules are given, each its own: none sees what is not its concern.
type Config struct {
	Enabled []string
	Web     web.Config
	Orders  orders.Config
	Mail    mail.Config
}

func main() {
	config := Config{Enabled: names()}
	flag.Func("enable", "`modules` to run, of "+strings.Join(names(), ",")+" (default all)", func(list string) (err error) {
		config.Enabled, err = choose(list)
		return err // which has the flag named, and the program exit with 2
	})
	flag.StringVar(&config.Web.Address, "http", "127.0.0.1:8080", "`address` to serve on")
	flag.StringVar(&config.Orders.Database, "db", ":memory:", "`path` of the database of orders")
	flag.StringVar(&config.Mail.Folder, "mail", filepath.Join(os.TempDir(), "outgoing"), "`folder` that letters are written to")
	flag.DurationVar(&config.Mail.Pause, "mail-pause", 0, "`time` to wait after a letter")
	flag.Parse()
	newApp(config).Run()
}

func newApp(config Config) *container.App {
	screen := terminal.New(os.Stderr)
	app := container.New(
		container.WithLog(screen.Observer()), // on a terminal; elsewhere it logs
		container.Supply(screen, config.Web, config.Orders, config.Mail),
		container.Provide(NewLogger),
	)
	web.Register(app)
	for _, name := range config.Enabled {
		modules[name](app) // an error is kept by the app, which then does not start
	}
	return app
}

func names() []string { return slices.Sorted(maps.Keys(modules)) }

// choose returns the modules of a list with commas. One that is there twice is one.
func choose(list string) ([]string, error) {
	chosen := strings.Split(list, ",")
	for _, name := range chosen {
		if modules[name] == nil {
			return nil, fmt.Errorf("no module %q: there are %s", name, strings.Join(names(), ", "))
		}
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

func NewLogger(screen *terminal.Log) *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, screen, zapcore.DebugLevel))
}
