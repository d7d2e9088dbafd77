package logging

import (
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/hooks"
)

// attribute is a key with a string, []string, int, bool, time.Duration, error or one of the lists below.
type attribute struct {
	key   string
	value any
}

// line is one line of a log, of whichever logger. Its methods add an attribute and return it; values that are empty
// are left out. A nil line is not written, and stays nil.
type line struct {
	at         time.Time
	level      slog.Level
	message    string
	attributes []attribute
}

func (t *teller) newLine(at time.Time, level slog.Level, message string) *line {
	if !t.written(level) {
		return nil
	}
	return &line{at: at, level: level, message: message, attributes: make([]attribute, 0, 8)}
}

// time returns when the event happened, which may be well before the line is written.
func (l *line) time() time.Time {
	if l.at.IsZero() {
		return time.Now()
	}
	return l.at
}

func (l *line) add(key string, value any) *line {
	if l == nil {
		return nil
	}
	l.attributes = append(l.attributes, attribute{key, value})
	return l
}

func (l *line) text(key, value string) *line {
	if l == nil || value == "" {
		return l
	}
	return l.add(key, value)
}

func (l *line) texts(key string, values []string) *line {
	if l == nil || len(values) == 0 {
		return l
	}
	return l.add(key, values)
}

func (l *line) number(key string, value int) *line { return l.add(key, value) }

func (l *line) flag(key string, value bool) *line {
	if !value {
		return l
	}
	return l.add(key, value)
}

func (l *line) duration(key string, value time.Duration) *line { return l.add(key, value) }

func (l *line) failure(err error) *line {
	if l == nil || err == nil {
		return l
	}
	return l.add("error", &loggedError{describe(err), err})
}

func (l *line) signal(s os.Signal) *line {
	if l == nil || s == nil {
		return l
	}
	return l.text("signal", describe(s))
}

func (l *line) nested(key string, values nested) *line {
	if len(values) == 0 {
		return l
	}
	return l.add(key, values)
}

func (l *line) critical(steps []hooks.Step) *line {
	if l == nil || len(steps) == 0 {
		return l
	}
	values := make(list[stepValue], len(steps))
	for i, s := range steps {
		values[i] = stepValue{s.Unit, s.Took}
	}
	return l.add("critical", values)
}

func (l *line) awaited(pending []hooks.Pending) *line {
	if l == nil || len(pending) == 0 {
		return l
	}
	shown, more := cut(pending)
	values := make(list[pendingValue], len(shown))
	for i, p := range shown {
		holds, more := cut(p.Holds)
		if more > 0 {
			holds = append(slices.Clip(holds), fmt.Sprintf("and %d more", more))
		}
		values[i] = pendingValue{p.Unit, p.For, holds}
	}
	return l.add("pending", values).more(more)
}

func (l *line) stuck(units []hooks.StuckUnit) *line {
	if l == nil || len(units) == 0 {
		return l
	}
	shown, more := cut(units)
	values := make(list[stuckValue], len(shown))
	for i, u := range shown {
		values[i] = stuckValue{u.Unit, u.Phase.String(), u.For, u.Stack}
	}
	return l.add("stuck", values).more(more)
}

// listLimit is how many units of a list are written: of a thousand that hang, one line would be megabytes.
const listLimit = 20

// cut returns what is written of a list, and how many that leaves out.
func cut[T any](values []T) (shown []T, more int) {
	if len(values) <= listLimit {
		return values, 0
	}
	return values[:listLimit], len(values) - listLimit
}

func (l *line) more(n int) *line {
	if n == 0 {
		return l
	}
	return l.number("more", n)
}

// loggedError is an error as text. Loggers add keys of their own for errors with more methods than this, and print some
// as objects; and the text of an error need not be the same, or be had without a panic, when it is written later.
type loggedError struct {
	text string
	err  error
}

func (e *loggedError) Error() string { return e.text }

// Unwrap is for loggers that pass errors on to where they are analyzed.
func (e *loggedError) Unwrap() error { return e.err }

// nested is a list of lists of names.
type nested [][]string

func (n nested) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, names := range n {
		err := enc.AppendArray(zapcore.ArrayMarshalerFunc(func(enc zapcore.ArrayEncoder) error {
			for _, name := range names {
				enc.AppendString(name)
			}
			return nil
		}))
		if err != nil {
			return err
		}
	}
	return nil
}

// list is a list of objects: zap is given them by MarshalLogObject, slog's handlers by their JSON tags.
type list[T zapcore.ObjectMarshaler] []T

func (l list[T]) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, value := range l {
		if err := enc.AppendObject(value); err != nil {
			return err
		}
	}
	return nil
}

type stepValue struct {
	Unit string        `json:"unit"`
	Took time.Duration `json:"took"`
}

func (v stepValue) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("unit", v.Unit)
	enc.AddDuration("took", v.Took)
	return nil
}

type pendingValue struct {
	Unit  string        `json:"unit"`
	For   time.Duration `json:"for"`
	Holds []string      `json:"holds,omitempty"`
}

func (v pendingValue) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("unit", v.Unit)
	enc.AddDuration("for", v.For)
	if len(v.Holds) == 0 {
		return nil
	}
	return enc.AddArray("holds", zapcore.ArrayMarshalerFunc(func(enc zapcore.ArrayEncoder) error {
		for _, name := range v.Holds {
			enc.AppendString(name)
		}
		return nil
	}))
}

type stuckValue struct {
	Unit  string        `json:"unit"`
	Phase string        `json:"phase"`
	For   time.Duration `json:"for"`
	Stack string        `json:"stack,omitempty"`
}

func (v stuckValue) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("unit", v.Unit)
	enc.AddString("phase", v.Phase)
	enc.AddDuration("for", v.For)
	if v.Stack != "" {
		enc.AddString("stack", v.Stack)
	}
	return nil
}

// describe returns a value's own text if it has one, and its type if it has none or panics when asked. Printing the
// inside of a value would race with its owner, and may show what is secret.
func describe(value any) string {
	var text string
	ok := false
	switch v := value.(type) {
	case nil:
		return "<nil>"
	case error:
		text, ok = guarded(v.Error)
	case fmt.Stringer:
		text, ok = guarded(v.String)
	default:
		if v := reflect.ValueOf(value); v.Kind() == reflect.String {
			text, ok = v.String(), true
		}
	}
	if !ok {
		return reflect.TypeOf(value).String()
	}
	return text
}

// guarded returns what f returns, and false if it panics.
func guarded(f func() string) (text string, ok bool) {
	defer func() {
		if !ok {
			_ = recover()
		}
	}()
	return f(), true
}
