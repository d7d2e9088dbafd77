package container_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// What the constructors of this file make and miss.
type (
	Storage interface{ Get() string }
	disk    struct{ _ int }
	Disks   struct{ _ int }
	page    struct{ _ int }
)

func (*disk) Get() string { return "" }

func newDisk() *disk               { return new(disk) }
func newPage() *page               { return new(page) }
func newStored(Storage) *Server    { return &Server{process.Nop()} }
func newRouted([]*page) *Server    { return &Server{process.Nop()} }
func newOnDisk(*disk) *Server      { return &Server{process.Nop()} }
func newNothing() (*Config, error) { return nil, errBoom }
func newPanicking() *Database      { panic("boom") }
func newExiting() *Database        { runtime.Goexit(); return nil }
func newHooked(hooks.Lifecycle) *Database {
	return &Database{process.Nop()}
}
func newBoth() (*Cache, *Queue)                  { return &Cache{process.Nop()}, &Queue{process.Nop()} }
func newCyclicConfig(*Cache) *Config             { return nil }
func newBadDecorated(c *Config) (*Config, error) { return c, errBoom }
func newMember() *disk                           { return nil }

// wantsPrimary takes a store by its name.
type wantsPrimary struct {
	dig.In
	Disk *disk `name:"primary"`
}

func newPrimary(wantsPrimary) *Server { return &Server{process.Nop()} }

// providing returns a function that makes an App and provides constructors to it.
func providing(constructors ...any) func() *container.App {
	return func() *container.App { return newApp(container.Provide(constructors...)) }
}

// with returns a function that makes an App and sets it up.
func with(setup func(app *container.App), opts ...container.Option) func() *container.App {
	return func() *container.App {
		app := newApp(opts...)
		setup(app)
		return app
	}
}

// Each mistake that a user can make, and the text that he gets for it, in full but
// for the numbers of lines and the names of functions that have none: it tells who
// is to blame, where that stands, and what there is to do.
func TestErrorsNameTheCulprit(t *testing.T) {
	for _, test := range []struct {
		name string
		app  func() *container.App
		want []string // by line
	}{
		// Provide, Supply, Decorate.
		{"nil", providing(nil), []string{
			"helpers_test.go: Provide: can't provide an untyped nil; want a constructor, a function that returns what it makes",
		}},
		{"a value", providing(42), []string{
			"helpers_test.go: Provide: must provide constructor function, got 42 (type int); Supply takes values that are made already",
		}},
		{"a nil function", providing((func() *Config)(nil)), []string{
			"helpers_test.go: Provide: can't provide a nil func() *container_test.Config",
		}},
		{"no result", providing(func() {}), []string{
			`helpers_test.go: Provide: cannot provide function "github.com/strata-go/strata/container_test".F (culprit_test.go): func() must provide at least one non-error type; Invoke takes functions that make nothing`,
		}},
		{"no result but an error", providing(func() error { return nil }), []string{
			`helpers_test.go: Provide: cannot provide function "github.com/strata-go/strata/container_test".F (culprit_test.go): func() error must provide at least one non-error type; Invoke takes functions that make nothing`,
		}},
		{"two for one type", providing(newConfig, newConfig), []string{
			`helpers_test.go: Provide: cannot provide function "github.com/strata-go/strata/container_test".newConfig (helpers_test.go): cannot provide *container_test.Config from [0]: already provided by "github.com/strata-go/strata/container_test".newConfig (helpers_test.go); dig.Name and dig.Group tell values of one type apart`,
		}},
		{"Supply", with(func(app *container.App) { app.Supply(new(Config), nil, errBoom, new(Config)) }), []string{
			"culprit_test.go: Supply: value 2 of 4: cannot supply an untyped nil",
			"culprit_test.go: Supply: value 3 of 4: cannot supply an error (*errors.errorString)",
			`culprit_test.go: Supply: value 4 of 4: cannot provide function "github.com/strata-go/strata/container_test".F (culprit_test.go): cannot provide *container_test.Config from [0]: already provided by "github.com/strata-go/strata/container_test".F (culprit_test.go); Provide takes dig.Name and dig.Group, which tell values of one type apart`,
		}},
		{"Decorate", with(func(app *container.App) { app.Decorate(nil); app.Decorate(42) }), []string{
			"culprit_test.go: Decorate: can't decorate with an untyped nil; want a function that takes what it decorates and returns it",
			"culprit_test.go: Decorate: must decorate with a function, got a int; want a function that takes what it decorates and returns it",
		}},
		{"decorated twice", with(func(app *container.App) {
			app.Decorate(func(c *Config) *Config { return c })
			app.Decorate(func(c *Config) *Config { return c })
		}, container.Provide(newConfig)), []string{
			"culprit_test.go: Decorate: cannot decorate using function func(*container_test.Config) *container_test.Config: *container_test.Config already decorated; container_test.F (culprit_test.go) does so; a child scope may decorate it again",
		}},

		// What is missing.
		{"missing", providing(newDatabase), []string{
			"container_test.newDatabase (helpers_test.go) needs *container_test.Config, which nobody provides",
		}},
		{"missing, but there is a value", providing(newDatabase, func() Config { return Config{} }), []string{
			"container_test.newDatabase (helpers_test.go) needs *container_test.Config, which nobody provides; did you mean container_test.Config (container_test.F, culprit_test.go)?",
		}},
		{"missing, but there is an implementation", providing(newStored, newDisk), []string{
			"container_test.newStored (culprit_test.go) needs container_test.Storage, which nobody provides; did you mean *container_test.disk (container_test.newDisk, culprit_test.go; dig.As(new(container_test.Storage)) provides it as that)?",
		}},
		{"missing, but there is an interface", with(func(app *container.App) {
			app.Provide(newDisk, dig.As(new(Storage)))
		}, container.Provide(newOnDisk)), []string{
			"container_test.newOnDisk (culprit_test.go) needs *container_test.disk, which nobody provides; did you mean container_test.Storage (container_test.newDisk, culprit_test.go; it is a *container_test.disk, which dig.As provides as that alone)?",
		}},
		{"missing, but there is one by another interface", providing(newOnDisk, func() Storage { return nil }), []string{
			"container_test.newOnDisk (culprit_test.go) needs *container_test.disk, which nobody provides; did you mean container_test.Storage (container_test.F, culprit_test.go)?",
		}},
		{"missing, but there is one with a name", with(func(app *container.App) {
			app.Provide(newDisk, dig.Name("primary"))
		}, container.Provide(newOnDisk)), []string{
			`container_test.newOnDisk (culprit_test.go) needs *container_test.disk, which nobody provides; did you mean *container_test.disk[name="primary"] (container_test.newDisk, culprit_test.go; a field with the tag name:"primary" in a dig.In takes it)?`,
		}},
		{"missing, but there is one without the name", providing(newPrimary, newDisk), []string{
			`container_test.newPrimary (culprit_test.go) needs *container_test.disk[name="primary"], which nobody provides; did you mean *container_test.disk (container_test.newDisk, culprit_test.go; dig.Name("primary") gives it that name)?`,
		}},
		{"missing, but there are others with names", with(func(app *container.App) {
			app.Provide(newDisk, dig.Name("third"))
			app.Provide(newDisk, dig.Name("fourth"))
			app.Provide(newDisk, dig.Name("fifth"))
			app.Provide(newDisk, dig.Name("Primary"))
		}, container.Provide(newPrimary)), []string{
			`container_test.newPrimary (culprit_test.go) needs *container_test.disk[name="primary"], which nobody provides; did you mean *container_test.disk[name="Primary"] (container_test.newDisk, culprit_test.go), *container_test.disk[name="third"] (container_test.newDisk, culprit_test.go), or *container_test.disk[name="fifth"] (container_test.newDisk, culprit_test.go)?`,
		}},
		{"missing, but there is one in a group", with(func(app *container.App) {
			app.Provide(newMember, dig.Group("disks"))
		}, container.Provide(newOnDisk)), []string{
			`container_test.newOnDisk (culprit_test.go) needs *container_test.disk, which nobody provides; did you mean *container_test.disk[group="disks"] (container_test.newMember, culprit_test.go; a []*container_test.disk with the tag group:"disks" in a dig.In takes it)?`,
		}},
		{"missing, but there is a group of them", with(func(app *container.App) {
			app.Provide(newPage, dig.Group("routes"))
		}, container.Provide(newRouted)), []string{
			`container_test.newRouted (culprit_test.go) needs []*container_test.page, which nobody provides; did you mean *container_test.page[group="routes"] (container_test.newPage, culprit_test.go; a []*container_test.page with the tag group:"routes" in a dig.In takes it)?`,
		}},
		{"missing, but there is one in another scope", with(func(app *container.App) {
			app.Scope("inner").Provide(newDisk)
		}, container.Provide(newOnDisk)), []string{
			"container_test.newOnDisk (culprit_test.go) needs *container_test.disk, which nobody provides; did you mean *container_test.disk (container_test.newDisk, culprit_test.go, seen only in scope inner; dig.Export(true) shows it everywhere)?",
		}},
		{"missing, but there is one by a like name", providing(newOnDisk, func() *Disks { return nil }), []string{
			"container_test.newOnDisk (culprit_test.go) needs *container_test.disk, which nobody provides; did you mean *container_test.Disks (container_test.F, culprit_test.go)?",
		}},
		{"missing, but there is one of another package", providing(func(*sql.Conn) *Server { return nil }, func() *Conn { return nil }), []string{
			"container_test.F (culprit_test.go) needs *sql.Conn, which nobody provides; did you mean *container_test.Conn (container_test.F, culprit_test.go)?",
		}},
		{"missing, but there is one of another scope of Go", with(func(app *container.App) {
			type disk struct{ _ int }
			app.Provide(func() *disk { return nil })
		}, container.Provide(newOnDisk)), []string{
			"container_test.newOnDisk (culprit_test.go) needs *container_test.disk, which nobody provides; did you mean *container_test.disk (container_test.F, culprit_test.go; another type of that name)?",
		}},
		{"missing to a decorator", with(func(app *container.App) {
			app.Decorate(func(d *Database, _ Storage) *Database { return d })
		}, container.Provide(newConfig, newDatabase)), []string{
			"container_test.F (culprit_test.go) needs container_test.Storage, which nobody provides",
		}},
		{"decorated, but not provided", with(func(app *container.App) {
			app.Decorate(func(c *Config) *Config { return c })
		}, container.Provide(newDatabase)), []string{
			"container_test.newDatabase (helpers_test.go) needs *container_test.Config, which nobody provides",
			"container_test.F (culprit_test.go) needs *container_test.Config, which nobody provides",
		}},
		{"missing twice", providing(newDatabase, newStored), []string{
			"container_test.newDatabase (helpers_test.go) needs *container_test.Config, which nobody provides",
			"container_test.newStored (culprit_test.go) needs container_test.Storage, which nobody provides",
		}},

		// Cycles.
		{"a cycle", providing(newCyclicConfig, newDatabase, newCache), []string{
			"cycle: container_test.newDatabase (helpers_test.go) needs *container_test.Config, made by container_test.newCyclicConfig (culprit_test.go), which needs *container_test.Cache, made by container_test.newCache (helpers_test.go), which needs *container_test.Database, made by container_test.newDatabase (helpers_test.go)",
		}},
		{"a cycle through Depend", with(func(app *container.App) {
			app.Depend(new(*Database), new(*Cache))
		}, container.Provide(newConfig, newDatabase, newCache)), []string{
			"cycle: container_test.newDatabase (helpers_test.go) waits for container_test.newCache (helpers_test.go) by Depend, which needs *container_test.Database, made by container_test.newDatabase (helpers_test.go); Depend was called at culprit_test.go",
		}},
		{"a cycle through a decorator", with(func(app *container.App) {
			app.Decorate(func(db *Database, _ *Cache) *Database { return db })
		}, container.Provide(newConfig, newDatabase, newCache)), []string{
			"cycle: container_test.F (culprit_test.go) needs *container_test.Cache, made by container_test.newCache (helpers_test.go), which needs *container_test.Database, decorated by container_test.F (culprit_test.go)",
		}},
		{"a cycle through a decorator and Depend", with(func(app *container.App) {
			app.Depend(new(*Database), new(*Cache))
			app.Decorate(func() *Database { return &Database{process.Nop()} })
		}, container.Provide(newConfig, newDatabase, newCache)), []string{
			"cycle: container_test.newCache (helpers_test.go) needs the value of container_test.F (culprit_test.go), which runs in the place of that of container_test.newDatabase (helpers_test.go), and so waits for the first by Depend",
		}},
		{"a decorator that came late", with(func(app *container.App) {
			app.Invoke(func(*Cache) {})
			app.Decorate(func(_ *Database, c *Cache) *Database { return &Database{process.Nop()} })
		}, container.Provide(newConfig, newDatabase, newCache)), []string{
			"cycle: container_test.F (culprit_test.go) decorates *container_test.Database and waits for container_test.newCache (helpers_test.go), which took that undecorated; decorate before that is called",
		}},
		{"a cycle through Export across scopes", with(func(app *container.App) {
			scope := app.Scope("inner")
			scope.Provide(func(*Cache) *Database { return nil }, dig.Export(true))
			scope.Provide(newCache)
		}), []string{
			"cycle: container_test.F (culprit_test.go) needs *container_test.Cache, made by container_test.newCache (helpers_test.go), which needs *container_test.Database, made by container_test.F (culprit_test.go)",
		}},

		// Depend.
		{"Depend on no type", with(func(app *container.App) { app.Depend(1, nil) }), []string{
			"culprit_test.go: Depend: dependent: want a pointer to the type, as in new(*DB), got int",
			"culprit_test.go: Depend: dependency: want a pointer to the type, as in new(*DB), got <nil>",
		}},
		{"Depend on itself", with(func(app *container.App) { app.Depend(new(*Config), new(*Config)) }), []string{
			"culprit_test.go: Depend: *container_test.Config cannot wait for itself",
		}},
		{"Depend on what nobody provides", with(func(app *container.App) {
			app.Depend(new(Config), new(Storage))
			app.Depend(new(*Config), new(*Cache))
		}, container.Provide(newConfig, newDisk)), []string{
			"culprit_test.go: Depend: nobody provides container_test.Config; did you mean new(*container_test.Config), made by container_test.newConfig (helpers_test.go)?",
			"culprit_test.go: Depend: nobody provides container_test.Storage; did you mean new(*container_test.disk), made by container_test.newDisk (culprit_test.go)?",
			"culprit_test.go: Depend: nobody provides *container_test.Cache",
		}},
		{"Depend between two of one constructor", with(func(app *container.App) {
			app.Depend(new(*Cache), new(*Queue))
		}, container.Provide(newBoth)), []string{
			"culprit_test.go: Depend: *container_test.Cache cannot wait for *container_test.Queue: container_test.newBoth (culprit_test.go) makes both; give each a constructor",
		}},

		// Options.
		{"negative times", with(func(*container.App) {}, container.WithStartTimeout(-1), container.WithStopTimeout(-1),
			container.WithForceTimeout(-1), container.WithDrainDelay(-1)), []string{
			"helpers_test.go: New: WithStartTimeout(-1ns): the duration is negative, want zero or more",
			"helpers_test.go: New: WithStopTimeout(-1ns): the duration is negative, want zero or more",
			"helpers_test.go: New: WithForceTimeout(-1ns): the duration is negative, want zero or more",
			"helpers_test.go: New: WithDrainDelay(-1ns): the duration is negative, want zero or more",
		}},
		{"a long drain", with(func(*container.App) {}, container.WithDrainDelay(time.Minute)), []string{
			"helpers_test.go: New: WithDrainDelay(1m0s): longer than the stop timeout (25s), of which it is a part",
		}},
		{"no such schedule", with(func(*container.App) {}, container.WithSchedule(7)), []string{
			"helpers_test.go: New: WithSchedule(Schedule(7)): want ByLayer or ByDependency",
		}},
		{"adapters", with(func(*container.App) {}, container.WithAdapter[*disk](nil), container.AdaptFunc[*disk](nil, nil),
			container.AdaptStop[*disk](), container.AdaptStop[sql.DB](), container.AdaptStop[*Database]()), []string{
			"culprit_test.go: WithAdapter[*container_test.disk]: the function is nil",
			"culprit_test.go: AdaptFunc[*container_test.disk]: both functions are nil",
			"culprit_test.go: AdaptStop[*container_test.disk]: *container_test.disk has no method Shutdown, Stop, Close, Release, Disconnect with a signature that fits; AdaptFunc and WithAdapter take functions",
			"culprit_test.go: AdaptStop[sql.DB]: the methods are those of *sql.DB; did you mean AdaptStop[*sql.DB]?",
			"culprit_test.go: AdaptStop[*container_test.Database]: *container_test.Database is a process.Runner itself; it runs without an adapter",
		}},

		// Attach.
		{"Attach to nothing", func() *container.App { return attach(nil) }, []string{
			"attach_test.go: Attach: the container is nil",
		}},
		{"Attach to an empty container", func() *container.App { return attach(new(dig.Container)) }, []string{
			"attach_test.go: Attach: the container is empty; dig.New makes one",
		}},
		{"Attach with options for dig", func() *container.App { return attach(dig.New(), container.WithDig(dig.RecoverFromPanics())) }, []string{
			"attach_test.go: Attach: WithDig: the container is there already; give the options to dig.New",
		}},
		{"Attach twice", func() *container.App {
			c := dig.New()
			attach(c)
			return attach(c)
		}, []string{
			`attach_test.go: Attach: cannot provide function "github.com/strata-go/strata/container".(*App).setUp.func1 (app.go): cannot provide hooks.Lifecycle from [0]: already provided by "github.com/strata-go/strata/container".(*App).setUp.func1 (app.go); the app has to provide this itself; is there another App on the container?`,
			`attach_test.go: Attach: cannot provide function "github.com/strata-go/strata/container".(*App).setUp.func2 (app.go): cannot provide container.Shutdowner from [0]: already provided by "github.com/strata-go/strata/container".(*App).setUp.func2 (app.go); the app has to provide this itself; is there another App on the container?`,
		}},
		{"Attach to what takes a Lifecycle", func() *container.App {
			c := dig.New()
			c.Provide(newHooked)
			return attach(c)
		}, []string{
			"attach_test.go: Attach: container_test.newHooked (culprit_test.go) takes a hooks.Lifecycle, but was given to the container directly, where it cannot be served; give it to the App",
		}},
		{"Attach to a decorator that has failed", func() *container.App {
			c := dig.New()
			c.Provide(newConfig)
			c.Decorate(newBadDecorated)
			c.Invoke(func(*Config) {})
			return attach(c)
		}, []string{
			"attach_test.go: Attach: decorator container_test.newBadDecorated (culprit_test.go) has failed, or is being called: dig passes over it from now on",
		}},

		// Construction.
		{"a constructor that fails", providing(newNothing, newDatabase), []string{
			`construct: failed to build *container_test.Database: could not build arguments for function "github.com/strata-go/strata/container_test".newDatabase (helpers_test.go): failed to build *container_test.Config: received non-nil error from function "github.com/strata-go/strata/container_test".newNothing (culprit_test.go): boom`,
		}},
		{"a constructor that panics", providing(newPanicking), []string{
			`construct: failed to build *container_test.Database: panic: "boom" in func: "github.com/strata-go/strata/container_test".newPanicking (culprit_test.go)`,
		}},
		{"a constructor that ends its goroutine", providing(newExiting), []string{
			"construct container_test.newExiting (culprit_test.go): goroutine ended by runtime.Goexit",
		}},
		{"an adapter that panics", with(func(app *container.App) {}, container.Provide(newDisk),
			container.WithAdapter(func(*disk) process.Runner { panic("boom") })), []string{
			"construct: adapt *container_test.disk (container_test.newDisk, culprit_test.go): WithAdapter[*container_test.disk] (culprit_test.go): panic: boom",
		}},

		// Units.
		{"a unit that does not start", providing(func() *Database { return &Database{failsAtStart(0, errBoom)} }), []string{
			"start *container_test.Database (container_test.F, culprit_test.go): boom",
		}},
		{"a unit that fails", providing(func() *Database { return &Database{fails(time.Minute, errBoom)} }), []string{
			"run *container_test.Database (container_test.F, culprit_test.go): boom",
		}},
		{"a unit that is never ready", providing(func() *Database { return &Database{takes(time.Hour, 0)} }), []string{
			"app not ready in time: 1m0s; still waiting for *container_test.Database (container_test.F, culprit_test.go)",
		}},
		{"a unit that returns at once", providing(func() *Database {
			return &Database{process.RunnerFunc(func(context.Context, process.Callback) error { return nil })}
		}), []string{
			"start *container_test.Database (container_test.F, culprit_test.go): ended before it was ready",
		}},
		{"a unit without a Runner", providing(func() *Database { return &Database{} }), []string{
			"start *container_test.Database (container_test.F, culprit_test.go): panic: runtime error: invalid memory address or nil pointer dereference",
		}},
		{"a hook that fails", providing(func(l hooks.Lifecycle) *Database {
			l.Append(hooks.Hook{OnStart: func(context.Context) error { return errBoom }})
			return &Database{process.Nop()}
		}), []string{
			"start container_test.F hook (container_test.F, culprit_test.go): boom",
		}},
		{"a hook that comes too late", providing(func(l hooks.Lifecycle, s container.Shutdowner) *Database {
			return &Database{process.StartStop(func(context.Context) error {
				l.Append(hooks.Hook{Name: "flush"})
				return s.Shutdown()
			}, func(context.Context) error { return nil })}
		}), []string{
			"hook flush appended by container_test.F (culprit_test.go) after the start: it will not run; append hooks in the constructor",
		}},
		{"a hook of nobody", with(func(app *container.App) {
			app.Dig().Invoke(func(l hooks.Lifecycle) { l.Append(hooks.Hook{}) })
			app.Invoke(func(s container.Shutdowner) error { return s.Shutdown() })
		}), []string{
			"culprit_test.go: hook without a name appended to a Lifecycle that is no constructor's: it will not run; take the Lifecycle as a parameter",
		}},
		{"a stop that takes too long", with(func(app *container.App) {
			app.Invoke(func(s container.Shutdowner) { time.AfterFunc(time.Minute, func() { s.Shutdown() }) })
		}, container.Provide(func() *Database { return &Database{takes(0, time.Hour)} })), []string{
			"app not stopped in time: 25s; still running *container_test.Database (container_test.F, culprit_test.go)",
		}},
		{"a shutdown with a cause", with(func(app *container.App) {
			app.Invoke(func(s container.Shutdowner) error {
				return s.Shutdown(container.WithExitCode(3), container.WithCause(errors.New("license expired")))
			})
		}), []string{
			"exit code 3: license expired",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
				defer cancel()
				r := new(recorder)
				app := test.app()
				app.Observe(r)

				err := app.RunContext(ctx)

				if err == nil {
					t.Fatal("no error")
				}
				wantEqual(t, "error", strings.Split(withoutPlaces(err.Error())[0], "\n"), test.want)
				wantWellFormed(t, r)
				if container.ExitCode(err) == 0 {
					t.Error("exit code 0")
				}
			})
		})
	}
}
