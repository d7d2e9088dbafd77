package containertest

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// Mailer is what is replaced.
type Mailer interface{ Mail() string }

type mailbox struct {
	process.Runner
	name string
}

func (m *mailbox) Mail() string { return m.name }

type settings struct{}

func TestReplaceStandsForTheConstructor(t *testing.T) {
	var called []string
	newSettings := func() *settings { called = append(called, "settings"); return nil }
	newMailer := func(*settings) (Mailer, error) {
		called = append(called, "mailer")
		return nil, errors.New("no network")
	}
	var running bool
	fake := &mailbox{Runner: told(&running), name: "fake"}
	var got string

	app := quiet(Replace[Mailer](fake), container.Provide(newSettings, newMailer))
	if err := app.Invoke(func(m Mailer) { got = m.Mail() }); err != nil {
		t.Fatal(err)
	}
	failures := record(func(tb testing.TB) {
		Start(tb, app)
		if !running {
			t.Error("the value does not run")
		}
	})
	if len(failures) > 0 || running {
		t.Error(failures, running)
	}
	if got != "fake" || len(called) > 0 {
		t.Errorf("got %q, and %q were called", got, called)
	}
	plan, err := app.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Layers) != 1 || !strings.Contains(plan.Layers[0][0].Constructor, "replace_test.go") {
		t.Errorf("the plan does not name the constructor:\n%v", plan)
	}
}

func TestReplaceStandsForWhatIsNamedSuppliedOrInAScope(t *testing.T) {
	app := quiet(Replace(1), Replace(2), Replace("new"), container.Supply("old"))
	_ = app.Provide(func() int { return 0 }, dig.Name("n"))
	scope := app.Scope("inner")
	_ = scope.Provide(func() int { return 0 })
	type in struct {
		dig.In
		Named int `name:"n"`
		Inner int
		Text  string
	}
	var got in
	if err := scope.Invoke(func(i in) { got = i }); err != nil {
		t.Fatal(err)
	}
	if got.Named != 2 || got.Inner != 2 || got.Text != "new" {
		t.Errorf("got %+v", got)
	}
	if err := app.Verify(); err != nil {
		t.Error(err)
	}
}

func TestReplaceSaysWhatItCannotReplace(t *testing.T) {
	type out struct {
		dig.Out
		Mailer Mailer
	}
	for name, c := range map[string]struct {
		setup func(app *container.App) error
		want  string
	}{
		"nobody": {
			func(app *container.App) error { return app.Provide(newDatabase) },
			"Replace[containertest.Mailer]: nobody provides it",
		},
		"several": {
			func(app *container.App) error { return app.Provide(func() (Mailer, int) { return nil, 0 }) },
			"Replace[containertest.Mailer]: it is not the only result of ",
		},
		"dig.Out": {
			func(app *container.App) error { return app.Provide(func() out { return out{} }) },
			"Replace[containertest.Mailer]: it is not the only result of ",
		},
		"dig.As": {
			func(app *container.App) error {
				return app.Provide(func() *mailbox { return nil }, dig.As(new(Mailer)))
			},
			"Replace[containertest.Mailer]: it is not the only result of ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := quiet(Replace[Mailer](nil))
			if err := c.setup(app); err != nil {
				t.Fatal(err)
			}
			if err := app.Verify(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
			wantFailure(t, record(func(tb testing.TB) { Start(tb, app) }), c.want)
		})
	}
}
