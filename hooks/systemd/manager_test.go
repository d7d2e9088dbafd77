package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// deadline is how long a test waits for what must happen; reaching it is a failure.
const deadline = time.Minute

// manager stands for systemd: it listens on a real datagram socket.
type manager struct {
	t       *testing.T
	address string // for NOTIFY_SOCKET
	conn    *net.UnixConn
	read    chan string // what was sent
}

// sockets are the two kinds of address that systemd may give.
var sockets = map[string]func(t *testing.T) *manager{
	"in the file system": func(t *testing.T) *manager {
		return listen(t, socketPath(t))
	},
	"in the abstract namespace": func(t *testing.T) *manager {
		return listen(t, fmt.Sprintf("@strata-%d-%d", os.Getpid(), socketNumber.Add(1)))
	},
}

var socketNumber atomic.Int64

// socketPath returns a path that is short enough for a socket: the names of tests are
// not.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "socket")
}

// listen returns a manager that reads what it is sent.
func listen(t *testing.T, address string) *manager {
	t.Helper()
	m := open(t, address)
	m.begin()
	return m
}

// open returns a manager that does not read before it begins.
func open(t *testing.T, address string) *manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &manager{t: t, address: address, conn: conn, read: make(chan string, 10_000)}
}

func (m *manager) begin() {
	m.t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 8<<10)
		for {
			n, err := m.conn.Read(buffer)
			if err != nil {
				return
			}
			m.read <- string(buffer[:n])
		}
	}()
	m.t.Cleanup(func() {
		_ = m.conn.Close()
		<-ended
	})
}

// fill sends as much as there is room for.
func (m *manager) fill() {
	m.t.Helper()
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: m.address})
	if err != nil {
		m.t.Fatal(err)
	}
	defer conn.Close()
	for err == nil {
		_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		_, err = conn.Write([]byte("STATUS=filling"))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		m.t.Fatal(err)
	}
}

// next returns the next message, which must come.
func (m *manager) next() string {
	m.t.Helper()
	select {
	case text := <-m.read:
		return text
	case <-time.After(deadline):
		m.t.Fatal("no message")
		return ""
	}
}

// left returns the messages that have been sent and not looked at.
func (m *manager) left() []string {
	m.t.Helper()
	const last = "X_LAST=1"
	if err := socket(m.address).send(last); err != nil {
		m.t.Fatal(err)
	}
	all := m.until(last)
	return all[:len(all)-1]
}

// until returns the messages up to the first one that has the text in it.
func (m *manager) until(text string) []string {
	m.t.Helper()
	var all []string
	for len(all) == 0 || !strings.Contains(all[len(all)-1], text) {
		all = append(all, m.next())
	}
	return all
}

// assignments returns, of the messages, those lines that begin with one of the names.
func assignments(messages []string, names ...string) []string {
	var found []string
	for line := range strings.SplitSeq(strings.Join(messages, "\n"), "\n") {
		for _, name := range names {
			if strings.HasPrefix(line, name+"=") {
				found = append(found, line)
			}
		}
	}
	return found
}
