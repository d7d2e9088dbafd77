// Package programtest has the test of an example run it as what it is: a process.
package programtest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// deadline is how long a test waits for what must happen; reaching it is a failure.
const deadline = time.Minute

// asProgram is set in the environment of what [Start] has started.
const asProgram = "STRATA_EXAMPLE_AS_PROGRAM"

// Main is for TestMain: it runs the tests, and looks for goroutines that they have left.
// In a process that [Start] has started it calls main instead, with the arguments that
// Start was given: so the program of the tests is the program, too, and nothing has to
// be built for it.
func Main(m *testing.M, main func()) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0) // as the end of main does
	}
	goleak.VerifyTestMain(m)
}

// Program is an example that was started.
type Program struct {
	t       testing.TB
	command *exec.Cmd
	output  output
	exited  chan struct{} // closed when it has exited
}

// Start starts the example that the test belongs to. It is killed if it still runs when
// the test ends; its output is shown if the test has failed.
func Start(t testing.TB, args ...string) *Program {
	t.Helper()
	p := &Program{t: t, command: exec.Command(os.Args[0], args...), exited: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.Env = append(os.Environ(),
		asProgram+"=1",
		"GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"), // else each exit takes a second
	)
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
			t.Logf("output:\n%s", p.Output())
		}
	})
	return p
}

// Signal sends a signal.
func (p *Program) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// Exit waits until the program has exited, and returns its exit code.
func (p *Program) Exit() int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.command.ProcessState.ExitCode()
	case <-time.After(deadline):
		p.t.Fatal("it does not exit")
		return -1
	}
}

// Output returns what the program has written so far.
func (p *Program) Output() string { return p.output.text() }

// Await waits for a line that has each of the texts, and returns it.
func (p *Program) Await(texts ...string) string {
	p.t.Helper()
	return p.AwaitAfter("", texts...)
}

// AwaitAfter is Await for what was written after the line that it is given.
func (p *Program) AwaitAfter(line string, texts ...string) string {
	p.t.Helper()
	for end := time.Now().Add(deadline); ; time.Sleep(5 * time.Millisecond) {
		over := p.over() // before it is looked at, so that nothing is missed
		_, after, _ := strings.Cut(p.Output(), line)
		for line := range strings.Lines(after) {
			if strings.HasSuffix(line, "\n") && hasAll(line, texts) {
				return line
			}
		}
		if over || time.Now().After(end) {
			p.t.Fatalf("no line with %q", texts)
		}
	}
}

// Order checks that there are lines with the first text and each of the others, in the
// order of these.
func (p *Program) Order(first string, others ...string) {
	p.t.Helper()
	rest := p.Output()
next:
	for _, other := range others {
		for line := range strings.Lines(rest) {
			if hasAll(line, []string{first, other}) {
				_, rest, _ = strings.Cut(rest, line)
				continue next
			}
		}
		p.t.Errorf("%q: no line with %q, or too early", first, other)
		return
	}
}

func (p *Program) over() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func hasAll(line string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(line, text) {
			return false
		}
	}
	return true
}

// output collects what a program writes.
type output struct {
	mu      sync.Mutex // guards written
	written bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.written.Len() > 16<<20 {
		return 0, errors.New("it writes too much")
	}
	return o.written.Write(text)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.written.String()
}
