package container_test

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// journal is what components note of the calls of their methods.
type journal struct {
	mu    sync.Mutex
	lines []string
	err   error         // that their methods return
	ended chan struct{} // nil, or closed by the method that stops what runs
}

// background is for methods that take no context.
var background = context.Background()

func (j *journal) note(ctx context.Context, method string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	line := method
	if ctx.Err() != nil {
		line += " (dead)"
	}
	j.lines = append(j.lines, line)
	if j.ended != nil {
		close(j.ended)
		j.ended = nil
	}
}

func (j *journal) fail(ctx context.Context, method string) error {
	j.note(ctx, method)
	return j.err
}

// run blocks until it is stopped, if it has an end.
func (j *journal) run(ctx context.Context, method string) error {
	j.mu.Lock()
	j.lines = append(j.lines, method)
	ended := j.ended
	j.mu.Unlock()
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-ended: // before, or both at once
		return nil
	default:
		j.note(background, method+" cancelled")
		return ctx.Err()
	}
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

// Pool has to be closed.
type Pool struct{ *journal }

func (p *Pool) Close() error { return p.fail(background, "close pool") }

// Client has to be closed, too.
type Client struct{ *journal }

func (c *Client) Close() { c.note(background, "close client") }

// Plain has nothing to be called.
type Plain struct{ _ int }

func newPool() *Pool { return &Pool{new(journal)} }

// closingRunner runs itself, and could be closed.
type closingRunner struct{ process.Runner }

func (*closingRunner) Close() error { panic("not called") }

// pooled is a value that is no pointer.
type pooled struct{ *journal }

func (p pooled) Close() { p.note(background, "close") }

type closers struct {
	dig.Out

	Named  *Pool     `name:"main"`
	Member io.Closer `group:"closers"`
	Many   []*Pool   `group:"pools,flatten"`
	Not    []*Pool
}

// An adapter applies to every value of its type that is not nil and no Runner, by the
// rules by which Runners run.
func TestWhatIsAdapted(t *testing.T) {
	for _, test := range []struct {
		name    string
		options []container.Option
		setup   func(app *container.App)
		want    []string
	}{
		{"a type is built for it", []container.Option{container.AdaptStop[*Pool]()},
			func(app *container.App) { app.Provide(newPool) },
			[]string{"*container_test.Pool"}},
		{"an interface does not have anything built", []container.Option{container.AdaptStop[any](), container.AdaptStop[io.Closer]()},
			func(app *container.App) { app.Provide(newPool) },
			nil},
		{"an interface applies to what is built", []container.Option{container.AdaptStop[any]()},
			func(app *container.App) {
				app.Provide(newPool)
				app.Provide(func() *Client { return &Client{new(journal)} })
				app.Provide(func(*Pool) *Cache { return &Cache{process.Nop()} })
				app.Invoke(func(*Client) {})
			},
			[]string{"*container_test.Cache", "*container_test.Client", "*container_test.Pool"}},
		{"an interface applies to those that implement it", []container.Option{container.AdaptStop[io.Closer]()},
			func(app *container.App) {
				app.Provide(newPool)
				app.Provide(func() *Client { return &Client{new(journal)} })
				app.Invoke(func(*Pool, *Client) {})
			},
			[]string{"*container_test.Pool"}},
		{"without one nothing is", nil,
			func(app *container.App) {
				app.Provide(newPool)
				app.Invoke(func(*Pool) {})
			}, nil},
		{"a value behind an interface", []container.Option{container.AdaptStop[*Pool]()},
			func(app *container.App) {
				app.Provide(func() any { return newPool() })
				app.Invoke(func(any) {})
			}, []string{"*container_test.Pool"}},
		{"functions have a type built", []container.Option{container.AdaptFunc(nil, func(context.Context, *Plain) error { return nil })},
			func(app *container.App) { app.Provide(func() *Plain { return new(Plain) }) },
			[]string{"*container_test.Plain"}},
		{"never a Runner", []container.Option{
			container.AdaptStop[any](),
			container.WithAdapter(func(any) process.Runner { panic("not called") }),
		}, func(app *container.App) {
			app.Provide(func() *closingRunner { return &closingRunner{process.Nop()} })
			app.Provide(func() io.Closer { return &closingRunner{process.Nop()} })
			app.Invoke(func(io.Closer) {})
		}, []string{"*container_test.closingRunner#1", "*container_test.closingRunner#2"}},
		{"never nil", []container.Option{container.AdaptStop[any](), container.WithAdapter(func(*Pool) process.Runner { panic("not called") })},
			func(app *container.App) {
				app.Provide(func() *Pool { return nil })
				app.Provide(func() io.Closer { return nil })
				app.Provide(func() io.Closer { return (*Pool)(nil) }, dig.Name("typed"))
				app.Invoke(func(io.Closer, struct {
					dig.In
					C io.Closer `name:"typed"`
				}) {
				})
			}, nil},
		{"not when the adapter says so", []container.Option{
			container.WithAdapter(func(*Pool) process.Runner { return nil }),
			container.WithAdapter(func(*Client) process.Runner { return (*Database)(nil) }),
		}, func(app *container.App) {
			app.Provide(newPool)
			app.Provide(func() *Client { return &Client{new(journal)} })
		}, nil},
		{"fields and groups", []container.Option{container.AdaptStop[*Pool]()},
			func(app *container.App) {
				app.Provide(func() closers {
					return closers{Named: newPool(), Member: newPool(), Many: []*Pool{newPool(), nil, newPool()}, Not: []*Pool{newPool()}}
				})
			}, []string{
				"*container_test.Pool[group=closers]", "*container_test.Pool[group=pools]#1",
				"*container_test.Pool[group=pools]#2", "*container_test.Pool[name=main]",
			}},
		{"As", []container.Option{container.AdaptStop[*Pool]()},
			func(app *container.App) { app.Provide(newPool, dig.As(new(io.Closer))) },
			[]string{"*container_test.Pool"}},
		{"supplied values", []container.Option{container.AdaptStop[*Pool]()},
			func(app *container.App) { app.Supply(newPool(), (*Client)(nil)) },
			[]string{"*container_test.Pool"}},
		{"values in scopes", []container.Option{container.AdaptStop[*Pool]()},
			func(app *container.App) {
				app.Scope("a").Provide(newPool)
				app.Scope("b").Scope("c").Provide(newPool)
				app.Scope("d").Provide(func() *Pool { return newPool() }, dig.Export(true))
			}, []string{"*container_test.Pool#1", "*container_test.Pool#2", "*container_test.Pool#3"}},
		{"values that are no pointers", []container.Option{container.AdaptStop[pooled]()},
			func(app *container.App) {
				app.Provide(func() pooled { return pooled{new(journal)} })
				app.Provide(func() pooled { return pooled{new(journal)} }, dig.Name("other"))
			}, []string{"container_test.pooled", "container_test.pooled[name=other]"}},
		{"functions", []container.Option{container.AdaptFunc(nil, func(_ context.Context, cancel context.CancelFunc) error { cancel(); return nil })},
			func(app *container.App) { app.Provide(func() context.CancelFunc { return func() {} }) },
			[]string{"context.CancelFunc"}},
		{"one instance once", []container.Option{container.AdaptStop[any]()},
			func(app *container.App) {
				app.Provide(newPool)
				app.Provide(func(p *Pool) io.Closer { return p })
				app.Provide(func(p *Pool) *Pool { return p }, dig.Group("pools"))
				app.Invoke(func(io.Closer, struct {
					dig.In
					Pools []*Pool `group:"pools"`
				}) {
				})
			}, []string{"*container_test.Pool"}},
		{"what a constructor provides", []container.Option{container.AdaptStop[*Pool]()},
			func(app *container.App) {
				app.Provide(func() (*Queue, error) { return &Queue{process.Nop()}, app.Provide(newPool) })
			}, []string{"*container_test.Pool", "*container_test.Queue"}},
		{"its own name", []container.Option{container.AdaptStop[*orders]()},
			func(app *container.App) { app.Provide(func() *orders { return &orders{new(journal)} }) },
			[]string{"orders"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := new(recorder)
				app := newApp(append(test.options, container.WithObserver(r))...)
				test.setup(app)

				if err := startAndStop(t, app); err != nil {
					t.Fatal(err)
				}

				wantEqual(t, "started", r.started(), test.want)
				wantWellFormed(t, r)
			})
		})
	}
}

// orders says itself what it is called.
type orders struct{ *journal }

func (*orders) Name() string { return "orders" }
func (o *orders) Stop()      { o.note(background, "stop") }
func (o *orders) Drain()     { o.note(background, "drain") }

// An adapter for the type comes before those for interfaces, an AdaptStop for an
// interface after all others, and the last that was given before earlier ones.
func TestOneAdapterIsTaken(t *testing.T) {
	by := func(name string, calls *[]string) func(context.Context, *everything) error {
		return func(context.Context, *everything) error { *calls = append(*calls, name); return nil }
	}
	byInterface := func(name string, calls *[]string) func(context.Context, io.Closer) error {
		return func(context.Context, io.Closer) error { *calls = append(*calls, name); return nil }
	}
	for _, test := range []struct {
		name    string
		options func(calls *[]string) []container.Option
		want    []string
	}{
		{"the type before an interface", func(calls *[]string) []container.Option {
			return []container.Option{
				container.AdaptFunc(nil, by("type", calls)), container.AdaptFunc(nil, byInterface("interface", calls)), container.AdaptStop[any](),
			}
		}, []string{"type"}},
		{"the last for the type", func(calls *[]string) []container.Option {
			return []container.Option{container.AdaptFunc(nil, by("first", calls)), container.AdaptFunc(nil, by("last", calls))}
		}, []string{"last"}},
		{"the last for an interface", func(calls *[]string) []container.Option {
			return []container.Option{container.AdaptFunc(nil, byInterface("first", calls)), container.AdaptFunc(nil, byInterface("last", calls))}
		}, []string{"last"}},
		{"AdaptStop after the others", func(*[]string) []container.Option {
			return []container.Option{container.AdaptStartStop[any](), container.AdaptStop[any](), container.AdaptStop[io.Closer]()}
		}, []string{"Start", "Shutdown"}},
		{"AdaptStop for the type is one of the others", func(*[]string) []container.Option {
			return []container.Option{container.AdaptStop[*everything](), container.AdaptStartStop[any]()}
		}, []string{"Shutdown"}},
		{"the interface decides on the method", func(*[]string) []container.Option {
			return []container.Option{container.AdaptStop[io.Closer]()}
		}, []string{"Close"}},
		{"the interface decides on both", func(*[]string) []container.Option {
			return []container.Option{container.AdaptStartStop[interface {
				Start() error
				Stop()
			}]()}
		}, []string{"Start", "Stop"}},
		{"of an interface that decides not", func(*[]string) []container.Option {
			return []container.Option{container.AdaptStartStop[interface{ Start() error }]()}
		}, []string{"Start", "Shutdown"}},
		{"what does not fit is passed over", func(*[]string) []container.Option {
			return []container.Option{container.AdaptStop[any](), container.AdaptRun[any]()}
		}, []string{"Shutdown"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				j := new(journal)
				app := newApp(test.options(&j.lines)...)
				app.Provide(func() *everything { return &everything{j} })
				app.Invoke(func(*everything) {})
				if err := startAndStop(t, app); err != nil {
					t.Fatal(err)
				}
				wantEqual(t, "called", j.all(), test.want)
			})
		})
	}
}

// everything has a method of every kind.
type everything struct{ *journal }

func (e *everything) Start() error                   { return e.fail(background, "Start") }
func (e *everything) Stop()                          { e.note(background, "Stop") }
func (e *everything) Shutdown(context.Context) error { return e.fail(background, "Shutdown") }
func (e *everything) Close() error                   { return e.fail(background, "Close") }
func (e *everything) Run(string) error               { panic("not called") }
func (e *everything) Release() bool                  { panic("not called") }

// Each name of a method to stop by is found in each signature, and in no other.
func TestAdaptStopSignatures(t *testing.T) {
	bubble(t, func(t *testing.T) {
		values := func(j *journal) []any {
			return []any{
				&shutdownPlain{j}, &shutdownFailing{j}, &shutdownContext{j}, &shutdownBoth{j},
				&stopPlain{j}, &stopFailing{j}, &stopContext{j}, &stopBoth{j},
				&closePlain{j}, &closeFailing{j}, &closeContext{j}, &closeBoth{j},
				&releasePlain{j}, &releaseFailing{j}, &releaseContext{j}, &releaseBoth{j},
				&disconnectPlain{j}, &disconnectFailing{j}, &disconnectContext{j}, &disconnectBoth{j},
			}
		}
		for i := range values(nil) {
			for _, err := range []error{nil, errBoom} {
				j := &journal{err: err}
				value := values(j)[i]
				app := newApp(container.AdaptStop[any]())
				invokeWith(app, value)
				got := startAndStop(t, app)

				name := fmt.Sprintf("%T", value)
				failing := strings.HasSuffix(name, "Failing") || strings.HasSuffix(name, "Both")
				if want := failing && err != nil; errors.Is(got, errBoom) != want || !want && got != nil {
					t.Errorf("%s returns %v: error is %v", name, err, got)
				}
				if lines := j.all(); len(lines) != 1 || !strings.HasPrefix(name, "*container_test."+strings.ToLower(lines[0])) {
					t.Errorf("%s: called %q", name, lines)
				}
			}
		}
	})
}

// startStop is something that starts and stops, each in one of its signatures.
type startStop struct {
	name  string
	value func(j *journal) any
}

var startStops = []startStop{
	{"Start Stop", func(j *journal) any {
		return &struct {
			*startPlain
			*stopPlain
		}{&startPlain{j}, &stopPlain{j}}
	}},
	{"Start Shutdown", func(j *journal) any {
		return &struct {
			*startFailing
			*shutdownBoth
		}{&startFailing{j}, &shutdownBoth{j}}
	}},
	{"Start Close", func(j *journal) any {
		return &struct {
			*startContext
			*closeFailing
		}{&startContext{j}, &closeFailing{j}}
	}},
	{"Start Disconnect", func(j *journal) any {
		return &struct {
			*startBoth
			*disconnectContext
		}{&startBoth{j}, &disconnectContext{j}}
	}},
	{"Start Stop", func(j *journal) any { // Stop comes before Close
		return &struct {
			*startBoth
			*stopBoth
			*closeBoth
		}{&startBoth{j}, &stopBoth{j}, &closeBoth{j}}
	}},
}

// Start has the value running when it returns; it is stopped by the other method, and
// only if it was started.
func TestAdaptStartStop(t *testing.T) {
	for _, c := range startStops {
		bubble(t, func(t *testing.T) {
			j := new(journal)
			r := new(recorder)
			app := newApp(container.AdaptStartStop[any](), container.WithObserver(r))
			invokeWith(app, c.value(j))
			if err := startAndStop(t, app); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "called", j.all(), strings.Fields(c.name))
			wantBefore(t, r.story(), "app started", "app stopping: context")
		})
	}
}

type failsToStart struct{ *journal }

func (f *failsToStart) Start(context.Context) error { return errBoom }
func (f *failsToStart) Stop()                       { f.note(background, "Stop") }

func TestAdaptStartStopDoesNotStopWhatDidNotStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := new(journal)
		app := newApp(container.AdaptStartStop[*failsToStart]())
		app.Provide(func() *failsToStart { return &failsToStart{j} })
		err := app.RunContext(t.Context())
		wantText(t, err, "start *container_test.failsToStart (", "adapter_test.go", "boom")
		wantEqual(t, "called", j.all(), nil)
	})
}

// What blocks is ready at once, stopped by the other method, and its context is
// cancelled when that has returned.
func TestAdaptBlocking(t *testing.T) {
	for _, c := range []startStop{
		{"Run Stop", func(j *journal) any {
			return &struct {
				*runPlain
				*stopPlain
			}{&runPlain{j}, &stopPlain{j}}
		}},
		{"Serve Shutdown", func(j *journal) any {
			return &struct {
				*serveFailing
				*shutdownContext
			}{&serveFailing{j}, &shutdownContext{j}}
		}},
		{"Listen Close", func(j *journal) any {
			return &struct {
				*listenContext
				*closeFailing
			}{&listenContext{j}, &closeFailing{j}}
		}},
		{"Run Close", func(j *journal) any {
			return &struct {
				*runFailing
				*closePlain
			}{&runFailing{j}, &closePlain{j}}
		}},
		{"Listen Stop", func(j *journal) any {
			return &struct {
				*listenFailing
				*stopFailing
			}{&listenFailing{j}, &stopFailing{j}}
		}},
		{"Start Release", func(j *journal) any {
			return &struct {
				*startBoth
				*releaseBoth
			}{&startBoth{j}, &releaseBoth{j}}
		}},
		{"Run Stop", func(j *journal) any { // Run comes before Serve, Listen and Start
			return &struct {
				*startPlain
				*listenPlain
				*servePlain
				*runBoth
				*stopBoth
			}{nil, nil, nil, &runBoth{j}, &stopBoth{j}}
		}},
	} {
		bubble(t, func(t *testing.T) {
			j := &journal{ended: make(chan struct{})}
			app := newApp(container.AdaptBlocking[any]())
			invokeWith(app, c.value(j))
			if err := restAndStop(t, app); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "called", j.all(), strings.Fields(c.name))
		})
	}
}

// What blocks and returns by itself ends the app.
func TestAdaptBlockingEndsTheApp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := &journal{err: errBoom}
		r := new(recorder)
		app := newApp(container.AdaptBlocking[*everythingBlocking](), container.WithObserver(r))
		app.Provide(func() *everythingBlocking { return &everythingBlocking{j} })
		err := app.RunContext(t.Context())
		wantText(t, err, "run *container_test.everythingBlocking (", "boom")
		wantBefore(t, r.story(), "failed *container_test.everythingBlocking", "app stopping: failure")
	})
}

type everythingBlocking struct{ *journal }

func (e *everythingBlocking) Run() error {
	time.Sleep(time.Second)
	return e.fail(background, "Run")
}
func (e *everythingBlocking) Close() { e.note(background, "Close") }

// What runs until its context ends is stopped by that.
func TestAdaptRun(t *testing.T) {
	for _, c := range []startStop{
		{"Run", func(j *journal) any { return &runBoth{j} }},
		{"Run", func(j *journal) any { return &runContext{j} }},
		{"Serve", func(j *journal) any { return &serveContext{j} }},
		{"Listen", func(j *journal) any { return &listenBoth{j} }},
		{"Start", func(j *journal) any { return &startContext{j} }},
		{"Serve", func(j *journal) any { // Run takes no context
			return &struct {
				*runPlain
				*serveBoth
			}{nil, &serveBoth{j}}
		}},
	} {
		bubble(t, func(t *testing.T) {
			j := &journal{ended: make(chan struct{})}
			app := newApp(container.AdaptRun[any]())
			invokeWith(app, c.value(j))
			if err := restAndStop(t, app); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "called", j.all(), []string{c.name, c.name + " cancelled"})
		})
	}
}

// restAndStop is startAndStop for what is ready at once: it waits until that has got to
// the point at which it blocks.
func restAndStop(t *testing.T, app *container.App) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- app.RunContext(ctx) }()
	synctest.Wait()
	cancel()
	return <-ended
}

// invokeWith provides a value, behind an interface, and has it built.
func invokeWith(app *container.App, value any) {
	app.Provide(func() any { return value })
	app.Invoke(func(any) {})
}

// Functions start and stop what has no methods for it, with a context each.
func TestAdaptFunc(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var calls []string
		note := func(what string) func(context.Context, *Plain) error {
			return func(ctx context.Context, p *Plain) error {
				if p == nil || ctx.Err() != nil {
					t.Errorf("%s: called with %v, context %v", what, p, ctx.Err())
				}
				calls = append(calls, what)
				return nil
			}
		}
		for _, option := range []container.Option{
			container.AdaptFunc(note("start"), note("stop")),
			container.AdaptFunc(note("only start"), nil),
			container.AdaptFunc(nil, note("only stop")),
		} {
			app := newApp(option)
			app.Provide(func() *Plain { return new(Plain) })
			if err := startAndStop(t, app); err != nil {
				t.Fatal(err)
			}
		}
		wantEqual(t, "called", calls, []string{"start", "stop", "only start", "only stop"})
	})
}

// The plan, the events and Drain are about the value, not the Runner around it.
func TestAdaptedUnitIsTheValue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := new(recorder)
		value := &orders{new(journal)}
		pool := newPool()
		app := newApp(container.WithObserver(r), container.AdaptStop[*orders](), container.AdaptStop[*Pool](), container.WithDrainDelay(time.Second))
		app.Provide(func(*Pool) *orders { return value })
		app.Provide(func() *Pool { return pool }, dig.Name("again"))
		app.Provide(func() *Pool { return pool })

		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}

		units := planOf(t, app).Layers
		if got := units[1][0]; got.Name != "orders" || got.Type != "*container_test.orders" || !strings.Contains(got.Constructor, "adapter_test.go") {
			t.Errorf("unit is %+v", got)
		}
		values := map[string]any{}
		for _, e := range find[hooks.UnitStarting](r) {
			values[e.Unit.Name] = e.Value
		}
		if len(values) != 2 || values["orders"] != value || values["*container_test.Pool"] != pool {
			t.Errorf("values are %v", values)
		}
		wantEqual(t, "called", value.all(), []string{"drain", "stop"})
		wantEqual(t, "called", pool.all(), []string{"close pool"})
	})
}

// An adapted value has its place in the order like any other.
func TestAdaptedValuesAreInOrder(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r), container.AdaptStop[any]())
		app.Provide(newPool)
		app.Provide(func(*Pool) *Database { return &Database{takes(time.Second, time.Second)} })
		app.Provide(func(*Database) *Client { return &Client{new(journal)} })
		app.Provide(func(*Client) *Server { return &Server{takes(time.Second, time.Second)} })

		wantEqual(t, "plan before the build", layers(planOf(t, app)), []string{
			"0: *container_test.Pool",
			"1: *container_test.Database after *container_test.Pool",
			"2: *container_test.Client after *container_test.Database",
			"3: *container_test.Server after *container_test.Client",
		})
		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}
		wantBefore(t, r.story(),
			"started *container_test.Pool", "starting *container_test.Database", "started *container_test.Client", "starting *container_test.Server",
			"stopped *container_test.Server", "stopping *container_test.Client", "stopped *container_test.Client",
			"stopping *container_test.Database", "stopped *container_test.Database", "stopping *container_test.Pool")
		wantWellFormed(t, r)
	})
}

// A decorator that returns something that runs replaces what it decorates, and the
// adapter is asked once for a value that it hands on.
func TestDecoratedValuesAreAdapted(t *testing.T) {
	for _, test := range []struct {
		name  string
		exact bool // the plan, before the build
		setup func(app *container.App, raw *Pool)
		want  []string
	}{
		{"by another", true, func(app *container.App, raw *Pool) {
			app.Provide(func() *Pool { return raw })
			app.Decorate(func(*Pool) *Pool { return newPool() })
		}, nil},
		{"by itself", true, func(app *container.App, raw *Pool) {
			app.Provide(func() *Pool { return raw })
			app.Decorate(func(p *Pool) *Pool { return p })
		}, []string{"close pool"}},
		{"by what does not run", false, func(app *container.App, raw *Pool) {
			app.Provide(func() io.Closer { return raw })
			app.Decorate(func(io.Closer) io.Closer { return nil })
			app.Invoke(func(io.Closer) {})
		}, []string{"close pool"}},
		{"in a child scope alone", false, func(app *container.App, raw *Pool) {
			app.Provide(func() *Pool { return raw })
			child := app.Scope("child")
			child.Decorate(func(p *Pool) *Pool { return p })
			child.Invoke(func(*Pool) {})
		}, []string{"close pool"}},
		{"handed out under another key", false, func(app *container.App, raw *Pool) {
			app.Provide(func() *Pool { return raw })
			app.Provide(func() io.Closer { return raw })
			app.Decorate(func(*Pool) *Pool { return newPool() })
			app.Invoke(func(io.Closer) {})
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				raw := newPool()
				asked := make(map[*Pool]int)
				app := newApp(container.WithAdapter(func(p *Pool) process.Runner {
					asked[p]++
					return process.StartStop(func(context.Context) error { return nil }, func(context.Context) error { return p.Close() })
				}))
				test.setup(app, raw)
				before := planOf(t, app)
				if err := startAndStop(t, app); err != nil {
					t.Fatal(err)
				}
				wantEqual(t, "called", raw.all(), test.want)
				for _, n := range asked {
					if n != 1 {
						t.Errorf("the adapter was asked %d times for one value", n)
					}
				}
				if test.exact {
					wantEqual(t, "plan before the build", layers(before), layers(planOf(t, app)))
				}
			})
		})
	}
}

// Before the build an interface adapter shows in the plan where types tell, and
// warnings say where they do not.
func TestPlanOfAdapters(t *testing.T) {
	app := newApp(container.AdaptStop[io.Closer]())
	app.Provide(newPool)
	app.Provide(func() io.Closer { return newPool() })
	app.Provide(func() any { return newPool() })
	app.Provide(func() *Pool { return newPool() }, dig.Name("unused"))
	app.Provide(func(*Pool, io.Closer, any) *Server { return &Server{process.Nop()} })

	plan := planOf(t, app)

	wantEqual(t, "layers", layers(plan), []string{
		"0: *container_test.Pool, io.Closer",
		"1: *container_test.Server after *container_test.Pool io.Closer",
	})
	if len(plan.Unused) != 1 {
		t.Errorf("unused: %q", plan.Unused)
	}
	text := strings.Join(plan.Warnings, "\n")
	for _, want := range []string{"returns io.Closer, an interface: its type is known only then", "returns interface {}, an interface: its value may run"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the warnings:\n%s", want, text)
		}
	}
}

// A pool of database/sql is one that is closed.
func TestAdaptStopClosesSQL(t *testing.T) {
	db := sql.OpenDB(noDriver{})
	app := newApp(container.AdaptStop[*sql.DB]())
	app.Provide(func() *sql.DB { return db })
	if err := startAndStop(t, app); err != nil {
		t.Fatal(err)
	}
	wantText(t, db.PingContext(t.Context()), "database is closed")
}

// noDriver is a database that nobody reaches.
type noDriver struct{}

func (noDriver) Connect(context.Context) (sqldriver.Conn, error) { return nil, sqldriver.ErrBadConn }
func (noDriver) Driver() sqldriver.Driver                        { return nil }

// A decorator that nobody asks for replaces nothing, which the plan knows.
func TestPlanOfAdaptersAndDecorators(t *testing.T) {
	app := newApp(container.AdaptStop[any]())
	app.Provide(func() (*Pool, *Config) { return newPool(), new(Config) })
	app.Decorate(func(*Pool) *Pool { panic("not called") })
	app.Provide(newDatabase)
	want := []string{"0: *container_test.Pool", "1: *container_test.Database after *container_test.Pool"}
	wantPlans(t, app, want, want)
}

// A wrong use is an error of Err that names the option, where it was made, and what
// to do.
func TestBadAdapters(t *testing.T) {
	for _, test := range []struct {
		option container.Option
		want   []string
	}{
		{container.WithAdapter[*Pool](nil), []string{"WithAdapter[*container_test.Pool]: the function is nil"}},
		{container.AdaptFunc[*Pool](nil, nil), []string{"AdaptFunc[*container_test.Pool]: both functions are nil"}},
		{container.WithAdapter(func(*Server) process.Runner { return nil }), []string{"WithAdapter[*container_test.Server]", "is a process.Runner itself; it runs without"}},
		{container.WithAdapter(func(process.Runner) process.Runner { return nil }), []string{"WithAdapter[process.Runner]", "is a process.Runner itself"}},
		{container.AdaptStop[*Server](), []string{"AdaptStop[*container_test.Server]", "is a process.Runner itself"}},
		{container.AdaptStop[*Plain](), []string{"AdaptStop[*container_test.Plain]", "*container_test.Plain has no method Shutdown, Stop, Close, Release, Disconnect with a signature that fits", "AdaptFunc and WithAdapter take functions"}},
		{container.AdaptStop[sql.DB](), []string{"AdaptStop[sql.DB]: the methods are those of *sql.DB; did you mean AdaptStop[*sql.DB]?"}},
		{container.AdaptStartStop[*Pool](), []string{"AdaptStartStop[*container_test.Pool]", "has no method Start with"}},
		{container.AdaptBlocking[*Pool](), []string{"AdaptBlocking[*container_test.Pool]", "has no method Run, Serve, Listen, Start with"}},
		{container.AdaptBlocking[*runPlain](), []string{"AdaptBlocking[*container_test.runPlain]", "has no method Shutdown,"}},
		{container.AdaptRun[*runPlain](), []string{"AdaptRun[*container_test.runPlain]", "has no method Run, Serve, Listen, Start with"}},
	} {
		app := newApp(test.option)
		wantText(t, app.Err(), append(test.want, "adapter_test.go:")...)
		if err := app.RunContext(t.Context()); err == nil {
			t.Errorf("%v: the app has started", test.want)
		}
	}
	if err := newApp(container.AdaptStop[*sql.DB](), container.AdaptStop[any](), container.AdaptRun[any]()).Err(); err != nil {
		t.Error(err)
	}
}

type panics struct{ _ int }

func (*panics) Start() { panic(errBoom) }
func (*panics) Stop()  { panic(errBoom) }

// A panic of an adapter, or of a method, is an error that names the value and what
// made it, and all else is stopped.
func TestAdaptersThatPanic(t *testing.T) {
	for _, test := range []struct {
		option container.Option
		phase  string
	}{
		{container.WithAdapter(func(*panics) process.Runner { panic(errBoom) }), "adapt"},
		{container.AdaptStartStop[*panics](), "start"},
		{container.AdaptStop[*panics](), "stop"},
		{container.AdaptFunc(nil, func(context.Context, *panics) error { panic(errBoom) }), "stop"},
	} {
		bubble(t, func(t *testing.T) {
			pool := newPool()
			app := newApp(test.option, container.AdaptStop[*Pool]())
			app.Provide(func() *Pool { return pool })
			app.Provide(func(*Pool) *panics { return new(panics) })

			err := startAndStop(t, app)

			wantText(t, err, test.phase+" *container_test.panics (container_test.TestAdaptersThatPanic", "adapter_test.go:", "panic: boom")
			if !errors.Is(err, errBoom) {
				t.Errorf("%v is not the panic's value", err)
			}
			wantEqual(t, "called", pool.all(), []string{"close pool"})
		})
	}
}
