package docs

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
)

// free returns so many addresses on which nobody listens. They are below those that the system gives
// away, so that it does not give them to another in the meantime.
func free(t *testing.T, number int) (addresses []string) {
	t.Helper()
	for port := 20000 + os.Getpid()%10000; len(addresses) < number; port++ {
		taken.Lock()
		if !taken.ports[port] {
			if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				_ = l.Close()
				taken.ports[port] = true
				addresses = append(addresses, l.Addr().String())
			}
		}
		taken.Unlock()
	}
	return addresses
}

// taken are the ports that a session of this process uses or has used.
var taken = struct {
	sync.Mutex
	ports map[int]bool // guarded by the Mutex
}{ports: make(map[int]bool)}

// transcript collects what a program prints.
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
