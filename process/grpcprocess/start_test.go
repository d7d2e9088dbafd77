package grpcprocess_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"testing"

	"google.golang.org/grpc"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/grpcprocess"
)

func TestBindsInRunAndIsReadyWhenBound(t *testing.T) {
	c := &calls{entered: make(map[string]int)}
	l := grpcprocess.ListenAndServe(kinds()[0].newServer(c.service()), "127.0.0.1:0")
	dependency := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		if l.Addr() != nil {
			t.Error("it is bound before what it depends on runs")
		}
		return callback(ctx)
	})

	running := servingtest.Start(t, context.Background(), process.Sequential(dependency, l))

	bound := l.Addr()
	if err := unary(kinds()[0].connect(t, bound), nil); err != nil {
		t.Error(err)
	}
	if err := servingtest.Stop(running); err != nil {
		t.Error(err)
	}
	if l.Addr() != bound {
		t.Errorf("address after the stop = %v, was %v", l.Addr(), bound)
	}
}

func TestAddressInUseIsAnErrorOfTheStart(t *testing.T) {
	taken := open(t)
	l := grpcprocess.ListenAndServe(grpc.NewServer(), taken.Addr().String())

	err := process.NewProcess(context.Background(), l).Start(t.Context())

	want := fmt.Sprintf("grpcprocess: ListenAndServe: listen tcp %v: bind: address already in use", taken.Addr())
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	if l.Addr() != nil {
		t.Errorf("address = %v", l.Addr())
	}

	_ = taken.Close() // and then the same one may be run
	servingtest.Start(t, context.Background(), l)
}

func TestBadInput(t *testing.T) {
	closed := open(t)
	_ = closed.Close()
	stopped := grpc.NewServer()
	stopped.Stop()
	unserved := open(t)
	background := context.Background()
	ready := func(context.Context) error { t.Error("it is ready"); return nil }
	for _, test := range []struct {
		name     string
		runner   process.Runner
		ctx      context.Context
		callback process.Callback
		want     string // a regular expression
	}{
		{"nil server", grpcprocess.ListenAndServe(nil, "127.0.0.1:0"), background, ready, `grpcprocess: ListenAndServe: server is nil`},
		{"nil server too", grpcprocess.Server(nil, closed), background, ready, `grpcprocess: Server: server is nil`},
		{"nil Listener", (*grpcprocess.Listener)(nil), background, ready, `grpcprocess: Listener is nil`},
		{"nil listener", grpcprocess.Server(grpc.NewServer(), nil), background, ready, `grpcprocess: Server: listener is nil`},
		{"nil pointer", grpcprocess.Server(grpc.NewServer(), (*net.TCPListener)(nil)), background, ready, `grpcprocess: Server: listener is nil`},
		{"closed listener", grpcprocess.Server(grpc.NewServer(), closed), background, ready,
			`grpcprocess: Server: 127\.0\.0\.1:\d+: listener is closed: use of closed network connection`},
		{"malformed address", grpcprocess.ListenAndServe(grpc.NewServer(), "nonsense"), background, ready,
			`grpcprocess: ListenAndServe: listen tcp: address nonsense: missing port in address`},
		{"no address", grpcprocess.ListenAndServe(grpc.NewServer(), ""), background, ready,
			`grpcprocess: ListenAndServe: address is empty`},
		{"stopped before", grpcprocess.Server(stopped, unserved), background, ready,
			`grpcprocess: Server: 127\.0\.0\.1:\d+: the grpc\.Server was run or stopped before: it serves once, so give each Run a new one`},
		{"nil context", grpcprocess.Server(grpc.NewServer(), closed), nil, ready, `grpcprocess: Server: Run with a nil context`},
		{"nil callback", grpcprocess.Server(grpc.NewServer(), closed), background, nil, `grpcprocess: Server: Run with a nil callback`},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.runner.Run(test.ctx, test.callback)

			if err == nil || !regexp.MustCompile("^"+test.want+"$").MatchString(err.Error()) {
				t.Errorf("error = %v, want %s", err, test.want)
			}
		})
	}
	if _, err := unserved.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a listener that was not served: %v", err)
	}
}

func TestServerIsRunOnce(t *testing.T) {
	srv := grpc.NewServer()
	l, running := listen(t, srv)
	lis := open(t)
	other := grpcprocess.Server(srv, lis)
	want := regexp.MustCompile(`: the grpc\.Server was run or stopped before: it serves once, so give each Run a new one$`)
	for _, when := range []string{"while it runs", "after it has run"} {
		for _, r := range []process.Runner{l, other} {
			err := r.Run(t.Context(), func(context.Context) error { t.Error("it is ready"); return nil })
			if err == nil || !want.MatchString(err.Error()) && !errors.Is(err, net.ErrClosed) { // other closed it
				t.Errorf("%s: %v", when, err)
			}
		}
		if _, err := lis.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the other listener: %v", err)
		}
		if running.State() != process.StateRunning && when == "while it runs" {
			t.Error("the first was stopped")
		}
		_ = servingtest.Stop(running)
	}
	if err := running.Err(); err != nil {
		t.Error("the first was disturbed:", err)
	}
}

func TestRunWithADeadContextServesNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(servingtest.ErrForced)
	lis := open(t)

	for _, r := range []process.Runner{grpcprocess.ListenAndServe(grpc.NewServer(), "127.0.0.1:0"), grpcprocess.Server(grpc.NewServer(), lis)} {
		if err := r.Run(ctx, func(context.Context) error { return nil }); !errors.Is(err, servingtest.ErrForced) {
			t.Errorf("error = %v", err)
		}
	}
	if _, err := lis.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener: %v", err)
	}
}

func open(t *testing.T) net.Listener {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	return lis
}
