package grpcprocess_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/grpcprocess"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline is how long a test waits for what must happen; reaching it is a failure.
const deadline = 20 * time.Second

var errForced = errors.New("forced by the test")

// kind is with TLS or without.
type kind struct {
	name           string
	server, client credentials.TransportCredentials
}

var kinds = sync.OnceValue(func() []kind {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return []kind{
		{"gRPC", insecure.NewCredentials(), insecure.NewCredentials()},
		{"gRPC over TLS",
			credentials.NewTLS(&tls.Config{Certificates: srv.TLS.Certificates}),
			credentials.NewTLS(&tls.Config{RootCAs: roots})},
	}
})

func each(t *testing.T, test func(t *testing.T, k kind)) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) { test(t, k) })
	}
}

// service has the methods that a test sets.
type service struct {
	pb.UnimplementedTestServiceServer
	unary  func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error)
	duplex func(pb.TestService_FullDuplexCallServer) error
}

func (s *service) UnaryCall(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	return s.unary(ctx, in)
}

func (s *service) FullDuplexCall(stream pb.TestService_FullDuplexCallServer) error {
	return s.duplex(stream)
}

func (k kind) newServer(s *service) *grpc.Server {
	srv := grpc.NewServer(grpc.Creds(k.server))
	if s != nil {
		pb.RegisterTestServiceServer(srv, s)
	}
	return srv
}

func (k kind) connect(t *testing.T, addr net.Addr) *grpc.ClientConn {
	conn, err := grpc.NewClient("passthrough:"+addr.String(), grpc.WithTransportCredentials(k.client))
	if err != nil {
		t.Error(err)
		return nil
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// start starts a runner, which is stopped at the end of the test.
func start(t *testing.T, ctx context.Context, r process.Runner) *process.Process {
	t.Helper()
	running := process.NewProcess(ctx, r)
	if err := running.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(running) })
	return running
}

func listen(t *testing.T, srv *grpc.Server) (*grpcprocess.Listener, *process.Process) {
	t.Helper()
	l := grpcprocess.ListenAndServe(srv, "127.0.0.1:0")
	return l, start(t, context.Background(), l)
}

// stop stops gracefully, and by force after the deadline.
func stop(running *process.Process) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	return running.Stop(ctx)
}

// stopping stops gracefully in the background.
func stopping(running *process.Process) <-chan error {
	stopped := make(chan error, 1)
	go func() { stopped <- stop(running) }()
	return stopped
}

// force stops without any patience.
func force(running *process.Process) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errForced)
	return running.Stop(ctx)
}

func within[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(deadline):
		t.Fatalf("it takes too long: %s", what)
		panic("not reached")
	}
}

// refused waits until nobody listens on the address any more.
func refused(t *testing.T, addr net.Addr) {
	t.Helper()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", addr.String())
		if err != nil {
			return
		}
		_ = conn.Close()
	}
	t.Fatal("it listens still")
}

// rounds returns how many rounds a test runs.
func rounds(t *testing.T, otherwise int) int {
	text := os.Getenv("STRATA_E2E_ROUNDS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("STRATA_E2E_ROUNDS: %v", err)
	}
	return n
}
