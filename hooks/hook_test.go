package hooks_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/strata-go/strata/hooks"
)

type key struct{}

// run runs the hook until everything runs, then stops it.
func run(t *testing.T, h hooks.Hook) error {
	t.Helper()
	ctx := context.WithValue(context.Background(), key{}, "value")
	return hooks.Runner(h).Run(ctx, func(context.Context) error { return nil })
}

func TestRunnerCallsStartThenStop(t *testing.T) {
	var calls []string
	hook := hooks.Hook{
		OnStart: func(context.Context) error { calls = append(calls, "start"); return nil },
		OnStop:  func(context.Context) error { calls = append(calls, "stop"); return nil },
	}
	err := hooks.Runner(hook).Run(context.Background(), func(context.Context) error {
		calls = append(calls, "running")
		return nil
	})
	if err != nil {
		t.Errorf("a clean run returns %v", err)
	}
	if want := []string{"start", "running", "stop"}; !slices.Equal(calls, want) {
		t.Errorf("called %v, want %v", calls, want)
	}
}

func TestRunnerReturnsTheFunctionsErrors(t *testing.T) {
	broken := errors.New("broken")
	fail := func(context.Context) error { return broken }
	if err := run(t, hooks.Hook{OnStart: fail}); !errors.Is(err, broken) {
		t.Errorf("after a failed OnStart: %v", err)
	}
	if err := run(t, hooks.Hook{OnStop: fail}); !errors.Is(err, broken) {
		t.Errorf("after a failed OnStop: %v", err)
	}
}

func TestStopIsNotCalledAfterAFailedStart(t *testing.T) {
	hook := hooks.Hook{
		OnStart: func(context.Context) error { return errors.New("broken") },
		OnStop:  func(context.Context) error { t.Error("OnStop was called"); return nil },
	}
	if err := run(t, hook); err == nil {
		t.Error("the start's error is lost")
	}
}

func TestAHookMayLackEitherFunction(t *testing.T) {
	called := 0
	count := func(context.Context) error { called++; return nil }
	for _, hook := range []hooks.Hook{{}, {Name: "named"}, {OnStart: count}, {OnStop: count}} {
		if err := run(t, hook); err != nil {
			t.Errorf("%+v: %v", hook, err)
		}
	}
	if called != 2 {
		t.Errorf("called %d functions of 2", called)
	}
}

type (
	plain          func()
	failing        func() error
	contextual     func(context.Context)
	failingContext func(context.Context) error
)

func TestHelpersAcceptEveryKindOfFunction(t *testing.T) {
	called := 0
	broken := errors.New("broken")
	check := func(ctx context.Context) {
		called++
		if ctx.Value(key{}) != "value" {
			t.Error("the context is not passed on")
		}
	}
	f0 := func() { called++ }
	f1 := func() error { called++; return broken }
	f2 := check
	f3 := func(ctx context.Context) error { check(ctx); return broken }

	cases := map[string]struct {
		hook  hooks.Hook
		fails bool
	}{
		"start, func()":                             {hooks.StartHook(f0), false},
		"start, func() error":                       {hooks.StartHook(f1), true},
		"start, func(Context)":                      {hooks.StartHook(f2), false},
		"start, func(Context) error":                {hooks.StartHook(f3), true},
		"start, declared func()":                    {hooks.StartHook(plain(f0)), false},
		"start, declared func() error":              {hooks.StartHook(failing(f1)), true},
		"start, declared func(Context)":             {hooks.StartHook(contextual(f2)), false},
		"start, declared func(Context) error":       {hooks.StartHook(failingContext(f3)), true},
		"start, context.CancelFunc":                 {hooks.StartHook(context.CancelFunc(f0)), false},
		"stop, func()":                              {hooks.StopHook(f0), false},
		"stop, func() error":                        {hooks.StopHook(f1), true},
		"stop, func(Context)":                       {hooks.StopHook(f2), false},
		"stop, func(Context) error":                 {hooks.StopHook(f3), true},
		"stop, declared func(Context) error":        {hooks.StopHook(failingContext(f3)), true},
		"stop of start-stop":                        {hooks.StartStopHook(func() {}, f3), true},
		"start of start-stop, the same as the stop": {hooks.StartStopHook(f1, f1), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			called = 0
			err := run(t, c.hook)
			if called != 1 {
				t.Errorf("called %d times", called)
			}
			if errors.Is(err, broken) != c.fails {
				t.Errorf("returned %v", err)
			}
		})
	}
}

func TestANilFunctionFailsTheStartByName(t *testing.T) {
	untouched := func() { t.Error("the other function was called") }
	cases := map[string]hooks.Hook{
		`hooks\.StartHook \(hook_test\.go:\d+\): start is a nil function`:     hooks.StartHook[func()](nil),
		`hooks\.StopHook \(hook_test\.go:\d+\): stop is a nil function`:       hooks.StopHook[failingContext](nil),
		`hooks\.StartStopHook \(hook_test\.go:\d+\): start is a nil function`: hooks.StartStopHook[func() error](nil, untouched),
		`hooks\.StartStopHook \(hook_test\.go:\d+\): stop is a nil function`:  hooks.StartStopHook[func(), plain](untouched, nil),
	}
	for want, hook := range cases {
		callback := func(context.Context) error { t.Errorf("%s: it started", want); return nil }

		err := hooks.Runner(hook).Run(context.Background(), callback)
		if err == nil || !regexp.MustCompile("^"+want+"$").MatchString(err.Error()) {
			t.Errorf("got %v, want %s", err, want)
		}

		hook.Name = "cache"
		err = hooks.Runner(hook).Run(context.Background(), callback)
		if err == nil || !strings.HasPrefix(err.Error(), "hook cache: hooks.") {
			t.Errorf("got %v, want it to begin with the hook's name", err)
		}
	}
}
