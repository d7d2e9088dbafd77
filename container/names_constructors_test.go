package container_test

import (
	htmltemplate "html/template"
	texttemplate "text/template"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// What follows is provided in all shapes that constructors come in, for the tests of
// names. One of them knows the lines: TestAMethodValueStandsWhereItIsProvided.

type table[K comparable, V any] struct{ process.Runner }

func newTable[K comparable, V any]() *table[K, V] { return &table[K, V]{process.Nop()} }

type factory struct{}

func (*factory) newServer() *Server { return &Server{process.Nop()} }
func (factory) newQueue() *Queue    { return &Queue{process.Nop()} }

type tables[V any] struct{}

func (*tables[V]) newTable() *table[int, V] { return newTable[int, V]() }

var newInVariable = func() *Database { return &Database{process.Nop()} }

var newInInit func() *Cache

func init() { newInInit = func() *Cache { return &Cache{process.Nop()} } }

func provideServers(app *container.App, names ...string) {
	for _, name := range names {
		app.Provide(func() *Server { return &Server{process.Nop()} }, dig.Name(name))
	}
}

func provideWorkers(app *container.App, n int) {
	for range n {
		app.Provide(func() *Queue { return &Queue{process.Nop()} }, dig.Group("workers"))
	}
}

func provideLocal(app *container.App) {
	type local struct{ process.Runner }
	app.Provide(func() local { return local{process.Nop()} })
	app.Provide(newTable[int, local])
}

func provideOtherLocal(app *container.App) {
	type local struct{ process.Runner }
	app.Provide(func() local { return local{process.Nop()} })
	app.Provide(newTable[int, local])
}

func provideMethods(app *container.App) {
	app.Provide((&factory{}).newServer)
	app.Provide(factory{}.newQueue)
	app.Provide(new(tables[*htmltemplate.Template]).newTable)
	app.Scope("inner").Provide((*factory).newServer)
	app.Supply(new(factory))
}

func provideGenerics(app *container.App) {
	app.Provide(newTable[string, int])
	app.Provide(newTable[string, hooks.Hook])
	app.Provide(newTable[container.Schedule, map[string]*htmltemplate.Template])
	app.Provide(newTable[int, func(hooks.Hook, ...*container.Plan) []error])
	app.Provide(newTable[int, table[string, hooks.Hook]])
}

func runTemplates[T any](app *container.App, parse func(string) T) {
	app.Provide(func() T { return parse("") })
}

func provideTemplates(app *container.App) {
	runTemplates(app, texttemplate.New)
	runTemplates(app, htmltemplate.New)
}

func provideMixed(app *container.App) {
	provideWorkers(app, 2)
	provideServers(app, "a")
	app.Provide((&factory{}).newServer)
	app.Provide(newTable[int, hooks.Hook], dig.Name("t"))
	app.Invoke(func(l hooks.Lifecycle) { l.Append(hooks.Hook{}) })
}
