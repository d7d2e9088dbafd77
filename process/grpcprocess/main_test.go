package grpcprocess_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/grpcprocess"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kind is with TLS or without.
type kind struct {
	name           string
	server, client credentials.TransportCredentials
}

var kinds = sync.OnceValue(func() []kind {
	configs := servingtest.Certificate()
	return []kind{
		{"gRPC", insecure.NewCredentials(), insecure.NewCredentials()},
		{"gRPC over TLS",
			credentials.NewTLS(configs.Server),
			credentials.NewTLS(configs.Client)},
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

func listen(t *testing.T, srv *grpc.Server) (*grpcprocess.Listener, *process.Process) {
	t.Helper()
	l := grpcprocess.ListenAndServe(srv, "127.0.0.1:0")
	return l, servingtest.Start(t, context.Background(), l)
}
