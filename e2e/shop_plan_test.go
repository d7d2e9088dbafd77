package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strata-go/strata/hooks"
)

// printed is what a program has written and how it has ended.
type printed struct {
	out, err string
	code     int
}

// printPlan runs the shop with -plan, where it could not run: its address is taken.
func printPlan(t *testing.T, format string) printed {
	t.Helper()
	path, err := buildShop()
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	database := filepath.Join(t.TempDir(), "shop.db")
	command := exec.Command(path, "-http", taken.Addr().String(), "-db", database, "-plan", format)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if _, err := os.Stat(database); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("-plan %s: the store was constructed: %v", format, err)
	}
	return printed{stdout.String(), stderr.String(), command.ProcessState.ExitCode()}
}

// With -plan the shop prints what it would start, and neither starts nor constructs anything.
func TestShopPrintsItsPlan(t *testing.T) {
	for _, format := range []string{"text", "dot", "mermaid", "json"} {
		t.Run(format, func(t *testing.T) {
			p := printPlan(t, format)
			if p.code != 0 || p.err != "" {
				t.Errorf("exit code %d, want 0; standard error: %s", p.code, p.err)
			}
			switch format {
			case "text":
				if !strings.HasPrefix(p.out, "6 units in 4 layers, by layer\n") {
					t.Errorf("it prints\n%s", p.out)
				}
			case "dot":
				need(t, "dot", "apt-get install graphviz")
				checkShop(t, readDOT, p.out)
			case "mermaid":
				checkShop(t, startMermaid(t), p.out)
			case "json":
				var plan hooks.Plan
				if err := json.Unmarshal([]byte(p.out), &plan); err != nil {
					t.Fatal(err)
				}
				why, err := plan.Explain("*api.Server")
				if err != nil {
					t.Fatal(err)
				}
				if want := "*api.Server waits for *store.Store because api.New (api.go:"; !strings.HasPrefix(why, want) {
					t.Errorf("the plan explains\n%swant %s", why, want)
				}
			}
		})
	}
}

func checkShop(t *testing.T, read func(text string) (picture, error), text string) {
	t.Helper()
	got, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.boxes) != 5 || len(got.boxes[0]) != 2 || len(got.arrows) != 7 {
		t.Errorf("read\n%v", got)
	}
}

func TestShopRefusesAPlanThatThereIsNot(t *testing.T) {
	p := printPlan(t, "svg")
	if p.code != 2 || p.out != "" || !strings.HasPrefix(p.err, `invalid value "svg" for flag -plan: want one of text, dot, mermaid, json`) {
		t.Errorf("exit code %d, want 2; standard output: %q; standard error: %s", p.code, p.out, p.err)
	}
}
