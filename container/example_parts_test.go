package container_test

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// Tenant runs, once in each scope.
type Tenant struct{ process.Runner }

func NewTenant(name string, _ *Store) *Tenant {
	return &Tenant{process.StartStop(
		func(context.Context) error { fmt.Println(name, "is served"); return nil },
		func(context.Context) error { fmt.Println(name, "is left"); return nil },
	)}
}

// shutWhenReady has an app stop as soon as all of it runs.
func shutWhenReady(app *container.App) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-app.Ready():
			cancel()
		case <-ctx.Done():
		}
	}()
	return app.RunContext(ctx)
}

// Two scopes have a constructor and a value of their own, and share the rest.
func ExampleScope() {
	app := container.New(quiet, container.Provide(NewStore))
	for _, name := range []string{"acme", "globex"} {
		tenant := app.Scope(name)
		tenant.Supply(name)
		tenant.Provide(NewTenant)
	}
	app.Depend(new(*Mailer), new(*Tenant)) // of all scopes
	app.Provide(NewMailer)

	plan, err := app.Plan()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	// Output:
	// 4 units in 3 layers, by layer
	//
	// layer 0
	// └─ *container_test.Store
	//
	// layer 1
	// ├─ *container_test.Tenant#1  after *container_test.Store
	// └─ *container_test.Tenant#2  after *container_test.Store
	//
	// layer 2
	// └─ *container_test.Mailer    after *container_test.Tenant#1,
	//                                    *container_test.Tenant#2
}

// An app is a Runner, and so may be a part of another one. The store is the host's: the
// inner app is given it in a struct that has no Run.
func ExampleApp_Runner() {
	type Shared struct{ store *Store }

	host := container.New(quiet, container.Provide(NewStore))
	host.Provide(func(s *Store) (process.Runner, error) {
		inner := container.New(quiet, container.Supply(Shared{s}))
		inner.Provide(func(shared Shared) *API { return NewAPI(shared.store) })
		return inner.Runner()
	})

	fmt.Println(shutWhenReady(host))
	// Output:
	// store: open
	// api: listening
	// api: closed
	// store: closed
	// <nil>
}

// A main that does more at the end than Run.
func ExampleExitCode() {
	app := container.New(quiet, container.Provide(NewStore))
	app.Provide(func(*Store) *Mailer {
		return &Mailer{process.Leaf(func(context.Context) error { return errors.New("no more paper") }, nil)}
	})
	err := app.RunContext(context.Background())
	// ... and then os.Exit with
	fmt.Println(container.ExitCode(err))
	// Output:
	// store: open
	// store: closed
	// 1
}

// The mailer waits for the store, and not for the tenant, which is of the same layer as
// the store and takes longer to start.
func ExampleWithSchedule() {
	mailing := make(chan struct{})
	app := container.New(quiet, container.WithSchedule(container.ByDependency))
	app.Provide(NewStore)
	app.Provide(func() *Tenant {
		return &Tenant{process.Task(func(context.Context) error {
			<-mailing
			fmt.Println("tenant: served")
			return nil
		})}
	})
	app.Provide(func(*Store) *Mailer {
		return &Mailer{process.Task(func(context.Context) error {
			fmt.Println("mailer: ready")
			close(mailing)
			return nil
		})}
	})

	fmt.Println(shutWhenReady(app))
	// Output:
	// store: open
	// mailer: ready
	// tenant: served
	// store: closed
	// <nil>
}

// A package registers what it has on whatever it is given: an app, a scope, or a
// container of dig.
func ExampleProvider() {
	register := func(p container.Provider) error {
		return errors.Join(p.Provide(NewStore), p.Provide(NewAPI))
	}
	app := container.New(quiet)
	fmt.Println(register(app), register(app.Scope("second")), register(dig.New()))
	// Output:
	// <nil> <nil> <nil>
}

// An observer that comes late is told the past first.
func ExampleApp_Observe() {
	app := container.New(quiet, container.Provide(NewStore))
	err := shutWhenReady(app)
	app.Observe(hooks.ObserverFunc(func(event hooks.Event) {
		switch e := event.(type) {
		case hooks.UnitStarted:
			fmt.Println("started", e.Unit.Name)
		case hooks.AppStopping:
			fmt.Println("stopping:", e.Why)
		}
	}))
	fmt.Println(err)
	// Output:
	// store: open
	// store: closed
	// started *container_test.Store
	// stopping: context
	// <nil>
}

// What a decorator returns runs in the place of what it decorates: here the app lives on
// without a mailer.
func ExampleApp_Decorate() {
	app := container.New(quiet)
	app.Provide(func() *Mailer {
		return &Mailer{process.Task(func(context.Context) error { return errors.New("no paper") })}
	})
	app.Decorate(func(m *Mailer) *Mailer {
		return &Mailer{process.BestEffort(m.Runner, func(err error) { fmt.Println("without mail:", err) })}
	})

	fmt.Println(shutWhenReady(app))
	// Output:
	// without mail: no paper
	// <nil>
}
