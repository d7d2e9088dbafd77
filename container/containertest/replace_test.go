package containertest

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/zap"

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

func TestReplaceStandsForAMemberOfAGroup(t *testing.T) {
	app := quiet(Replace(2))
	_ = app.Provide(func() int { return 0 }, dig.Group("numbers"))
	type in struct {
		dig.In
		Numbers []int `group:"numbers"`
	}
	if err := app.Invoke(func(i in) {
		if len(i.Numbers) != 1 || i.Numbers[0] != 2 {
			t.Errorf("got %v", i.Numbers)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

type box[T any] struct {
	process.Runner
	content T
}

func (b box[T]) again() *box[T] { return &b }

func TestReplaceStandsForATypeWithArguments(t *testing.T) {
	app := quiet(Replace(&box[int]{process.Nop(), 2}))
	_ = app.Provide(box[int]{process.Nop(), 1}.again)
	_ = app.Provide(box[string]{process.Nop(), "one"}.again)
	if err := app.Invoke(func(i *box[int], s *box[string]) {
		if i.content != 2 || s.content != "one" {
			t.Errorf("got %v and %q", i.content, s.content)
		}
	}); err != nil {
		t.Fatal(err)
	}
	plan, err := app.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, u := range plan.Layers[0] {
		units = append(units, withoutLines(u.Name+" | "+u.Constructor))
	}
	if want := []string{
		"*containertest.box[int] | containertest.box.again (replace_test.go)",
		"*containertest.box[string] | containertest.box.again (replace_test.go)",
	}; !slices.Equal(units, want) {
		t.Errorf("units are %q", units)
	}
}

func newMailbox() *mailbox                { return nil }
func newMailerAndNumber() (Mailer, int)   { return nil, 0 }
func newMailerInOut() mailerOut           { return mailerOut{} }
func newMailers() []Mailer                { return nil }
func newMailer() Mailer                   { return &mailbox{} }
func provideMailbox(app *container.App)   { _ = app.Provide(newMailbox) }
func provideBesides(app *container.App)   { _ = app.Provide(newMailerAndNumber) }
func provideInOut(app *container.App)     { _ = app.Provide(newMailerInOut) }
func provideFlattened(app *container.App) { _ = app.Provide(newMailers, dig.Group("mailers,flatten")) }
func provideByAs(app *container.App)      { _ = app.Provide(newMailbox, dig.As(new(Mailer))) }
func provideTwoOfOne(app *container.App) {
	provideBesides(app)
	_ = app.Provide(newMailer, dig.Name("fine"))
}
func provideDatabase(app *container.App) { _ = app.Provide(newDatabase) }

type mailerOut struct {
	dig.Out
	Mailer Mailer
}

// The texts in full, but for the numbers of lines: each names who makes the type all
// the same, and what to do.
func TestReplaceSaysWhatItCannotReplace(t *testing.T) {
	for name, c := range map[string]struct {
		setup func(app *container.App)
		want  string
	}{
		"nobody":            {provideDatabase, "nobody provides it"},
		"nobody, but close": {provideMailbox, "nobody provides it; did you mean Replace[*containertest.mailbox], made by containertest.newMailbox (replace_test.go)?"},
		"several": {provideBesides,
			"containertest.newMailerAndNumber (replace_test.go) makes it beside others; give it a constructor that returns nothing else"},
		"several, and another one that is fine": {provideTwoOfOne,
			"containertest.newMailerAndNumber (replace_test.go) makes it beside others; give it a constructor that returns nothing else"},
		"dig.Out": {provideInOut,
			"containertest.newMailerInOut (replace_test.go) makes it as a field of a dig.Out; give it a constructor that returns nothing else"},
		"dig.As": {provideByAs, "containertest.newMailbox (replace_test.go) makes a *containertest.mailbox, which dig.As provides as that; " +
			"did you mean Replace[*containertest.mailbox]?"},
		"flattened": {provideFlattened, "containertest.newMailers (replace_test.go) makes any number of it for a group; " +
			"did you mean Replace[[]containertest.Mailer]?"},
	} {
		t.Run(name, func(t *testing.T) {
			app := quiet(Replace[Mailer](nil))
			c.setup(app)
			want := "containertest.Replace[containertest.Mailer]: " + c.want
			if err := app.Verify(); err == nil || withoutLines(err.Error()) != want {
				t.Errorf("error is  %v\nwant      %s", err, want)
			}
			failures := record(func(tb testing.TB) { Start(tb, app) })
			if len(failures) == 0 || !strings.Contains(withoutLines(failures[0]), want) {
				t.Errorf("failures are %q, want %q", failures, want)
			}
		})
	}
}

// What a container held before Attach is not replaced, built or not, and that is told.
func TestReplaceSaysThatItCameTooLate(t *testing.T) {
	for _, built := range []bool{false, true} {
		c := dig.New()
		if err := c.Provide(newMailer); err != nil {
			t.Fatal(err)
		}
		if built {
			if err := c.Invoke(func(Mailer) {}); err != nil {
				t.Fatal(err)
			}
		}
		app := container.Attach(c, container.WithLogger(zap.NewNop()), Replace[Mailer](nil))
		_ = app.Provide(newMailer, dig.Name("later")) // which is replaced
		const want = "containertest.Replace[containertest.Mailer]: containertest.newMailer (replace_test.go) " +
			"was given to the container before Attach; provide it to the App"
		if err := app.Verify(); err == nil || withoutLines(err.Error()) != want {
			t.Errorf("error is  %v\nwant      %s", err, want)
		}
	}
}

var lines = regexp.MustCompile(`(\.go):\d+`)

func withoutLines(text string) string { return lines.ReplaceAllString(text, "$1") }
