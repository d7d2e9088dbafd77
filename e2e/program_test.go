package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// deadline is how long a test waits for what must happen; reaching it is a failure. It is longer than any limit of the
// programs themselves.
const deadline = time.Minute

// binaries is the folder of the programs that were built.
var binaries string

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel").Value; parallel.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = parallel.Set("8") // these tests mostly wait
	}
	os.Exit(func() int {
		var err error
		if binaries, err = os.MkdirTemp("", "strata-e2e-"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(binaries)
		return m.Run()
	}())
}

var buildShop = sync.OnceValues(func() (path string, err error) { return build("shop") })

// need skips a test for which a program is missing, and names the command that installs it.
func need(t *testing.T, program, install string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		lacking(t, program+" is missing: "+install)
	}
}

// lacking skips a test for want of something. Where everything has to be tested, which STRATA_CI=1 says, the test fails
// instead.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("STRATA_CI") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// build builds one of the examples as a user would, with the race detector if the tests have it.
func build(example string) (path string, err error) {
	return buildIn(filepath.Join("..", "examples"), example)
}

// buildIn is build for a program in a folder of another module.
func buildIn(folder, name string) (path string, err error) {
	path = filepath.Join(binaries, name)
	args := []string{"build", "-o", path}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	command := exec.Command("go", append(args, "./"+name)...)
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(output)))
	}
	return path, nil
}

// program is a program that was started.
type program struct {
	t       *testing.T
	command *exec.Cmd
	input   io.Closer // its standard input
	log     transcript
	exited  chan struct{} // closed when it has exited
}

// start starts a program; it is killed if it still runs when the test ends. It leads a process group, as what a shell
// starts does, and its standard input stays open.
func start(t *testing.T, path string, args ...string) *program {
	t.Helper()
	p := &program{t: t, command: exec.Command(path, args...), exited: make(chan struct{})}
	p.command.Stderr = &p.log
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := p.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.input = input
	p.command.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE")) // else each exit takes a second
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.command.Wait() // the exit code is what counts
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.exited
		if t.Failed() {
			t.Logf("log of process %d:\n%s", p.command.Process.Pid, p.log.text())
		}
	})
	return p
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// trySignal sends a signal to a program that may have exited, or to its whole process group.
func (p *program) trySignal(s syscall.Signal, group bool) {
	select {
	case <-p.exited:
		return
	default:
	}
	pid := p.command.Process.Pid
	if group {
		pid = -pid
	}
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.t.Error(err)
	}
}

// interrupt sends what Ctrl-C sends: SIGINT to the whole process group.
func (p *program) interrupt() {
	p.t.Helper()
	if err := syscall.Kill(-p.command.Process.Pid, syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
}

// end waits until the program has exited, and returns its exit code, or "killed: " and the signal that ended it.
func (p *program) end() string {
	p.t.Helper()
	code := p.exitCode()
	if status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return "killed: " + status.Signal().String()
	}
	return strconv.Itoa(code)
}

// exitCode waits until the program has exited.
func (p *program) exitCode() int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.command.ProcessState.ExitCode()
	case <-time.After(deadline):
		p.t.Fatal("it does not exit")
		return -1
	}
}

// awaitLine waits for a line of the log that the condition is true of.
func (p *program) awaitLine(what string, condition func(line) bool) line {
	p.t.Helper()
	var found line
	eventually(p.t, what, func() bool {
		lines := p.log.lines()
		i := slices.IndexFunc(lines, condition)
		if i >= 0 {
			found = lines[i]
			return true
		}
		select {
		case <-p.exited:
			p.t.Fatalf("exited with %d before %s", p.command.ProcessState.ExitCode(), what)
		default:
		}
		return false
	})
	return found
}

// awaitOutput waits until the program has logged something. It looks more often than others do.
func (p *program) awaitOutput() {
	p.t.Helper()
	select {
	case <-p.log.begun():
	case <-time.After(deadline):
		p.t.Fatal("it logs nothing")
	}
}

// awaitMessage waits for a line with that message.
func (p *program) awaitMessage(message string) line {
	p.t.Helper()
	return p.awaitLine("it logs "+message, func(l line) bool { return l["msg"] == message })
}

// line is one line of a log in JSON.
type line map[string]any

// transcript collects what a program writes to its log.
type transcript struct {
	mu      sync.Mutex // guards what follows
	written bytes.Buffer
	first   chan struct{} // closed by the first write; nil before anybody asked for it
}

func (t *transcript) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first != nil && t.written.Len() == 0 {
		close(t.first)
	}
	return t.written.Write(text)
}

// begun returns a channel that is closed when something was written.
func (t *transcript) begun() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == nil {
		t.first = make(chan struct{})
		if t.written.Len() > 0 {
			close(t.first)
		}
	}
	return t.first
}

func (t *transcript) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written.String()
}

// lines returns the complete lines so far that are JSON.
func (t *transcript) lines() []line {
	var all []line
	for text := range bytes.Lines([]byte(t.text())) {
		var l line
		if bytes.HasSuffix(text, []byte("\n")) && json.Unmarshal(text, &l) == nil {
			all = append(all, l)
		}
	}
	return all
}

// eventually waits until the condition is true, and fails the test at the deadline.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}
