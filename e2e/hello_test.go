package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// The default log is for people on a terminal, and for machines elsewhere.
func TestLogIsReadableOnATerminalAndJSONElsewhere(t *testing.T) {
	need(t, "script", "apt-get install bsdutils")
	path, err := build("hello")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HTTP", "127.0.0.1:0")

	t.Run("elsewhere", func(t *testing.T) {
		p := start(t, path)
		p.awaitMessage("app started")
		p.signal(syscall.SIGTERM)
		if code := p.exitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	})

	t.Run("on a terminal", func(t *testing.T) {
		// script runs the program on a terminal of its own and copies to its output what is written there.
		p := start(t, "sh", "-c", "exec script --quiet --return --flush --command "+path+" /dev/null 1>&2")
		eventually(t, "it starts", func() bool { return strings.Contains(p.log.text(), "app started") })
		if lines := p.log.lines(); len(lines) > 0 {
			t.Errorf("a line is JSON: %v", lines[0])
		}
		if !strings.Contains(p.log.text(), "INFO") {
			t.Errorf("no level for people in\n%s", p.log.text())
		}
	})
}
