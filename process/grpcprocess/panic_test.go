package grpcprocess_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/grpcprocess"
)

func panicking() *service {
	return &service{unary: func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) {
		panic("a bug in a handler")
	}}
}

// The test is its own program: what is tested ends that.
func TestPanicInAHandlerEndsTheProgram(t *testing.T) {
	const inside = "STRATA_TEST_PANICS"
	if os.Getenv(inside) != "" {
		l := grpcprocess.ListenAndServe(kinds()[0].newServer(panicking()), "127.0.0.1:0")
		err := l.Run(t.Context(), func(context.Context) error {
			return unary(kinds()[0].connect(t, l.Addr()), nil)
		})
		t.Fatal("it goes on after the panic: ", err)
	}
	program := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	program.Env = append(os.Environ(), inside+"=1")
	out, err := program.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic: a bug in a handler") {
		t.Errorf("%v, and it said\n%s", err, out)
	}
}

func TestPanicInAHandlerIsAnErrorOfTheCallIfAnInterceptorRecovers(t *testing.T) {
	srv := grpc.NewServer(grpc.UnaryInterceptor(func(
		ctx context.Context, in any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler,
	) (out any, err error) {
		defer func() {
			if v := recover(); v != nil {
				err = status.Errorf(codes.Internal, "panic: %v", v)
			}
		}()
		return handle(ctx, in)
	}))
	pb.RegisterTestServiceServer(srv, panicking())
	l := grpcprocess.ListenAndServe(srv, "127.0.0.1:0")
	running := servingtest.Start(t, context.Background(), l)

	if code := status.Code(unary(kinds()[0].connect(t, l.Addr()), nil)); code != codes.Internal {
		t.Errorf("the call got %v", code)
	}
	if running.State() != process.StateRunning {
		t.Error("the server has ended")
	}
	if err := servingtest.Stop(running); err != nil {
		t.Error(err)
	}
}
