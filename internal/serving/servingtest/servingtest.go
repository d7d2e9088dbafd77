// Package servingtest is what the tests of httpprocess and grpcprocess share: servers
// that are started, stopped and forced, and what waits for them.
package servingtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/strata-go/strata/process"
)

// Deadline is how long a test waits for what must happen; reaching it is a failure.
const Deadline = 20 * time.Second

// ErrForced is the cause of a force.
var ErrForced = errors.New("forced by the test")

// Start starts a runner, which is stopped at the end of the test.
func Start(t *testing.T, ctx context.Context, r process.Runner) *process.Process {
	t.Helper()
	running := process.NewProcess(ctx, r)
	if err := running.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Stop(running) })
	return running
}

// Stop stops gracefully. After the Deadline it forces, and its error is
// context.DeadlineExceeded, too: the stop hung.
func Stop(running *process.Process) error {
	ctx, cancel := context.WithTimeout(context.Background(), Deadline)
	defer cancel()
	return running.Stop(ctx)
}

// Stopping stops gracefully in the background.
func Stopping(running *process.Process) <-chan error {
	stopped := make(chan error, 1)
	go func() { stopped <- Stop(running) }()
	return stopped
}

// Force stops without any patience.
func Force(running *process.Process) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ErrForced)
	return running.Stop(ctx)
}

// Hung reports whether a stop hung, of which err is what [Stop] or [Force] returned.
// It waits until all has ended.
func Hung(t *testing.T, running *process.Process, err error) bool {
	t.Helper()
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("it ended by force alone")
		return true
	}
	select {
	case <-running.Done():
		return false
	case <-time.After(Deadline):
		t.Error("it does not end")
		return true
	}
}

// Within returns what is received from c.
func Within[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(Deadline):
		t.Fatalf("it takes too long: %s", what)
		panic("not reached")
	}
}

// Refused waits until nobody listens on the address any more.
func Refused(t *testing.T, addr net.Addr) {
	t.Helper()
	for end := time.Now().Add(Deadline); time.Now().Before(end); time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", addr.String())
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("it listens still")
}

// Rounds returns how many rounds a test runs: STRATA_E2E_ROUNDS, if that is set.
func Rounds(t *testing.T, otherwise int) int {
	text := os.Getenv("STRATA_E2E_ROUNDS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("STRATA_E2E_ROUNDS: %v", err)
	}
	return n
}

// Certificate returns what a server and its client need for TLS.
var Certificate = sync.OnceValue(func() (configs struct{ Server, Client *tls.Config }) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	configs.Server = &tls.Config{Certificates: srv.TLS.Certificates}
	configs.Client = &tls.Config{RootCAs: x509.NewCertPool()}
	configs.Client.RootCAs.AddCert(srv.Certificate())
	return configs
})
