package e2e

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// A unit that ignores everything is given up in bounded time, and where it hangs is told to the line.
func TestStuckUnitIsGivenUpByNameAndLine(t *testing.T) {
	path, err := build("stuck")
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, path)
	p.awaitMessage("app started")

	p.signal(syscall.SIGTERM)

	if code := p.exitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	// Two seconds to stop and one more when forced; the rest is for a slow machine.
	if took, ok := p.awaitMessage("app stopped")["took"].(float64); !ok || took < 3 || took > 10 {
		t.Errorf("stopped in %v s, want 3", took)
	}
	where := fmt.Sprintf("/stuck/main.go:%d\n", lineOf(t, "../examples/stuck/main.go", "hangs here"))
	for _, message := range []string{"stuck", "app stopped"} {
		text := fmt.Sprint(p.awaitMessage(message))
		_, stack, named := strings.Cut(text, "main.(*Importer).Run ")
		if !named || !strings.Contains(stack, where) || !strings.Contains(text, "*main.Importer") {
			t.Errorf("%q does not tell that *main.Importer hangs at %s in\n%s", message, where, text)
		}
	}
}

// lineOf returns the number of the line of a file that has the text.
func lineOf(t *testing.T, path, text string) int {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(source), text)
	if !found {
		t.Fatalf("%s does not say %q", path, text)
	}
	return strings.Count(before, "\n") + 1
}
