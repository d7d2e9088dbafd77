// Package strata_test holds the whole to its promises, as a user sees it: on the
// graph of a real service that nobody here drew.
package strata_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/dig"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLokiIs51UnitsIn7Layers(t *testing.T) {
	modules := lokiModules()
	app := newService(modules, 1).app()
	plan, err := app.Plan()
	if err != nil {
		t.Fatal(err)
	}
	layer := make(map[string]int)
	for i, units := range plan.Layers {
		for _, u := range units {
			layer[moduleName(u.Name)] = i
		}
	}
	if len(layer) != 51 || len(plan.Layers) != 7 {
		t.Fatalf("%d units in %d layers, want 51 in 7:\n%v", len(layer), len(plan.Layers), plan)
	}
	for name, dependencies := range modules {
		want := 0
		for _, d := range dependencies {
			want = max(want, layer[d]+1)
		}
		if layer[name] != want {
			t.Errorf("%s is in layer %d, want %d", name, layer[name], want)
		}
	}
	if len(plan.Unused) > 0 {
		t.Errorf("unused: %v", plan.Unused)
	}
}

func TestNothingStartsBeforeWhatItNeedsRuns(t *testing.T) {
	everySchedule(t, func(t *testing.T, s *service, schedule container.Schedule) {
		s.runFor(t, time.Hour, nil, container.WithSchedule(schedule))
		s.checkStarts(t)
		if n := s.count(ready); n != 51 {
			t.Errorf("%d modules became ready, want 51", n)
		}
	})
}

func TestNothingStopsBeforeWhatNeedsItHasEnded(t *testing.T) {
	everySchedule(t, func(t *testing.T, s *service, schedule container.Schedule) {
		if err := s.runFor(t, time.Hour, nil, container.WithSchedule(schedule)); err != nil {
			t.Errorf("a clean stop returned %v", err)
		}
		s.checkStops(t)
		if n := s.count(ended); n != 51 {
			t.Errorf("%d modules ended, want 51", n)
		}
	})
}

func TestACrashInTheMiddleStopsInOrder(t *testing.T) {
	for _, culprit := range []string{"Server", "MemberlistKV", "Store", "PatternRingClient", "IndexGateway", "Ruler"} {
		t.Run(culprit, func(t *testing.T) {
			everySchedule(t, func(t *testing.T, s *service, schedule container.Schedule) {
				broken := errors.New("broken")
				s.modules[culprit].crash = broken
				err := s.runFor(t, time.Hour, nil, container.WithSchedule(schedule))
				if !errors.Is(err, broken) || !strings.Contains(err.Error(), "run *strata_test.module[name="+culprit+"]") {
					t.Errorf("error %v, want it to name %s", err, culprit)
				}
				if container.ExitCode(err) != 1 {
					t.Errorf("exit code %d, want 1", container.ExitCode(err))
				}
				s.checkStarts(t)
				s.checkStops(t)
				if n := s.count(ended); n != 51 {
					t.Errorf("%d modules ended, want 51", n)
				}
			})
		})
	}
}

func TestAFailedStartStopsInOrderWhatRuns(t *testing.T) {
	everySchedule(t, func(t *testing.T, s *service, schedule container.Schedule) {
		broken := errors.New("no disk")
		s.modules["Store"].refuse = broken
		err := s.runFor(t, time.Hour, nil, container.WithSchedule(schedule))
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "start *strata_test.module[name=Store]") {
			t.Errorf("error %v, want it to name Store", err)
		}
		s.checkStarts(t)
		s.checkStops(t)
		if s.at("Ingester", started) >= 0 {
			t.Error("Ingester was started, though Store, which it needs, was not ready")
		}
	})
}

func TestAStartByLayerTakesTheSumOfEachLayersSlowest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(lokiModules(), 7)
		plan, err := s.app().Plan()
		if err != nil {
			t.Fatal(err)
		}
		var want time.Duration
		for _, units := range plan.Layers {
			var slowest time.Duration
			for _, u := range units {
				slowest = max(slowest, s.modules[moduleName(u.Name)].start)
			}
			want += slowest
		}
		if got := s.startTime(t, container.ByLayer); got != want {
			t.Errorf("the start took %v, want %v", got, want)
		}
	})
}

func TestAStartByDependencyTakesTheCriticalPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(lokiModules(), 7)
		var path func(name string) time.Duration
		path = func(name string) time.Duration {
			var before time.Duration
			for _, d := range s.dependencies[name] {
				before = max(before, path(d))
			}
			return before + s.modules[name].start
		}
		var want time.Duration
		for name := range s.modules {
			want = max(want, path(name))
		}
		if got := s.startTime(t, container.ByDependency); got != want {
			t.Errorf("the start took %v, want %v", got, want)
		}
	})
}

// service is a service of modules that only take time.
type service struct {
	dependencies map[string][]string
	modules      map[string]*module

	mu  sync.Mutex // guards log
	log []entry
}

// module is a Runner that takes start to be ready and stop to end.
type module struct {
	service       *service
	name          string
	start, stop   time.Duration
	refuse, crash error // what it fails with in the start, or a minute after it
}

type entry struct {
	module string
	what   what
}

type what string

const (
	started what = "started"
	ready   what = "ready"
	asked   what = "asked"
	crashed what = "crashed"
	ended   what = "ended"
)

func newService(dependencies map[string][]string, seed uint64) *service {
	s := &service{dependencies: dependencies, modules: make(map[string]*module)}
	random := rand.New(rand.NewPCG(seed, seed))
	for _, name := range s.names() {
		s.modules[name] = &module{
			service: s,
			name:    name,
			start:   time.Duration(5+random.IntN(56)) * time.Millisecond,
			stop:    time.Duration(1+random.IntN(20)) * time.Millisecond,
		}
	}
	return s
}

func (s *service) names() []string {
	var names []string
	for name := range s.dependencies {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// app returns an app with a constructor for each module, which takes those that it
// depends on by name.
func (s *service) app(opts ...container.Option) *container.App {
	app := container.New(append(opts, container.WithLogger(zap.NewNop()))...)
	moduleType := reflect.TypeFor[*module]()
	for _, name := range s.names() {
		fields := []reflect.StructField{{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true}}
		for _, d := range s.dependencies[name] {
			fields = append(fields, reflect.StructField{
				Name: d, Type: moduleType, Tag: reflect.StructTag(fmt.Sprintf("name:%q", d)),
			})
		}
		constructor := reflect.FuncOf([]reflect.Type{reflect.StructOf(fields)}, []reflect.Type{moduleType}, false)
		app.Provide(reflect.MakeFunc(constructor, func([]reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(s.modules[name])}
		}).Interface(), dig.Name(name))
	}
	return app
}

// moduleName returns the module's name in a unit's: *strata_test.module[name=Ring].
func moduleName(unit string) string {
	_, name, _ := strings.Cut(unit, "[name=")
	return strings.TrimSuffix(name, "]")
}

// runFor runs the service until it fails, or for d.
func (s *service) runFor(t *testing.T, d time.Duration, cause error, opts ...container.Option) error {
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, cause)
	defer cancel()
	return s.app(opts...).RunContext(ctx)
}

// startTime starts and stops the service and returns how long the start took.
func (s *service) startTime(t *testing.T, schedule container.Schedule) time.Duration {
	p, err := s.app(container.WithSchedule(schedule)).Process(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return took
}

// Run implements process.Runner.
func (m *module) Run(ctx context.Context, callback process.Callback) error {
	return process.Worker(func(ctx context.Context, markReady func() <-chan struct{}) error {
		defer m.note(ended)
		m.note(started)
		if err := sleep(ctx, m.start); err != nil {
			return err
		}
		if m.refuse != nil {
			return m.refuse
		}
		m.note(ready)
		stop := markReady()
		var crash <-chan time.Time
		if m.crash != nil {
			timer := time.NewTimer(time.Minute)
			defer timer.Stop()
			crash = timer.C
		}
		select {
		case <-crash:
			m.note(crashed)
			return m.crash
		case <-stop:
			m.note(asked)
			return sleep(ctx, m.stop)
		case <-ctx.Done():
			return ctx.Err()
		}
	}).Run(ctx, callback)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *module) note(w what) {
	m.service.mu.Lock()
	defer m.service.mu.Unlock()
	m.service.log = append(m.service.log, entry{m.name, w})
}

// at returns when something happened to a module, -1 if it did not.
func (s *service) at(name string, w what) int { return slices.Index(s.log, entry{name, w}) }

func (s *service) count(w what) int {
	n := 0
	for _, e := range s.log {
		if e.what == w {
			n++
		}
	}
	return n
}

// checkStarts fails the test if a module was started before what it needs ran.
func (s *service) checkStarts(t *testing.T) {
	t.Helper()
	for name, dependencies := range s.dependencies {
		at := s.at(name, started)
		for _, d := range dependencies {
			if r := s.at(d, ready); at >= 0 && (r < 0 || r > at) {
				t.Errorf("%s was started before %s ran", name, d)
			}
		}
	}
}

// checkStops fails the test if a module was asked to stop before all that need it,
// directly or not, had ended.
func (s *service) checkStops(t *testing.T) {
	t.Helper()
	for name := range s.dependencies {
		for d := range s.needs(name) {
			stop, end := s.at(d, asked), s.at(name, ended)
			if stop >= 0 && s.at(name, started) >= 0 && (end < 0 || end > stop) {
				t.Errorf("%s was asked to stop before %s had ended", d, name)
			}
		}
	}
}

// needs returns all that a module depends on, directly or not.
func (s *service) needs(name string) map[string]bool {
	all := make(map[string]bool)
	for todo := slices.Clone(s.dependencies[name]); len(todo) > 0; {
		d := todo[0]
		todo = todo[1:]
		if !all[d] {
			all[d] = true
			todo = append(todo, s.dependencies[d]...)
		}
	}
	return all
}

// everySchedule runs a test for both schedules, with several seeds, in virtual time.
func everySchedule(t *testing.T, test func(*testing.T, *service, container.Schedule)) {
	for _, schedule := range []container.Schedule{container.ByLayer, container.ByDependency} {
		t.Run(schedule.String(), func(t *testing.T) {
			for seed := range uint64(5) {
				synctest.Test(t, func(t *testing.T) { test(t, newService(lokiModules(), seed), schedule) })
			}
		})
	}
}
