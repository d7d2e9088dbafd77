// Package pgtest runs a real PostgreSQL for a test: of its own, on a socket in a folder
// that goes when the test ends.
package pgtest

import (
	"bytes"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// deadline is how long a test waits for the server; reaching it is a failure.
const deadline = time.Minute

// Server is a PostgreSQL of a test's own.
type Server struct {
	t       testing.TB
	folder  string
	command *exec.Cmd
	exited  chan struct{} // closed when the command has
	log     transcript
}

// New returns a server that does not run yet; it is stopped when the test ends. Where
// PostgreSQL is not installed, and with -short, the test is skipped; where everything
// has to be tested, which STRATA_CI=1 says, it fails instead of being skipped for what
// is not installed.
func New(t testing.TB) *Server {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a PostgreSQL")
	}
	if _, ok := binary("postgres"); !ok {
		skip := t.Skip
		if os.Getenv("STRATA_CI") == "1" {
			skip = t.Fatal
		}
		skip("PostgreSQL is missing: apt-get install postgresql")
	}
	folder, err := os.MkdirTemp("", "pg-") // t.TempDir may be too long for a socket, and is root's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := &Server{t: t, folder: folder}
	if c := credential(t); c != nil {
		if err := os.Chown(folder, int(c.Uid), int(c.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	initdb := s.prepare("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	if output, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, output)
	}
	t.Cleanup(s.end)
	return s
}

// URL is where its one database is, as postgres://...
func (s *Server) URL() string {
	return "postgres://postgres@/postgres?host=" + url.QueryEscape(s.folder)
}

// Start returns when the server accepts connections. What a killed one has left behind
// may hold the data for a moment, so it may take several attempts.
func (s *Server) Start() {
	s.t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s.launch()
		if s.accepts(end) {
			return
		}
	}
	s.t.Fatalf("PostgreSQL does not start:\n%s", s.log.text())
}

// Kill kills the server as a crash does, and waits until nobody listens.
func (s *Server) Kill() {
	s.t.Helper()
	_ = s.command.Process.Kill()
	<-s.exited
	if c, err := net.Dial("unix", filepath.Join(s.folder, ".s.PGSQL.5432")); err == nil {
		_ = c.Close()
		s.t.Fatal("somebody listens on the socket of a server that was killed")
	}
}

// end stops the server at once, and what it has started with it.
func (s *Server) end() {
	if s.command != nil {
		_ = s.command.Process.Signal(syscall.SIGQUIT)
		<-s.exited
		if s.t.Failed() {
			s.t.Logf("log of PostgreSQL:\n%s", s.log.text())
		}
	}
}

func (s *Server) launch() {
	s.t.Helper()
	s.command = s.prepare("postgres", "-D", s.data(), "-k", s.folder, "-c", "listen_addresses=")
	s.command.Stdout, s.command.Stderr = &s.log, &s.log
	s.exited = make(chan struct{})
	if err := s.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(s.exited)
		_ = s.command.Wait() // that it has ended is what counts
	}()
}

// accepts waits until the server accepts connections, or has exited.
func (s *Server) accepts(end time.Time) bool {
	for ; time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if s.prepare("pg_isready", "-q", "-h", s.folder).Run() == nil {
			return true
		}
		select {
		case <-s.exited:
			return false
		default:
		}
	}
	return false
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) prepare(name string, args ...string) *exec.Cmd {
	path, ok := binary(name)
	if !ok {
		s.t.Fatalf("there is no %s", name)
	}
	command := exec.Command(path, args...)
	command.Dir = s.folder
	command.SysProcAttr = &syscall.SysProcAttr{Credential: credential(s.t)}
	return command
}

// binary finds a program of PostgreSQL, most of which Debian keeps out of the PATH.
func binary(name string) (path string, ok bool) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return found[len(found)-1], true
	}
	path, err := exec.LookPath(name)
	return path, err == nil
}

// credential is whom PostgreSQL runs as, nil for who runs the test: it refuses root.
func credential(t testing.TB) *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("there is no user to run PostgreSQL as")
	return nil
}

// transcript is what a server has logged.
type transcript struct {
	mu      sync.Mutex // guards what follows
	written bytes.Buffer
}

func (t *transcript) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written.Write(text)
}

func (t *transcript) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written.String()
}
