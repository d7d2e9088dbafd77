package docs

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// deadline is how long a test waits for what must happen; reaching it is a failure.
	deadline = 2 * time.Minute
	// underway is set in the environment of what the tests of the documents run.
	underway = "STRATA_DOCS_UNDERWAY"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel").Value; parallel.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = parallel.Set("8") // these tests mostly wait
	}
	os.Exit(m.Run())
}

// server is an example that goes on until it is stopped.
type server struct {
	addresses []address
	exit      int // its exit code after SIGINT
}

// address is one that the documents show. The test has the example listen on a free port in place of
// it, so that it does not matter what else listens on this machine.
type address struct {
	shown  string
	option string // of the command line, or a variable of the environment, which ends with "="
}

// servers are the commands that start one, by how they begin.
var servers = map[string]server{
	"go run ./examples/digapp": {addresses: []address{{"127.0.0.1:8080", "HTTP="}}},
	"go run ./examples/hello":  {addresses: []address{{"127.0.0.1:8080", "HTTP="}}},
	"go run ./examples/shop": {addresses: []address{
		{"127.0.0.1:8080", "-http"}, {"127.0.0.1:8081", "-admin"}, {"127.0.0.1:8082", "-fulfilment"}}},
	"go run ./examples/fxapp/onstrata": {addresses: []address{{"127.0.0.1:8080", "HTTP="}}},
	"go run ./examples/jobs":           {addresses: []address{{"127.0.0.1:8080", "-http"}, {"127.0.0.1:6060", "-debug"}}},
	"go run ./examples/modules":        {addresses: []address{{"127.0.0.1:8080", "-http"}}},
	"go run ./examples/nested": {addresses: []address{
		{"127.0.0.1:8081", "-tenant acme="}, {"127.0.0.1:8082", "-tenant globex="}}},
	"go run ./examples/stuck": {exit: 1},
}

// finishing are the commands that begin like one of these, and end by themselves.
var finishing = []string{"go run ./examples/shop -plan mermaid"}

// What the test listens on is not what the documents show, so somebody has to look there.
func TestExamplesListenWhereTheDocumentsSay(t *testing.T) {
	for text, s := range servers {
		var source strings.Builder
		for _, pattern := range []string{"*.go", "config/*.go", "../settings/*.go"} {
			files, _ := filepath.Glob(filepath.Join(root, strings.TrimPrefix(text, "go run "), pattern))
			for _, file := range files {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				source.Write(content)
			}
		}
		for _, a := range s.addresses {
			if !strings.Contains(source.String(), strconv.Quote(a.shown)) {
				t.Errorf("%s: it does not listen on %s, of which the documents tell", text, a.shown)
			}
		}
	}
}

// environment is that of a user, who does not set GOWORK: CI runs this module without the workspace, too.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(setting string) bool { return strings.HasPrefix(setting, "GOWORK=") })
	return append(env, underway+"=1")
}

// session runs the commands of one page, one after the other.
type session struct {
	t        *testing.T
	page     string
	patience time.Duration // how long an answer may take to become what the document shows
	limit    time.Duration // how long a command may take to end
	module   string        // the folder of a user's module, once there is one

	running *exec.Cmd // the server, nil if there is none
	command command   // that started it
	exit    int
	log     *transcript
	exited  chan struct{}     // closed when it has exited
	instead map[string]string // the addresses on which it listens, by those that are shown
}

func newSession(t *testing.T, page string) *session {
	s := &session{t: t, page: page, patience: 20 * time.Second, limit: deadline}
	t.Cleanup(func() {
		if s.running != nil {
			_ = syscall.Kill(-s.running.Process.Pid, syscall.SIGKILL)
			<-s.exited
		}
	})
	return s
}

// run runs a command, and returns what is wrong with it.
func (s *session) run(c command) []string {
	if c.text == "" {
		return []string{c.problem("a console has a line that begins with %q first", "$ ")}
	}
	if strings.Contains(c.text, "go run ./examples/") && !slices.Contains(finishing, c.text) {
		for begin, known := range servers {
			if c.text == begin || strings.HasPrefix(c.text, begin+" ") {
				if problems := s.stop(); problems != nil {
					return problems
				}
				return s.start(c, known)
			}
		}
		return []string{c.problem("%s: neither servers nor finishing in docs/session_test.go has it", c.text)}
	}
	var problem string
	for end := time.Now().Add(s.patience); ; time.Sleep(50 * time.Millisecond) {
		if problem = s.try(c); problem == "" {
			return nil
		}
		if !repeatable(c.text) || time.Now().After(end) {
			return []string{c.problem("%s", problem)}
		}
	}
}

// repeatable tells whether a command changes nothing, so that it can be repeated until
// its answer is what it should be.
func repeatable(text string) bool {
	return strings.HasPrefix(text, "curl ") && !regexp.MustCompile(` (-d|-X|--data\S*|--request) `).MatchString(text)
}

// The status goes to standard error, in a line of its own.
const curl = `curl() { command curl -sS --max-time 30 -w '%{stderr}\nstatus %{http_code}\n' "$@"; }` + "\n"

var (
	gotStatus  = regexp.MustCompile(`\nstatus (\d{3})\n`)
	wantStatus = regexp.MustCompile(`^\d{3}\b`)
)

// try runs a command to its end, and returns what is wrong with it.
func (s *session) try(c command) string {
	text := c.text
	for shown, own := range s.instead {
		text = strings.ReplaceAll(text, shown, own)
	}
	if strings.HasPrefix(text, "curl ") {
		need(s.t, "curl", "apt-get install curl")
		text = curl + text
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), s.limit)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-c", text)
	shell.Dir = s.folder(c)
	shell.Env = environment()
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it starts is killed with it
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr bytes.Buffer
	shell.Stdout, shell.Stderr = &stdout, &stderr
	err := shell.Run()
	if ctx.Err() != nil {
		return fmt.Sprintf("%s: it does not end\n%s%s", c.text, stdout.String(), stderr.String())
	}
	if err != nil {
		return fmt.Sprintf("%s: %v\n%s%s", c.text, err, stdout.String(), stderr.String())
	}
	output := stdout.String()
	if s.running != nil {
		for shown, own := range s.instead {
			output = strings.ReplaceAll(output, own, shown)
		}
	}
	if c.output != "" && !shows(c.output, output) {
		return fmt.Sprintf("%s: prints %q, want %q", c.text, output, c.output)
	}
	if got := gotStatus.FindStringSubmatch(stderr.String()); got != nil {
		want := wantStatus.FindString(c.comment)
		if want == "" && got[1] >= "400" {
			want = "less than 400"
		}
		if want != "" && got[1] != want {
			return fmt.Sprintf("%s: status %s, want %s\n%s", c.text, got[1], want, output)
		}
	}
	return ""
}

// shows tells whether the document shows the output. An ellipsis stands for any text, spaces at
// the ends do not count.
func shows(document, output string) bool {
	parts := strings.Split(strings.TrimSpace(document), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`^(?s:` + strings.Join(parts, ".*") + `)$`).MatchString(strings.TrimSpace(output))
}

// folder returns where a command is run: in the root of the repository. `go mod` is for who uses
// Strata, and is run in a module whose folder lies beside a clone.
func (s *session) folder(c command) string {
	if !strings.HasPrefix(c.text, "go mod ") {
		return root
	}
	if s.module != "" {
		return s.module
	}
	clone, err := filepath.Abs(root)
	if err != nil {
		s.t.Fatal(err)
	}
	parent := s.t.TempDir()
	s.module = filepath.Join(parent, "service")
	for _, err := range []error{
		os.Symlink(clone, filepath.Join(parent, "strata")),
		os.Mkdir(s.module, 0o755),
		os.WriteFile(filepath.Join(s.module, "go.mod"), []byte("module example.com/service\n\ngo 1.26.0\n"), 0o644),
		os.WriteFile(filepath.Join(s.module, "main.go"),
			[]byte("package main\n\nimport \"github.com/strata-go/strata/container\"\n\nfunc main() { container.New().Run() }\n"), 0o644),
	} {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return s.module
}

// start starts a server, and waits until it says that it has started.
func (s *session) start(c command, known server) []string {
	text, env := c.text, environment()
	s.instead = make(map[string]string)
	for i, own := range free(s.t, len(known.addresses)) {
		a := known.addresses[i]
		s.instead[a.shown] = own
		switch isFlag := strings.HasPrefix(a.option, "-"); {
		case !isFlag:
			env = append(env, a.option+own)
		case strings.HasSuffix(a.option, "="):
			text += " " + a.option + own
		default:
			text += " " + a.option + " " + own
		}
	}
	shell := exec.Command("sh", "-c", "exec "+text)
	shell.Dir, shell.Env = root, env
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a terminal does, which sends a Ctrl-C to all of them
	s.log = new(transcript)
	shell.Stdout, shell.Stderr = s.log, s.log
	if err := shell.Start(); err != nil {
		return []string{c.problem("%v", err)}
	}
	s.running, s.command, s.exit, s.exited = shell, c, known.exit, make(chan struct{})
	go func(exited chan<- struct{}) {
		defer close(exited)
		_ = shell.Wait() // the exit code is what counts
	}(s.exited)
	for end := time.Now().Add(deadline); !strings.Contains(s.log.text(), "app started"); {
		select {
		case <-s.exited:
			s.running = nil
			return []string{c.problem("%s: it does not start\n%s", c.text, s.log.text())}
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			return []string{c.problem("%s: it does not start in time\n%s", c.text, s.log.text())}
		}
	}
	return nil
}

// exitStatus is what go run prints of a program that did not exit with 0. It itself exits with 1 after a
// Ctrl-C, whatever the program does.
var exitStatus = regexp.MustCompile(`(?m)^exit status (\d+)$`)

// stop stops the server as Ctrl-C does, and returns what is wrong with how it ends. What was
// made by `go mod` has to build.
func (s *session) stop() []string {
	if s.module != "" {
		build := exec.Command("go", "build", "-o", os.DevNull, ".")
		build.Dir, build.Env = s.module, environment()
		s.module = ""
		if output, err := build.CombinedOutput(); err != nil {
			return []string{fmt.Sprintf("%s: go build: %v\n%s", s.page, err, output)}
		}
	}
	if s.running == nil {
		return nil
	}
	if err := syscall.Kill(-s.running.Process.Pid, syscall.SIGINT); err != nil {
		return []string{s.command.problem("%v", err)}
	}
	select {
	case <-s.exited:
	case <-time.After(deadline):
		return []string{s.command.problem("%s: it does not end\n%s", s.command.text, s.log.text())}
	}
	code := "0"
	if told := exitStatus.FindStringSubmatch(s.log.text()); told != nil {
		code = told[1]
	}
	s.running, s.instead = nil, nil
	if code != strconv.Itoa(s.exit) {
		return []string{s.command.problem("%s: exits with %s, want %d\n%s", s.command.text, code, s.exit, s.log.text())}
	}
	return nil
}
