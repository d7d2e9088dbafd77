package fxapp_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The programs: moved is onfx after the first half of docs/fx.md, in which nothing is deleted.
const (
	onFx     = "onfx"
	moved    = "moved"
	onStrata = "onstrata"
)

var binaries string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if binaries, err = os.MkdirTemp("", "strata-fxapp-"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(binaries)
		code := m.Run()
		if err := goleak.Find(); err != nil && code == 0 {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return code
	}())
}

var builds = map[string]func() error{
	onFx:     sync.OnceValue(func() error { return build(onFx) }),
	moved:    sync.OnceValue(buildMoved),
	onStrata: sync.OnceValue(func() error { return build(onStrata) }),
}

func build(name string, flags ...string) error {
	path := filepath.Join(binaries, name)
	args := append([]string{"build", "-o", path}, flags...)
	if out, err := exec.Command("go", append(args, "./"+name)...).CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return nil
}

func binary(t *testing.T, name string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("it has no SIGTERM")
	}
	if err := builds[name](); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(binaries, name)
}

// eachProgram runs a test of each of the programs.
func eachProgram(t *testing.T, test func(t *testing.T, name string)) {
	t.Parallel()
	for _, name := range []string{onFx, moved, onStrata} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, name)
		})
	}
}

// stopping is what the log says when the stop begins.
func stopping(name string) string {
	if name == onFx {
		return `"received signal"`
	}
	return `"app stopping"`
}

// What they agree in.

func TestAllDeliverAndFinishWhatIsInHand(t *testing.T) {
	eachProgram(t, func(t *testing.T, name string) {
		file := "DATABASE=" + filepath.Join(t.TempDir(), "kept.db")
		p := start(t, name, file)
		p.post("tea")
		p.awaitReceipts("tea", "logged, no relay")
		finish := p.upload()
		p.signal(syscall.SIGTERM)
		p.await(stopping(name))
		if status := finish(); status != http.StatusCreated {
			t.Errorf("the request in hand was answered %d", status)
		}
		p.wantExit("exit status 0")
		p.wantLines(`"store open"`, `"listening"`, `"delivery ended"`, `"store closed"`)

		p = start(t, name, file)
		if messages := p.list(); !strings.Contains(messages, `"text":"slow"`) {
			t.Errorf("what was answered is not there: %s", messages)
		}
	})
}

func TestAllStopWhatRunsWhenAStartFails(t *testing.T) {
	eachProgram(t, func(t *testing.T, name string) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		p := start(t, name, "HTTP="+taken.Addr().String())
		p.wantExit("exit status 1")
		p.wantLines(`"store open"`, "address already in use")
		p.wantLines(`"store open"`, `"store closed"`)
		if name == onStrata { // the others are stopped in the same order, but name no line
			p.wantLines("start *main.Server (main.NewServer, server.go:")
		}
	})
}

func TestAllFinishWhatIsInHandAfterACrash(t *testing.T) {
	eachProgram(t, func(t *testing.T, name string) {
		gone := newRelay(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusGone) })
		gone.release()
		p := start(t, name, gone.setting())
		finish := p.upload()
		p.post("tea") // which the relay refuses
		p.await("410 Gone")
		if status := finish(); status != http.StatusCreated {
			t.Errorf("the request in hand was answered %d", status)
		}
		p.wantExit("exit status 1")
		p.wantLines("410 Gone", `"store closed"`)
		switch name {
		case onFx: // it knows of no error: that is logged by the service itself
			p.wantLines(`"msg":"delivery","error":"relay: 410 Gone"`, `"msg":"received signal","signal":"TERMINATED"`)
		case moved:
			if p.line(`"app stopped"`, `"error":"exit code 1"`) < 0 {
				t.Error("the log does not show the exit code")
			}
		case onStrata:
			if p.line(`"app stopped"`, "*main.Outbox", "outbox.go:", "relay: 410 Gone") < 0 {
				t.Errorf("the error names nobody in\n%s", strings.Join(p.log(), "\n"))
			}
		}
	})
}

// What they differ in.

func TestAPanicEndsTheProcessUnlessItIsInRun(t *testing.T) {
	oneWord := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "accepted") }
	eachProgram(t, func(t *testing.T, name string) {
		strange := newRelay(t, oneWord)
		strange.release()
		p := start(t, name, strange.setting())
		finish := p.upload()
		p.post("tea")
		p.await("index out of range")
		if name == onStrata {
			if status := finish(); status != http.StatusCreated {
				t.Errorf("the request in hand was answered %d", status)
			}
			p.wantExit("exit status 1")
			p.wantLines("index out of range", `"store closed"`)
			return
		}
		p.wantExit("exit status 2")
		if status := finish(); status != 0 {
			t.Errorf("the request in hand was answered %d", status)
		}
		p.wantNoLine(`"store closed"`)
	})
}

func TestFxStartsOneAfterTheOther(t *testing.T) {
	eachProgram(t, func(t *testing.T, name string) {
		slow := newRelay(t, http.NotFound)
		p := start(t, name, slow.setting())
		<-slow.asked
		if name != onFx {
			p.await(`"listening"`) // though the outbox is still starting
			p.wantNoLine(`"connected"`)
			slow.release()
			return
		}
		slow.release()
		p.await(`"listening"`)
		p.wantLines(`"connected"`, `"listening"`)
	})
}

func TestASignalDuringTheStartKillsFx(t *testing.T) {
	eachProgram(t, func(t *testing.T, name string) {
		slow := newRelay(t, http.NotFound)
		p := start(t, name, slow.setting())
		<-slow.asked
		p.signal(syscall.SIGTERM)
		if name == onFx {
			p.wantExit("signal: terminated")
			p.wantNoLine(`"store closed"`)
			return
		}
		p.wantExit("exit status 0")
		p.wantLines(`"store open"`, `"store closed"`)
	})
}

func TestFxStopsNothingAfterTheStartTimeout(t *testing.T) {
	eachProgram(t, func(t *testing.T, name string) {
		slow := newRelay(t, http.NotFound)
		p := start(t, name, slow.setting(), "START_TIMEOUT=3s")
		p.wantExit("exit status 1")
		p.wantLines(`"store open"`)
		if name == onFx {
			p.wantNoLine(`"store closed"`)
			return
		}
		p.wantLines(`"store open"`, `"store closed"`)
		if p.line(`"app stopped"`, "not ready in time", "NewOutbox") < 0 {
			t.Errorf("the error names nobody in\n%s", strings.Join(p.log(), "\n"))
		}
	})
}

func TestFxSkipsWhatIsLeftAfterTheStopTimeout(t *testing.T) {
	eachProgram(t, func(t *testing.T, name string) {
		p := start(t, name, "STOP_TIMEOUT=1s")
		p.upload() // and never finished
		p.signal(syscall.SIGTERM)
		p.wantExit("exit status 1")
		if name == onFx {
			p.wantNoLine(`"delivery ended"`)
			p.wantNoLine(`"store closed"`)
			return
		}
		p.wantLines(`"delivery ended"`, `"store closed"`)
	})
}

func TestASecondSignalForcesAllButFx(t *testing.T) {
	eachProgram(t, func(t *testing.T, name string) {
		p := start(t, name)
		finish := p.upload()
		p.signal(syscall.SIGTERM)
		if name == onFx {
			p.await(`"received signal"`)
			p.signal(syscall.SIGINT)
			if status := finish(); status != http.StatusCreated {
				t.Errorf("the request in hand was answered %d", status)
			}
			p.wantExit("exit status 0")
			return
		}
		p.await(`"app stopping"`)
		for running := true; running; { // signals within half a second count as one
			select {
			case <-p.ended:
				running = false
			case <-time.After(50 * time.Millisecond):
				_ = p.cmd.Process.Signal(syscall.SIGINT)
			}
		}
		p.wantExit("exit status 130")
		p.wantLines(`"store closed"`)
	})
}
