package terminal

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// told is an event with the texts of what belongs to the application: its errors,
// signals and reports. Their methods are called once, and under no lock.
type told struct {
	event  hooks.Event
	errs   []failure // the error, or those that were joined
	signal string
	report string
}

// failure is the text of an error, with the stack of the panic that it tells of, if it
// does.
type failure struct{ text, stack string }

// read returns the event with its texts. An event that was handed over by pointer is
// the same.
func read(event hooks.Event) told {
	if v := reflect.ValueOf(event); v.Kind() == reflect.Pointer && !v.IsNil() {
		if e, ok := v.Elem().Interface().(hooks.Event); ok {
			event = e
		}
	}
	t := told{event: event}
	switch e := event.(type) {
	case hooks.Provided:
		t.errs = failuresOf(e.Err)
	case hooks.Decorated:
		t.errs = failuresOf(e.Err)
	case hooks.Supplied:
		t.errs = failuresOf(e.Err)
	case hooks.Constructed:
		t.errs = failuresOf(e.Err)
	case hooks.AppStopping:
		t.errs = failuresOf(e.Cause)
		if e.Signal != nil {
			t.signal = guarded(e.Signal, e.Signal.String)
		}
	case hooks.UnitStopped:
		t.errs = failuresOf(e.Err)
	case hooks.UnitFailed:
		t.errs = failuresOf(e.Cause)
	case hooks.UnitReported:
		t.report = describe(e.Value)
	case hooks.Misuse:
		t.errs = failuresOf(e.Err)
	case hooks.AppStopped:
		t.errs = failuresOf(e.Err)
	}
	return t
}

// failuresOf returns the errors that were joined, or err alone if its text says anything
// else than those.
func failuresOf(err error) []failure {
	if err == nil {
		return nil
	}
	alone := []failure{{guarded(err, err.Error), stackOf(err)}}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return alone
	}
	var parts []failure
	var texts []string
	guarded(err, func() string {
		for _, e := range joined.Unwrap() {
			for _, f := range failuresOf(e) {
				parts, texts = append(parts, f), append(texts, f.text)
			}
		}
		return ""
	})
	if strings.Join(texts, "\n") != alone[0].text {
		return alone
	}
	return parts
}

// stackOf returns the stack of the panic that err tells of, empty if it tells of none.
func stackOf(err error) string {
	stack := ""
	guarded(err, func() string {
		if panicked, ok := errors.AsType[*process.PanicError](err); ok && panicked != nil {
			stack = string(panicked.Stack)
		}
		return ""
	})
	return stack
}

// describe returns a value's own text if it has one, and its type if not: to print the
// inside of a value would race with its owner, and may show what is secret.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case error:
		return guarded(v, v.Error)
	case fmt.Stringer:
		return guarded(v, v.String)
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.String {
		return v.String()
	}
	return reflect.TypeOf(value).String()
}

// guarded returns what a method of value returns, and its type if that panics.
func guarded(value any, method func() string) (text string) {
	defer func() {
		if recover() != nil {
			text = reflect.TypeOf(value).String()
		}
	}()
	return method()
}
