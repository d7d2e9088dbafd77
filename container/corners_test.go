package container_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

type (
	depot  struct{ process.Runner }
	driver struct{ process.Runner }
	absent struct{}
)

// The depot is the decorator's, which needs the driver, who was given the depot
// before it was decorated: neither can start first.
func TestADecoratorThatNeedsWhoTookTheRawValueIsACycle(t *testing.T) {
	for name, first := range map[string]any{
		"the decorated was asked for first": func(*depot) {},
		"nothing was asked for":             func() {},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			app.Provide(func() *depot { return &depot{process.Nop()} })
			app.Provide(func(*depot) *driver { return &driver{process.Nop()} })
			app.Decorate(func(d *depot, _ *driver) *depot { return d })
			_ = app.Invoke(first)
			for call, err := range map[string]error{"Verify": app.Verify(), "Plan": second(app.Plan()), "Runner": second(app.Runner())} {
				if err == nil || !strings.HasPrefix(err.Error(), "cycle: ") || !strings.Contains(err.Error(), "corners_test.go:") {
					t.Errorf("%s returned %v", call, err)
				}
			}
		})
	}
}

func TestDependIsForADecoratorThatStandsForTheDependent(t *testing.T) {
	app := newApp()
	app.Provide(func() *depot { return &depot{process.Nop()} })
	app.Provide(func() *driver { return &driver{process.Nop()} })
	app.Decorate(func() *driver { return &driver{process.Nop()} })
	app.Depend(new(*driver), new(*depot))
	for range 2 { // before the build, and after it
		plan, err := app.Plan()
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Layers) != 2 || len(plan.Layers[1]) != 1 || fmt.Sprint(plan.Layers[1][0].DependsOn) != "[*container_test.depot]" {
			t.Errorf("the plan is %v", plan)
		}
		_, _ = app.Runner()
	}
}

// A logger that nobody uses and that cannot be built is nobody's concern.
func TestALoggerThatCannotBeBuiltIsLeftAlone(t *testing.T) {
	app := container.New()
	app.Provide(func(*absent) *zap.Logger { return zap.NewNop() })
	app.Provide(func() *depot { return &depot{process.Nop()} })
	if _, err := app.Runner(); err != nil {
		t.Error(err)
	}
}

func TestALoggerThatIsLoggedToIsNotUnused(t *testing.T) {
	app := container.New()
	app.Provide(zap.NewNop)
	app.Provide(func() *depot { return &depot{process.Nop()} }, dig.Name("a"))
	if plan := planOf(t, app); len(plan.Unused) > 0 {
		t.Errorf("unused are %q", plan.Unused)
	}
}

func TestExitCodeNeverHidesAFailure(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("broken"), 1},
		{&container.ExitError{Code: 3}, 3},
		{fmt.Errorf("app: %w", &container.ExitError{Code: 3}), 3},
		{&container.ExitError{Code: 0}, 1},
		{&container.ExitError{Code: 256}, 1},
		{&container.ExitError{Code: -1}, 1},
		{errors.Join(errors.New("broken"), &container.ExitError{Code: 3}), 1},
	} {
		if got := container.ExitCode(test.err); got != test.want {
			t.Errorf("%v: exit code %d, want %d", test.err, got, test.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }
