package logging

import (
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// slow is how long a unit or a constructor takes before it is worth a line at Info.
const slow = time.Second

// lineOf returns the line that is written for event, by every observer of this package. There is none for nil, nor for
// a type that is not of package hooks.
func lineOf(event hooks.Event) (*line, bool) {
	switch e := event.(type) {
	case hooks.Provided:
		return newLine(e.At, failing(e.Err, slog.LevelDebug), "provide").
			text("constructor", e.Constructor).text("location", e.Location).text("scope", e.Scope).
			texts("results", e.Results).failure(e.Err), true

	case hooks.Decorated:
		return newLine(e.At, failing(e.Err, slog.LevelDebug), "decorate").
			text("decorator", e.Decorator).text("location", e.Location).text("scope", e.Scope).
			texts("results", e.Results).failure(e.Err), true

	case hooks.Supplied:
		return newLine(e.At, failing(e.Err, slog.LevelDebug), "supply").
			texts("types", e.Types).failure(e.Err), true

	case hooks.Invoked:
		return newLine(e.At, slog.LevelDebug, "invoke").
			text("function", e.Function).text("location", e.Location).text("scope", e.Scope).
			duration("took", e.Took).failure(e.Err), true

	case hooks.Constructing:
		return newLine(e.At, slog.LevelDebug, "constructing").
			text("constructor", e.Constructor).text("location", e.Location).text("scope", e.Scope), true

	case hooks.Constructed:
		return newLine(e.At, failing(e.Err, lasting(e.Took)), "construct").
			text("constructor", e.Constructor).text("location", e.Location).text("scope", e.Scope).
			duration("took", e.Took).failure(e.Err), true

	case hooks.Planned:
		return planned(e), true

	case hooks.AppStarting:
		return newLine(e.At, slog.LevelInfo, "app starting").
			number("unit_count", e.Units).number("layer_count", e.Layers), true

	case hooks.UnitStarting:
		return newLine(e.At, slog.LevelDebug, "unit starting").
			unit(e.Unit, e.Layer).texts("depends_on", e.Unit.DependsOn), true

	case hooks.UnitStarted:
		return newLine(e.At, lasting(e.Took), "unit started").
			unit(e.Unit, e.Layer).duration("took", e.Took), true

	case hooks.StillStarting:
		return newLine(e.At, slog.LevelWarn, "still starting").
			duration("took", e.Took).awaited(e.Pending), true

	case hooks.AppStarted:
		return newLine(e.At, slog.LevelInfo, "app started").
			duration("took", e.Took).critical(e.Critical), true

	case hooks.AppStopping:
		return newLine(e.At, slog.LevelInfo, "app stopping").
			text("why", e.Why.String()).text("unit", e.Unit).signal(e.Signal).failure(e.Cause), true

	case hooks.Draining:
		return newLine(e.At, slog.LevelInfo, "draining").
			duration("delay", e.Delay), true

	case hooks.UnitStopping:
		return newLine(e.At, slog.LevelDebug, "unit stopping").
			unit(e.Unit, e.Layer), true

	case hooks.UnitStopped:
		level := lasting(e.Took)
		if e.Forced {
			level = slog.LevelWarn
		}
		return newLine(e.At, failing(e.Err, level), "unit stopped").
			unit(e.Unit, e.Layer).duration("took", e.Took).flag("forced", e.Forced).failure(e.Err), true

	case hooks.UnitFailed:
		message := "unit failed"
		if e.Cause == nil {
			message = "unit ended"
		}
		return newLine(e.At, failing(e.Cause, slog.LevelDebug), message).
			unit(e.Unit, e.Layer).text("phase", e.Phase.String()).
			failure(e.Cause).text("stack", panicStack(e.Cause)), true

	case hooks.UnitReported:
		return newLine(e.At, slog.LevelDebug, "unit report").
			unit(e.Unit, e.Layer).text("report", describe(e.Value)), true

	case hooks.StillStopping:
		return newLine(e.At, slog.LevelWarn, "still stopping").
			duration("took", e.Took).awaited(e.Pending), true

	case hooks.Stuck:
		return newLine(e.At, slog.LevelError, "stuck").
			stuck(e.Units), true

	case hooks.Misuse:
		return newLine(e.At, slog.LevelWarn, "misuse").
			failure(e.Err), true

	case hooks.AppStopped:
		return newLine(e.At, failing(e.Err, slog.LevelInfo), "app stopped").
			duration("took", e.Took).failure(e.Err), true
	}
	return pointed(event)
}

// planned returns the line of a plan: a single one, whatever there is to warn of.
func planned(e hooks.Planned) *line {
	if e.Plan == nil {
		return newLine(e.At, slog.LevelInfo, "plan")
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
	return newLine(e.At, level, "plan").
		text("schedule", e.Plan.Schedule.String()).
		number("unit_count", units).number("layer_count", len(names)).nested("layers", names).
		texts("unused", e.Plan.Unused).texts("warnings", e.Plan.Warnings)
}

// pointed returns the line of an event that was handed over by pointer, which hooks.Event does not rule out.
func pointed(event hooks.Event) (*line, bool) {
	v := reflect.ValueOf(event)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, false
	}
	if event, ok := v.Elem().Interface().(hooks.Event); ok {
		return lineOf(event)
	}
	return nil, false
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
	constructor, location := u.Constructor, ""
	if i := strings.LastIndex(constructor, " ("); i >= 0 && strings.HasSuffix(constructor, ")") {
		constructor, location = constructor[:i], constructor[i+2:len(constructor)-1]
	}
	return l.text("unit", u.Name).text("type", u.Type).
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
