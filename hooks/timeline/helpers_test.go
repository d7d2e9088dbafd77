package timeline_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/dig"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/timeline"
	"github.com/strata-go/strata/process"
)

// module is a runner that takes time.
type module struct {
	name                         string
	needs                        []string
	construct, hook, start, stop time.Duration // no hook if that is negative
}

func (m *module) Name() string { return m.name }

func (m *module) hookName() string { return "warm " + m.name }

func (m *module) Run(ctx context.Context, callback process.Callback) error {
	return process.StartStop(
		func(ctx context.Context) error { return sleep(ctx, m.start) },
		func(ctx context.Context) error { return sleep(ctx, m.stop) },
	).Run(ctx, callback)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// service is what an app is made of.
type service struct {
	modules  []module
	schedule container.Schedule
}

// with returns the service with a unit that takes that long to start.
func (s service) with(unit string, took time.Duration) service {
	s.modules = slices.Clone(s.modules)
	for i := range s.modules {
		switch m := &s.modules[i]; unit {
		case m.name:
			m.start = took
		case m.hookName():
			m.hook = took
		}
	}
	return s
}

// units returns the names of all units.
func (s service) units() (names []string) {
	for _, m := range s.modules {
		names = append(names, m.name)
		if m.hook >= 0 {
			names = append(names, m.hookName())
		}
	}
	return names
}

func newApp(opts ...container.Option) *container.App {
	return container.New(append(opts, container.WithLogger(zap.NewNop()))...)
}

// app returns an app with a constructor for each module, which takes those that it needs by
// name.
func (s service) app(opts ...container.Option) *container.App {
	app := newApp(append(opts, container.WithSchedule(s.schedule), container.WithStartTimeout(0), container.WithStopTimeout(0))...)
	for i := range s.modules {
		m := s.modules[i]
		fields := []reflect.StructField{
			{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true},
			{Name: "Lifecycle", Type: reflect.TypeFor[hooks.Lifecycle]()},
		}
		for j, need := range m.needs {
			fields = append(fields, reflect.StructField{
				Name: fmt.Sprint("Need", j), Type: reflect.TypeFor[*module](), Tag: reflect.StructTag(fmt.Sprintf("name:%q", need)),
			})
		}
		of := reflect.FuncOf([]reflect.Type{reflect.StructOf(fields)}, []reflect.Type{reflect.TypeFor[*module]()}, false)
		app.Provide(reflect.MakeFunc(of, func(args []reflect.Value) []reflect.Value {
			sleep(context.Background(), m.construct)
			if m.hook >= 0 {
				args[0].FieldByName("Lifecycle").Interface().(hooks.Lifecycle).Append(hooks.Hook{
					Name: m.hookName(), OnStart: func(ctx context.Context) error { return sleep(ctx, m.hook) },
				})
			}
			return []reflect.Value{reflect.ValueOf(&m)}
		}).Interface(), dig.Name(m.name))
	}
	return app
}

// started starts and stops the service in virtual time. It returns its timeline, and how
// long it took until the app was ready.
func (s service) started(t *testing.T) (line *timeline.Timeline, took time.Duration, err error) {
	synctest.Test(t, func(*testing.T) {
		recorder := timeline.New()
		app := s.app(container.WithObserver(recorder))
		began := time.Now()
		err = runUntilReady(app, func() { took = time.Since(began) })
		line = recorder.Timeline()
	})
	return line, took, err
}

// runUntilReady runs an app until it is ready, calls f, and stops it.
func runUntilReady(app *container.App, f func()) error {
	ctx, cancel := context.WithCancel(context.Background())
	var waiter sync.WaitGroup
	defer waiter.Wait()
	defer cancel()
	waiter.Go(func() {
		select {
		case <-app.Ready():
			f()
			cancel()
		case <-ctx.Done():
		}
	})
	return app.RunContext(ctx)
}

// drawService draws a service of up to twelve modules. What takes times takes few
// different ones, so that there are ties.
func drawService(t *rapid.T) service {
	took := func(label string) time.Duration {
		return time.Duration(rapid.IntRange(0, 30).Draw(t, label)) * time.Millisecond
	}
	s := service{schedule: rapid.SampledFrom([]container.Schedule{container.ByLayer, container.ByDependency}).Draw(t, "schedule")}
	for i := range rapid.IntRange(1, 12).Draw(t, "modules") {
		m := module{name: fmt.Sprint("m", i), hook: -1}
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 11), 0, 3, rapid.ID[int]).Draw(t, "needs") {
			if n < i {
				m.needs = append(m.needs, fmt.Sprint("m", n))
			}
		}
		m.construct, m.start, m.stop = took("construct"), took("start"), took("stop")
		if rapid.IntRange(0, 3).Draw(t, "hooked") == 0 {
			m.hook = took("hook")
		}
		s.modules = append(s.modules, m)
	}
	return s
}

// loki returns the modules of Grafana Loki, which take 5 to 60 ms to start.
func loki(t testing.TB, schedule container.Schedule, seed uint64) service {
	t.Helper()
	text, err := os.ReadFile("../../bench/testdata/loki.txt")
	if err != nil {
		t.Fatal(err)
	}
	needs := make(map[string][]string)
	for line := range strings.Lines(string(text)) {
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		on := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		needs[name] = on
		for _, d := range on {
			needs[d] = needs[d][:len(needs[d]):len(needs[d])]
		}
	}
	random := rand.New(rand.NewPCG(seed, seed))
	between := func(least, most int) time.Duration {
		return time.Duration(least+random.IntN(most-least+1)) * time.Millisecond
	}
	s := service{schedule: schedule}
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		s.modules = append(s.modules, module{
			name: name, needs: needs[name], construct: between(0, 3), hook: -1, start: between(5, 60), stop: between(1, 20),
		})
	}
	return s
}

// everyLoki calls f with Loki in both schedules.
func everyLoki(t *testing.T, f func(t *testing.T, s service)) {
	for _, schedule := range []container.Schedule{container.ByLayer, container.ByDependency} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(schedule, " ", seed), func(t *testing.T) { f(t, loki(t, schedule, seed)) })
		}
	}
}
