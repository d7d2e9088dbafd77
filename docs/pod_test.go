package docs

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pod is a process of a program of the page.
type pod struct {
	t           *testing.T
	command     *exec.Cmd
	http, admin string // the addresses
	log         transcript
	exited      chan struct{} // closed when it has exited
}

func startPod(t *testing.T, binary string) *pod {
	t.Helper()
	addresses := free(t, 2)
	p := &pod{t: t, command: exec.Command(binary), http: addresses[0], admin: addresses[1], exited: make(chan struct{})}
	p.command.Env = append(os.Environ(), "HTTP="+p.http, "ADMIN="+p.admin)
	p.command.Stdout, p.command.Stderr = &p.log, &p.log
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

// ready probes readyz, as the kubelet does.
func (p *pod) ready() bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	response, err := client.Get("http://" + p.admin + "/readyz")
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (p *pod) signal(s os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pod) exitCode() int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.command.ProcessState.ExitCode()
	case <-time.After(deadline):
		p.t.Fatal("it does not exit")
		return -1
	}
}

// await waits until the condition is true, and fails the test at the deadline.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}

// programs returns those of the page: the service, and the job.
func programs(t *testing.T) []block {
	t.Helper()
	all := slices.DeleteFunc(pageNamed(t, kubernetes).blocks, func(b block) bool {
		return b.language != "go" || !strings.HasPrefix(b.text, "package main\n")
	})
	if len(all) != 2 {
		t.Fatalf("%d programs", len(all))
	}
	return all
}

// buildProgram builds a program whose text stands in no file of this module.
func buildProgram(t *testing.T, text string) (binary string) {
	t.Helper()
	folder := t.TempDir()
	file, binary := filepath.Join(folder, "main.go"), filepath.Join(folder, "program")
	here, err := filepath.Abs(filepath.Join("program", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{here: file}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{file: []byte(text), filepath.Join(folder, "overlay.json"): overlay} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("go", "build", "-overlay", filepath.Join(folder, "overlay.json"), "-o", binary, "./program")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return binary
}
