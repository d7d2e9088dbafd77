package container_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// What the apps of these tests are made of.
type (
	Config   struct{ _ int }
	Database struct{ process.Runner }
	Cache    struct{ process.Runner }
	Queue    struct{ process.Runner }
	Server   struct{ process.Runner }
)

func newConfig() *Config            { return new(Config) }
func newDatabase(*Config) *Database { return &Database{process.Nop()} }
func newCache(*Database) *Cache     { return &Cache{process.Nop()} }
func newQueue(*Database) *Queue     { return &Queue{process.Nop()} }
func newServer(*Cache, *Queue) *Server {
	return &Server{process.Nop()}
}

// newApp returns an app that logs nothing.
func newApp(opts ...container.Option) *container.App {
	return container.New(append([]container.Option{container.WithLogger(zap.NewNop())}, opts...)...)
}

// recorder is an observer that keeps what it is told.
type recorder struct {
	mu     sync.Mutex
	events []hooks.Event
}

func (r *recorder) Observe(e hooks.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) all() []hooks.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// story is what was observed of the app's life, a word an event.
func (r *recorder) story() []string {
	var story []string
	add := func(format string, args ...any) { story = append(story, fmt.Sprintf(format, args...)) }
	for _, e := range r.all() {
		switch e := e.(type) {
		case hooks.Planned:
			add("planned")
		case hooks.AppStarting:
			add("app starting")
		case hooks.UnitStarting:
			add("starting %s", e.Unit.Name)
		case hooks.UnitStarted:
			add("started %s", e.Unit.Name)
		case hooks.AppStarted:
			add("app started")
		case hooks.AppStopping:
			add("app stopping: %v", e.Why)
		case hooks.Draining:
			add("draining")
		case hooks.UnitFailed:
			add("failed %s", e.Unit.Name)
		case hooks.UnitStopping:
			add("stopping %s", e.Unit.Name)
		case hooks.UnitStopped:
			add("stopped %s", e.Unit.Name)
		case hooks.Stuck:
			add("stuck")
		case hooks.Misuse:
			add("misuse")
		case hooks.AppStopped:
			add("app stopped")
		}
	}
	return story
}

// names are the units that the recorder saw start.
func (r *recorder) started() []string {
	var names []string
	for _, e := range r.all() {
		if e, ok := e.(hooks.UnitStarted); ok {
			names = append(names, e.Unit.Name)
		}
	}
	slices.Sort(names)
	return names
}

func find[E hooks.Event](r *recorder) (found []E) {
	for _, e := range r.all() {
		if e, ok := e.(E); ok {
			found = append(found, e)
		}
	}
	return found
}

// startAndStop runs an app until it has started, stops it, and returns what it
// returned.
func startAndStop(t *testing.T, app *container.App) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var waiter sync.WaitGroup
	defer waiter.Wait()
	defer cancel()
	waiter.Go(func() {
		select {
		case <-app.Ready():
			cancel()
		case <-ctx.Done():
		}
	})
	return app.RunContext(ctx)
}

// takes returns a runner that takes that long to start and to stop.
func takes(start, stop time.Duration) process.Runner {
	return process.StartStop(
		func(ctx context.Context) error { return sleep(ctx, start) },
		func(ctx context.Context) error { return sleep(ctx, stop) },
	)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
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

// fails returns a runner that is ready at once and fails after a while.
func fails(after time.Duration, err error) process.Runner {
	return process.Leaf(func(ctx context.Context) error {
		if sleep(ctx, after) != nil {
			return ctx.Err()
		}
		return err
	}, nil)
}

// deaf returns a runner that hangs, where is told, until it is released, whatever
// its context says.
func deafStart(release <-chan struct{}) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		<-release
		return ctx.Err()
	})
}

func deafStop(release <-chan struct{}) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		err := callback(ctx)
		<-release
		return err
	})
}

// bubble runs f in a bubble of virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func wantText(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error is %q, want it to say %q", err, text)
		}
	}
}

func wantEqual(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n  got  %q\n  want %q", what, got, want)
	}
}

// wantBefore checks that all words are in story, in this order.
func wantBefore(t *testing.T, story []string, words ...string) {
	t.Helper()
	at := -1
	for _, word := range words {
		i := slices.Index(story, word)
		if i < 0 {
			t.Errorf("no %q in %q", word, story)
			return
		}
		if i < at {
			t.Errorf("%q comes too early in %q", word, story)
		}
		at = i
	}
}

// wantWellFormed checks what holds of every run.
func wantWellFormed(t *testing.T, r *recorder) {
	t.Helper()
	story := r.story()
	count := func(prefix string) (n, first int) {
		first = -1
		for i, word := range story {
			if strings.HasPrefix(word, prefix) {
				if n++; first < 0 {
					first = i
				}
			}
		}
		return n, first
	}
	if n, at := count("app stopped"); n != 1 || at != len(story)-1 {
		t.Errorf("%d times app stopped, want one, at the end: %q", n, story)
	}
	n, stopping := count("app stopping")
	if n > 1 {
		t.Errorf("%d times app stopping: %q", n, story)
	}
	if m, first := count("stopping "); m > 0 && (n == 0 || first < stopping) {
		t.Errorf("a unit was stopped before the app: %q", story)
	}
	if m, first := count("stopped "); m > 0 && (n == 0 || first < stopping) {
		t.Errorf("a unit ended before the app was stopping: %q", story)
	}
	if m, first := count("app started"); m > 0 && n > 0 && first > stopping {
		t.Errorf("the app started after it was stopping: %q", story)
	}
}

// What changes with the place of a test in its file.
var (
	directories    = regexp.MustCompile(`(/[\w.@-]+)*/([\w-]+\.go:\d+)`)
	lineNumbers    = regexp.MustCompile(`(\.go):\d+`)
	anonymousFuncs = regexp.MustCompile(`(container_test"?\.)Test\w+(\.func\d+|\.\d+)+`)
)

// withoutPlaces returns texts without what changes with the place of a test in its
// file: numbers of lines, and names of functions that have none, which are F.
func withoutPlaces(texts ...string) []string {
	var without []string
	for _, text := range texts {
		text = directories.ReplaceAllString(text, "$2")
		text = lineNumbers.ReplaceAllString(text, "$1")
		without = append(without, anonymousFuncs.ReplaceAllString(text, "${1}F"))
	}
	return without
}
