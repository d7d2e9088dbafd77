package hooks_test

import (
	"context"
	"fmt"

	"github.com/strata-go/strata/hooks"
)

// A hook is a Runner: it can stand wherever something that runs can stand.
func ExampleRunner() {
	cache := hooks.Hook{
		Name:    "cache",
		OnStart: func(context.Context) error { fmt.Println("load the cache"); return nil },
		OnStop:  func(context.Context) error { fmt.Println("write the cache back"); return nil },
	}

	err := hooks.Runner(cache).Run(context.Background(), func(context.Context) error {
		fmt.Println("serve")
		return nil
	})
	fmt.Println("error:", err)

	// Output:
	// load the cache
	// serve
	// write the cache back
	// error: <nil>
}

// The functions need no particular signature: a context and an error are passed on where there are any.
func ExampleStartStopHook() {
	open := func(context.Context) error { fmt.Println("open"); return nil }
	closeAll := func() { fmt.Println("close") }

	hook := hooks.StartStopHook(open, closeAll)
	hook.Name = "files"

	_ = hooks.Runner(hook).Run(context.Background(), func(context.Context) error { return nil })

	// Output:
	// open
	// close
}

// An observer switches over the types of the events that it is interested in.
func ExampleObserverFunc() {
	observer := hooks.ObserverFunc(func(event hooks.Event) {
		switch e := event.(type) {
		case hooks.UnitFailed:
			fmt.Printf("page somebody: %s failed in phase %s: %v\n", e.Unit.Name, e.Phase, e.Cause)
		case hooks.AppStopping:
			fmt.Println("stopping, because of:", e.Why)
		}
	})

	// An application does this.
	observer.Observe(hooks.UnitStarted{Unit: hooks.Unit{Name: "*shop.Queue"}})
	observer.Observe(hooks.UnitFailed{
		Unit:  hooks.Unit{Name: "*shop.Queue"},
		Phase: hooks.PhaseRun,
		Cause: fmt.Errorf("connection lost"),
	})
	observer.Observe(hooks.AppStopping{Why: hooks.WhyFailure, Unit: "*shop.Queue"})

	// Output:
	// page somebody: *shop.Queue failed in phase run: connection lost
	// stopping, because of: failure
}

// Several observers where there is room for one, as for container.WithLog.
func ExampleMulti() {
	count := 0
	both := hooks.Multi(
		hooks.ObserverFunc(func(hooks.Event) { count++ }),
		hooks.ObserverFunc(func(event hooks.Event) { fmt.Printf("%T\n", event) }),
		nil, // is skipped
	)
	both.Observe(hooks.AppStarting{}) // an application does this
	fmt.Println("events:", count)

	// Output:
	// hooks.AppStarting
	// events: 1
}

func ExamplePlan_String() {
	plan := &hooks.Plan{
		Layers: [][]hooks.Unit{
			{
				{Name: "*shop.Database"},
				{Name: "*shop.Queue"},
			}, {
				{Name: "*shop.Dispatcher[name=low]", DependsOn: []string{"*shop.Database", "*shop.Queue"}},
				{Name: "*shop.Mailer", DependsOn: []string{"*shop.Queue"}},
			}, {
				{Name: "*shop.Server", DependsOn: []string{
					"*shop.Database", "*shop.Queue", "*shop.Dispatcher[name=low]", "*shop.Mailer",
				}},
			},
		},
		Unused:   []string{"shop.NewDebugServer (debug.go:17)"},
		Warnings: []string{"shop.NewQueue (queue.go:9) returns an interface: whether it runs is known when it is built"},
	}
	fmt.Print(plan)

	// Output:
	// 5 units in 3 layers, by layer
	//
	// layer 0
	// ├─ *shop.Database
	// └─ *shop.Queue
	//
	// layer 1
	// ├─ *shop.Dispatcher[name=low]  after *shop.Database, *shop.Queue
	// └─ *shop.Mailer                after *shop.Queue
	//
	// layer 2
	// └─ *shop.Server                after *shop.Database, *shop.Queue,
	//                                      *shop.Dispatcher[name=low], *shop.Mailer
	//
	// unused
	// └─ shop.NewDebugServer (debug.go:17)
	//
	// warnings
	// └─ shop.NewQueue (queue.go:9) returns an interface: whether it runs is known
	//    when it is built
}
