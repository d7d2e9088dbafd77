package fxapp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// deadline is how long a test waits for what must happen.
const deadline = time.Minute

// program is one of the programs, running.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it has ended and all of its log was read
	mutex  sync.Mutex    // guards the lines
	lines  []string
	client *http.Client
}

// start starts a program on a database that is left when it ends, with settings in its environment.
func start(t *testing.T, name string, environment ...string) *program {
	t.Helper()
	p := &program{t: t, ended: make(chan struct{})}
	p.cmd = exec.Command(binary(t, name))
	p.cmd.Env = append(os.Environ(), "HTTP=127.0.0.1:0", "DATABASE="+filepath.Join(t.TempDir(), "messages.db"))
	p.cmd.Env = append(p.cmd.Env, environment...)
	output, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{ExpectContinueTimeout: deadline}
	p.client = &http.Client{Transport: transport, Timeout: deadline}
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			p.mutex.Lock()
			p.lines = append(p.lines, lines.Text())
			p.mutex.Unlock()
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		transport.CloseIdleConnections()
	})
	return p
}

func (p *program) log() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.lines)
}

// line returns the number of the first line of the log with all of the texts, or -1.
func (p *program) line(texts ...string) int {
	return slices.IndexFunc(p.log(), func(line string) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) })
	})
}

// await waits for a line of the log.
func (p *program) await(text string) string {
	p.t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if i := p.line(text); i >= 0 {
			return p.log()[i]
		}
		select {
		case <-p.ended:
			if p.line(text) < 0 {
				p.t.Fatalf("it ended without %q:\n%s", text, strings.Join(p.log(), "\n"))
			}
		default:
		}
	}
	p.t.Fatalf("no %q in\n%s", text, strings.Join(p.log(), "\n"))
	return ""
}

// url waits until the program serves.
func (p *program) url() string {
	p.t.Helper()
	return "http://" + regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(p.await(`"listening"`)) + "/messages"
}

func (p *program) post(text string) {
	p.t.Helper()
	response, err := p.client.Post(p.url(), "text/plain", strings.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		p.t.Fatalf("POST: %s", response.Status)
	}
}

func (p *program) list() string {
	p.t.Helper()
	response, err := p.client.Get(p.url())
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(body)
}

// awaitReceipts waits until a message is delivered.
func (p *program) awaitReceipts(text, receipts string) {
	p.t.Helper()
	want := fmt.Sprintf(`"text":%q,"receipt":%q`, text, receipts)
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(p.list(), want) {
			return
		}
	}
	p.t.Fatalf("%s is not delivered: %s", text, p.list())
}

// upload begins a request and returns when its handler waits for the rest. The function that it returns sends that, and
// returns the status of the answer, or 0 if there is none.
func (p *program) upload() (finish func() (status int)) {
	p.t.Helper()
	body, rest := io.Pipe()
	p.t.Cleanup(func() { _ = rest.Close() })
	entered := make(chan struct{})
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got100Continue: func() { close(entered) }})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url(), body)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Expect", "100-continue") // the server sends this when the handler reads
	answered := make(chan int, 1)
	go func() {
		response, err := p.client.Do(request)
		if err != nil {
			answered <- 0
			return
		}
		defer response.Body.Close()
		answered <- response.StatusCode
	}()
	select {
	case <-entered:
	case <-time.After(deadline):
		p.t.Fatal("the handler does not read")
	}
	return func() int {
		_, _ = io.WriteString(rest, "slow")
		_ = rest.Close()
		return <-answered
	}
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wantExit waits for the end, and checks how it ended.
func (p *program) wantExit(want string) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(deadline):
		p.t.Fatalf("it does not end:\n%s", strings.Join(p.log(), "\n"))
	}
	if got := p.cmd.ProcessState.String(); got != want {
		p.t.Errorf("it ended with %q, want %q:\n%s", got, want, strings.Join(p.log(), "\n"))
	}
}

// wantLines checks that lines with these texts follow one another.
func (p *program) wantLines(texts ...string) {
	p.t.Helper()
	last := -1
	for _, text := range texts {
		at := p.line(text)
		if at <= last {
			p.t.Errorf("%q is missing, or too early, in\n%s", text, strings.Join(p.log(), "\n"))
			return
		}
		last = at
	}
}

func (p *program) wantNoLine(text string) {
	p.t.Helper()
	if p.line(text) >= 0 {
		p.t.Errorf("there is %q in\n%s", text, strings.Join(p.log(), "\n"))
	}
}

// relay is what messages are sent to.
type relay struct {
	*httptest.Server
	asked   chan struct{} // closed when the program wants to connect
	release func()        // has it connected
}

// newRelay starts a relay that keeps who connects waiting until it is released, and answers what is sent.
func newRelay(t *testing.T, send http.HandlerFunc) *relay {
	held, asked := make(chan struct{}), make(chan struct{})
	r := &relay{asked: asked, release: sync.OnceFunc(func() { close(held) })}
	askedOnce := sync.OnceFunc(func() { close(asked) })
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPost {
			send(w, request)
			return
		}
		askedOnce()
		select {
		case <-held:
		case <-request.Context().Done():
		}
	}))
	t.Cleanup(func() {
		r.release()
		r.Close()
	})
	return r
}

func (r *relay) setting() string { return "RELAY=" + r.URL }
