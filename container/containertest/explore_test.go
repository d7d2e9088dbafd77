package containertest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// What the apps of these tests are made of.
type (
	Database struct{ process.Runner }
	Cache    struct{ process.Runner }
	Server   struct{ process.Runner }
)

func newDatabase() *Database     { return &Database{process.Nop()} }
func newCache(*Database) *Cache  { return &Cache{process.Nop()} }
func newServer(c *Cache) *Server { return &Server{process.Nop()} }

func quiet(opts ...container.Option) *container.App {
	return container.New(append([]container.Option{container.WithLogger(zap.NewNop())}, opts...)...)
}

func newShop(opts ...container.Option) *container.App {
	return quiet(append(opts, container.Provide(newDatabase, newCache, newServer))...)
}

// realLimits are short, but not too short for a busy machine.
var realLimits = Limits(time.Second, 2*time.Second, 0)

// with returns what makes an app of constructors.
func with(constructors ...any) func() *container.App {
	return func() *container.App { return quiet(container.Provide(constructors...)) }
}

// explored returns what Explore finds.
func explored(t *testing.T, newApp func() *container.App, opts ...Option) *explorer {
	t.Helper()
	e := &explorer{t: t, newApp: newApp}
	for _, o := range opts {
		o.set(e)
	}
	e.explore()
	return e
}

func wantFinding(t *testing.T, e *explorer, words ...string) {
	t.Helper()
	for _, f := range e.findings {
		all := true
		for _, w := range words {
			all = all && strings.Contains(f, w)
		}
		if all {
			return
		}
	}
	t.Errorf("no finding has all of %q:\n%s", words, strings.Join(e.findings, "\n"))
}

func TestASoundAppPasses(t *testing.T) {
	Explore(t, func() *container.App { return newShop() })
}

func TestEveryUnitHasEveryFaultOnce(t *testing.T) {
	for _, schedule := range []container.Schedule{container.ByLayer, container.ByDependency} {
		for how, opts := range map[string][]Option{
			"simulated": nil,
			"real":      {Real(), realLimits},
		} {
			t.Run(schedule.String()+", "+how, func(t *testing.T) {
				t.Parallel()
				e := explored(t, func() *container.App { return newShop(container.WithSchedule(schedule)) }, opts...)
				if len(e.findings) > 0 {
					t.Error(strings.Join(e.findings, "\n"))
				}
				if want := 1 + 3*7; e.units != 3 || e.runs != want {
					t.Errorf("%d units, %d runs, want 3 units, %d runs", e.units, e.runs, want)
				}
			})
		}
	}
}

func TestASimulationCallsNoConstructorAndTellsNoObserver(t *testing.T) {
	var built, observed int
	newApp := func() *container.App {
		return quiet(
			container.Provide(func() *Database { built++; return newDatabase() }),
			container.Provide(func(hooks.Lifecycle, *Database) *Server { built++; return newServer(nil) }),
			container.WithObserver(hooks.ObserverFunc(func(hooks.Event) { observed++ })),
		)
	}
	newApp()
	before := observed
	e := explored(t, newApp)
	if built != 0 {
		t.Errorf("%d constructors were called", built)
	}
	if observed != 2*before {
		t.Errorf("%d events beyond those of the setup", observed-2*before)
	}
	if len(e.findings) > 0 {
		t.Error(e.findings)
	}
	if len(e.warnings) != 1 || !strings.Contains(e.warnings[0], "may append hooks") {
		t.Errorf("warnings are %q, want one of hooks", e.warnings)
	}
}

func TestWhatIsFoundFailsTheTestAndWhatIsNotSeenIsLogged(t *testing.T) {
	e := explored(t, func() *container.App {
		return newShop(container.WithStopTimeout(0), container.Provide(func(hooks.Lifecycle) *zap.Logger { return nil }),
			container.Provide(func(*zap.Logger) *Queue { return nil }))
	})
	r := new(recording)
	e.report(r)
	if len(r.failures) != 4 { // who is deaf
		t.Errorf("%d failures, want four:\n%s", len(r.failures), strings.Join(r.failures, "\n"))
	}
	wantFailure(t, r.logs, "only the build shows", "may append hooks", "4 units, 29 runs")
}

func TestHooksAdaptersAndDrainAreExplored(t *testing.T) {
	t.Parallel()
	called := 0
	hook := func() error { called++; return nil }
	newApp := func() *container.App {
		app := newShop(container.WithDrainDelay(time.Millisecond), container.AdaptStop[*closer](),
			container.Provide(func(*Database) *closer { return new(closer) }))
		_ = app.Invoke(func(l hooks.Lifecycle) {
			l.Append(hooks.Hook{Name: "hook", OnStart: func(context.Context) error { return hook() }})
		})
		return app
	}
	for _, opts := range [][]Option{nil, {Real(), realLimits}} {
		e := explored(t, newApp, opts...)
		if len(e.findings) > 0 {
			t.Error(strings.Join(e.findings, "\n"))
		}
		if e.units != 5 {
			t.Errorf("%d units, want 5", e.units)
		}
		if simulated := len(opts) == 0; simulated && called > 0 {
			t.Errorf("%d hooks were called in a simulation", called)
		}
	}
}

// closer has to be closed once, and never twice.
type closer struct{ closed int }

func (c *closer) Close() error {
	if c.closed++; c.closed > 1 {
		return errors.New("closed twice")
	}
	return nil
}

func TestNoUnitIsAFailure(t *testing.T) {
	t.Run("nothing runs", func(t *testing.T) {
		wantFinding(t, explored(t, with(func() int { return 1 })), "no unit")
	})
	t.Run("only the build would show it", func(t *testing.T) {
		newApp := func() *container.App {
			app := container.New(container.Provide(func() *zap.Logger { return zap.NewNop() }))
			_ = app.Decorate(func(_ hooks.Lifecycle, log *zap.Logger) *zap.Logger { return log })
			return app
		}
		e := explored(t, newApp)
		wantFinding(t, e, "no unit", "containertest.Real()")
		if len(e.warnings) != 1 {
			t.Errorf("warnings are %q, want one", e.warnings)
		}
	})
}

func TestWhatCannotBeExploredIsAFindingAndNoPanic(t *testing.T) {
	started := quiet()
	if _, err := started.Runner(); err != nil {
		t.Fatal(err)
	}
	for name, newApp := range map[string]func() *container.App{
		"newApp is nil":       nil,
		"newApp returned nil": func() *container.App { return nil },
		"nobody provides":     with(newCache),
	} {
		wantFinding(t, explored(t, newApp), name)
		wantFinding(t, explored(t, newApp, Real()), name)
	}
	wantFinding(t, explored(t, with(newDatabase), Limits(-1, 0, 0)), "negative")
	wantFinding(t, explored(t, func() *container.App { return started }, Real()), "started already")
}

// The faults of the tests below are in a unit's own code, so only a real run has them.
func TestARealRunFindsWhatIsWrongWithAUnit(t *testing.T) {
	t.Parallel()
	t.Run("hangs when its dependency has crashed", func(t *testing.T) {
		newQueue := func() *Queue { return &Queue{messages: make(chan string)} }
		e := explored(t, with(newQueue, newPublisher), Real(), realLimits)
		wantFinding(t, e, "*containertest.Queue, crash at run time",
			"another unit did not stop in time", "still running *containertest.Publisher")
		if len(e.findings) != 1 {
			t.Errorf("%d findings, want one:\n%s", len(e.findings), strings.Join(e.findings, "\n"))
		}
	})
	t.Run("does not stop", func(t *testing.T) {
		deaf := func() *Database {
			return &Database{process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				_ = callback(ctx)
				<-ctx.Done()
				return nil
			})}
		}
		wantFinding(t, explored(t, with(deaf), Real(), realLimits), "without a fault", "*containertest.Database", "not stopped in time")
	})
	t.Run("leaves a goroutine", func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		leaky := func() *Cache {
			go leaves(release)
			return &Cache{process.Nop()}
		}
		wantFinding(t, explored(t, with(leaky), Real(), realLimits), "without a fault", "goroutines are left", "containertest.leaves")
	})
	t.Run("panics when it is forced", func(t *testing.T) {
		panicking := func() *Database {
			return &Database{process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
				err := callback(ctx)
				if ctx.Err() != nil {
					panic("forced")
				}
				return err
			})}
		}
		newServer := func(*Database) *Server { return &Server{process.Nop()} }
		e := explored(t, with(panicking, newServer), Real(), realLimits)
		wantFinding(t, e, "*containertest.Server, deaf to stop", "panic: forced")
	})
}

func leaves(release <-chan struct{}) { <-release }

// Queue takes messages as long as it works.
type Queue struct{ messages chan string }

func (q *Queue) Run(ctx context.Context, callback process.Callback) error {
	return process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		stop := ready()
		for {
			select {
			case <-q.messages:
			case <-stop:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}).Run(ctx, callback)
}

// Publisher says goodbye when it stops, and does not expect that nobody listens.
type Publisher struct{ process.Runner }

func noStart(context.Context) error { return nil }

func newPublisher(q *Queue) *Publisher {
	return &Publisher{process.StartStop(noStart, func(ctx context.Context) error {
		select {
		case q.messages <- "goodbye":
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})}
}

func TestAMissingLimitIsFound(t *testing.T) {
	e := explored(t, func() *container.App { return newShop(container.WithStopTimeout(0)) })
	wantFinding(t, e, "*containertest.Cache, deaf to stop", "has not ended after", "WithStopTimeout(0)")
	e = explored(t, func() *container.App { return newShop(container.WithStartTimeout(0)) })
	wantFinding(t, e, "*containertest.Server, start hang", "has not ended after", "WithStartTimeout(0)")
}

func TestFiftyUnits(t *testing.T) {
	e := explored(t, newFifty)
	if len(e.findings) > 0 {
		t.Error(strings.Join(e.findings, "\n"))
	}
	if e.units != 50 || e.runs != 1+50*7 {
		t.Errorf("%d units, %d runs, want 50 units, 351 runs", e.units, e.runs)
	}
}

// newFifty returns an app of 50 units, each of which depends on up to two before it.
func newFifty() *container.App {
	app := quiet()
	for i := range 50 {
		var in []reflect.StructField
		in = append(in, reflect.StructField{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true})
		for _, d := range []int{i/2 - 1, i - 7} {
			if d >= 0 && d < i {
				in = append(in, reflect.StructField{
					Name: fmt.Sprintf("D%d", d), Type: reflect.TypeFor[*Database](),
					Tag: reflect.StructTag(fmt.Sprintf(`name:"%d"`, d)),
				})
			}
		}
		if len(in) == 3 && in[1].Name == in[2].Name {
			in = in[:2]
		}
		constructor := reflect.MakeFunc(
			reflect.FuncOf([]reflect.Type{reflect.StructOf(in)}, []reflect.Type{reflect.TypeFor[*Database]()}, false),
			func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(newDatabase())} },
		)
		_ = app.Provide(constructor.Interface(), dig.Name(fmt.Sprint(i)))
	}
	return app
}

func TestTheJournalFindsWhatIsOutOfOrder(t *testing.T) {
	unit := func(name string, dependsOn ...string) hooks.Unit { return hooks.Unit{Name: name, DependsOn: dependsOn} }
	run := func(g func(a, b, c process.Runner) process.Runner) []string {
		var j journal
		watch := func(u hooks.Unit) process.Runner { return j.watch(j.add(u), process.Nop()) }
		a, b, c := watch(unit("a")), watch(unit("b", "a")), watch(unit("c", "b"))
		if err := g(a, b, c).Run(t.Context(), func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
		return j.close()
	}
	if found := run(func(a, b, c process.Runner) process.Runner { return process.Sequential(a, b, c) }); len(found) > 0 {
		t.Errorf("found %q in a run in order", found)
	}
	found := run(func(a, b, c process.Runner) process.Runner { return process.Sequential(c, b, a) })
	want := []string{
		"c started before b was ready, which it depends on",
		"b started before a was ready, which it depends on",
		"a was asked to stop while b ran, which depends on it",
		"a was asked to stop while c ran, which depends on it",
		"b was asked to stop while c ran, which depends on it",
	}
	if strings.Join(found, "\n") != strings.Join(want, "\n") {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheJudgeWantsTheCulpritNamed(t *testing.T) {
	for _, c := range []struct {
		fault fault
		err   error
		want  string
	}{
		{none, errors.New("broken"), "ended with: broken"},
		{crash, nil, "exit code 0"},
		{startError, fmt.Errorf("start *Y (...): %w", errPlanted), "does not name the unit"},
		{startError, fmt.Errorf("start *XY (...): %w", errPlanted), "does not name the unit"},
		{startError, errors.New("start *X (...): else"), "does not tell of it"},
		{startHang, errors.New("start *X (...): else"), "does not tell of it"},
		{startPanic, errors.New("start *X (...): else"), "does not tell of it"},
		{startGoexit, errors.New("start *X (...): else"), "does not tell of it"},
		{earlyNil, errors.New("start *X (...): else"), "does not tell of it"},
		{deafToStop, errors.New("start *X (...): else"), "does not tell of it"},
		{crash, errors.Join(fmt.Errorf("run *X (...): %w", errPlanted), process.ErrStopTimeout), "another unit did not stop"},
		{crash, errors.Join(fmt.Errorf("run *X (...): %w", errPlanted), process.ErrStartTimeout), "another unit was not ready"},
		{crash, errors.Join(fmt.Errorf("run *X (...): %w", errPlanted), &process.PanicError{Value: 1}), "there was a panic"},
	} {
		tr := &trial{unit: "*X", fault: c.fault}
		tr.judge(c.err, 0, 0)
		if len(tr.findings) == 0 || !strings.Contains(strings.Join(tr.findings, "\n"), c.want) {
			t.Errorf("%v, %v: found %q, want %q", c.fault, c.err, tr.findings, c.want)
		}
	}
}

func TestTheJudgeWantsTheTimeBounded(t *testing.T) {
	for took, late := range map[time.Duration]bool{time.Second: false, time.Second + 1: true} {
		tr := &trial{unit: "*X", fault: startError}
		tr.judge(fmt.Errorf("start *X (...): %w", errPlanted), took, time.Second)
		if found := strings.Join(tr.findings, "\n"); late != strings.Contains(found, "longer than its limits, 1s") {
			t.Errorf("after %v: found %q", took, found)
		}
	}
}

func TestAnAttachedAppIsExplored(t *testing.T) {
	newApp := func() *container.App {
		c := dig.New()
		for _, constructor := range []any{newDatabase, newCache, newServer} {
			if err := c.Provide(constructor); err != nil {
				t.Error(err)
			}
		}
		return container.Attach(c, container.WithLogger(zap.NewNop()))
	}
	for _, opts := range [][]Option{nil, {Real(), realLimits}} {
		e := explored(t, newApp, opts...)
		if len(e.findings) > 0 || e.units != 3 {
			t.Errorf("%d units, found:\n%s", e.units, strings.Join(e.findings, "\n"))
		}
	}
}
