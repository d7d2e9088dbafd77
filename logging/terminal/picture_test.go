package terminal

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/strata-go/strata/hooks"
)

// app tells a Log what an application would, now.
type app struct{ l *Log }

func (a app) starts(units ...string) {
	tell(a.l, hooks.AppStarting{At: time.Now(), Units: len(units), Layers: 1})
	for _, name := range units {
		tell(a.l, hooks.UnitStarting{At: time.Now(), Unit: hooks.Unit{Name: name}})
	}
}

func (a app) unitStarted(name string, took time.Duration) {
	tell(a.l, hooks.UnitStarted{At: time.Now(), Unit: hooks.Unit{Name: name}, Took: took})
}

func (a app) unitReported(name string, value any) {
	tell(a.l, hooks.UnitReported{At: time.Now(), Unit: hooks.Unit{Name: name}, Value: value})
}

func (a app) started(took time.Duration, critical ...hooks.Step) {
	tell(a.l, hooks.AppStarted{At: time.Now(), Took: took, Critical: critical})
}

func (a app) unitFails(name string, err error) {
	tell(a.l, hooks.UnitFailed{At: time.Now(), Unit: hooks.Unit{Name: name}, Cause: err},
		hooks.AppStopping{At: time.Now(), Why: hooks.WhyFailure, Unit: name, Cause: err})
}

func (a app) interrupt() {
	tell(a.l, hooks.AppStopping{At: time.Now(), Why: hooks.WhySignal, Signal: syscall.SIGINT})
}

func (a app) unitStopping(name string) {
	tell(a.l, hooks.UnitStopping{At: time.Now(), Unit: hooks.Unit{Name: name}})
}

func (a app) unitStopped(name string, err error) {
	tell(a.l, hooks.UnitStopped{At: time.Now(), Unit: hooks.Unit{Name: name}, Err: err})
}

func (a app) stopped(took time.Duration, err error) {
	tell(a.l, hooks.AppStopped{At: time.Now(), Took: took, Err: err})
}

func TestStartAndStopAreShownWhileTheyGoOn(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		a := app{l}
		a.starts("*store.Store", "*admin.Server")
		time.Sleep(time.Second)
		a.unitStarted("*admin.Server", time.Second)
		time.Sleep(500 * time.Millisecond)
		wantShown(t, e, `
starting [###############---------------] 1/2  1.5s
  *store.Store    1.5s
`)
		time.Sleep(10 * time.Second)
		wantShown(t, e, `
starting [###############---------------] 1/2  11s
  *store.Store     11s
`)
		a.unitStarted("*store.Store", 11500*time.Millisecond)
		a.started(11500*time.Millisecond, hooks.Step{Unit: "*store.Store", Took: 11500 * time.Millisecond})
		wantShown(t, e, `
00:00:11  started   2 units in 11s (1.0s saved by parallel starts): *store.Store
`)
		a.interrupt()
		a.unitStopping("*store.Store")
		a.unitStopping("*admin.Server")
		a.unitStopped("*admin.Server", nil)
		time.Sleep(2 * time.Second)
		wantShown(t, e, `
00:00:11  started   2 units in 11s (1.0s saved by parallel starts): *store.Store
stopping [###############---------------] 1/2  2.0s  interrupt
  *store.Store    2.0s
`)
		a.unitStopped("*store.Store", nil)
		a.stopped(2*time.Second, nil)
		wantShown(t, e, `
00:00:11  started   2 units in 11s (1.0s saved by parallel starts): *store.Store
00:00:13  stopped   2 units in 2.0s: interrupt
`)
	})
}

// Nothing flashes that is over before it could be read.
func TestWhatIsQuickIsOnlyALine(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		a := app{l}
		a.starts("*store.Store")
		time.Sleep(41 * time.Millisecond)
		a.unitStarted("*store.Store", 41*time.Millisecond)
		a.started(41*time.Millisecond, hooks.Step{Unit: "*store.Store", Took: 41 * time.Millisecond})
		a.interrupt()
		a.stopped(340*time.Microsecond, nil)
		wantShown(t, e, `
00:00:00  started   1 unit in 41ms: *store.Store
00:00:00  stopped   1 unit in 340µs: interrupt, 1 left running
`)
		if strings.Contains(e.raw(), "starting") || strings.Contains(e.raw(), "stopping") {
			t.Errorf("it was drawn: %q", e.raw())
		}
	})
}

func TestThePictureShowsWhatUnitsReport(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		a := app{l}
		a.starts("*queue.Consumer", "warm up")
		time.Sleep(time.Second)
		a.unitReported("*queue.Consumer", errors.New("retry 1: refused"))
		a.unitReported("*queue.Consumer", errors.New("retry 2:\n\x1b[2Jrefused"))
		a.unitReported("warm up", struct{ Password string }{"secret"})
		a.unitReported("stranger", "hello")
		time.Sleep(time.Second)
		wantShown(t, e, `
starting [------------------------------] 0/2  2.0s
  *queue.Consumer    2.0s  retry 2: \x1b[2Jrefused
  warm up            2.0s  struct { Password string }
`)
		a.stopped(0, nil)
	})
}

func TestThePictureShowsTheSlowestOfMany(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		a := app{l}
		var names []string
		for i := range 200 {
			names = append(names, fmt.Sprintf("*shop.Unit%03d", i))
		}
		tell(l, hooks.AppStarting{At: time.Now(), Units: len(names)})
		for i, name := range names {
			tell(l, hooks.UnitStarting{At: time.Now(), Unit: hooks.Unit{Name: name}})
			if i%2 == 0 {
				a.unitStarted(name, 0)
			}
			time.Sleep(100 * time.Millisecond)
		}
		wantShown(t, e, `
starting [###############---------------] 100/200  20s
  *shop.Unit001     19s
  *shop.Unit003     19s
  *shop.Unit005     19s
  *shop.Unit007     19s
  and 96 more
`)
		a.stopped(0, nil)
	})
}

func TestThePictureShowsTheConstructorThatTakesLong(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		pending := func(name string, since time.Duration) []hooks.Pending {
			return []hooks.Pending{{Unit: name + " (shop.go:7)", For: since}}
		}
		time.Sleep(5 * time.Second)
		tell(l, hooks.StillStarting{At: time.Now(), Took: 5 * time.Second, Pending: pending("shop.NewStore", 3*time.Second)})
		time.Sleep(time.Second)
		wantShown(t, e, "constructing 4.0s  shop.NewStore (shop.go:7)\n")
		tell(l, hooks.Constructed{At: time.Now(), Constructor: "shop.NewStore", Location: "shop.go:7"})
		wantShown(t, e, nothing)
		time.Sleep(4 * time.Second)
		tell(l, hooks.StillStarting{At: time.Now(), Took: 10 * time.Second, Pending: pending("shop.NewCache", 4*time.Second)})
		time.Sleep(time.Second)
		wantShown(t, e, "constructing 5.0s  shop.NewCache (shop.go:7)\n")
		a := app{l}
		a.interrupt()
		time.Sleep(time.Second)
		wantShown(t, e, `
stopping 0/0  1.0s  interrupt
  shop.NewCache (shop.go:7)    6.0s  constructing
`)
		tell(l, hooks.StillStopping{At: time.Now(), Took: time.Second, Pending: pending("shop.NewCache", 6*time.Second)})
		time.Sleep(time.Second)
		wantShown(t, e, `
stopping 0/0  2.0s  interrupt
  shop.NewCache (shop.go:7)    7.0s  constructing
`)
		tell(l, hooks.Constructed{At: time.Now(), Constructor: "shop.NewCache", Location: "shop.go:7"})
		a.stopped(2*time.Second, nil)
		wantShown(t, e, "00:00:13  stopped   in 2.0s before the start: interrupt\n")
	})
}

func TestNoTimePassesWhileNothingTakesLong(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		tell(l, hooks.Provided{}, hooks.Constructed{}, hooks.Planned{Plan: &hooks.Plan{}})
		synctest.Wait()
		if l.painted != nil {
			t.Error("it goes on painting before the start")
		}
		wantShown(t, e, nothing)
	})
}

func TestThePictureShowsADrain(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		a := app{l}
		a.starts("*api.Server")
		a.unitStarted("*api.Server", 0)
		a.started(0)
		tell(l, hooks.AppStopping{At: time.Now(), Why: hooks.WhySignal, Signal: syscall.SIGTERM}, hooks.Draining{Delay: 10 * time.Second})
		time.Sleep(3 * time.Second)
		wantShown(t, e, `
00:00:00  started   1 unit in 0s
draining 3.0s of 10s  terminated
`)
		a.unitStopping("*api.Server")
		time.Sleep(100 * time.Millisecond)
		wantShown(t, e, `
00:00:00  started   1 unit in 0s
stopping [------------------------------] 0/1  3.1s  terminated
  *api.Server    0.1s
`)
		a.stopped(0, nil)
	})
}

func TestAStopDuringTheStartShowsWhatWasStarting(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		a := app{l}
		a.starts("*store.Store", "*admin.Server")
		a.unitStarted("*admin.Server", 0)
		time.Sleep(time.Second)
		a.interrupt()
		a.unitStopping("*admin.Server")
		time.Sleep(time.Second)
		wantShown(t, e, `
stopping [------------------------------] 0/2  1.0s  interrupt
  *store.Store     2.0s  starting
  *admin.Server    1.0s
`)
		a.unitStopped("*store.Store", nil)
		a.unitStopped("*admin.Server", nil)
		a.stopped(time.Second, nil)
		wantShown(t, e, "00:00:02  stopped   2 units in 1.0s during the start: interrupt\n")
	})
}

// However small the terminal is, no line of the picture is wrapped, and none leaves it
// above.
func TestThePictureFitsAnyTerminal(t *testing.T) {
	names := []string{"*store.Store[name=primary]", "*世界.Server", "c", "d", "e", "f", "g"}
	for _, c := range []struct {
		width, height int
		want          string
	}{
		{20, 24, `
starting 0/7  2.0s
  *store.S…    2.0s
  *世界.Se…    2.0s
  c            2.0s
  d            2.0s
  and 3 more
`}, {40, 5, `
starting [------------------] 0/7  2.0s
  *store.Store[name=primary]    2.0s
  *世界.Server                  2.0s
  and 5 more
`}, {80, 3, `
starting [------------------------------] 0/7  2.0s
  *store.Store[name=primary]    2.0s
`}, {80, 2, `
starting [------------------------------] 0/7  2.0s
`}, {80, 1, nothing}, {8, 3, `
starti…
  …   …
`}, {1, 5, nothing}} {
		t.Run(fmt.Sprintf("%dx%d", c.width, c.height), func(t *testing.T) {
			bubble(t, c.width, c.height, func(e *emulator, l *Log) {
				app{l}.starts(names...)
				time.Sleep(2 * time.Second)
				wantShown(t, e, c.want)
				if n := e.terminal.ScrollbackLen(); n > 0 {
					t.Errorf("%d lines were pushed out of sight", n)
				}
				for _, line := range l.screen.picture {
					if w := ansi.StringWidth(line); w >= c.width && w > 0 {
						t.Errorf("%d columns: %q", w, line)
					}
				}
				app{l}.stopped(0, nil)
			})
		})
	}
}

func TestTheCriticalChainLeavesOutWhatTookHardlyAnything(t *testing.T) {
	chain := []hooks.Step{{Unit: "a", Took: 1}, {Unit: "b", Took: 600}, {Unit: "c", Took: 2}, {Unit: "d", Took: 3}, {Unit: "e", Took: 394}}
	for i := range chain {
		chain[i].Took *= time.Millisecond
	}
	if got, want := chainText(chain, time.Second), ".. > b 600ms > .. > e 394ms"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
	if got := chainText(chain[1:2], 600*time.Millisecond); got != "b" {
		t.Errorf("alone it is %s", got)
	}
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		d              time.Duration
		short, ticking string
	}{
		{-time.Second, "0s", "0.0s"},
		{0, "0s", "0.0s"},
		{344999, "340µs", "0.0s"},
		{41499999, "41ms", "0.0s"},
		{999499999, "999ms", "0.9s"},
		{3999999999, "3.9s", "3.9s"},
		{59999999999, "59s", "59s"},
		{125 * time.Second, "2m05s", "2m05s"},
		{125 * time.Minute, "2h05m", "2h05m"},
	} {
		if short(c.d) != c.short || ticking(c.d) != c.ticking {
			t.Errorf("%d ns: %s and %s, want %s and %s", c.d, short(c.d), ticking(c.d), c.short, c.ticking)
		}
	}
}
