package terminal

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

func TestFailuresStandAboveThePicture(t *testing.T) {
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		a := app{l}
		broken := errors.New("start *api.Server (api.New, api.go:38): listen tcp :80:\nbind: address already in use")
		late := errors.New("stop *store.Store: disk full")
		a.starts("*store.Store", "*api.Server")
		a.unitStarted("*store.Store", time.Second)
		time.Sleep(time.Second)
		a.unitFails("*api.Server", broken)
		a.unitStopped("*api.Server", broken)
		a.unitStopping("*store.Store")
		time.Sleep(time.Second)
		wantShown(t, e, `
00:00:01  error     start *api.Server (api.New, api.go:38): listen tcp :80:
    bind: address already in use
stopping [###############---------------] 1/2  1.0s  *api.Server failed
  *store.Store    1.0s
`)
		a.unitStopped("*store.Store", late)
		a.stopped(time.Second, errors.Join(broken, late, errors.New("and another")))
		wantShown(t, e, `
00:00:01  error     start *api.Server (api.New, api.go:38): listen tcp :80:
    bind: address already in use
00:00:02  error     stop *store.Store: disk full
00:00:02  error     and another
00:00:02  stopped   2 units in 1.0s during the start: *api.Server failed
`)
	})
}

// All that the errors of an app say is told, whatever they are like.
func TestNothingOfAnErrorIsLost(t *testing.T) {
	panicked := &process.PanicError{Value: "boom", Stack: []byte("goroutine 7 [running]:\nmain.crash()\n\t/src/main.go:7\n")}
	cases := map[string]struct {
		event hooks.Event
		want  string
	}{
		"a panic": {
			hooks.UnitFailed{Cause: fmt.Errorf("run *a.A: %w", panicked)}, `
00:00:00  error     run *a.A: panic: boom
    goroutine 7 [running]:
    main.crash()
        /src/main.go:7
`,
		},
		"an end": {
			hooks.UnitFailed{Unit: hooks.Unit{Name: "*a.A"}}, `
00:00:00  ended     *a.A ended by itself
`,
		},
		"misuse": {
			hooks.Misuse{Err: errors.New("an observer panicked")}, `
00:00:00  warning   an observer panicked
`,
		},
		"warnings of the plan": {
			hooks.Planned{Plan: &hooks.Plan{Warnings: []string{"one", "two"}}}, `
00:00:00  warning   one
00:00:00  warning   two
`,
		},
		"joined errors with a text of their own": {
			hooks.AppStopped{Err: fmt.Errorf("%w, because of %w", errors.New("a"), errors.New("b"))}, `
00:00:00  error     a, because of b
00:00:00  stopped   before the start
`,
		},
		"one whose text is part of another": {
			hooks.AppStopped{Err: errors.Join(errors.New("stop *a.A: context canceled"), errors.New("context canceled"))}, `
00:00:00  error     stop *a.A: context canceled
00:00:00  error     context canceled
00:00:00  stopped   before the start
`,
		},
		"a panic among others": {
			hooks.AppStopped{Err: errors.Join(panicked, errors.New("broken"))}, `
00:00:00  error     panic: boom
    goroutine 7 [running]:
    main.crash()
        /src/main.go:7
00:00:00  error     broken
00:00:00  stopped   before the start
`,
		},
		"control characters": {
			hooks.UnitFailed{Cause: errors.New("a\x1b[2J\rb\u009bc\xffd\te")}, `
00:00:00  error     a\x1b[2J\x0db\x9bc�d        e
`,
		},
		"a long reason": {
			hooks.AppStopping{Why: hooks.WhyShutdown, Cause: errors.New("maintenance:\nsee the calendar")}, `
00:00:00  stopping  shutdown: maintenance:
    see the calendar
`,
		},
		"a reason that was a timeout": {
			hooks.AppStopping{Why: hooks.WhyTimeout, Cause: errors.New("app not ready in time")}, `
00:00:00  error     app not ready in time
`,
		},
		"an error that panics": {
			hooks.UnitFailed{Cause: hostile{}}, `
00:00:00  error     terminal.hostile
`,
		},
		"by pointer": {
			&hooks.Misuse{Err: errors.New("told by pointer")}, `
00:00:00  warning   told by pointer
`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 80, 24, func(e *emulator, l *Log) {
				tell(l, c.event)
				wantShown(t, e, c.want)
				tell(l, hooks.AppStopped{})
			})
		})
	}
}

// hostile panics whatever it is asked.
type hostile struct{}

func (hostile) Error() string   { panic("hostile") }
func (hostile) Unwrap() []error { panic("hostile") }

// What is held back, because the app is likely to end with an error that says more, is
// told if it does not.
func TestWhatIsHeldBackIsToldInTheEnd(t *testing.T) {
	refused := hooks.Provided{Constructor: "shop.New", Location: "shop.go:7", Err: errors.New("already provided")}
	late := hooks.Provided{Constructor: "shop.New", Location: "shop.go:7", Err: errors.New("it is late")}
	failed := hooks.Constructed{Constructor: "shop.New", Location: "shop.go:7", Err: errors.New("no such file")}
	stuck := hooks.Stuck{Units: []hooks.StuckUnit{
		{Unit: "*a.A", Phase: hooks.PhaseStop, For: 28 * time.Second, Stack: "#\tmain.hang\n"},
		{Unit: "*b.B", Phase: hooks.PhaseRun, For: time.Second},
	}}
	const hangs = `00:00:00  stuck     *a.A (stop for 28s)
    #   main.hang
    *b.B (run for 1.0s)
`
	cases := map[string]struct {
		events []hooks.Event
		want   string
	}{
		"the app starts all the same": {
			[]hooks.Event{refused, failed, hooks.Planned{}, hooks.AppStarted{}, late}, `
00:00:00  error     provide shop.New (shop.go:7): already provided
00:00:00  error     construct shop.New (shop.go:7): no such file
00:00:00  started   0 units in 0s
00:00:00  error     provide shop.New (shop.go:7): it is late
`,
		},
		"it says so itself": {
			[]hooks.Event{refused, hooks.AppStopped{Err: errors.New("main.go:7: Provide: already provided; try again")}}, `
00:00:00  error     main.go:7: Provide: already provided; try again
00:00:00  stopped   before the start
`,
		},
		"it says something else": {
			[]hooks.Event{stuck, hooks.AppStopped{Err: errors.New("stuck: *a.A")}}, `
00:00:00  error     stuck: *a.A
` + hangs + `00:00:00  stopped   before the start
`,
		},
		"it says nothing": {
			[]hooks.Event{stuck, hooks.AppStopped{}}, `
` + hangs + `00:00:00  stopped   before the start
`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, 80, 24, func(e *emulator, l *Log) {
				tell(l, c.events...)
				wantShown(t, e, c.want)
			})
		})
	}
}

func TestOtherEventsAreHarmless(t *testing.T) {
	type strange struct{ hooks.Event }
	bubble(t, 80, 24, func(e *emulator, l *Log) {
		tell(l, nil, strange{}, (*hooks.AppStarted)(nil),
			hooks.Decorated{}, hooks.Supplied{}, hooks.Invoked{Err: errors.New("handled")}, hooks.Constructed{},
			hooks.UnitStarted{}, hooks.UnitReported{}, hooks.StillStarting{}, hooks.StillStopping{}, hooks.Draining{})
		wantShown(t, e, nothing)
		if strings.TrimSpace(e.raw()) != "" {
			t.Errorf("written: %q", e.raw())
		}
	})
}
