package logging

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/hooks"
)

// hostile panics whatever it is asked, and cannot be compared.
type hostile struct{ _ []int }

func (hostile) String() string { panic("hostile") }
func (hostile) Error() string  { panic("hostile") }
func (hostile) Unwrap() error  { panic("hostile") }
func (hostile) Signal()        {}

// detailed is an error and a Formatter, for which zap by itself adds keys and slog does not.
type detailed struct{ error }

func (detailed) Format(s fmt.State, _ rune)   { fmt.Fprint(s, "details") }
func (detailed) Errors() []error              { return []error{errBroken, errBroken} }
func (detailed) MarshalJSON() ([]byte, error) { return []byte(`{"an":"object"}`), nil }

type state string

type speaker struct{ words string }

func (s *speaker) String() string { return s.words }

func TestReportsAreDescribed(t *testing.T) {
	cases := []struct {
		value any
		want  string
	}{
		{nil, "<nil>"},
		{errBroken, "broken"},
		{errors.Join(errBroken, errBroken), "broken\nbroken"},
		{&speaker{"retrying"}, "retrying"},
		{state("leader"), "leader"},
		{(*speaker)(nil), "*logging.speaker"},
		{hostile{}, "logging.hostile"},
		{struct{ Password string }{"secret"}, "struct { Password string }"},
		{map[string]int{"a": 1}, "map[string]int"},
		{func() {}, "func()"},
		{42, "int"},
	}
	for _, c := range cases {
		if got := describe(c.value); got != c.want {
			t.Errorf("%T: %q, want %q", c.value, got, c.want)
		}
		event := hooks.UnitReported{Value: c.value}
		if zapLine, slogLine := zapJSON(event), slogJSON(event); zapLine != slogLine || zapLine == "" {
			t.Errorf("%T: zap writes %sslog writes %s", c.value, zapLine, slogLine)
		}
	}
}

func TestHostileValuesDoNotPanic(t *testing.T) {
	var nilError *os.PathError
	events := []hooks.Event{
		hooks.UnitStarting{Value: hostile{}},
		hooks.UnitReported{Value: hostile{}},
		hooks.UnitFailed{Cause: hostile{}},
		hooks.UnitFailed{Cause: nilError},
		hooks.AppStopping{Signal: hostile{}, Cause: hostile{}},
		hooks.AppStopped{Err: fmt.Errorf("around: %w", nilError)},
		hooks.Provided{Err: detailed{errBroken}},
	}
	for _, event := range events {
		if zapLine, slogLine := zapJSON(event), slogJSON(event); zapLine != slogLine || zapLine == "" {
			t.Errorf("%#v: zap writes %sslog writes %s", event, zapLine, slogLine)
		}
	}
}

func TestAnErrorIsOneKeyWithItsText(t *testing.T) {
	got := zapJSON(hooks.Misuse{Err: detailed{errBroken}})
	if want := `{"level":"WARN","msg":"misuse","error":"broken"}` + "\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

func TestLoggersCanUnwrapErrors(t *testing.T) {
	l := allLevels.lineOf(hooks.Misuse{Err: errBroken})
	if err, ok := l.attributes[0].value.(error); !ok || !errors.Is(err, errBroken) {
		t.Errorf("the error is given as %#v", l.attributes[0].value)
	}
}

func TestANilLoggerDiscards(t *testing.T) {
	for _, o := range []hooks.Observer{New(nil), NewSlog(nil)} {
		o.Observe(hooks.AppStopped{Err: errBroken})
	}
}

func TestTheLoggersLevelIsKept(t *testing.T) {
	var out bytes.Buffer
	NewSlog(slog.New(slog.NewTextHandler(&out, nil))).Observe(hooks.UnitStopping{})
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&out), zapcore.InfoLevel)
	New(zap.New(core)).Observe(hooks.UnitStopping{})
	if out.Len() > 0 {
		t.Errorf("written: %s", out.String())
	}
}

func TestTheLoggersFieldsAreKept(t *testing.T) {
	var out bytes.Buffer
	NewSlog(slog.New(slog.NewTextHandler(&out, nil)).With("app", "shop").WithGroup("life")).Observe(hooks.AppStopped{})
	if !strings.HasSuffix(out.String(), "app=shop life.took=0s\n") {
		t.Errorf("written: %s", out.String())
	}
}

// unsyncable is a place to write to whose Sync fails.
type unsyncable struct {
	bytes.Buffer
	err error
}

func (u *unsyncable) Sync() error { return u.err }

func TestSyncToleratesTerminalsOnly(t *testing.T) {
	core := func(err error) zapcore.Core {
		return zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), &unsyncable{err: err}, zapcore.InfoLevel)
	}
	einval := &os.PathError{Op: "sync", Path: "/dev/stderr", Err: syscall.EINVAL}
	cases := map[string]struct {
		core zapcore.Core
		want error
	}{
		"nothing wrong":                      {core(nil), nil},
		"a terminal on Linux":                {core(einval), nil},
		"a terminal elsewhere":               {core(syscall.ENOTTY), nil},
		"two terminals":                      {zapcore.NewTee(core(einval), core(syscall.ENOTTY)), nil},
		"a full disk":                        {core(syscall.ENOSPC), syscall.ENOSPC},
		"a full disk beside a terminal":      {zapcore.NewTee(core(einval), core(syscall.ENOSPC)), syscall.ENOSPC},
		"a file that is nothing like either": {core(errBroken), errBroken},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := New(zap.New(c.core)).(interface{ Sync() error }).Sync()
			if !errors.Is(err, c.want) || (c.want != nil && errors.Is(err, syscall.EINVAL)) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
