package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/inspect"
	"github.com/strata-go/strata/process"
)

// graph is an app of modules that do nothing but take their time, and the page of it.
type graph struct {
	*container.App
	modules map[string]*module
	url     string // of the page, served by a server that is no part of the app

	cancel context.CancelFunc
	done   chan struct{}
	err    error // of RunContext, when done
}

// module starts and stops when it is let.
type module struct {
	name        string
	needs       []string
	start, stop *gate
	broken      chan error
	report      chan any
}

// gate is open unless it was held, before the app starts. It may be released twice.
type gate struct {
	opened chan struct{}
	once   sync.Once
}

func (g *gate) hold() { g.opened = make(chan struct{}) }

func (g *gate) release() {
	if g.opened != nil {
		g.once.Do(func() { close(g.opened) })
	}
}

func (g *gate) wait(ctx context.Context) error {
	if g.opened == nil {
		return nil
	}
	select {
	case <-g.opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *module) Name() string { return m.name }

func (m *module) Run(ctx context.Context, callback process.Callback) error {
	return process.Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
		random := rand.New(rand.NewPCG(uint64(len(m.name)), uint64(len(m.needs))))
		time.Sleep(time.Duration(1+random.IntN(30)) * time.Millisecond)
		if err := m.start.wait(ctx); err != nil {
			return err
		}
		stop := ready()
		for {
			select {
			case <-stop:
				return m.stop.wait(ctx)
			case v := <-m.report:
				process.Report(ctx, v)
			case err := <-m.broken:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}).Run(ctx, callback)
}

func newModule(name string, needs []string) *module {
	return &module{
		name: name, needs: needs, start: new(gate), stop: new(gate), broken: make(chan error), report: make(chan any),
	}
}

// newGraph returns an app with a constructor for each module, which takes those that it
// needs.
func newGraph(t *testing.T, needs map[string][]string, options ...container.Option) *graph {
	g := &graph{modules: make(map[string]*module), done: make(chan struct{})}
	g.App = container.New(append(options, container.WithLogger(zap.NewNop()), container.WithStopTimeout(deadline))...)
	var names []string
	for name := range needs {
		names = append(names, name)
	}
	slices.Sort(names)
	moduleType := reflect.TypeFor[*module]()
	for _, name := range names {
		m := newModule(name, needs[name])
		g.modules[name] = m
		fields := []reflect.StructField{{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true}}
		for i, d := range m.needs {
			fields = append(fields, reflect.StructField{
				Name: fmt.Sprintf("Needs%d", i), Type: moduleType, Tag: reflect.StructTag(fmt.Sprintf("name:%q", d)),
			})
		}
		constructor := reflect.FuncOf([]reflect.Type{reflect.StructOf(fields)}, []reflect.Type{moduleType}, false)
		if err := g.Provide(reflect.MakeFunc(constructor, func([]reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(m)}
		}).Interface(), dig.Name(name), dig.LocationForPC(reflect.ValueOf(newModule).Pointer())); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.StripPrefix("/debug/strata", inspect.Handler(g.App)))
	g.url = server.URL + "/debug/strata/"
	t.Cleanup(server.Close)
	return g
}

// launch starts the app; it is stopped when the test ends.
func (g *graph) launch(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	g.cancel = cancel
	go func() { defer close(g.done); g.err = g.RunContext(ctx) }()
	t.Cleanup(func() {
		cancel()
		for _, m := range g.modules {
			m.start.release()
			m.stop.release()
		}
		<-g.done
	})
}

// lokiNeeds is the module graph of Grafana Loki, a real service of 51 modules.
func lokiNeeds(t *testing.T) map[string][]string {
	text, err := os.ReadFile("../bench/testdata/loki.txt")
	if err != nil {
		t.Fatal(err)
	}
	needs := make(map[string][]string)
	for line := range strings.Lines(string(text)) {
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		needs[name] = nil
		for d := range strings.SplitSeq(list, ",") {
			if d = strings.TrimSpace(d); d != "" {
				needs[name] = append(needs[name], d)
				if _, known := needs[d]; !known {
					needs[d] = nil
				}
			}
		}
	}
	return needs
}

// largeNeeds is a graph of so many modules, with names as they are in a large program.
func largeNeeds(number int) map[string][]string {
	random := rand.New(rand.NewPCG(8, 8))
	domains := strings.Fields("billing orders stock search mail users audit media ledger shipping pricing fraud")
	things := strings.Fields("Server Consumer Pool Cache Scheduler Reconciler Exporter Watcher Importer Worker Gateway Index Publisher SubscriptionRenewalNotifier Store Client Queue")
	needs := make(map[string][]string)
	var names []string
	for len(names) < number {
		name := fmt.Sprintf("*%s.%s", domains[random.IntN(len(domains))], things[random.IntN(len(things))])
		if _, known := needs[name]; known {
			name += fmt.Sprintf("[name=shard-%d]", len(names))
		}
		needs[name] = nil
		// A few are needed by many, as in a real program.
		for range min(len(names), random.IntN(4)) {
			d := names[random.IntN(1+random.IntN(1+random.IntN(len(names))))]
			if !slices.Contains(needs[name], d) {
				needs[name] = append(needs[name], d)
			}
		}
		names = append(names, name)
	}
	return needs
}
