package hooks_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/strata-go/strata/hooks"
)

func TestEnumsHaveNames(t *testing.T) {
	cases := map[fmt.Stringer]string{
		hooks.WhySignal:      "signal",
		hooks.WhyShutdown:    "shutdown",
		hooks.WhyFailure:     "failure",
		hooks.WhyContext:     "context",
		hooks.WhyEnded:       "unit ended",
		hooks.WhyTimeout:     "timeout",
		hooks.WhyStop:        "stop",
		hooks.Why(-1):        "Why(-1)",
		hooks.PhaseConstruct: "construct",
		hooks.PhaseStart:     "start",
		hooks.PhaseRun:       "run",
		hooks.PhaseStop:      "stop",
		hooks.Phase(99):      "Phase(99)",
		hooks.ByLayer:        "by layer",
		hooks.ByDependency:   "by dependency",
		hooks.Schedule(2):    "Schedule(2)",
	}
	for value, want := range cases {
		if got := value.String(); got != want {
			t.Errorf("%#v is %q, want %q", value, got, want)
		}
	}
}

func TestTheDefaultScheduleIsByLayer(t *testing.T) {
	if s := (hooks.Plan{}).Schedule; s != hooks.ByLayer {
		t.Errorf("it is %v", s)
	}
}

func TestEveryEventSaysWhen(t *testing.T) {
	events := []hooks.Event{
		hooks.Provided{}, hooks.Decorated{}, hooks.Supplied{}, hooks.Invoked{}, hooks.Constructing{}, hooks.Constructed{}, hooks.Planned{},
		hooks.AppStarting{}, hooks.UnitStarting{}, hooks.UnitStarted{}, hooks.StillStarting{}, hooks.AppStarted{},
		hooks.AppStopping{}, hooks.Draining{}, hooks.UnitStopping{}, hooks.UnitStopped{}, hooks.UnitFailed{},
		hooks.UnitReported{}, hooks.StillStopping{}, hooks.Stuck{}, hooks.Misuse{}, hooks.AppStopped{},
	}
	for _, event := range events {
		first := reflect.TypeOf(event).Field(0)
		if first.Name != "At" || first.Type != reflect.TypeFor[time.Time]() {
			t.Errorf("%T begins with %s %s", event, first.Name, first.Type)
		}
	}
}
