package grpcprocess_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process/grpcprocess"
)

const (
	serving    = healthpb.HealthCheckResponse_SERVING
	notServing = healthpb.HealthCheckResponse_NOT_SERVING
)

// ask asks for the health of a service, which is NOT_SERVING where there is no answer.
func ask(t *testing.T, conn *grpc.ClientConn, service string) healthpb.HealthCheckResponse_ServingStatus {
	t.Helper()
	answer, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		t.Errorf("health of %q: %v", service, err)
	}
	return answer.GetStatus()
}

func TestHealthIsServingUntilDrain(t *testing.T) {
	c := &calls{entered: make(map[string]int)}
	l, _ := listen(t, kinds()[0].newServer(c.service()))
	conn := kinds()[0].connect(t, l.Addr())
	for _, service := range []string{"", "grpc.testing.TestService"} {
		if got := ask(t, conn, service); got != serving {
			t.Errorf("health of %q when it is ready: %v", service, got)
		}
	}

	l.Drain()

	for _, service := range []string{"", "grpc.testing.TestService"} {
		if got := ask(t, conn, service); got != notServing {
			t.Errorf("health of %q after Drain: %v", service, got)
		}
	}
	if err := unary(conn, &pb.Payload{}); err != nil {
		t.Error("calls are served as before:", err)
	}
}

func TestDrainBeforeTheStartIsNotForgotten(t *testing.T) {
	l := grpcprocess.ListenAndServe(grpc.NewServer(), "127.0.0.1:0")
	l.Drain()
	servingtest.Start(t, context.Background(), l)

	if got := ask(t, kinds()[0].connect(t, l.Addr()), ""); got != notServing {
		t.Errorf("health = %v", got)
	}
}

// A watch goes on until the client ends it, and so would the stop.
func TestStopTellsWatchesThatItDoesNotServeAndEndsThem(t *testing.T) {
	l, running := listen(t, grpc.NewServer())
	conn := kinds()[0].connect(t, l.Addr())
	watch := func(service string) healthpb.Health_WatchClient {
		watch, err := healthpb.NewHealthClient(conn).Watch(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.Recv(); err != nil {
			t.Fatal(err)
		}
		return watch
	}
	known, unknown := watch(""), watch("unknown")

	if err := servingtest.Within(t, servingtest.Stopping(running), "the stop"); err != nil {
		t.Error(err)
	}

	if answer, err := known.Recv(); err != nil || answer.Status != notServing {
		t.Errorf("%v, %v", answer, err)
	}
	for _, watch := range []healthpb.Health_WatchClient{known, unknown} {
		if answer, err := watch.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("%v, %v", answer, err)
		}
	}
}

func TestHealthIsNotServingWhileItStops(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	k := kinds()[0]
	l, running := listen(t, k.newServer(&service{
		unary: func(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) {
			close(entered)
			<-release
			return &pb.SimpleResponse{}, nil
		},
	}))
	conn := k.connect(t, l.Addr())
	watch, err := healthpb.NewHealthClient(conn).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := watch.Recv(); err != nil || answer.Status != serving {
		t.Fatalf("%v, %v", answer, err)
	}
	answered := make(chan error, 1)
	go func() { answered <- unary(conn, nil) }()
	servingtest.Within(t, entered, "the handler")

	stopped := servingtest.Stopping(running)

	if answer, err := watch.Recv(); err != nil || answer.Status != notServing {
		t.Errorf("%v, %v", answer, err)
	}
	close(release)
	if err := servingtest.Within(t, answered, "the answer"); err != nil {
		t.Error(err)
	}
	if err := servingtest.Within(t, stopped, "the stop"); err != nil {
		t.Error(err)
	}
}

func TestHealthServiceOfTheUserIsLeftAlone(t *testing.T) {
	srv := grpc.NewServer()
	own := health.NewServer()
	own.SetServingStatus("own", notServing)
	healthpb.RegisterHealthServer(srv, own)
	l, _ := listen(t, srv)
	l.Drain()

	if got := ask(t, kinds()[0].connect(t, l.Addr()), "own"); got != notServing {
		t.Errorf("health = %v", got)
	}
	if got := ask(t, kinds()[0].connect(t, l.Addr()), ""); got != serving {
		t.Errorf("health = %v", got)
	}
}
