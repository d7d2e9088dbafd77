package grpcprocess_test

import (
	"context"
	"errors"
	"testing"
	"time"

	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/grpcprocess"
)

// In an app the health says NOT_SERVING during the drain delay, while calls are served.
func TestDrainDelayOfAnAppIsToldByTheHealth(t *testing.T) {
	errDone := errors.New("seen all of the drain delay")
	c := &calls{entered: make(map[string]int)}
	started, done := make(chan struct{}), make(chan struct{})
	server := grpcprocess.ListenAndServe(kinds()[0].newServer(c.service()), "127.0.0.1:0")
	app := container.New(
		container.WithLog(hooks.ObserverFunc(func(hooks.Event) {})),
		container.WithStopTimeout(time.Hour), container.WithDrainDelay(time.Hour),
		container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			if _, ok := e.(hooks.AppStarted); ok {
				close(started)
			}
		})),
		container.Provide(
			func() *grpcprocess.Listener { return server },
			func(*grpcprocess.Listener) process.Runner { // its death ends the delay
				return process.Worker(func(_ context.Context, ready func() <-chan struct{}) error {
					ready()
					<-done
					return errDone
				})
			}),
	)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- app.RunContext(ctx) }()
	servingtest.Within(t, started, "the start")
	conn := kinds()[0].connect(t, server.Addr())
	if got := ask(t, conn, ""); got != serving {
		t.Errorf("health = %v", got)
	}

	cancel()

	for end := time.Now().Add(servingtest.Deadline); ask(t, conn, "") != notServing; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not told")
		}
	}
	if err := unary(kinds()[0].connect(t, server.Addr()), &pb.Payload{}); err != nil {
		t.Error(err)
	}
	close(done)
	if err := servingtest.Within(t, ran, "the end"); !errors.Is(err, errDone) {
		t.Error(err)
	}
}
