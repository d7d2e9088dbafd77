package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// On a terminal a start ends with a line that says how long it took, and Ctrl-C is answered by one that says how it
// stopped: nothing else of the lifecycle is left to read.
func TestHelloOnATerminalTellsItsStartAndStop(t *testing.T) {
	t.Setenv("HTTP", "127.0.0.1:0")
	s := onTerminal(t, 100, 24, buildHello)

	s.await("it has started", `^\d\d:\d\d:\d\d  started   1 unit in \S+: \*httpprocess\.Listener\n$`)
	s.press(ctrlC)

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.wantLast(`^\d\d:\d\d:\d\d  started   1 unit in \S+: \*httpprocess\.Listener
\d\d:\d\d:\d\d  stopped   1 unit in \S+: interrupt
$`)
}

// Elsewhere nothing changes: a line is JSON, and nothing in it is for a terminal.
func TestLogIsJSONWhereThereIsNoTerminal(t *testing.T) {
	t.Setenv("HTTP", "127.0.0.1:0")
	t.Setenv("TERM", "xterm-256color")
	hello, err := buildHello()
	if err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(t.TempDir(), "shop.db")
	for name, p := range map[string]*program{"hello": start(t, hello), "shop": runShop(t, "-db", database).program} {
		p.awaitMessage("app started")
		p.signal(syscall.SIGTERM)
		if code := p.exitCode(); code != 0 {
			t.Errorf("%s: exit code %d", name, code)
		}
		p.awaitMessage("app stopped")
		if lines := strings.Count(p.log.text(), "\n"); lines != len(p.log.lines()) {
			t.Errorf("%s: %d lines, of which %d are JSON", name, lines, len(p.log.lines()))
		}
		if i := strings.IndexAny(p.log.text(), "\x1b\r"); i >= 0 {
			t.Errorf("%s: a control character in %q", name, p.log.text())
		}
	}
}

// A terminal that can only show lines is shown lines.
func TestADumbTerminalIsShownLines(t *testing.T) {
	t.Setenv("HTTP", "127.0.0.1:0")
	t.Setenv("TERM", "dumb")
	s := onTerminal(t, 200, 24, buildHello)

	s.await("it has started", `INFO  app started`)
	s.press(ctrlC)

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.await("it has stopped", `INFO  app stopped`)
	if strings.Contains(s.log.text(), "\x1b") {
		t.Errorf("a control character in %q", s.log.text())
	}
}

// A start that waits shows what it waits for, below what the shop logs itself.
func TestTheShopOnATerminalShowsWhatAStartWaitsFor(t *testing.T) {
	database := filepath.Join(t.TempDir(), "shop.db")
	release := lockFile(t, database)
	s := shopOnTerminal(t, 200, 24, database)

	s.await("the picture", `\d\d:\d\d:\d\d  INFO  .*database.*
(.*INFO.*\n)*starting \[#####-------------------------\] 1/6  [1-4]\.\ds
  \*store\.Store    [1-4]\.\ds
$`)
	release()
	s.await("it has started", `\d\d:\d\d:\d\d  started   6 units in [1-9]\S*s.*: \*store\.Store [1-9]\S*s`)
	s.press(ctrlC)

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.wantLast(`\n\d\d:\d\d:\d\d  stopped   6 units in \S+: interrupt\n$`)
	s.wantNone(`starting|stopping|\^C`)
}

// Ctrl-C while it starts is answered at once.
func TestTheShopOnATerminalShowsAnAbortedStart(t *testing.T) {
	database := filepath.Join(t.TempDir(), "shop.db")
	release := lockFile(t, database)
	s := shopOnTerminal(t, 100, 24, database)

	s.await("the picture", `starting .*\n  \*store\.Store`)
	s.press(ctrlC)
	s.await("the picture of the stop", `stopping .* interrupt\n  \*store\.Store +\d\.\ds  starting\n|stopped`)
	release()

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.wantLast(`\n\d\d:\d\d:\d\d  stopped   [12] units? in \S+ during the start: interrupt\n$`)
	s.wantNone(`starting|stopping|\^C|error`)
}

// A stop that waits for a request in hand shows so.
func TestTheShopOnATerminalShowsWhatAStopWaitsFor(t *testing.T) {
	s := shopOnTerminal(t, 100, 24, filepath.Join(t.TempDir(), "shop.db"))
	s.await("it has started", `started   6 units`)
	addr := regexp.MustCompile(`"server": "api", "addr": "([^"]+)"`).FindStringSubmatch(strings.ReplaceAll(s.log.text(), "\r\n", ""))
	if addr == nil {
		t.Fatalf("no address of the api in\n%s", s.shown())
	}
	conn, err := net.Dial("tcp", addr[1])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = `{"sku":"tea","qty":7}`
	fmt.Fprintf(conn, "POST /orders HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	if _, err := conn.Read(make([]byte, 100)); err != nil { // the handler was entered
		t.Fatal(err)
	}

	s.press(ctrlC)
	s.await("the picture of the stop", `stopping \[[#-]+\] [01]/6  \d\.\ds  interrupt
  \*api\.Server +\d\.\ds
`)
	fmt.Fprint(conn, body)

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.wantLast(`\n\d\d:\d\d:\d\d  stopped   6 units in \S+: interrupt\n$`)
	s.wantNone(`stopping|\^C`)
}

// An error is there in full, and once.
func TestTheShopOnATerminalSaysWhyItCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := shopOnTerminal(t, 300, 24, filepath.Join(t.TempDir(), "shop.db"), "-http", taken.Addr().String())

	if code := s.exitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	s.wantLast(`\n\d\d:\d\d:\d\d  error     start \*api\.Server \(api\.New, api\.go:\d+\): .*` + regexp.QuoteMeta(taken.Addr().String()) + `.*address already in use
(.*INFO.*\n)*\d\d:\d\d:\d\d  stopped   \d units in \S+ during the start: \*api\.Server failed\n$`)
	if n := strings.Count(s.shown(), "address already in use"); n != 1 {
		t.Errorf("told %d times:\n%s", n, s.shown())
	}
}

// Where there is hardly any room the picture is small, and nothing of it is left.
func TestTheShopOnASmallTerminal(t *testing.T) {
	database := filepath.Join(t.TempDir(), "shop.db")
	release := lockFile(t, database)
	s := shopOnTerminal(t, 20, 5, database)

	s.await("the picture", `\nstarting 1/6  [1-4]\.\ds\n  \*store\.S…    [1-4]\.\ds\n$`)
	release()
	s.await("it has started", `started\n6 units in`)
	s.press(ctrlC)

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.wantLast(`stopped\n6 units in .*(\n.*)?\n$`)
	s.wantNone(`starting|stopping`)
}

// A picture fits the terminal also when that is made smaller.
func TestThePictureOfTheShopFollowsTheSizeOfTheTerminal(t *testing.T) {
	database := filepath.Join(t.TempDir(), "shop.db")
	release := lockFile(t, database)
	s := shopOnTerminal(t, 200, 24, database)

	s.await("the picture", `\nstarting \[#####-------------------------\] 1/6  \d\.\ds\n  \*store\.Store    \d\.\ds\n$`)
	s.resize(40, 10)
	s.await("the smaller picture", `\nstarting \[###-{15}\] 1/6  \d\.\ds\n  \*store\.Store    \d\.\ds\n$`)
	release()
	s.await("it has started", `started   6 units`)
	s.press(ctrlC)

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.wantLast(`\d\d:\d\d:\d\d  stopped   6 units in .*(\n.*)?\n$`)
	s.wantNone(`starting|stopping`)
}

// A terminal that was stopped keeps nobody from ending.
func TestHelloEndsOnATerminalThatWasStopped(t *testing.T) {
	t.Setenv("HTTP", "127.0.0.1:0")
	s := onTerminal(t, 100, 24, buildHello)

	s.await("it has started", `started   1 unit`)
	s.press(ctrlS)
	s.signal(syscall.SIGTERM)

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.wantNone(`stopped`)
}

// Whatever ends it leaves a terminal as it was found.
func TestATerminalIsAsItWasAfterAKill(t *testing.T) {
	database := filepath.Join(t.TempDir(), "shop.db")
	release := lockFile(t, database)
	defer release()
	s := shopOnTerminal(t, 100, 24, database)

	s.await("the picture", `starting .*\n  \*store\.Store`)
	s.signal(syscall.SIGKILL)
	s.exitCode()

	s.wantLast(`starting .*\n  \*store\.Store.*\n$`)
}

const (
	ctrlC = "\x03"
	ctrlS = "\x13"
)

var buildHello = sync.OnceValues(func() (path string, err error) { return build("hello") })

// terminalProgram is a program on a terminal of its own.
type terminalProgram struct {
	*program
	keyboard *os.File
	read     chan struct{} // closed when all that it wrote was read

	mu            sync.Mutex // guards what follows
	screen        *vt.Emulator
	width, height int
}

// onTerminal starts a program on a terminal that is so wide and so high.
func onTerminal(t *testing.T, width, height int, build func() (path string, err error), args ...string) *terminalProgram {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("TERM") == "" {
		t.Setenv("TERM", "xterm-256color")
	}
	p := &program{t: t, command: exec.Command(path, args...), exited: make(chan struct{})}
	p.command.Env = append(os.Environ(), "NO_COLOR=1", "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	s := &terminalProgram{
		program: p, read: make(chan struct{}),
		screen: vt.NewEmulator(width, height), width: width, height: height,
	}
	s.keyboard, err = pty.StartWithSize(p.command, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.read)
		for buffer := make([]byte, 4096); ; {
			n, err := s.keyboard.Read(buffer)
			_, _ = p.log.Write(buffer[:n])
			s.mu.Lock()
			_, _ = s.screen.Write(buffer[:n])
			s.mu.Unlock()
			if err != nil { // nobody has the terminal open any more
				return
			}
		}
	}()
	go func() {
		defer close(p.exited)
		_ = p.command.Wait() // the exit code is what counts
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.exited
		_ = s.keyboard.Close()
		<-s.read
		if strings.Contains(p.log.text(), "\x1b[?25l") {
			t.Error("it hides the cursor")
		}
		t.Logf("the screen of process %d:\n%s", p.command.Process.Pid, s.shown())
	})
	return s
}

// shopOnTerminal starts the shop on free ports.
func shopOnTerminal(t *testing.T, width, height int, database string, args ...string) *terminalProgram {
	t.Helper()
	free := []string{"-http", "127.0.0.1:0", "-fulfilment", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-db", database}
	return onTerminal(t, width, height, buildShop, append(free, args...)...)
}

// press sends a key to the program's terminal.
func (s *terminalProgram) press(key string) {
	s.t.Helper()
	if _, err := s.keyboard.WriteString(key); err != nil {
		s.t.Fatal(err)
	}
}

// resize makes the terminal so wide and so high.
func (s *terminalProgram) resize(width, height int) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.width, s.height = width, height
	s.screen.Resize(width, height)
	if err := pty.Setsize(s.keyboard, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}); err != nil {
		s.t.Fatal(err)
	}
}

// shown returns the lines that a user sees, and can scroll back to.
func (s *terminalProgram) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for y := -s.screen.ScrollbackLen(); y < s.height; y++ {
		var row bytes.Buffer
		for x := range s.width {
			cell := s.screen.CellAt(x, y)
			if y < 0 {
				cell = s.screen.ScrollbackCellAt(x, y+s.screen.ScrollbackLen())
			}
			if cell != nil {
				row.WriteString(cell.Content)
			}
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// await waits until the screen fits the pattern.
func (s *terminalProgram) await(what, pattern string) {
	s.t.Helper()
	fits := regexp.MustCompile(pattern)
	eventually(s.t, what, func() bool {
		if fits.MatchString(s.shown()) {
			return true
		}
		select {
		case <-s.read:
			s.t.Fatalf("exited before %s", what)
		default:
		}
		return false
	})
}

// wantLast checks the screen when the program has exited.
func (s *terminalProgram) wantLast(pattern string) {
	s.t.Helper()
	<-s.read
	if !regexp.MustCompile(pattern).MatchString(s.shown()) {
		s.t.Errorf("the screen does not fit %s\n%s", pattern, s.shown())
	}
}

// wantNone checks that nothing on the screen fits the pattern.
func (s *terminalProgram) wantNone(pattern string) {
	s.t.Helper()
	if found := regexp.MustCompile(pattern).FindString(s.shown()); found != "" {
		s.t.Errorf("the screen has %q\n%s", found, s.shown())
	}
}

// lockFile makes a file for a database and locks it as SQLite does, so that whoever opens it waits.
func lockFile(t *testing.T, path string) (release func()) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	const lockedBytes = 0x40000000 // where SQLite has its locks
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: lockedBytes, Len: 512}
	if err := syscall.FcntlFlock(file.Fd(), syscall.F_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = file.Close() })
	t.Cleanup(release)
	return release
}
