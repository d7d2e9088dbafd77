package inspect

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/strata-go/strata/process"
)

// textLimit is how many bytes of a text are kept: of an error, a report, a stack.
const textLimit = 8 << 10

// errorText returns what an error says, empty for nil. Unlike a call of Error, fmt
// survives one that panics.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return bounded(fmt.Sprint(err))
}

// panicStack returns the stack of the panic that err tells of, empty if it tells of none.
func panicStack(err error) (stack string) {
	defer func() { _ = recover() }() // an Unwrap or As may do anything
	if panicked, ok := errors.AsType[*process.PanicError](err); ok && panicked != nil {
		return bounded(string(panicked.Stack))
	}
	return ""
}

// reportText returns a value's own text if it has one, and its type if not: to print the
// inside of a value would race with its owner, and may show what is secret.
func reportText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case error, fmt.Stringer:
		return bounded(fmt.Sprint(v))
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.String {
		return bounded(v.String())
	}
	return reflect.TypeOf(value).String()
}

// bounded returns a text that can be kept and sent: valid, and not too long.
func bounded(s string) string {
	if len(s) > textLimit {
		s = s[:textLimit] + "\n…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
