package systemd

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strata-go/strata/hooks"
)

// unitFile returns the unit file that docs/systemd.md shows, with another ExecStart=.
func unitFile(t *testing.T, program string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/systemd.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```ini\n")
	unit, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/systemd.md shows no unit file")
	}
	return regexp.MustCompile(`(?m)^ExecStart=.*$`).ReplaceAllLiteralString(unit, "ExecStart="+program)
}

// need skips a test for which a program is missing, and names the command that installs
// it. Where everything has to be tested, which STRATA_CI=1 says, the test fails instead.
func need(t *testing.T, program, install string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("STRATA_CI") == "1" {
		t.Fatalf("%s is missing: %s", program, install)
	}
	t.Skipf("%s is missing: %s", program, install)
}

func TestStatusesOfTheDocsAreThoseThatAreSent(t *testing.T) {
	page, err := os.ReadFile("../../docs/systemd.md")
	if err != nil {
		t.Fatal(err)
	}
	p := progress{constructed: 2, units: 6, started: 3}
	stop := progress{begun: map[string]bool{"1": true, "2": true, "3": true, "4": true, "5": true, "6": true}, ended: 1}
	pending := func(unit string, d time.Duration) []string { return describe([]hooks.Pending{{Unit: unit, For: d}}) }
	for _, status := range []string{
		p.construction("shop.NewServer"),
		p.constructing(pending("shop.NewStore (store.go:12)", 5*time.Second)),
		p.start([]string{"*store.Store"}),
		p.start(pending("*store.Store", 10*time.Second)),
		p.run(5200 * time.Millisecond),
		reason(hooks.AppStopping{Why: hooks.WhySignal, Signal: syscall.SIGTERM}),
		stop.stop(pending("*shop.Server", 5*time.Second)),
		result(nil),
		result(errors.New("start *store.Store (store.New, store.go:42): connection refused")),
	} {
		if !strings.Contains(string(page), "\n"+status+"\n") {
			t.Errorf("docs/systemd.md does not show %q", status)
		}
	}
}

func TestUnitFileOfTheDocsIsOneThatSystemdUnderstands(t *testing.T) {
	need(t, "systemd-analyze", "apt-get install systemd")
	path := filepath.Join(t.TempDir(), "shop.service")
	if err := os.WriteFile(path, []byte(unitFile(t, os.Args[0])), 0o600); err != nil {
		t.Fatal(err)
	}
	// What it does not understand it only warns of.
	if output, err := exec.Command("systemd-analyze", "verify", path).CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("%v\n%s", err, output)
	}
}
