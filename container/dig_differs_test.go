package container_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// What differs from dig: each test stands for a line of the list in docs/dig.md.

func newDatabaseOfCache(*Cache) *Database { return nil }

func TestCyclesAreFoundLaterThanInProvide(t *testing.T) {
	plain := dig.New()
	provideAll(t, plain, newDatabaseOfCache)
	if err := plain.Provide(newCache); !dig.IsCycleDetected(err) {
		t.Errorf("dig's Provide returns %v, want a cycle", err)
	}
	setup := func() *container.App {
		app := newApp()
		provideAll(t, app, newDatabaseOfCache, newCache)
		return app
	}
	_, planErr := setup().Plan()
	_, processErr := setup().Process(t.Context())
	for where, err := range map[string]error{
		"Invoke":     setup().Invoke(func(*Cache) {}),
		"Verify":     setup().Verify(),
		"Plan":       planErr,
		"Process":    processErr,
		"RunContext": setup().RunContext(t.Context()),
	} {
		if !dig.IsCycleDetected(err) {
			t.Errorf("%s returns %v, no cycle to dig", where, err)
		}
	}
}

// dig ends in a stack overflow with the first two, knows nothing of the third, and
// calls the constructor of the last for ever.
func TestCyclesThatDigDoesNotSeeAreErrors(t *testing.T) {
	for name, setup := range map[string]func(app *container.App) error{
		"over Export": func(app *container.App) error {
			child := app.Scope("child")
			_ = child.Provide(newDatabaseOfCache, dig.Export(true))
			_ = child.Provide(newCache)
			return app.Invoke(func(*Database) {})
		},
		"over a decorator": func(app *container.App) error {
			provideAll(t, app, newConfig, newDatabase, newCache)
			_ = app.Decorate(func(d *Database, _ *Cache) *Database { return d })
			return app.Invoke(func(*Cache) {})
		},
		"over Depend": func(app *container.App) error {
			provideAll(t, app, newConfig, newDatabase, newCache)
			_ = app.Depend(new(*Database), new(*Cache))
			return app.Verify()
		},
		"over an Invoke in a constructor": func(app *container.App) (inner error) {
			provideAll(t, app, func() *Database {
				inner = app.Invoke(func(*Cache) {})
				return &Database{process.Nop()}
			}, newCache)
			if err := app.Invoke(func(*Cache) {}); err != nil {
				t.Error(err)
			}
			return inner
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := setup(newApp())
			wantText(t, err, "cycle: ")
			if !dig.IsCycleDetected(err) {
				t.Errorf("%v is no cycle to dig", err)
			}
		})
	}
}

// What dig takes for a cycle, and is none, keeps plain dig from calling anything in
// that scope.
func TestWhatIsNoCycleIsNone(t *testing.T) {
	type (
		group struct {
			dig.In
			Members []*Cache `group:"caches,soft"`
		}
		optional struct {
			dig.In
			Config *Config `optional:"true"`
		}
		member struct {
			dig.Out
			Cache *Cache `group:"caches"`
		}
		value struct{}
	)
	newMember := func(*Database) member { return member{Cache: &Cache{process.Nop()}} }
	for name, setup := range map[string]func(p, child container.Provider) error{
		"a soft group whose member needs what its consumer returns": func(p, _ container.Provider) error {
			return errors.Join(p.Provide(newMember), p.Provide(func(group) *Database { return &Database{process.Nop()} }))
		},
		"an optional parameter whose provider misses something": func(p, _ container.Provider) error {
			return errors.Join(p.Provide(func(optional) *Database { return &Database{process.Nop()} }),
				p.Provide(func(*Database, value) *Config { return nil }))
		},
		"what a decorator makes anew": func(p, _ container.Provider) error {
			return errors.Join(p.Provide(newDatabaseOfCache), p.Provide(newCache),
				p.Decorate(func() *Cache { return &Cache{process.Nop()} }))
		},
		"a parameter that is provided below, too": func(p, child container.Provider) error {
			return errors.Join(p.Provide(newCache), p.Provide(func() *Database { return &Database{process.Nop()} }),
				child.Provide(newDatabaseOfCache))
		},
	} {
		t.Run(name, func(t *testing.T) {
			plain := dig.New(dig.DeferAcyclicVerification())
			child := plain.Scope("child")
			if err := setup(plain, child); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(plain.Invoke(func() {}), child.Invoke(func() {})); !dig.IsCycleDetected(err) {
				t.Errorf("dig sees no cycle: %v", err)
			}
			filled := dig.New(dig.DeferAcyclicVerification())
			if err := setup(filled, filled.Scope("child")); err != nil {
				t.Fatal(err)
			}
			own := newApp()
			if err := setup(own, own.Scope("child")); err != nil {
				t.Fatal(err)
			}
			if err := own.Invoke(func() {}); err != nil {
				t.Errorf("Invoke: %v", err)
			}
			if err := own.Verify(); err != nil {
				t.Errorf("Verify: %v", err)
			}
			if err := startAndStop(t, own); err != nil {
				t.Errorf("Run: %v", err)
			}
			if err := startAndStop(t, attach(filled)); err != nil && !dig.IsCycleDetected(err) {
				t.Errorf("attached, Run: %v", err)
			}
		})
	}
}

// dig looks for cycles again after something was provided to it directly.
func TestDigItselfStillFindsCycles(t *testing.T) {
	app := newApp(container.Provide(newConfig, newDatabase))
	if err := app.Invoke(func(*Database) {}); err != nil {
		t.Fatal(err)
	}
	provideAll(t, app.Dig(), func(*Queue) *Cache { return nil }, func(*Cache) *Queue { return nil })
	if err := app.Dig().Invoke(func(*Cache) {}); !dig.IsCycleDetected(err) {
		t.Errorf("dig returns %v, want a cycle", err)
	}
}

func TestPanicsAreRecovered(t *testing.T) {
	boom := func() *Database { panic("oh") }
	plain := dig.New()
	provideAll(t, plain, boom)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("dig recovers from panics")
			}
		}()
		_ = plain.Invoke(func(*Database) {})
	}()
	setup := func() *container.App {
		app := newApp()
		provideAll(t, app, boom)
		return app
	}
	for where, err := range map[string]error{
		"Invoke":     setup().Invoke(func(*Database) {}),
		"RunContext": setup().RunContext(t.Context()),
	} {
		var p dig.PanicError
		if !errors.As(err, &p) || p.Panic != "oh" {
			t.Errorf("%s returns %v, want a dig.PanicError", where, err)
		}
	}
}

func TestWhatDigPanicsAtIsAnError(t *testing.T) {
	var none func() *Database
	for name, use := range map[string]func(p container.Provider) error{
		"a nil decorator":        func(p container.Provider) error { return p.Decorate(nil) },
		"a decorator of no sort": func(p container.Provider) error { return p.Decorate(5) },
		"a nil function":         func(p container.Provider) error { return p.Invoke((func())(nil)) },
		"a nil constructor": func(p container.Provider) error {
			return errors.Join(p.Provide(none), p.Invoke(func(*Database) {}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("dig does not panic")
					}
				}()
				_ = use(dig.New())
			}()
			if use(newApp()) == nil {
				t.Error("no error")
			}
		})
	}
}

func TestANilOptionIsIgnored(t *testing.T) {
	use := func(p container.Provider) error {
		return errors.Join(p.Provide(newConfig, nil), p.Invoke(func(*Config) {}))
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("dig does not panic")
			}
		}()
		_ = use(dig.New())
	}()
	if err := use(newApp()); err != nil {
		t.Error(err)
	}
}

func TestARefusedDecoratorLeavesNothingBehind(t *testing.T) {
	both := func(d *Database, c *Config) (*Config, *Database) { return c, d }
	again := func(c *Config) *Config { return c }
	decorate := func(p container.Provider) (refused, next error) {
		if err := p.Decorate(func(d *Database) *Database { return d }); err != nil {
			t.Error(err)
		}
		return p.Decorate(both), p.Decorate(again)
	}
	if refused, next := decorate(dig.New()); refused == nil || next == nil {
		t.Errorf("dig returns %v and %v, want both refused", refused, next)
	}
	if refused, next := decorate(newApp()); refused == nil || next != nil {
		t.Errorf("the App returns %v and %v, want the first refused alone", refused, next)
	}
}

func TestADecoratorThatFailedIsNotPassedOver(t *testing.T) {
	use := func(p container.Provider) (first, then error) {
		provideAll(t, p, newConfig)
		if err := p.Decorate(func(c *Config) (*Config, error) { return c, errBoom }); err != nil {
			t.Error(err)
		}
		return p.Invoke(func(*Config) {}), p.Invoke(func(*Config) {})
	}
	if first, then := use(dig.New()); first == nil || then != nil {
		t.Errorf("dig returns %v and %v, want the first error alone", first, then)
	}
	if first, then := use(newApp()); first == nil || !errors.Is(then, errBoom) {
		t.Errorf("the App returns %v and %v, want both", first, then)
	}
}

func TestTheAppProvidesLifecycleAndShutdowner(t *testing.T) {
	app := newApp()
	if err := app.Invoke(func(hooks.Lifecycle, container.Shutdowner) {}); err != nil {
		t.Error(err)
	}
	wantText(t, app.Provide(func() hooks.Lifecycle { return nil }), "already provided by")
	wantText(t, app.Invoke(func(interface{ Append(hooks.Hook) }) {}), "did you mean hooks.Lifecycle?")
	var b strings.Builder
	if err := dig.Visualize(app.Dig(), &b); err != nil {
		t.Error(err)
	}
	for _, s := range []string{b.String(), app.Dig().String()} {
		if !strings.Contains(s, "hooks.Lifecycle") || !strings.Contains(s, "container.Shutdowner") {
			t.Errorf("%s\nhas none of them", s)
		}
	}
}

func TestErrorsOfTheSetupArePrefixedInErrAlone(t *testing.T) {
	app, plain := newApp(), dig.New()
	inner, plainInner := app.Scope("inner"), plain.Scope("inner")
	newNothing := func() {}
	decorator := func(c *Config) *Config { return c }
	provideAll(t, app, newConfig)
	provideAll(t, plain, newConfig)
	_ = errors.Join(app.Decorate(decorator), plain.Decorate(decorator))
	for _, pair := range [][2]error{
		{app.Provide(newConfig), plain.Provide(newConfig)},
		{app.Provide(newNothing), plain.Provide(newNothing)},
		{inner.Provide(5), plainInner.Provide(5)},
		{app.Decorate(decorator), plain.Decorate(decorator)},
	} {
		got, want := pair[0], pair[1]
		if got.Error() != want.Error() || !errors.As(got, new(dig.Error)) {
			t.Errorf("the App returns %v, want dig's %v", got, want)
		}
		kept := false
		for line := range strings.Lines(app.Err().Error()) {
			at, text, _ := strings.Cut(line, ": ")
			kept = kept || strings.HasPrefix(at, "dig_differs_test.go:") && strings.Contains(text, want.Error())
		}
		if !kept || !errors.Is(app.Err(), got) {
			t.Errorf("Err is %v, want it to have %v with the place of the call", app.Err(), want)
		}
	}
	if err := app.RunContext(t.Context()); err == nil || err.Error() != app.Err().Error() {
		t.Errorf("RunContext returns %v, want what Err returns", err)
	}
}

// dig prints what it refuses: memory, and of what holds itself without an end.
func TestAContainerIsNotPrintedWhenItIsRefused(t *testing.T) {
	app := newApp()
	provideAll(t, app, func() *container.App { return app }, func() *dig.Container { return app.Dig() })
	if err := app.Invoke(func(*container.App, *dig.Container) {}); err != nil {
		t.Fatal(err)
	}
	memory := regexp.MustCompile(`0x[0-9a-f]+|[{}]|%!`)
	for _, refused := range []any{
		app, app.Scope("inner"), app.Dig(), app.Dig().Scope("inner"),
	} {
		for verb, err := range map[string]error{
			"provide":  app.Provide(refused),
			"decorate": app.Decorate(refused),
			"invoke":   app.Invoke(refused),
		} {
			text := fmt.Sprint(err)
			if len(text) > 300 || memory.MatchString(text) {
				t.Errorf("the error prints a %T, in %d bytes: %.300s", refused, len(text), text)
				continue
			}
			wantText(t, err, verb, fmt.Sprintf("%T", refused))
		}
	}
}

func TestVerifyNamesWhatIsMissingInWordsOfItsOwn(t *testing.T) {
	app := newApp()
	provideAll(t, app, newDatabase)
	invoked, verified := app.Invoke(func(*Database) {}), app.Verify()
	if !dig.CanVisualizeError(invoked) || !errors.As(invoked, new(dig.Error)) {
		t.Errorf("Invoke returns %v, want an error of dig's", invoked)
	}
	wantText(t, verified, "newDatabase (helpers_test.go:", "needs *container_test.Config, which nobody provides")
	if dig.CanVisualizeError(verified) || errors.As(verified, new(dig.Error)) {
		t.Errorf("Verify returns %v, an error of dig's", verified)
	}
}

// What fails in the build is dig's error, to dig.Visualize, too.
func TestErrorsOfTheBuildCanBeVisualized(t *testing.T) {
	newConfig := func() (*Config, error) { return nil, errBoom }
	app, plain := newApp(), dig.New()
	provideAll(t, app, newConfig, newDatabase)
	provideAll(t, plain, newConfig, newDatabase)
	var got, want strings.Builder
	err, plainErr := app.RunContext(t.Context()), plain.Invoke(func(*Database) {})
	if !errors.Is(err, errBoom) || dig.RootCause(err) != errBoom || !dig.CanVisualizeError(err) {
		t.Errorf("RunContext returns %v", err)
	}
	_ = dig.Visualize(app.Dig(), &got, dig.VisualizeError(err))
	_ = dig.Visualize(plain, &want, dig.VisualizeError(plainErr))
	if got.String() != want.String() || !strings.Contains(got.String(), "color=red") {
		t.Errorf("dig shows\n%s\nwant\n%s", got.String(), want.String())
	}
}

func TestADryAppRunsNothing(t *testing.T) {
	ways := map[string]func() *container.App{
		"New":    func() *container.App { return newApp(container.WithDig(dig.DryRun(true))) },
		"Attach": func() *container.App { return attach(dig.New(dig.DryRun(true), dig.DeferAcyclicVerification())) },
	}
	for name, newApp := range ways {
		t.Run(name, func(t *testing.T) {
			setup := func(t *testing.T) *container.App {
				app := newApp()
				provideAll(t, app, newConfig,
					func(*Config, hooks.Lifecycle) *Database { t.Error("called"); return nil },
					func(*Database) *Cache { t.Error("called"); return nil })
				return app
			}
			bubble(t, func(t *testing.T) {
				var r recorder
				app := setup(t)
				app.Observe(&r)
				if err := app.RunContext(t.Context()); err != nil {
					t.Errorf("RunContext returns %v", err)
				}
				wantEqual(t, "story", r.story(), []string{"planned", "app stopped"})
				wantText(t, app.Provide(newQueue), "the app was started already")
			})
			bubble(t, func(t *testing.T) {
				p, err := setup(t).Process(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(p.Start(t.Context()), p.Stop(t.Context())); err != nil {
					t.Errorf("the process returns %v", err)
				}
			})
			app := newApp()
			provideAll(t, app, newDatabase)
			wantText(t, app.RunContext(t.Context()), "which nobody provides")
			app = newApp()
			provideAll(t, app, newDatabaseOfCache, newCache)
			wantText(t, app.RunContext(t.Context()), "cycle: ")
		})
	}
}

// As in many applications, the container is provided to itself, and used inside of
// constructors and functions.
func TestAContainerMayBeProvidedToItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var r recorder
		app := newApp(container.WithObserver(&r))
		provideAll(t, app, newConfig,
			func() *container.App { return app },
			func() *dig.Container { return app.Dig() },
			func() container.Provider { return app },
			func(app *container.App, p container.Provider) *Server {
				provideAll(t, app, newDatabase)
				provideAll(t, p, newCache, newQueue)
				if err := app.Scope("inner").Invoke(func(*Cache, container.Provider) {}); err != nil {
					t.Error(err)
				}
				return &Server{process.Nop()}
			})
		if err := app.Invoke(func(c *dig.Container, p container.Provider) error {
			return errors.Join(c.Invoke(func(*Config) {}), p.Invoke(func(*dig.Container) {}))
		}); err != nil {
			t.Error(err)
		}
		if _, err := app.Plan(); err != nil {
			t.Error(err)
		}
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		wantEqual(t, "units", r.started(), []string{
			"*container_test.Cache", "*container_test.Database", "*container_test.Queue", "*container_test.Server"})
	})
}

// dig is for one goroutine; what only reads the App is for any.
func TestTheAppMayBeReadWhileItIsSetUp(t *testing.T) {
	app := newApp()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			app.Observe(hooks.ObserverFunc(func(hooks.Event) {}))
			for range 50 {
				_ = app.Err()
				_, _ = app.Plan()
				_ = app.Ready()
			}
		})
	}
	for i := range 50 {
		name := dig.Name(fmt.Sprint(i))
		_ = app.Provide(newConfig)
		_ = app.Provide(func(*Config) *Database { return &Database{process.Nop()} }, name)
		_ = app.Decorate(5)
		_ = app.Scope("inner").Provide(newCache)
		_ = app.Invoke(func(*Config) {})
	}
	var shutdowner container.Shutdowner
	_ = app.Invoke(func(s container.Shutdowner) { shutdowner = s })
	readers.Go(func() { _ = shutdowner.Shutdown() })
	wantText(t, app.RunContext(t.Context()), "must decorate with a function")
	readers.Wait()
}
