package fxapp_test

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// What docs/fx.md says of the two, where it takes no process to see it.

type part struct{ name string }

func newPart() *part { return &part{"real"} }

func (p *part) Open() {}

type opener interface{ Open() }

func quiet(opts ...container.Option) *container.App {
	return container.New(append(opts, container.WithLogger(zap.NewNop()))...)
}

// fill has the app set target, as fx.Populate does.
func fill[T any](t *testing.T, app container.Provider, target *T) {
	t.Helper()
	if err := app.Invoke(func(v T) { *target = v }); err != nil {
		t.Fatal(err)
	}
}

// An Fx option has the same effect wherever it stands; an Invoke of an App is called where it stands.
func TestInvokeIsCalledAtOnce(t *testing.T) {
	called := false
	invoked := func(*part) { called = true }

	fxtest.New(t, fx.Invoke(invoked), fx.Provide(newPart)).RequireStart().RequireStop()
	if !called {
		t.Error("Fx did not invoke")
	}

	called = false
	app := quiet()
	if err := app.Invoke(invoked); err == nil || called {
		t.Error("Strata invoked what it could not build")
	}
	app.Provide(newPart)
	if err := app.Invoke(invoked); err != nil || !called {
		t.Errorf("Strata did not invoke: %v", err)
	}
}

func TestTheErrorOfAnInvokeIsTheCallers(t *testing.T) {
	broken := errors.New("broken")
	invoked := func() error { return broken }

	if err := fx.New(fx.NopLogger, fx.Invoke(invoked)).Err(); !errors.Is(err, broken) {
		t.Errorf("Fx has %v", err)
	}

	app := quiet()
	if err := app.Invoke(invoked); !errors.Is(err, broken) {
		t.Errorf("Strata returned %v", err)
	}
	if err := app.Err(); err != nil {
		t.Errorf("Strata has kept %v", err)
	}
}

// Both call a constructor if somebody needs it. In Fx that begins with Invoke, in Strata also with what runs.
func TestHooksOfWhatNobodyNeedsDoNotRun(t *testing.T) {
	called := false
	fxtest.New(t, fx.Provide(func(lc fx.Lifecycle) *part {
		lc.Append(fx.StartHook(func() { called = true }))
		return newPart()
	})).RequireStart().RequireStop()
	if called {
		t.Error("Fx called the hook")
	}

	app := quiet()
	app.Provide(func(lc hooks.Lifecycle) *part {
		lc.Append(hooks.StartHook(func() { called = true }))
		return newPart()
	})
	if plan, err := app.Plan(); err != nil || len(plan.Unused) != 1 {
		t.Errorf("the plan does not show it: %v, %v", plan, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := app.RunContext(ctx); err != nil || called {
		t.Errorf("Strata called the hook: %v, %v", called, err)
	}
}

// The goroutine of a hook may end without anybody's knowing; what has Run may not.
func TestNobodySeesTheGoroutineOfAHookEnd(t *testing.T) {
	ended := make(chan struct{})
	begin := func() { go close(ended) }

	onFx := fxtest.New(t, fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(begin)) })).RequireStart()
	<-ended
	onFx.RequireStop()

	ended = make(chan struct{})
	app := quiet()
	if err := app.Invoke(func(lc hooks.Lifecycle) { lc.Append(hooks.StartHook(begin)) }); err != nil {
		t.Fatal(err)
	}
	running, err := app.Process(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-ended
	if running.State() != process.StateRunning {
		t.Errorf("it is %v", running.State())
	}
	if err := running.Stop(t.Context()); err != nil {
		t.Error(err)
	}

	broken := errors.New("broken")
	app = quiet()
	app.Supply(&runs{process.Leaf(func(context.Context) error { return broken }, nil)})
	if err := app.RunContext(t.Context()); !errors.Is(err, broken) { // nobody has stopped it
		t.Errorf("error = %v", err)
	}
}

// Hooks of what does not need one another start side by side, unless Depend says otherwise.
func TestDependOrdersHooks(t *testing.T) {
	type server struct{ *part }
	type worker struct{ *part }
	nothing := hooks.StartHook(func() {})
	for _, depend := range []bool{false, true} {
		app := quiet()
		app.Provide(func(lc hooks.Lifecycle) *server { lc.Append(nothing); return &server{} })
		app.Provide(func(lc hooks.Lifecycle) *worker { lc.Append(nothing); return &worker{} })
		layers := 1
		if depend {
			app.Depend(new(*server), new(*worker))
			layers = 2
		}
		if err := app.Invoke(func(*server, *worker) {}); err != nil {
			t.Fatal(err)
		}
		if plan, err := app.Plan(); err != nil || len(plan.Layers) != layers {
			t.Errorf("depend: %v, the plan is\n%v, %v", depend, plan, err)
		}
	}
}

type runs struct{ process.Runner }

// What a stopped Run returns is an error, unless it is its context's.
func TestAnErrorOfTheStopIsOne(t *testing.T) {
	interrupted := errors.New("interrupted")
	for _, words := range []error{nil, interrupted} {
		ctx, cancel := context.WithCancel(t.Context())
		app := quiet()
		app.Supply(&runs{process.Leaf(func(leaf context.Context) error {
			cancel()
			<-leaf.Done()
			return cmp.Or(words, leaf.Err())
		}, nil)})
		if err := app.RunContext(ctx); !errors.Is(err, words) {
			t.Errorf("it returned %v, and the app %v", words, err)
		}
	}
}

func TestAnAnnotationCannotBeProvided(t *testing.T) {
	app := quiet()
	app.Provide(fx.Annotate(newPart, fx.ResultTags(`name:"a"`)))
	if err := app.Err(); err == nil || !strings.Contains(err.Error(), "must provide constructor function") {
		t.Errorf("error = %v", err)
	}
}

// dig.As hides the type itself, as fx.As does; what a second constructor returns again is the same value.
func TestAsAndSelf(t *testing.T) {
	if fx.New(fx.NopLogger, fx.Provide(fx.Annotate(newPart, fx.As(new(opener)))), fx.Invoke(func(*part) {})).Err() == nil {
		t.Error("Fx provides the type, too")
	}
	app := quiet()
	app.Provide(newPart, dig.As(new(opener)))
	if app.Invoke(func(*part) {}) == nil {
		t.Error("Strata provides the type, too")
	}

	app = quiet()
	app.Provide(newPart)
	app.Provide(func(p *part) opener { return p })
	if err := app.Invoke(func(p *part, o opener) {
		if o != opener(p) {
			t.Error("there are two")
		}
	}); err != nil {
		t.Error(err)
	}
}

// What a module provides is for all in Fx; in a scope it is private, as under fx.Private, unless it is exported.
func TestModulesExportAndScopesDoNot(t *testing.T) {
	module := func(opts ...any) fx.Option { return fx.Module("m", fx.Provide(append(opts, newPart)...)) }
	if err := fx.New(fx.NopLogger, module(), fx.Invoke(func(*part) {})).Err(); err != nil {
		t.Error(err)
	}
	if fx.New(fx.NopLogger, module(fx.Private), fx.Invoke(func(*part) {})).Err() == nil {
		t.Error("what is private can be taken")
	}

	app := quiet()
	scope := app.Scope("m")
	scope.Provide(newPart)
	if app.Invoke(func(*part) {}) == nil {
		t.Error("what is in a scope can be taken")
	}
	app = quiet()
	app.Scope("m").Provide(newPart, dig.Export(true))
	if err := app.Invoke(func(*part) {}); err != nil {
		t.Error(err)
	}

	type in struct {
		dig.In

		Parts []*part `group:"parts"`
	}
	for _, export := range []bool{false, true} {
		app = quiet()
		app.Scope("m").Provide(newPart, dig.Group("parts"), dig.Export(export))
		if err := app.Invoke(func(in in) {
			if seen := len(in.Parts) == 1; seen != export {
				t.Errorf("exported: %v, seen: %v", export, seen)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}

// A decorator of a module, and of a scope, is for what is in it.
func TestDecoratorsStayInTheModule(t *testing.T) {
	decorate := func(*part) *part { return &part{"decorated"} }
	inner, outer := "", ""
	in, out := func(p *part) { inner = p.name }, func(p *part) { outer = p.name }

	fxtest.New(t, fx.Provide(newPart), fx.Module("m", fx.Decorate(decorate), fx.Invoke(in)), fx.Invoke(out))
	if inner != "decorated" || outer != "real" {
		t.Errorf("Fx: %q, %q", inner, outer)
	}

	app := quiet()
	app.Provide(newPart)
	scope := app.Scope("m")
	scope.Decorate(decorate)
	if err := errors.Join(scope.Invoke(in), app.Invoke(out)); err != nil {
		t.Error(err)
	}
	if inner != "decorated" || outer != "real" {
		t.Errorf("Strata: %q, %q", inner, outer)
	}
}

func TestReplace(t *testing.T) {
	fake := &part{"fake"}
	var got *part
	fxtest.New(t, fx.Provide(newPart), fx.Replace(fake), fx.Populate(&got))
	if got != fake {
		t.Error("Fx")
	}

	app := quiet()
	app.Provide(newPart)
	app.Decorate(func() *part { return fake })
	if fill(t, app, &got); got != fake {
		t.Error("a decorator without parameters does not replace")
	}

	app = quiet(containertest.Replace(fake))
	app.Provide(newPart)
	if fill(t, app, &got); got != fake {
		t.Error("containertest.Replace does not replace")
	}
}

// fx.OnStart and fx.OnStop are for one constructor, an adapter for all values of the type.
func TestOnStartAndOnStopAreAnAdapter(t *testing.T) {
	var calls []string
	call := func(text string) func(context.Context, *part) error {
		return func(context.Context, *part) error { calls = append(calls, text); return nil }
	}
	onFx := fxtest.New(t,
		fx.Provide(fx.Annotate(newPart, fx.OnStart(call("start")), fx.OnStop(call("stop")))),
		fx.Invoke(func(*part) {}))
	onFx.RequireStart().RequireStop()

	app := quiet(container.AdaptFunc(call("start"), call("stop")))
	app.Provide(newPart) // nobody needs to invoke it
	running, err := app.Process(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(running.Start(t.Context()), running.Stop(t.Context())); err != nil {
		t.Error(err)
	}
	if got := strings.Join(calls, " "); got != "start stop start stop" {
		t.Errorf("calls: %s", got)
	}
}

func TestSuppliedByNameIsProvidedByName(t *testing.T) {
	type in struct {
		fx.In // which is dig.In

		Part *part `name:"a"`
	}
	var got *part
	take := func(in in) { got = in.Part }
	fxtest.New(t, fx.Supply(fx.Annotate(newPart(), fx.ResultTags(`name:"a"`))), fx.Invoke(take))

	app := quiet()
	want := newPart()
	app.Provide(func() *part { return want }, dig.Name("a"))
	if err := app.Invoke(take); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAPanicInAConstructor(t *testing.T) {
	panics := func() *part { panic("broken") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Fx recovered without being told to")
			}
		}()
		fx.New(fx.NopLogger, fx.Provide(panics), fx.Invoke(func(*part) {}))
	}()
	if fx.New(fx.NopLogger, fx.RecoverFromPanics(), fx.Provide(panics), fx.Invoke(func(*part) {})).Err() == nil {
		t.Error("Fx has no error")
	}

	app := quiet()
	app.Provide(panics)
	if err := app.Invoke(func(*part) {}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("error = %v", err)
	}
}

// Fx has no counterpart of an error after the start: who knows it has to shut down. Of Shutdowner both take the code.
func TestShutdownerAndExitCode(t *testing.T) {
	onFx := fxtest.New(t, fx.Invoke(func(s fx.Shutdowner, lc fx.Lifecycle) {
		lc.Append(fx.StartHook(func() error { return s.Shutdown(fx.ExitCode(3)) }))
	}))
	wait := onFx.Wait()
	onFx.RequireStart()
	if signal := <-wait; signal.ExitCode != 3 {
		t.Errorf("Fx: %v", signal)
	}
	onFx.RequireStop()

	app := quiet()
	if err := app.Invoke(func(s container.Shutdowner, lc hooks.Lifecycle) {
		lc.Append(hooks.StartHook(func() error { return s.Shutdown(container.WithExitCode(3)) }))
	}); err != nil {
		t.Fatal(err)
	}
	if code := container.ExitCode(app.RunContext(t.Context())); code != 3 {
		t.Errorf("Strata: %d", code)
	}
}

// ValidateApp looks for what the invoked functions need, Verify for what the values that run need.
func TestVerify(t *testing.T) {
	needy := func(*part) *runs { return &runs{process.Nop()} }
	if fx.ValidateApp(fx.NopLogger, fx.Provide(needy), fx.Invoke(func(*runs) {})) == nil {
		t.Error("Fx misses nothing")
	}
	app := quiet()
	app.Provide(needy)
	if err := app.Verify(); err == nil || !strings.Contains(err.Error(), "part") {
		t.Errorf("error = %v", err)
	}
}
