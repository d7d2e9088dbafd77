package sqlprocess_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// deadline is how long a test waits for what must happen; reaching it is a failure.
const deadline = time.Minute

// server is a PostgreSQL of a test's own, which listens on a socket in a folder.
type server struct {
	t       *testing.T
	folder  string
	command *exec.Cmd
	exited  chan struct{} // closed when the command has
	log     transcript
}

// newServer returns a server that does not run yet. Where PostgreSQL is not installed
// the test is skipped; where everything has to be tested, which STRATA_CI=1 says, it
// fails instead.
func newServer(t *testing.T) *server {
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
	s := &server{t: t, folder: folder}
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

// binary finds a program of PostgreSQL, which Debian keeps out of the PATH.
func binary(name string) (path string, ok bool) {
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", false
	}
	return found[len(found)-1], true
}

// credential is whom PostgreSQL runs as, nil for who runs the test: it refuses root.
func credential(t *testing.T) *syscall.Credential {
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

func (s *server) data() string { return filepath.Join(s.folder, "data") }

// dsn is for both kinds of handle.
func (s *server) dsn() string { return "host=" + s.folder + " user=postgres dbname=postgres" }

func (s *server) prepare(name string, args ...string) *exec.Cmd {
	path, ok := binary(name)
	if !ok {
		s.t.Fatalf("there is no %s", name)
	}
	command := exec.Command(path, args...)
	command.Dir = s.folder
	command.SysProcAttr = &syscall.SysProcAttr{Credential: credential(s.t)}
	return command
}

// start returns when the server accepts connections. What a killed one has left behind
// may hold the data for a moment, so it may take several attempts.
func (s *server) start() {
	s.t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		s.launch()
		if s.accepts(end) {
			return
		}
	}
	s.t.Fatalf("PostgreSQL does not start:\n%s", s.log.text())
}

func (s *server) launch() {
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
func (s *server) accepts(end time.Time) bool {
	for ; time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Until(end))
		conn, err := pgx.Connect(ctx, s.dsn())
		if err == nil {
			_ = conn.Close(ctx)
		}
		cancel()
		if err == nil {
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

// execute runs a statement on a connection of its own.
func (s *server) execute(statement string) error {
	return s.connected(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, statement)
		return err
	})
}

// missing returns how many of the rows that were confirmed are not there.
func (s *server) missing(confirmed []int) (n int, err error) {
	err = s.connected(func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT count(*) FROM unnest($1::integer[]) AS id
			WHERE id NOT IN (SELECT id FROM written)`, confirmed).Scan(&n)
	})
	return n, err
}

func (s *server) connected(do func(ctx context.Context, conn *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return do(ctx, conn)
}

// kill kills the server as a crash does, and waits until nobody listens.
func (s *server) kill() {
	s.t.Helper()
	_ = s.command.Process.Kill()
	<-s.exited
	if c, err := net.Dial("unix", filepath.Join(s.folder, ".s.PGSQL.5432")); err == nil {
		_ = c.Close()
		s.t.Fatal("somebody listens on the socket of a server that was killed")
	}
}

// end stops the server at once, and what it has started with it.
func (s *server) end() {
	if s.command != nil {
		_ = s.command.Process.Signal(syscall.SIGQUIT)
		<-s.exited
		if s.t.Failed() {
			s.t.Logf("log of PostgreSQL:\n%s", s.log.text())
		}
	}
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

// eventually waits until the condition is true, and fails the test at the deadline.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}
