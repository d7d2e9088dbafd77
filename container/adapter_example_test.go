package container_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// What follows stands for types of libraries, which know nothing of this one.

// Conn is open when it is made, and has to be closed.
type Conn struct{}

func (*Conn) Close() error { fmt.Println("conn: closed"); return nil }

// Consumer is started, and consumes in the background until it is stopped.
type Consumer struct{}

func (*Consumer) Start() error                     { fmt.Println("consumer: started"); return nil }
func (*Consumer) Shutdown(_ context.Context) error { fmt.Println("consumer: stopped"); return nil }

// Listener serves in the foreground until it is closed.
type Listener struct{ closed chan struct{} }

func (l *Listener) Serve() error { <-l.closed; fmt.Println("listener: closed"); return nil }
func (l *Listener) Close()       { close(l.closed) }

// Poller polls until its context ends.
type Poller struct{}

func (*Poller) Run(ctx context.Context) error {
	<-ctx.Done()
	fmt.Println("poller: stopped")
	return ctx.Err()
}

// Gateway serves in the foreground, and says by an error of its own that it was
// closed.
type Gateway struct{ closed chan struct{} }

var errGatewayClosed = errors.New("gateway closed")

func (g *Gateway) ListenAndServe(addr string) error { <-g.closed; return errGatewayClosed }
func (g *Gateway) Close() error                     { fmt.Println("gateway: closed"); close(g.closed); return nil }

// Scheduler has methods with signatures of its own.
type Scheduler struct{}

func (*Scheduler) Begin(jobs int)            { fmt.Println("scheduler: started,", jobs, "jobs") }
func (*Scheduler) End() (done chan struct{}) { done = make(chan struct{}); close(done); return done }

// runUntilReady runs an app, and stops it when it is ready.
func runUntilReady(app *container.App) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // a real program waits for a signal
		select {
		case <-app.Ready():
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := app.RunContext(ctx); err != nil {
		fmt.Println(err)
	}
}

// The connection is closed when what uses it has ended.
func ExampleAdaptStop() {
	app := container.New(quiet, container.AdaptStop[*Conn]())
	app.Provide(func() *Conn { return new(Conn) })
	app.Provide(func(*Conn) *Store { return NewStore() })
	runUntilReady(app)
	// Output:
	// store: open
	// store: closed
	// conn: closed
}

// The catch-all closes whatever was built and has something to close it by.
func ExampleAdaptStop_all() {
	app := container.New(quiet, container.AdaptStop[any]())
	app.Provide(func() *Conn { return new(Conn) })
	app.Provide(func(*Conn) *Store { return NewStore() })
	app.Provide(func() *Listener { panic("nobody needs it, so it is not built") })
	runUntilReady(app)
	// Output:
	// store: open
	// store: closed
	// conn: closed
}

// A connection that was opened is closed though the start never came to it.
func ExampleAdaptStop_failure() {
	app := container.New(quiet, container.AdaptStop[*Conn]())
	app.Provide(func() *Conn { return new(Conn) })
	app.Provide(func(*Conn) (*Store, error) { return nil, errors.New("no such table") })
	err := app.RunContext(context.Background())
	fmt.Println(err != nil)
	// Output:
	// conn: closed
	// true
}

// Start returns when the consumer runs: AdaptStartStop.
func ExampleAdaptStartStop() {
	app := container.New(quiet, container.AdaptStartStop[*Consumer]())
	app.Provide(func() *Consumer { return new(Consumer) })
	runUntilReady(app)
	// Output:
	// consumer: started
	// consumer: stopped
}

// Serve returns when the listener has ended: AdaptBlocking.
func ExampleAdaptBlocking() {
	app := container.New(quiet, container.AdaptBlocking[*Listener]())
	app.Provide(func() *Listener { return &Listener{make(chan struct{})} })
	runUntilReady(app)
	// Output:
	// listener: closed
}

func ExampleAdaptRun() {
	app := container.New(quiet, container.AdaptRun[*Poller]())
	app.Provide(func() *Poller { return new(Poller) })
	runUntilReady(app)
	// Output:
	// poller: stopped
}

// Functions for a type whose methods have signatures of their own.
func ExampleAdaptFunc() {
	app := container.New(quiet, container.AdaptFunc(
		func(_ context.Context, s *Scheduler) error {
			s.Begin(3)
			return nil
		},
		func(ctx context.Context, s *Scheduler) error {
			select {
			case <-s.End():
				fmt.Println("scheduler: ended")
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	))
	app.Provide(func() *Scheduler { return new(Scheduler) })
	runUntilReady(app)
	// Output:
	// scheduler: started, 3 jobs
	// scheduler: ended
}

// A Runner of one's own, for what blocks with a signature or an error of its own.
func ExampleWithAdapter() {
	app := container.New(quiet, container.WithAdapter(func(g *Gateway) process.Runner {
		return process.Leaf(
			func(context.Context) error {
				err := g.ListenAndServe(":8080")
				if errors.Is(err, errGatewayClosed) {
					return nil
				}
				return err
			},
			func(context.Context) error { return g.Close() },
		)
	}))
	app.Provide(func() *Gateway { return &Gateway{make(chan struct{})} })
	runUntilReady(app)
	// Output:
	// gateway: closed
}
