package logging

import (
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// reportEvery is how often a unit's reports are worth a line at Info.
const reportEvery = 5 * time.Second

// slow is how long a unit or a constructor takes before it is worth a line at Info.
const slow = time.Second

// teller makes the lines of an observer of this package.
type teller struct {
	written func(slog.Level) bool

	mu   sync.Mutex        // guards what follows: an observer may be told of several applications
	told map[string]string // by units that failed and have not ended: with what

	reported map[string]time.Time // by units: when a report was last written at Info
}

// passes reports whether event is one of the four of each unit's life and says nothing that is written. It is asked before
// lineOf, which needs so much of a stack that the goroutine of every unit would have to grow its own.
func (t *teller) passes(event hooks.Event) bool {
	if t.written(slog.LevelDebug) {
		return false
	}
	switch e := event.(type) {
	case hooks.UnitStarting, hooks.UnitStopping:
		return true
	case hooks.UnitStarted:
		return e.Took < slow
	case hooks.UnitStopped:
		return e.Took < slow && !e.Forced && e.Err == nil
	}
	return false
}

// lineOf returns the line that is written for event; nil if its level is not written, for nil, and for a type that is not of
// package hooks.
func (t *teller) lineOf(event hooks.Event) *line {
	switch e := event.(type) {
	case hooks.Provided:
		return t.newLine(e.At, failing(e.Err, slog.LevelDebug), "provide").
			text("constructor", e.Constructor).text("location", e.Location).text("scope", e.Scope).
			texts("results", e.Results).failure(e.Err)

	case hooks.Decorated:
		return t.newLine(e.At, failing(e.Err, slog.LevelDebug), "decorate").
			text("decorator", e.Decorator).text("location", e.Location).text("scope", e.Scope).
			texts("results", e.Results).failure(e.Err)

	case hooks.Supplied:
		return t.newLine(e.At, failing(e.Err, slog.LevelDebug), "supply").
			text("scope", e.Scope).texts("types", e.Types).failure(e.Err)

	case hooks.Invoked:
		return t.newLine(e.At, slog.LevelDebug, "invoke").
			text("function", e.Function).text("location", e.Location).text("scope", e.Scope).
			duration("took", e.Took).failure(e.Err)

	case hooks.Constructed:
		return t.newLine(e.At, failing(e.Err, lasting(e.Took)), "construct").
			text("constructor", e.Constructor).text("location", e.Location).text("scope", e.Scope).
			duration("took", e.Took).failure(e.Err)

	case hooks.Planned:
		return t.planned(e)

	case hooks.AppStarting:
		return t.newLine(e.At, slog.LevelDebug, "app starting").
			number("unit_count", e.Units).number("layer_count", e.Layers)

	case hooks.UnitStarting:
		return t.newLine(e.At, slog.LevelDebug, "unit starting").
			unit(e.Unit, e.Layer).texts("depends_on", e.Unit.DependsOn)

	case hooks.UnitStarted:
		return t.newLine(e.At, lasting(e.Took), "unit started").
			unit(e.Unit, e.Layer).duration("took", e.Took)

	case hooks.StillStarting:
		return t.newLine(e.At, slog.LevelWarn, "still starting").
			duration("took", e.Took).awaited(e.Pending)

	case hooks.AppStarted:
		return t.newLine(e.At, slog.LevelInfo, "app started").
			duration("took", e.Took).critical(e.Critical)

	case hooks.AppStopping:
		cause := e.Cause
		if e.Why == hooks.WhyFailure && e.Unit != "" {
			cause = nil // it is that of "unit failed", just before
		}
		return t.newLine(e.At, slog.LevelInfo, "app stopping").
			text("why", e.Why.String()).text("unit", e.Unit).signal(e.Signal).failure(cause)

	case hooks.Draining:
		return t.newLine(e.At, slog.LevelInfo, "draining").
			duration("delay", e.Delay)

	case hooks.UnitStopping:
		return t.newLine(e.At, slog.LevelDebug, "unit stopping").
			unit(e.Unit, e.Layer)

	case hooks.UnitStopped:
		level := lasting(e.Took)
		if e.Forced {
			level = slog.LevelWarn
		}
		if !t.again(e) {
			level = failing(e.Err, level)
		}
		return t.newLine(e.At, level, "unit stopped").
			unit(e.Unit, e.Layer).duration("took", e.Took).flag("forced", e.Forced).failure(e.Err)

	case hooks.UnitFailed:
		message := "unit failed"
		if e.Cause == nil {
			message = "unit ended"
		} else {
			t.tell(e)
		}
		return t.newLine(e.At, failing(e.Cause, slog.LevelDebug), message).
			unit(e.Unit, e.Layer).text("phase", e.Phase.String()).
			failure(e.Cause).text("stack", panicStack(e.Cause))

	case hooks.UnitReported:
		return t.newLine(e.At, t.reporting(e), "unit report").
			unit(e.Unit, e.Layer).text("report", describe(e.Value))

	case hooks.StillStopping:
		return t.newLine(e.At, slog.LevelWarn, "still stopping").
			duration("took", e.Took).awaited(e.Pending)

	case hooks.Stuck:
		return t.newLine(e.At, slog.LevelError, "stuck").
			stuck(e.Units)

	case hooks.Misuse:
		return t.newLine(e.At, slog.LevelWarn, "misuse").
			failure(e.Err)

	case hooks.AppStopped:
		t.forget()
		return t.newLine(e.At, failing(e.Err, slog.LevelInfo), "app stopped").
			duration("took", e.Took).failure(e.Err)
	}
	return t.pointed(event)
}

// tell notes what a unit failed with.
func (t *teller) tell(e hooks.UnitFailed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told == nil {
		t.told = make(map[string]string)
	}
	t.told[e.Unit.Name] = describe(e.Cause)
}

// forget forgets all units.
func (t *teller) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told, t.reported = nil, nil
}

// again reports whether a unit ended with what it is known to have failed with.
func (t *teller) again(e hooks.UnitStopped) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, told := t.told[e.Unit.Name]
	delete(t.told, e.Unit.Name)
	return told && e.Err != nil && describe(e.Err) == text
}

// reporting returns Info for a unit's report, Debug if there was one a short time before: what is tried again and again
// would fill the log.
func (t *teller) reporting(e hooks.UnitReported) slog.Level {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.reported[e.Unit.Name]; ok && !e.At.Before(last) && e.At.Sub(last) < reportEvery {
		return slog.LevelDebug
	}
	if t.reported == nil {
		t.reported = make(map[string]time.Time)
	}
	t.reported[e.Unit.Name] = e.At
	return slog.LevelInfo
}

// planned returns the line of a plan: a single one, whatever there is to warn of.
func (t *teller) planned(e hooks.Planned) *line {
	if e.Plan == nil {
		return t.newLine(e.At, slog.LevelInfo, "plan")
	}
	level := slog.LevelInfo
	if len(e.Plan.Warnings) > 0 {
		level = slog.LevelWarn
	}
	units := 0
	names := make(nested, len(e.Plan.Layers))
	for i, layer := range e.Plan.Layers {
		names[i] = make([]string, len(layer))
		for j, unit := range layer {
			names[i][j] = unit.Name
		}
		units += len(layer)
	}
	return t.newLine(e.At, level, "plan").
		text("schedule", e.Plan.Schedule.String()).
		number("unit_count", units).number("layer_count", len(names)).nested("layers", names).
		texts("unused", e.Plan.Unused).texts("warnings", e.Plan.Warnings)
}

// pointed returns the line of an event that was handed over by pointer, which hooks.Event does not rule out.
func (t *teller) pointed(event hooks.Event) *line {
	v := reflect.ValueOf(event)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil
	}
	if event, ok := v.Elem().Interface().(hooks.Event); ok {
		return t.lineOf(event)
	}
	return nil
}

// failing returns Error if there is an error, level if not.
func failing(err error, level slog.Level) slog.Level {
	if err != nil {
		return slog.LevelError
	}
	return level
}

// lasting returns Info for what took long enough to be worth reading, Debug for the rest.
func lasting(took time.Duration) slog.Level {
	if took >= slow {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// unit adds what a unit is. Its constructor is split, so that the keys mean the same as on the constructor's own lines.
func (l *line) unit(u hooks.Unit, layer int) *line {
	if l == nil {
		return nil
	}
	constructor, location := u.Constructor, ""
	if i := strings.LastIndex(constructor, " ("); i >= 0 && strings.HasSuffix(constructor, ")") {
		constructor, location = constructor[:i], constructor[i+2:len(constructor)-1]
	}
	kind := u.Type
	if kind == u.Name {
		kind = ""
	}
	return l.text("unit", u.Name).text("type", kind).
		text("constructor", constructor).text("location", location).number("layer", layer)
}

// panicStack returns the stack of the panic that err tells of, empty if it tells of none.
func panicStack(err error) string {
	stack, _ := guarded(func() string {
		if panicked, ok := errors.AsType[*process.PanicError](err); ok && panicked != nil {
			return string(panicked.Stack)
		}
		return ""
	})
	return stack
}
