package container

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
	"github.com/strata-go/strata/process"
)

// App takes constructors as a [dig.Container] does, finds among the values that
// they build those that run, and starts and stops them in the order of their
// dependencies.
//
// It is set up from one goroutine: Provide, Decorate, Invoke, Scope, Supply and
// Depend, which may also be called inside constructors and invoked functions. Then
// one of [App.Run], [App.RunContext], [App.Process] and [App.Runner] is called,
// once; it builds what runs, and the methods of the setup return [ErrStarted] from
// then on. Err, Plan, Ready and Observe may be called from any goroutine at any
// time.
type App struct {
	label      string // tells the goroutines of several apps apart
	config     config
	container  *dig.Container
	root       *Scope
	bus        *bus
	shutdowner *shutdowner
	started    chan struct{} // closed when everything has started
	ready      chan struct{} // closed when that has been told, too
	stopping   chan struct{} // closed when the app begins to stop
	ended      chan struct{} // closed when it has ended, or was given up

	own      map[*wiring.Node]bool   // what New or Attach provided
	supplied map[*wiring.Node]bool   // written under mu: Plan reads it, from any goroutine
	calls    map[*wiring.Node]*calls // of constructors and decorators that are called through the app
	refused  map[*wiring.Node]bool   // of what was found in the container, what is an error

	trial trial // of a test

	mu       sync.Mutex // guards what follows; not held while user code runs
	phase    phase
	errs     []error
	depends  []depend
	makers   []*maker           // in the order in which they were called
	plan     *Plan              // exact, after the build
	order    *order             // of its units
	stop     *hooks.AppStopping // why it stops, once it does
	misuse   []error            // of hooks appended too late
	invoked  []*wiring.Node     // functions with optional parameters
	received []received         // what functions were given, if it is not known who made it
	unread   error              // why what was given to the container before Attach is not known
	hosted   chan struct{}      // closed when Run or RunContext has ended, nil without
	outcome  error              // of that
	exited   *wiring.Node       // the constructor that ended its goroutine
	asked    *wiring.Node       // the constructor that is being built, with what it needs
	askedAt  time.Time          // since when, or since when there is none
}

// phase is how far an App has come. It only grows.
type phase int

const (
	setup    phase = iota
	building       // the constructors of what runs are called
	sealed         // the setup is over
)

// Plan is what would start, and when: see [hooks.Plan].
type Plan = hooks.Plan

// Unit is one thing that starts and stops: see [hooks.Unit].
type Unit = hooks.Unit

// Provider is what constructors are given to: [*App], [*Scope], [*dig.Container]
// and [*dig.Scope] all are one. A package that registers its constructors on a
// Provider works with each of them.
type Provider interface {
	Provide(constructor any, opts ...dig.ProvideOption) error
	Decorate(decorator any, opts ...dig.DecorateOption) error
	Invoke(function any, opts ...dig.InvokeOption) error
}

var (
	_ Provider = (*App)(nil)
	_ Provider = (*Scope)(nil)
	_ Provider = (*dig.Container)(nil)
	_ Provider = (*dig.Scope)(nil)
)

// New returns an App on a dig container of its own, which is opened with
// [dig.DeferAcyclicVerification] and [dig.RecoverFromPanics]. Errors of the
// options are found in [App.Err].
func New(opts ...Option) *App {
	a := newApp("New", opts)
	a.openContainer()
	a.setUp("New", opts)
	return a
}

// newApp returns an app that is configured, and has no container yet.
func newApp(method string, opts []Option) *App {
	a := &App{
		label:    newLabel(),
		config:   defaults(),
		started:  make(chan struct{}),
		ready:    make(chan struct{}),
		stopping: make(chan struct{}),
		ended:    make(chan struct{}),
		own:      make(map[*wiring.Node]bool),
		supplied: make(map[*wiring.Node]bool),
		calls:    make(map[*wiring.Node]*calls),
		bus:      new(bus),
	}
	a.shutdowner = &shutdowner{requested: make(chan struct{})}
	for _, o := range opts {
		if o.configure != nil {
			o.configure(&a.config)
		}
	}
	for _, err := range a.config.check() {
		a.keep(method, err, "")
	}
	for _, observer := range a.config.observers {
		a.bus.observe(observer)
	}
	return a
}

// openContainer gives the app a dig container of its own.
func (a *App) openContainer() {
	a.container = dig.New(append([]dig.Option{
		dig.DeferAcyclicVerification(), dig.RecoverFromPanics(),
	}, a.config.dig...)...)
	a.root = &Scope{app: a, wiring: wiring.New(a.container)}
}

// setUp provides what belongs to the app itself, and does what the options say.
func (a *App) setUp(method string, opts []Option) {
	a.root.wiring.OnCalled(a.constructed)
	a.provideOwn(method, func() hooks.Lifecycle { return outside{a} })
	a.provideOwn(method, func() Shutdowner { return a.shutdowner })
	for _, o := range opts {
		if o.setup != nil {
			o.setup(a)
		}
	}
}

// provideOwn provides what belongs to the app itself. It fails if a container that
// was there before has such a thing.
func (a *App) provideOwn(method string, constructor any) {
	n, err := a.root.wiring.Provide(constructor, nil, nil)
	if err != nil {
		a.keep(method, err, "the app has to provide this itself; is there another App on the container?")
		return
	}
	a.own[n] = true
}

// Provide registers a constructor, as [dig.Container.Provide] does and with its
// errors. The error is also kept: see [App.Err].
func (a *App) Provide(constructor any, opts ...dig.ProvideOption) error {
	return a.root.provide(constructor, opts)
}

// Decorate registers a decorator, as [dig.Container.Decorate] does and with its
// errors. The error is also kept: see [App.Err]. A decorator that returns a Runner
// replaces the Runner that it decorates.
func (a *App) Decorate(decorator any, opts ...dig.DecorateOption) error {
	return a.root.decorate(decorator, opts)
}

// Invoke calls a function with values that are built for it, as
// [dig.Container.Invoke] does and with its errors, which are not kept. A cycle in
// what it needs is found before anything is built.
func (a *App) Invoke(function any, opts ...dig.InvokeOption) error {
	return a.root.invoke(function, opts)
}

// Scope returns a new scope below the root, as [dig.Container.Scope] does. The name is
// for logs and errors; several scopes may have the same. After the start, what is given
// to a new one is refused with [ErrStarted].
func (a *App) Scope(name string, opts ...dig.ScopeOption) *Scope {
	return a.root.Scope(name, opts...)
}

// Err returns the errors of Provide, Decorate, Supply, Depend and of the options so
// far, joined, each with the file and line of the call. An app with such an error
// does not start, but for the one of [Attach] that says that dig cannot be read.
func (a *App) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(append(slices.Clip(a.errs), a.unread)...)
}

// Observe has o told of the events of the app, the past ones first, of which the
// last ten thousand are kept. Events are delivered one at a time, in an order in
// which no effect precedes its cause, from the goroutine in which they happen: an
// observer must not block. One that panics is reported by a [hooks.Misuse], and
// told nothing more. A nil observer is ignored.
func (a *App) Observe(o hooks.Observer) {
	if o != nil {
		a.bus.observe(o)
	}
}

// Ready returns a channel that is closed when everything has started, and observers
// have been told so. It is never closed if the start fails.
func (a *App) Ready() <-chan struct{} { return a.ready }

// Dig returns the dig container. What is done to it directly is not tracked: what
// is provided there can be consumed, but it is not run. Under [Attach] it is.
func (a *App) Dig() *dig.Container { return a.container }

// Runner builds what runs and returns the whole app as one runner, which can run
// once. It starts when the runner's Run is called, and the context and the callback
// given to that decide when it stops; the options for timeouts, signals and drain
// do not count. A [Shutdowner] ends the context of the callback. If the build fails,
// what an [AdaptStop] is for is stopped before Runner returns, within the stop
// timeout. The error is that of the build, or [ErrStarted].
//
// To an app that it is a part of it is one unit. What that app has the inner one use,
// and runs itself, is not to be given to the inner one as it is: see [App.Supply].
func (a *App) Runner() (process.Runner, error) {
	if err := a.claim("Runner", nil); err != nil {
		return nil, err
	}
	r, err := a.build()
	switch {
	case err == nil:
		return r, nil
	case r != nil:
		return nil, r.runGivenUp()
	}
	a.end(err)
	return nil, err
}

// Process builds what runs and returns the whole app as one process, not yet
// started. The end of ctx forces it: see [process.NewProcess]. All else, the error
// included, is as for [App.Runner].
func (a *App) Process(ctx context.Context) (*process.Process, error) {
	r, err := a.Runner()
	if err != nil {
		return nil, err
	}
	return process.NewProcess(ctx, r), nil
}

// open returns ErrStarted when the setup is over. Setup's errors are often ignored,
// so this one is told as an event, too.
func (a *App) open(method string) error {
	a.mu.Lock()
	over := a.phase == sealed
	a.mu.Unlock()
	if !over {
		return nil
	}
	err := &setupError{callSite(), method, ErrStarted, "it does nothing any more"}
	a.emit(hooks.Misuse{At: time.Now(), Err: err})
	return err
}

// keep notes an error of the setup, with the method and the place where the user
// made it.
func (a *App) keep(method string, err error, hint string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.errs = append(a.errs, &setupError{callSite(), method, err, hint})
}

func (a *App) emit(e hooks.Event) { a.bus.emit(e) }
