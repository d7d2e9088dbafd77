package systemd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// serviceVariable says which of the services this program is.
const serviceVariable = "STRATA_TEST_SERVICE"

// services are the mains of services that tests start as processes of their own.
var services = map[string]func(){
	"good": func() {
		app := container.New(container.WithObserver(New()))
		_ = app.Provide(func() *database { return &database{slow{name: "database"}} })
		_ = app.Provide(func(*database) *api { return &api{slow{name: "api"}} })
		app.Run()
	},
	"failing": func() {
		app := container.New(container.WithObserver(New()))
		_ = app.Supply(&slow{name: "database"})
		_ = app.Supply(process.RunnerFunc(func(context.Context, process.Callback) error {
			return errors.New("no such topic\n(asked twice)")
		}))
		app.Run()
	},
	"deaf": func() {
		app := container.New(container.WithObserver(New()),
			container.WithStopTimeout(100*time.Millisecond), container.WithForceTimeout(100*time.Millisecond))
		_ = app.Supply(&deaf{make(chan struct{})})
		app.Run()
	},
}

// service is a process that was started.
type service struct {
	t       *testing.T
	command *exec.Cmd
	log     bytes.Buffer
	exited  chan struct{} // closed when it has exited
}

// start starts a service with the manager's socket. The command is one that runs its
// arguments; without it the service is started directly.
func (m *manager) start(name string, environment []string, command ...string) *service {
	m.t.Helper()
	command = append(command, os.Args[0])
	s := &service{t: m.t, command: exec.Command(command[0], command[1:]...), exited: make(chan struct{})}
	s.command.Env = append(os.Environ(), serviceVariable+"="+name, "NOTIFY_SOCKET="+m.address,
		"GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE")) // else each exit takes a second
	s.command.Env = append(s.command.Env, environment...)
	s.command.Stderr = &s.log
	if err := s.command.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() {
		defer close(s.exited)
		_ = s.command.Wait() // the exit code is what counts
	}()
	m.t.Cleanup(func() {
		_ = s.command.Process.Kill()
		<-s.exited
		if m.t.Failed() {
			m.t.Logf("log of %s:\n%s", name, s.log.String())
		}
	})
	return s
}

func (s *service) terminate() {
	s.t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

// exitCode waits until the service has exited.
func (s *service) exitCode() int {
	s.t.Helper()
	select {
	case <-s.exited:
		return s.command.ProcessState.ExitCode()
	case <-time.After(deadline):
		s.t.Fatal("it does not exit")
		return -1
	}
}

func TestServiceTellsThatItIsReadyAndThatItStops(t *testing.T) {
	for kind, listen := range sockets {
		t.Run(kind, func(t *testing.T) {
			m := listen(t)
			s := m.start("good", nil)
			sent := m.until("READY=1")
			if got := assignments(sent, "STOPPING"); len(got) > 0 {
				t.Errorf("while it starts: %q", got)
			}
			if got := assignments(sent[len(sent)-1:], "STATUS"); len(got) != 1 || !strings.HasPrefix(got[0], "STATUS=running, 2 units started in ") {
				t.Errorf("when it is ready: %q", got)
			}

			s.terminate()
			if code := s.exitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			stop := m.left()
			if len(stop) == 0 || !strings.HasPrefix(stop[0], "STOPPING=1\n") {
				t.Errorf("the stop begins with %q", stop)
			}
			if !strings.HasSuffix(stop[len(stop)-1], "STATUS=stopped") {
				t.Errorf("the last message is %q", stop[len(stop)-1])
			}
			if got, want := assignments(append(sent, stop...), "READY", "STOPPING"), []string{"READY=1", "STOPPING=1"}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if got := assignments(sent, "EXTEND_TIMEOUT_USEC"); len(got) == 0 {
				t.Error("the start was not extended")
			}
			if got := assignments(stop, "EXTEND_TIMEOUT_USEC"); len(got) == 0 {
				t.Error("the stop was not extended")
			}
		})
	}
}

func TestServiceThatFailsToStartSaysWhy(t *testing.T) {
	m := listen(t, socketPath(t))
	s := m.start("failing", nil)
	if code := s.exitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	sent := m.left()
	if got, want := assignments(sent, "READY", "STOPPING"), []string{"STOPPING=1"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	last := sent[len(sent)-1]
	if i := strings.LastIndex(last, "STATUS=failed: "); i < 0 || !strings.HasSuffix(last[i:], "no such topic") {
		t.Errorf("the last message is %q", last)
	}
}

// systemd says in WATCHDOG_PID which process it watches: a shell that becomes the
// service knows.
func TestServiceIsWatchedIfItIsTheProcessThatSystemdWatches(t *testing.T) {
	m := listen(t, socketPath(t))
	s := m.start("good", []string{"WATCHDOG_USEC=20000"}, "sh", "-c", `export WATCHDOG_PID=$$; exec "$0"`)
	m.until("READY=1")
	for range 3 {
		m.until("WATCHDOG=1")
	}
	s.terminate()
	m.until("STATUS=stopped")
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if sent := m.left(); len(sent) > 0 {
		t.Errorf("after the end: %q", sent)
	}
}

func TestServiceIsNotWatchedIfSystemdWatchesAnotherProcess(t *testing.T) {
	m := listen(t, socketPath(t))
	s := m.start("good", []string{"WATCHDOG_USEC=1000", "WATCHDOG_PID=1"})
	sent := m.until("READY=1")
	s.terminate()
	sent = append(sent, m.until("STATUS=stopped")...)
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := assignments(sent, "WATCHDOG"); len(got) > 0 {
		t.Errorf("%d pings", len(got))
	}
}

// What docs/systemd.md says of the watchdog's signal.
func TestServiceThatSystemdAbortsShowsItsGoroutines(t *testing.T) {
	m := listen(t, socketPath(t))
	s := m.start("good", nil)
	m.until("READY=1")
	if err := s.command.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	if code := s.exitCode(); code == 0 {
		t.Errorf("exit code %d", code)
	}
	if log := s.log.String(); !strings.Contains(log, "(*slow).Run") {
		t.Error("the stack of a unit is not shown")
	}
}

func TestServiceThatHangsIsNotPingedForWhenItWasGivenUp(t *testing.T) {
	m := listen(t, socketPath(t))
	s := m.start("deaf", []string{"WATCHDOG_USEC=20000"})
	m.until("READY=1")
	m.until("WATCHDOG=1")
	s.terminate()
	m.until("STATUS=failed: ")
	if code := s.exitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if sent := m.left(); len(sent) > 0 {
		t.Errorf("after it was given up: %q", sent)
	}
}
