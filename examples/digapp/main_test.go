package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/strata-go/strata/container"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestThePlan(t *testing.T) {
	c := BuildContainer()
	RegisterRoutes(c)
	plan, err := container.Attach(c).Plan()
	if err != nil {
		t.Fatal(err)
	}
	var layers []string
	for _, layer := range plan.Layers {
		var names []string
		for _, u := range layer {
			names = append(names, u.Name)
		}
		slices.Sort(names)
		layers = append(layers, strings.Join(names, " "))
	}
	want := []string{"*main.Database", "*main.Server *main.Worker", "*main.Consumer"}
	if !slices.Equal(layers, want) {
		t.Errorf("layers %q, want %q", layers, want)
	}
	if err := c.Invoke(func(db *Database) error { return db.Close() }); err != nil {
		t.Error(err)
	}
}

// The real program: it does a job, and stops in order when it is asked to.
func TestTheProgramStartsAndStopsInOrder(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "digapp")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), "HTTP=127.0.0.1:0", "DATABASE="+filepath.Join(dir, "jobs.db"))
	cmd.WaitDelay = time.Minute
	output, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	defer func() {
		if !stopped {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}()

	lines := bufio.NewScanner(output)
	var log []string
	until := func(text string) string {
		for lines.Scan() {
			log = append(log, lines.Text())
			if strings.Contains(lines.Text(), text) {
				return lines.Text()
			}
		}
		t.Fatalf("no %q in\n%s", text, strings.Join(log, "\n"))
		return ""
	}
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(until("listening"))
	until("app started")
	id := do(t, http.MethodPost, "http://"+address+"/jobs", "tea")
	until("job done")
	for do(t, http.MethodGet, "http://"+address+"/jobs/"+id, "") == "not yet" { // it is being written down
		time.Sleep(time.Millisecond)
	}
	if result := do(t, http.MethodGet, "http://"+address+"/jobs/"+id, ""); result != "TEA" {
		t.Errorf("result %q", result)
	}
	if ok := do(t, http.MethodGet, "http://"+address+"/healthz", ""); ok != "ok" {
		t.Errorf("health %q", ok)
	}
	http.DefaultClient.CloseIdleConnections()

	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until("app stopped")
	for lines.Scan() {
	}
	stopped = true
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, strings.Join(log, "\n"))
	}
	wantOrder(t, log, "unit started", "*main.Database", "*main.Worker", "*main.Consumer")
	wantOrder(t, log, "unit started", "*main.Database", "*main.Server")
	wantOrder(t, log, "unit stopped", "*main.Consumer", "*main.Worker", "*main.Database")
	wantOrder(t, log, "unit stopped", "*main.Server", "*main.Database")
}

func do(t *testing.T, method, url, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s, %v", url, response.Status, text, err)
	}
	return strings.TrimSpace(string(text))
}

// wantOrder checks that lines with message and each of the units follow one another.
func wantOrder(t *testing.T, log []string, message string, units ...string) {
	t.Helper()
	at := -1
	for _, unit := range units {
		i := slices.IndexFunc(log, func(line string) bool {
			return strings.Contains(line, message) && strings.Contains(line, fmt.Sprintf("%q", unit))
		})
		if i <= at {
			t.Errorf("%s: %s is missing, or too early, in\n%s", message, unit, strings.Join(log, "\n"))
			return
		}
		at = i
	}
}
