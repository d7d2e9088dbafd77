package systemd_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks/systemd"
	"github.com/strata-go/strata/process"
)

// Store is a unit.
type Store struct{}

func (*Store) Run(ctx context.Context, callback process.Callback) error { return callback(ctx) }

func NewStore() *Store { return &Store{} }

func ExampleNew() {
	told := listen()

	app := container.New(container.WithObserver(systemd.New()), container.WithLogger(zap.NewNop()))
	_ = app.Provide(NewStore)

	// In a main it would be app.Run(), which stops at SIGTERM.
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		<-app.Ready()
		stop()
	}()
	err := app.RunContext(ctx)

	for _, line := range <-told {
		if line == "READY=1" || line == "STOPPING=1" || line == "STATUS=stopped" {
			fmt.Println(line)
		}
	}
	fmt.Println("error:", err)

	// Output:
	// READY=1
	// STOPPING=1
	// STATUS=stopped
	// error: <nil>
}

// listen does what systemd does: it opens a socket and puts its name into the
// environment. It returns what is sent, line by line, when the service has stopped.
func listen() <-chan []string {
	dir, err := os.MkdirTemp("", "notify")
	if err != nil {
		panic(err)
	}
	address := filepath.Join(dir, "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: address})
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("NOTIFY_SOCKET", address)

	told := make(chan []string, 1)
	go func() {
		defer os.RemoveAll(dir)
		defer conn.Close()
		var lines []string
		for buffer := make([]byte, 4096); !slices.Contains(lines, "STATUS=stopped"); {
			n, err := conn.Read(buffer)
			if err != nil {
				break
			}
			lines = append(lines, strings.Split(string(buffer[:n]), "\n")...)
		}
		told <- lines
	}()
	return told
}
