package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/strata-go/strata/examples/shop/config"
)

func TestTheReadmeShowsThePlan(t *testing.T) {
	plan, err := newApp(config.Config{}).Plan()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```text\n"+plan.String()+"```") {
		t.Errorf("README.md does not show the plan as it is:\n%v", plan)
	}
}

func TestThePlanIsPrintedInEachFormat(t *testing.T) {
	begins := map[string]string{"text": "6 units in 4 layers", "dot": "// An arrow", "mermaid": "%% An arrow", "json": "{\n  \"schedule\""}
	for _, format := range config.Formats {
		var b strings.Builder
		if err := printPlan(&b, newApp(config.Config{}), format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		text := b.String()
		if !strings.HasPrefix(text, begins[format]) || begins[format] == "" || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s is\n%s", format, text)
		}
		for _, unit := range []string{"store.Store", "admin.Server", "fulfilment.Server", "stock.Cache", "outbox.Outbox", "api.Server"} {
			if !strings.Contains(text, unit) {
				t.Errorf("%s lacks %s:\n%s", format, unit, text)
			}
		}
	}
}

func TestThePlanOfAnUnsoundShopIsAnError(t *testing.T) {
	app := newApp(config.Config{})
	app.Provide(func(json.Number) *strings.Builder { return nil })
	app.Depend(new(strings.Builder), new(json.Number)) // nobody provides them
	if err := printPlan(new(strings.Builder), app, "text"); err == nil {
		t.Error("no error")
	}
}

func TestAPlanThatCannotBeWrittenIsAnError(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, format := range config.Formats {
		if err := printPlan(failing{broken}, newApp(config.Config{}), format); !errors.Is(err, broken) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// failing is a writer that fails.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
