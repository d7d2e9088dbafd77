// Package shoptest runs the parts of the shop in tests.
package shoptest

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/examples/shop/store"
	"github.com/strata-go/strata/process"
)

// Deadline is how long a test waits for what must happen; reaching it is a failure.
const Deadline = 20 * time.Second

// Settings returns settings with a free port for each server and a database in a folder of the test.
func Settings(t testing.TB) config.Config {
	return config.Config{
		HTTP:       "127.0.0.1:0",
		Fulfilment: "127.0.0.1:0",
		Admin:      "127.0.0.1:0",
		Database:   filepath.Join(t.TempDir(), "shop.db"),
	}
}

// Start runs the runner until the test ends, or the process is stopped, and fails the test if either goes wrong.
func Start(t testing.TB, runner process.Runner) *process.Process {
	t.Helper()
	return StartContext(t, context.Background(), runner)
}

// StartContext is Start with a context whose end forces the runner.
func StartContext(t testing.TB, ctx context.Context, runner process.Runner) *process.Process {
	t.Helper()
	running := process.NewProcess(ctx, runner)
	if err := running.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Stop(running); err != nil && !errors.Is(err, process.ErrProcessInvalidState) {
			t.Errorf("stop: %v", err)
		}
	})
	return running
}

// Stop stops the process gracefully, and forces it at the [Deadline].
func Stop(running *process.Process) error {
	ctx, cancel := context.WithTimeout(context.Background(), Deadline)
	defer cancel()
	return running.Stop(ctx)
}

// Store returns a running store in the file that the settings name.
func Store(t testing.TB, settings config.Config) *store.Store {
	t.Helper()
	running := store.New(settings, zap.NewNop())
	Start(t, running)
	return running
}

// Lock takes the database for writing, until the test ends.
func Lock(t testing.TB, settings config.Config) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.ToSlash(settings.Database))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err == nil {
		_, err = conn.ExecContext(context.Background(), "BEGIN EXCLUSIVE")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
}

// Eventually waits until the condition is true, and fails the test at the [Deadline].
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(Deadline); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}

// Client returns an HTTP client whose connections are closed when the test ends.
func Client(t testing.TB) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: Deadline}
}

// Do sends a request and decodes the JSON of the answer into the value that into points to. It returns the status.
func Do(t testing.TB, client *http.Client, method, url, body string, into any) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	if got := response.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s %s: content type %q", method, url, got)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		t.Fatalf("%s %s: %q: %v", method, url, answer, err)
	}
	return response.StatusCode
}
