package container_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// Store runs.
type Store struct{}

func NewStore() *Store { return &Store{} }

func (*Store) Run(ctx context.Context, callback process.Callback) error {
	fmt.Println("store: open")
	defer fmt.Println("store: closed")
	return callback(ctx)
}

// API runs, and needs the store.
type API struct{ store *Store }

func NewAPI(s *Store) *API { return &API{s} }

func (*API) Run(ctx context.Context, callback process.Callback) error {
	fmt.Println("api: listening")
	defer fmt.Println("api: closed")
	return callback(ctx)
}

// Mailer runs, and has something to do with the API that no parameter shows.
type Mailer struct{ process.Runner }

func NewMailer() *Mailer { return &Mailer{process.Nop()} }

// quiet keeps the lifecycle log out of the examples.
var quiet = container.WithLogger(zap.NewNop())

// The order follows from the parameters of the constructors, not from that of Provide.
func ExampleApp() {
	app := container.New(quiet)
	app.Provide(NewAPI)
	app.Provide(NewStore)

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-app.Ready()
		fmt.Println("ready")
		cancel()
	}()
	if err := app.RunContext(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// store: open
	// api: listening
	// ready
	// api: closed
	// store: closed
}

// An application on dig, as it is, and its main.
func ExampleAttach() {
	c := dig.New()
	c.Provide(NewAPI)
	c.Provide(NewStore)
	c.Invoke(func(*Store) { fmt.Println("invoked") }) // builds the store

	app := container.Attach(c, quiet)

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-app.Ready()
		fmt.Println("ready")
		cancel()
	}()
	if err := app.RunContext(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// invoked
	// store: open
	// api: listening
	// ready
	// api: closed
	// store: closed
}

// What Fx users write.
func ExampleProvide() {
	app := container.New(quiet, container.Provide(NewStore, NewAPI), container.Supply("a value"))
	fmt.Println(app.Verify())
	// Output:
	// <nil>
}

func ExampleApp_Depend() {
	app := container.New(quiet, container.Provide(NewStore, NewAPI, NewMailer))
	app.Depend(new(*Mailer), new(*API))

	plan, err := app.Plan()
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, layer := range plan.Layers {
		for _, unit := range layer {
			fmt.Println(i, unit.Name, unit.DependsOn)
		}
	}
	// Output:
	// 0 *container_test.Store []
	// 1 *container_test.API [*container_test.Store]
	// 2 *container_test.Mailer [*container_test.API]
}

func ExampleApp_Plan() {
	app := container.New(quiet)
	app.Provide(NewStore)
	app.Provide(NewAPI, dig.Name("public"))
	app.Provide(NewAPI, dig.Name("internal"))

	plan, err := app.Plan()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	// Output:
	// 3 units in 2 layers, by layer
	//
	// layer 0
	// └─ *container_test.Store
	//
	// layer 1
	// ├─ *container_test.API[name=public]    after *container_test.Store
	// └─ *container_test.API[name=internal]  after *container_test.Store
}

// A test of the program finds what is missing, and calls no constructor. The app is
// that of main, which makes it by a function of its own:
//
//	func TestApp(t *testing.T) {
//		if err := newApp().Verify(); err != nil {
//			t.Error(err)
//		}
//	}
func ExampleApp_Verify() {
	newApp := func() *container.App {
		app := container.New(quiet)
		app.Provide(NewAPI)
		app.Provide(NewStore, dig.Name("main"))
		return app
	}

	if err := newApp().Verify(); err != nil {
		fmt.Println(strings.ReplaceAll(err.Error(), "; ", ";\n"))
	}
	// Output:
	// container_test.NewAPI (example_test.go:31) needs *container_test.Store, which nobody provides;
	// did you mean *container_test.Store[name="main"] (container_test.NewStore, example_test.go:20;
	// a field with the tag name:"main" in a dig.In takes it)?
}

// As a Process the app is a part of something else.
func ExampleApp_Process() {
	app := container.New(quiet, container.Provide(NewStore, NewAPI))

	ctx := context.Background()
	p, err := app.Process(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := p.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.State())
	if err := p.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// store: open
	// api: listening
	// running
	// api: closed
	// store: closed
}

// A constructor, or a function given to Invoke, has the app stopped by a Shutdowner.
func ExampleShutdowner() {
	app := container.New(quiet, container.Provide(NewStore))
	app.Provide(func(_ *Store, s container.Shutdowner) *Mailer {
		return &Mailer{process.Leaf(func(ctx context.Context) error {
			s.Shutdown(container.WithExitCode(3), container.WithCause(errors.New("license expired")))
			<-ctx.Done()
			return ctx.Err()
		}, nil)}
	})

	err := app.RunContext(context.Background())

	fmt.Println(err)
	fmt.Println(container.ExitCode(err))
	// Output:
	// store: open
	// store: closed
	// exit code 3: license expired
	// 3
}

// A constructor of something that does not run takes a Lifecycle.
func Example_lifecycle() {
	type Cache struct{}
	app := container.New(quiet, container.Provide(NewStore))
	app.Provide(func(_ *Store, l hooks.Lifecycle) *Cache {
		l.Append(hooks.Hook{
			OnStart: func(context.Context) error { fmt.Println("cache: warm"); return nil },
			OnStop:  func(context.Context) error { fmt.Println("cache: saved"); return nil },
		})
		return &Cache{}
	})
	app.Provide(func(_ *Cache, s container.Shutdowner) *Mailer {
		return &Mailer{process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			fmt.Println("mailer: ready")
			s.Shutdown()
			return callback(ctx)
		})}
	})

	if err := app.RunContext(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// store: open
	// cache: warm
	// mailer: ready
	// cache: saved
	// store: closed
}
