package process_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/strata-go/strata/process"
)

// service is a runner that says what happens to it.
func service(name string) process.Runner {
	return process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		fmt.Println(name, "starts")
		stop := ready()
		select {
		case <-stop:
			fmt.Println(name, "stops")
		case <-ctx.Done():
			fmt.Println(name, "is forced:", context.Cause(ctx))
		}
		return nil
	})
}

func running(context.Context) error {
	fmt.Println("all run")
	return nil // and so everything stops
}

func ExampleWorker() {
	messages := make(chan string, 2)
	messages <- "one"
	messages <- "two"
	handled := make(chan struct{})

	consumer := process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		stop := ready()
		for {
			select {
			case m := <-messages:
				fmt.Println("handled", m)
				handled <- struct{}{}
			case <-stop: // gracefully: nothing is in hand here
				fmt.Println("stopped")
				return nil
			case <-ctx.Done(): // now
				return ctx.Err()
			}
		}
	})

	err := consumer.Run(context.Background(), func(context.Context) error {
		<-handled
		<-handled
		return nil
	})
	fmt.Println(err)
	// Output:
	// handled one
	// handled two
	// stopped
	// <nil>
}

func ExampleLeaf() {
	// Like http.Server: Serve blocks until Shutdown is called.
	shutdown := make(chan struct{})
	server := process.Leaf(
		func(context.Context) error {
			<-shutdown
			return nil
		},
		func(context.Context) error {
			fmt.Println("shutdown")
			close(shutdown)
			return nil
		},
	)
	fmt.Println(server.Run(context.Background(), running))
	// Output:
	// all run
	// shutdown
	// <nil>
}

func ExampleStartStop() {
	pool := process.StartStop(
		func(ctx context.Context) error { fmt.Println("open"); return nil },
		func(ctx context.Context) error { fmt.Println("close"); return nil },
	)
	fmt.Println(pool.Run(context.Background(), running))
	// Output:
	// open
	// all run
	// close
	// <nil>
}

func ExampleSequential() {
	app := process.Sequential(service("database"), service("server"))
	fmt.Println(app.Run(context.Background(), running))
	// Output:
	// database starts
	// server starts
	// all run
	// server stops
	// database stops
	// <nil>
}

func ExampleParallel() {
	app := process.Sequential(
		service("database"),
		process.Parallel(service("server"), service("consumer")),
	)
	fmt.Println(app.Run(context.Background(), running))
	// Unordered output:
	// database starts
	// server starts
	// consumer starts
	// all run
	// server stops
	// consumer stops
	// database stops
	// <nil>
}

func ExampleParallel_failure() {
	lost := make(chan struct{})
	connection := process.Worker(func(_ context.Context, ready func() <-chan struct{}) error {
		ready()
		<-lost
		return errors.New("connection lost")
	})
	app := process.Sequential(service("database"), connection, service("server"))

	err := app.Run(context.Background(), func(ctx context.Context) error {
		close(lost)
		<-ctx.Done()
		fmt.Println("stopping because of:", context.Cause(ctx))
		return ctx.Err()
	})
	fmt.Println(err)
	// Output:
	// database starts
	// server starts
	// stopping because of: connection lost
	// server stops
	// database stops
	// connection lost
}

func ExampleChain() {
	type tenant struct{}
	outer := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		return callback(context.WithValue(ctx, tenant{}, "acme"))
	})
	inner := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		fmt.Println("tenant", ctx.Value(tenant{}))
		return callback(ctx)
	})
	fmt.Println(process.Chain(outer, inner).Run(context.Background(), running))
	// Output:
	// tenant acme
	// all run
	// <nil>
}

func ExampleGraph() {
	var g process.Graph
	database := g.Add(service("database"))
	cache := g.Add(service("cache"), database)
	g.Add(service("server"), cache, database)
	fmt.Println(g.Run(context.Background(), running))
	// Output:
	// database starts
	// cache starts
	// server starts
	// all run
	// server stops
	// cache stops
	// database stops
	// <nil>
}

func ExampleStartTimeout() {
	stuck := process.Worker(func(ctx context.Context, _ func() <-chan struct{}) error {
		<-ctx.Done()
		return ctx.Err()
	})
	app := process.Sequential(service("database"), process.StartTimeout(10*time.Millisecond, stuck))

	err := app.Run(context.Background(), running)
	fmt.Println(err)
	fmt.Println(errors.Is(err, process.ErrStartTimeout))
	// Output:
	// database starts
	// database stops
	// not ready in time: 10ms
	// true
}

func ExampleStopTimeout() {
	stuck := process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		<-ready()
		<-ctx.Done() // something that does not end by itself
		return ctx.Err()
	})
	app := process.Sequential(service("database"), process.StopTimeout(10*time.Millisecond, stuck))

	err := app.Run(context.Background(), running)
	fmt.Println(err)
	fmt.Println(errors.Is(err, process.ErrStopTimeout))
	// Output:
	// database starts
	// all run
	// database stops
	// not stopped in time: 10ms
	// true
}

func ExamplePrefixedError() {
	broken := process.RunnerFunc(func(context.Context, process.Callback) error {
		return errors.New("connection refused")
	})
	fmt.Println(process.PrefixedError("database", broken).Run(context.Background(), running))
	// Output: database: connection refused
}

func ExampleRunnerFunc() {
	listener := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		fmt.Println("listen")
		defer fmt.Println("close")
		return callback(ctx) // returns when the listener is to stop
	})
	fmt.Println(listener.Run(context.Background(), running))
	// Output:
	// listen
	// all run
	// close
	// <nil>
}

func ExampleNop() {
	fmt.Println(process.Nop().Run(context.Background(), running))
	// Output:
	// all run
	// <nil>
}

func ExampleProcess() {
	app := process.Sequential(service("database"), service("server"))
	p := process.NewProcess(context.Background(), app)

	start, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.Start(start); err != nil {
		fmt.Println("start:", err)
		return
	}
	fmt.Println(p.State())

	stop, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(p.Stop(stop))
	fmt.Println(p.State())
	// Output:
	// database starts
	// server starts
	// running
	// server stops
	// database stops
	// <nil>
	// stopped
}

func ExampleNewProcess() {
	ctx, cancel := context.WithCancelCause(context.Background())
	p := process.NewProcess(ctx, process.Leaf(func(ctx context.Context) error {
		<-ctx.Done()
		fmt.Println("forced:", context.Cause(ctx))
		return ctx.Err()
	}, nil))
	fmt.Println(p.Start(context.Background()))

	cancel(errors.New("power lost"))
	<-p.Done()
	fmt.Println(p.State(), "with", p.Err())
	// Output:
	// <nil>
	// forced: power lost
	// stopped with power lost
}

// A panic is the error of its runner, and the others stop in order.
func ExamplePanicError() {
	broken := process.Worker(func(context.Context, func() (stop <-chan struct{})) error {
		panic("a bug")
	})
	err := process.Sequential(service("database"), broken).Run(context.Background(), running)

	var p *process.PanicError
	if errors.As(err, &p) {
		fmt.Println("the value:", p.Value)
		fmt.Println("with a stack:", len(p.Stack) > 0)
	}
	// Output:
	// database starts
	// database stops
	// the value: a bug
	// with a stack: true
}
