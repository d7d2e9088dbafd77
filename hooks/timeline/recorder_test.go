package timeline_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/timeline"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// after is so many seconds after the beginning.
func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func tell(events ...hooks.Event) *timeline.Timeline {
	r := timeline.New()
	for _, e := range events {
		r.Observe(e)
	}
	return r.Timeline()
}

// In the middle of a start and a stop, from other goroutines than the app's.
func TestASnapshotMayBeTakenAtAnyTime(t *testing.T) {
	recorder := timeline.New()
	s := layered(60, container.ByDependency)
	for i := range s.modules {
		s.modules[i].construct, s.modules[i].start, s.modules[i].stop = 0, 50*time.Microsecond, 50*time.Microsecond
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				line := recorder.Timeline()
				var sum time.Duration
				for _, s := range line.CriticalChain() {
					sum += s.Took
				}
				if sum != line.Took() {
					t.Errorf("the chain is %v long, the start so far %v\n%v", sum, line.Took(), line)
				}
				line.Blame()
				if err := errors.Join(line.WriteSVG(io.Discard), line.WriteTrace(io.Discard)); err != nil {
					t.Error(err)
				}
				if len(line.Units) > 0 { // it belongs to whoever asked for it
					line.Units[0].Name, line.Units[0].Reports = "mine", nil
					if needs := line.Units[len(line.Units)-1].DependsOn; len(needs) > 0 {
						needs[0] = "mine"
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	err := runUntilReady(s.app(container.WithObserver(recorder)), func() {})
	close(done)
	readers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range recorder.Timeline().Units {
		if u.Name == "mine" || slices.Contains(u.DependsOn, "mine") || u.State != timeline.StateStopped {
			t.Errorf("%s is %s", u.Name, u.State)
		}
	}
}

func TestBlameIsLongestFirst(t *testing.T) {
	line := lives["a life by dependency, drained"].observed(t)
	short := func(all []timeline.Duration) string {
		var b strings.Builder
		for _, d := range all {
			if d.Phase == hooks.PhaseConstruct {
				d.Name = "new"
			}
			fmt.Fprintf(&b, "%v %s %v; ", d.Took, d.Name, d.Phase)
		}
		return b.String()
	}
	for _, c := range []struct {
		phases []hooks.Phase
		want   string
	}{
		{nil, "3s api start; 2s store start; 1s new construct; 1s mailer start; 0s new construct; 0s new construct; 0s new construct; 0s cache start; "},
		{[]hooks.Phase{hooks.PhaseStop}, "2s mailer stop; 1s store stop; 1s api stop; 1s cache stop; "},
		{[]hooks.Phase{hooks.PhaseRun}, "1m4s store run; 1m1s mailer run; 1m0s api run; 59s cache run; "},
	} {
		if got := short(line.Blame(c.phases...)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.phases, got, c.want)
		}
	}
	if pending := lives["starting"].observed(t).Blame()[1]; pending != (timeline.Duration{Name: "api", Phase: hooks.PhaseStart, Took: 1500 * time.Millisecond, Pending: true}) {
		t.Errorf("what is pending is %+v", pending)
	}
}

// Where neither a unit nor a constructor is to blame.
func TestAGapIsAStepOfItsOwn(t *testing.T) {
	a, b := hooks.Unit{Name: "a"}, hooks.Unit{Name: "b", DependsOn: []string{"a"}}
	at := func(ms float64) time.Time { return noon.Add(time.Duration(ms * float64(time.Millisecond))) }
	line := tell(
		hooks.Planned{At: at(1000), Took: time.Second, Plan: &hooks.Plan{Layers: [][]hooks.Unit{{a}, {b}}}},
		hooks.AppStarting{At: at(1500)},
		hooks.UnitStarting{At: at(1500.5), Unit: a}, hooks.UnitStarted{At: at(2000), Unit: a},
		hooks.UnitStarting{At: at(2100), Unit: b, Layer: 1}, hooks.UnitStarted{At: at(2300), Unit: b, Layer: 1},
		hooks.AppStarted{At: at(2350)},
	)
	checkChain(t, line, 2350*time.Millisecond)
	want := `started in 2.35s: 1s construction, 1.35s start (2 units, by layer)
     1s  construction
  500ms  waiting to be started
  500ms  a
  100ms  waiting to start b
  200ms  b
   50ms  completing the start
`
	if got := line.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if took, err := line.WhatIf("b", 0); took != 2150*time.Millisecond || err != nil {
		t.Errorf("without b it takes %v (%v)", took, err)
	}
}

// An app may be built long before it runs.
func TestTheWaitToBeRunIsAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := timeline.New()
		s := service{modules: []module{{name: "m", construct: time.Second, hook: -1, start: time.Second}}}
		p, err := s.app(container.WithObserver(recorder)).Process(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if err := errors.Join(p.Start(t.Context()), p.Stop(t.Context())); err != nil {
			t.Fatal(err)
		}
		<-p.Done()
		line := recorder.Timeline()
		checkChain(t, line, 7*time.Second)
		if steps := line.CriticalChain(); len(steps) != 3 || steps[1].Name != "waiting to be started" || steps[1].Took != 5*time.Second {
			t.Errorf("the chain is %v", steps)
		}
	})
}

// A constructor that an invoked function asked for, before the app ran, is no part of the
// start, but it is kept.
func TestWhatWasConstructedBeforeTheStartIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := timeline.New()
		app := newApp(container.WithObserver(recorder))
		app.Provide(func() *store { time.Sleep(time.Second); return &store{takes(2, 1)} })
		app.Invoke(func(*store) { time.Sleep(time.Hour) })
		if err := runUntilReady(app, func() {}); err != nil {
			t.Fatal(err)
		}
		line := recorder.Timeline()
		if line.Took() != 2*time.Second || len(line.Constructors) != 1 || line.Began.Sub(line.Constructors[0].Began) != time.Hour+time.Second {
			t.Errorf("it took %v, with %+v", line.Took(), line.Constructors)
		}
		_, d := svg(t, line)
		checkDrawing(t, d)
		if widest := slices.MaxFunc(d.bars, func(x, y box) int { return cmp.Compare(x.right-x.left, y.right-y.left) }); widest.right-widest.left < 300 {
			t.Errorf("the start is drawn %g pixels wide: there is no room for it", widest.right-widest.left)
		}
	})
}

func TestThereIsNoAnswerWithoutAUnitOrAStart(t *testing.T) {
	good, bad := lives["a good life"].observed(t), lives["a start that fails"].observed(t)
	for _, c := range []struct {
		line *timeline.Timeline
		unit string
		took time.Duration
		want string
	}{
		{good, "nobody", time.Second, `no unit "nobody"`},
		{good, "api", -1, "api took -1ns"},
		{bad, "api", time.Second, "the start was not completed"},
		{timeline.New().Timeline(), "api", time.Second, "the start was not completed"},
	} {
		if _, err := c.line.WhatIf(c.unit, c.took); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("WhatIf(%q, %v): %v, want %s", c.unit, c.took, err, c.want)
		}
		if _, err := c.line.Slack(c.unit); c.took > 0 && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("Slack(%q): %v, want %s", c.unit, err, c.want)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	r := timeline.New()
	long := strings.Repeat("ö", 10_000)
	for i := range 30_000 {
		u := hooks.Unit{Name: fmt.Sprint("u", i)}
		r.Observe(hooks.Constructed{At: after(1), Constructor: "new", Err: errors.New(long)})
		r.Observe(hooks.UnitStarting{At: after(1), Unit: u})
		r.Observe(hooks.UnitReported{At: after(i), Unit: hooks.Unit{Name: "u1"}, Value: long})
		r.Observe(hooks.UnitStopped{At: after(2), Unit: u, Err: errors.New(long)})
	}
	line := r.Timeline()
	if len(line.Units) != 10_000 || len(line.Constructors) != 10_000 || line.Dropped != 40_000 {
		t.Errorf("it keeps %d units and %d constructors, and has dropped %d", len(line.Units), len(line.Constructors), line.Dropped)
	}
	u := line.Units[1]
	if len(u.Reports) != 8 || u.Dropped != 30_000-8 || !u.Reports[7].At.Equal(after(29_999)) {
		t.Errorf("it keeps %d reports, and has dropped %d: %v", len(u.Reports), u.Dropped, u.Reports)
	}
	if n := max(len(u.Reports[0].Text), len(u.Err), len(line.Constructors[0].Err)); n > 520 {
		t.Errorf("it keeps texts of %d bytes", n)
	}
	const note = "40000 units and calls not kept: there is room for 10000 units and 10000 calls of constructors"
	var b strings.Builder
	if err := line.WriteSVG(&b); err != nil || !strings.Contains(b.String(), note) || !strings.Contains(line.String(), note) {
		t.Errorf("what was dropped is not said (%v): %v", err, line)
	}
}

// panicking is an error, and a report, that cannot be asked what it says.
type panicking struct{}

func (*panicking) Error() string { panic("no") }

func TestWhatCannotBeAskedIsRecorded(t *testing.T) {
	var nothing *panicking
	u := hooks.Unit{Name: "u"}
	line := tell(
		hooks.UnitStarting{At: after(1), Unit: u}, hooks.UnitReported{At: after(2), Unit: u, Value: nothing},
		hooks.UnitReported{At: after(2), Unit: u, Value: &panicking{}}, hooks.UnitFailed{At: after(3), Unit: u, Cause: &panicking{}},
	)
	if u := line.Units[0]; len(u.Reports) != 2 || !strings.Contains(u.Err, "PANIC") || u.State != timeline.StateFailed {
		t.Errorf("it is %+v", u)
	}
}

// secret is a report that its owner goes on to write to, and that holds what is nobody's
// business.
type secret struct{ password string }

// What has no text of its own is told by its type: its inside belongs to its owner.
func TestTheInsideOfAReportIsNotLookedAt(t *testing.T) {
	type mode string
	for _, c := range []struct {
		value any
		want  string
	}{
		{&secret{"hunter2"}, "*timeline_test.secret"}, {secret{"hunter2"}, "timeline_test.secret"},
		{map[string]string{"password": "hunter2"}, "map[string]string"}, {3, "int"},
		{"lease lost", "lease lost"}, {mode("standby"), "standby"}, {time.Second, "1s"}, {io.EOF, "EOF"}, {nil, ""},
		{"no \xff text", "no \uFFFD text"},
	} {
		u := hooks.Unit{Name: "u"}
		line := tell(hooks.UnitReported{At: after(1), Unit: u, Value: c.value})
		if got := line.Units[0].Reports[0].Text; got != c.want {
			t.Errorf("%T: %q, want %q", c.value, got, c.want)
		}
	}
}

// A report that its owner writes to meanwhile is no race.
func TestAReportMayGoOnToChange(t *testing.T) {
	report, r := &secret{}, timeline.New()
	var owner sync.WaitGroup
	owner.Go(func() {
		for range 1000 {
			report.password += "x"
		}
	})
	for range 1000 {
		r.Observe(hooks.UnitReported{Unit: hooks.Unit{Name: "u"}, Value: report})
	}
	owner.Wait()
}

func TestWhatIfItTookForEver(t *testing.T) {
	line := lives["a good life"].observed(t)
	for _, u := range line.Units {
		if took, err := line.WhatIf(u.Name, math.MaxInt64); took < math.MaxInt64/2 || err != nil {
			t.Errorf("%s: %v (%v)", u.Name, took, err)
		}
	}
}

// An observer that comes late is told the past.
func TestARecorderMayComeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := timeline.New()
		s := loki(t, container.ByLayer, 1)
		app := s.app()
		began, took := time.Now(), time.Duration(0)
		err := runUntilReady(app, func() {
			took = time.Since(began)
			time.Sleep(time.Minute)
			app.Observe(recorder)
		})
		if err != nil {
			t.Fatal(err)
		}
		checkChain(t, recorder.Timeline(), took)
	})
}

// The wall clock may be set while an app starts, the monotonic one goes on.
func TestTimesAreOfOneClock(t *testing.T) {
	began := time.Now()
	u := hooks.Unit{Name: "u"}
	line := tell(
		hooks.Planned{At: began, Plan: &hooks.Plan{Layers: [][]hooks.Unit{{u}}}}, hooks.AppStarting{At: began},
		hooks.UnitStarting{At: began, Unit: u}, hooks.UnitStarted{At: began.Add(time.Second).In(time.FixedZone("there", 3600)), Unit: u},
		hooks.AppStarted{At: began.Add(time.Second)},
	)
	if line.Ready.Sub(line.Began) != time.Second || line.Units[0].Ready != line.Ready || line.Ready.Location() != time.UTC {
		t.Errorf("began %v, ready %v, the unit %v", line.Began, line.Ready, line.Units[0].Ready)
	}
}

// A name is text on a terminal, whatever is in it.
func TestANameIsTextOnly(t *testing.T) {
	u := hooks.Unit{Name: "a\x1b[2J\nb\u202ec\xff"}
	line := tell(
		hooks.Planned{At: after(0), Plan: &hooks.Plan{Layers: [][]hooks.Unit{{u}}}}, hooks.AppStarting{At: after(0)},
		hooks.UnitStarting{At: after(0), Unit: u}, hooks.UnitStarted{At: after(1), Unit: u}, hooks.AppStarted{At: after(1)},
	)
	const want = "a\uFFFD[2J b\uFFFDc\uFFFD"
	if got := line.String(); !strings.HasSuffix(got, "  1s  "+want+"\n") {
		t.Errorf("%q", got)
	}
	if got := timeline.Compare(timeline.New().Timeline(), line); len(got) != 1 || got[0].String() != "came: start "+want+" 1s" {
		t.Errorf("%q", got)
	}
}
