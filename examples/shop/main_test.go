package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/strata-go/strata/examples/internal/programtest"
	"github.com/strata-go/strata/examples/shop/config"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// What is lost when it is stopped, or killed, under load is counted in e2e: nothing.
func TestAnOrderIsThereAfterARestart(t *testing.T) {
	database := filepath.Join(t.TempDir(), "shop.db")
	start := func() (p *programtest.Program, orders string) {
		p = programtest.Start(t, "-http", "127.0.0.1:0", "-fulfilment", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-db", database)
		p.Await("app started")
		return p, programtest.URL(p.Await("listening", `"server":"api"`)) + "/orders"
	}
	stop := func(p *programtest.Program) {
		p.Signal(syscall.SIGTERM)
		if code := p.Exit(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	p, orders := start()
	status, answer := programtest.Do(t, http.MethodPost, orders, `{"sku":"tea","qty":2}`)
	var placed struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &placed); err != nil || status != http.StatusCreated || placed.ID == "" {
		t.Fatalf("%d %s, %v", status, answer, err)
	}

	stop(p)
	p, orders = start()

	if status, answer := programtest.Do(t, http.MethodGet, orders+"/"+placed.ID, ""); status != http.StatusOK {
		t.Errorf("%d %s", status, answer)
	}
	stop(p)
}

func TestTheDocumentsShowThePlan(t *testing.T) {
	for document, format := range map[string]string{"../../README.md": "text", "../../docs/concepts.md": "mermaid"} {
		var plan strings.Builder
		if err := printPlan(&plan, newApp(config.Config{}), format); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "```"+format+"\n"+plan.String()+"```") {
			t.Errorf("%s does not show the plan as it is:\n%s", document, plan.String())
		}
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
