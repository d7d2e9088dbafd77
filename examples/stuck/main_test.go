package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/strata-go/strata/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// That it is given up in time is tried in e2e.
func TestWhatHangsIsGivenUpByNameAndLine(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	line := 1 + slices.IndexFunc(strings.Split(string(source), "\n"), func(line string) bool {
		return strings.Contains(line, "hangs here")
	})
	p := programtest.Start(t)
	p.Await("app started")

	p.Signal(syscall.SIGTERM)

	if code := p.Exit(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	p.Await("app stopped", "*main.Importer", fmt.Sprintf("stuck/main.go:%d", line))
}
