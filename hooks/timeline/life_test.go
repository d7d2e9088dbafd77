package timeline_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks/timeline"
	"github.com/strata-go/strata/process"
)

// What the applications of these tests are made of.
type (
	store  struct{ process.Runner }
	api    struct{ process.Runner }
	mailer struct{ process.Runner }
	cache  struct{ took time.Duration }
)

func (*store) Name() string  { return "store" }
func (*api) Name() string    { return "api" }
func (*mailer) Name() string { return "mailer" }
func (*cache) Name() string  { return "cache" }

func (c *cache) Close(ctx context.Context) error { return sleep(ctx, c.took) }

var errRefused = errors.New("connection refused")

// takes returns a runner that takes so many seconds to start and to stop.
func takes(start, stop int) process.Runner {
	return process.StartStop(
		func(ctx context.Context) error { return sleep(ctx, time.Duration(start)*time.Second) },
		func(ctx context.Context) error { return sleep(ctx, time.Duration(stop)*time.Second) },
	)
}

// refuses returns a runner that does not start.
func refuses(after int) process.Runner {
	return process.StartStop(func(ctx context.Context) error {
		if err := sleep(ctx, time.Duration(after)*time.Second); err != nil {
			return err
		}
		return errRefused
	}, func(context.Context) error { return nil })
}

// ends returns a runner that runs so long and then returns err. While it runs it says
// so often that it has restarted.
func ends(after, reports int, err error) process.Runner {
	return process.Leaf(func(ctx context.Context) error {
		for i := range reports {
			process.Report(ctx, fmt.Sprint("restart ", i+1))
			if err := sleep(ctx, time.Second); err != nil {
				return err
			}
		}
		if err := sleep(ctx, time.Duration(after-reports)*time.Second); err != nil {
			return err
		}
		return err
	}, nil)
}

// deaf returns a runner that hears nothing for so long, once it runs.
func deaf(until int) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		err := callback(ctx)
		time.Sleep(time.Duration(until) * time.Second)
		return err
	})
}

// life is an application, and when it is looked at.
type life struct {
	store, api, mailer process.Runner
	cache              time.Duration // how long it takes to close; none if that is 0
	broken             error         // of the last constructor
	opts               []container.Option
	stop               int // when it is asked to stop, in seconds; a minute if that is 0
	slow               int // how long the last constructor takes, in seconds
	look               int // when it is looked at, in seconds; when it has ended if that is 0
}

// observed has the application live, in virtual time.
func (l life) observed(t *testing.T) (line *timeline.Timeline) {
	synctest.Test(t, func(t *testing.T) {
		if l.stop == 0 {
			l.stop = 60
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Duration(l.stop)*time.Second, errors.New("enough"))
		defer cancel()
		recorder := timeline.New()
		app := newApp(append(l.opts, container.WithObserver(recorder), container.AdaptStop[*cache]())...)
		app.Provide(func() *store { time.Sleep(time.Second); return &store{l.store} })
		app.Provide(func(*store) *api { return &api{l.api} })
		app.Provide(func(*store) (*mailer, error) {
			return &mailer{l.mailer}, cmp.Or(sleep(ctx, time.Duration(l.slow)*time.Second), l.broken)
		})
		if l.cache > 0 {
			app.Provide(func(*api) *cache { return &cache{l.cache} })
		}
		var looking sync.WaitGroup
		defer looking.Wait()
		if l.look > 0 {
			looking.Go(func() {
				time.Sleep(time.Duration(l.look)*time.Second + 500*time.Millisecond)
				line = recorder.Timeline()
			})
		}
		_ = app.RunContext(ctx)
		if l.look == 0 {
			line = recorder.Timeline()
		}
		time.Sleep(time.Hour) // what was given up ends
	})
	return line
}

// story is a timeline in short, a unit a line.
func story(t *timeline.Timeline) string {
	var b strings.Builder
	since := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return fmt.Sprint(at.Sub(t.Began).Seconds())
	}
	fmt.Fprintf(&b, "%s %s\n", t.State, t.Why)
	for _, u := range t.Units {
		fmt.Fprintf(&b, "%s: %s %s %s %s %s", u.Name, u.State, since(u.Starting), since(u.Ready), since(u.Stopping), since(u.Ended))
		if !u.Failed.IsZero() {
			fmt.Fprintf(&b, " failed %s", since(u.Failed))
		}
		if u.Forced {
			b.WriteString(" forced")
		}
		if u.Err != "" {
			b.WriteString(" error")
		}
		if len(u.Reports)+u.Dropped > 0 {
			fmt.Fprintf(&b, " said %d", len(u.Reports)+u.Dropped)
		}
		b.WriteByte('\n')
	}
	for _, s := range t.CriticalChain() {
		fmt.Fprintf(&b, "  %v %s\n", s.Took, s.Name)
	}
	return b.String()
}

// lives are ways in which an application may live, and what is to be said of it: when each
// unit was started, ready, asked to stop and had ended, and the critical chain.
var lives = map[string]struct {
	life
	want string
}{
	"a good life": {life{store: takes(2, 1), api: takes(3, 1), mailer: takes(1, 2)}, `
stopped context
store: stopped 1 3 62 63
api: stopped 3 6 60 61
mailer: stopped 3 4 60 62
  1s construction
  2s store
  3s api
`},
	"a life by dependency, drained": {life{
		store: takes(2, 1), api: takes(3, 1), mailer: takes(1, 2), cache: time.Second,
		opts: []container.Option{container.WithSchedule(container.ByDependency), container.WithDrainDelay(5 * time.Second)},
	}, `
stopped context
store: stopped 1 3 67 68
api: stopped 3 6 66 67
mailer: stopped 3 4 65 67
cache: stopped 6 6 65 66
  1s construction
  2s store
  3s api
  0s cache
`},
	"draining": {life{
		store: takes(2, 1), api: takes(3, 1), mailer: takes(1, 2), look: 62,
		opts: []container.Option{container.WithDrainDelay(5 * time.Second)},
	}, `
draining context
store: running 1 3 - -
api: running 3 6 - -
mailer: running 3 4 - -
  1s construction
  2s store
  3s api
`},
	"under construction": {life{store: takes(2, 1), api: takes(3, 1), mailer: takes(1, 2), look: 1, slow: 9}, `
constructing 
  1.5s construction
`},
	"a construction that fails": {life{store: takes(2, 1), api: takes(3, 1), mailer: takes(1, 2), slow: 9, broken: errRefused}, `
failed 
  10s construction
`},
	"starting": {life{store: takes(2, 1), api: takes(3, 1), mailer: takes(1, 2), look: 4}, `
starting 
store: running 1 3 - -
api: starting 3 - - -
mailer: running 3 4 - -
  1s construction
  2s store
  1.5s api
`},
	"running": {life{store: takes(2, 1), api: takes(3, 1), mailer: takes(1, 2), look: 20}, `
running 
store: running 1 3 - -
api: running 3 6 - -
mailer: running 3 4 - -
  1s construction
  2s store
  3s api
`},
	"stopping": {life{store: takes(2, 9), api: takes(3, 1), mailer: takes(1, 2), look: 64}, `
stopping context
store: stopping 1 3 62 -
api: stopped 3 6 60 61
mailer: stopped 3 4 60 62
  1s construction
  2s store
  3s api
`},
	"a start that fails": {life{store: takes(2, 1), api: takes(3, 1), mailer: refuses(2), cache: time.Second}, `
failed failure: mailer
store: stopped 1 3 6 7
api: stopped 3 - - 5
mailer: failed 3 - - 5 failed 5 error
cache: stopped - - 5 6
  1s construction
  2s store
  2s mailer
`},
	"a start given up": {life{store: takes(2, 1), api: takes(3, 1), mailer: takes(1, 2), stop: 5}, `
stopped context
store: stopped 1 3 7 8
api: stopped 3 - - 5
mailer: stopped 3 4 5 7
  1s construction
  2s store
  2s api
`},
	"a start given up at once": {life{store: takes(20, 1), api: takes(3, 1), mailer: takes(1, 2), cache: time.Second, stop: 5}, `
stopped context
store: stopped 1 - - 5
api: waiting - - - -
mailer: waiting - - - -
cache: stopped - - 5 6
  1s construction
  4s store
`},
	"a crash": {life{store: takes(2, 1), api: ends(20, 0, errRefused), mailer: takes(1, 2)}, `
failed failure: api
store: stopped 1 3 25 26
api: failed 3 3 23 23 failed 23 error
mailer: stopped 3 4 23 25
  1s construction
  2s store
  1s mailer
`},
	"an end": {life{store: takes(2, 1), api: ends(20, 0, nil), mailer: takes(1, 2)}, `
stopped unit ended: api
store: stopped 1 3 25 26
api: stopped 3 3 23 23 failed 23
mailer: stopped 3 4 23 25
  1s construction
  2s store
  1s mailer
`},
	"restarts": {life{store: takes(2, 1), api: ends(1000, 20, nil), mailer: takes(1, 2)}, `
stopped context
store: stopped 1 3 62 63
api: stopped 3 3 60 60 said 20
mailer: stopped 3 4 60 62
  1s construction
  2s store
  1s mailer
`},
	"stuck": {life{store: takes(2, 1), api: deaf(100), mailer: takes(1, 2)}, `
stuck context
store: stopped 1 3 85 85 forced
api: stuck 3 3 60 -
mailer: stopped 3 4 60 62
  1s construction
  2s store
  1s mailer
`},
	"forced": {life{store: takes(2, 1), api: takes(1, 100), mailer: takes(1, 2)}, `
failed context
store: stopped 1 3 85 85 forced
api: stopped 3 4 60 85 forced
mailer: stopped 3 4 60 62
  1s construction
  2s store
  1s mailer
`},
}

func TestEveryLifeIsToldAsItWas(t *testing.T) {
	for name, c := range lives {
		t.Run(name, func(t *testing.T) {
			line := c.observed(t)
			if got := story(line); "\n"+got != c.want {
				t.Errorf("got\n%swant%s", got, c.want)
			}
			var sum time.Duration
			for _, s := range line.CriticalChain() {
				sum += s.Took
			}
			if sum != line.Took() {
				t.Errorf("the chain is %v long, the start took %v", sum, line.Took())
			}
		})
	}
}
