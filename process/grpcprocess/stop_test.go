package grpcprocess_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/grpcprocess"
)

func TestStopEndsCallsThatAreInHandAndTakesNothingNew(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		entered, release := make(chan struct{}, 2), make(chan struct{})
		hold := func(ctx context.Context) {
			entered <- struct{}{}
			<-release
			if ctx.Err() != nil {
				t.Error("the context of a handler ended while the stop was graceful")
			}
		}
		l, running := listen(t, k.newServer(&service{
			unary: func(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
				hold(ctx)
				return &pb.SimpleResponse{Payload: in.Payload}, nil
			},
			duplex: func(s pb.TestService_FullDuplexCallServer) error {
				for first := true; ; first = false {
					in, err := s.Recv()
					if errors.Is(err, io.EOF) {
						return nil
					}
					if err != nil {
						return err
					}
					if first {
						hold(s.Context())
					}
					if err := s.Send(&pb.StreamingOutputCallResponse{Payload: in.Payload}); err != nil {
						return err
					}
				}
			},
		}))
		conn := k.connect(t, l.Addr())
		answered := make(chan error, 2)
		payload := &pb.Payload{Body: make([]byte, 100_000)}
		go func() { answered <- unary(conn, payload) }()
		go func() { answered <- stream(conn, payload) }()
		servingtest.Within(t, entered, "the handler")
		servingtest.Within(t, entered, "the handler")

		stopped := servingtest.Stopping(running)
		servingtest.Refused(t, l.Addr())
		close(release)

		for range 2 {
			if err := servingtest.Within(t, answered, "the answer"); err != nil {
				t.Error(err)
			}
		}
		if err := servingtest.Within(t, stopped, "the stop"); err != nil {
			t.Error(err)
		}
	})
}

func TestForceEndsContextsAndWaitsForHandlers(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		entered, ended, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
		ctx, force := context.WithCancelCause(context.Background())
		l := grpcprocess.ListenAndServe(k.newServer(&service{
			unary: func(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
				close(entered)
				<-ctx.Done()
				close(ended)
				<-release
				return nil, ctx.Err()
			},
		}), "127.0.0.1:0")
		running := servingtest.Start(t, ctx, l)
		answered := make(chan error, 1)
		go func() { answered <- unary(k.connect(t, l.Addr()), nil) }()
		servingtest.Within(t, entered, "the handler")

		force(servingtest.ErrForced)

		servingtest.Within(t, ended, "the end of the handler's context")
		if err := servingtest.Within(t, answered, "the end of the connection"); err == nil {
			t.Error("it was answered")
		}
		select {
		case <-running.Done():
			t.Error("it ended while a handler runs")
		case <-time.After(50 * time.Millisecond):
		}
		close(release)
		servingtest.Within(t, running.Done(), "the end")
		if err := running.Err(); !errors.Is(err, servingtest.ErrForced) {
			t.Errorf("error = %v", err)
		}
	})
}

// A stop that is graceful first, and forced when that takes too long.
func TestStopIsForcedWhenItTakesTooLong(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		entered := make(chan struct{})
		l := grpcprocess.ListenAndServe(k.newServer(&service{
			duplex: func(s pb.TestService_FullDuplexCallServer) error {
				close(entered)
				<-s.Context().Done()
				return s.Context().Err()
			},
		}), "127.0.0.1:0")
		running := servingtest.Start(t, context.Background(), process.StopTimeout(20*time.Millisecond, l))
		answered := make(chan error, 1)
		go func() { answered <- stream(k.connect(t, l.Addr()), nil) }()
		servingtest.Within(t, entered, "the handler")

		err := servingtest.Within(t, servingtest.Stopping(running), "the stop")

		if !errors.Is(err, process.ErrStopTimeout) {
			t.Errorf("error = %v", err)
		}
		if err := servingtest.Within(t, answered, "the end of the connection"); err == nil {
			t.Error("it was answered")
		}
	})
}

// grpc alone would wait two minutes, until the handshake times out.
func TestForceEndsConnectionsThatSayHalfOfWhoTheyAre(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		l, running := listen(t, k.newServer(nil))
		half, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer half.Close()
		hello := "PRI"
		if k.name == "gRPC over TLS" {
			hello = "\x16\x03\x01"
		}
		if _, err := io.WriteString(half, hello); err != nil {
			t.Fatal(err)
		}
		conn := k.connect(t, l.Addr()) // when it is answered, the one before is accepted
		_ = unary(conn, nil)

		_ = servingtest.Force(running)

		servingtest.Within(t, running.Done(), "the end")
	})
}

func TestServesOwnErrorEndsItAndWhatIsInHandIsAnswered(t *testing.T) {
	k := kinds()[0]
	entered, release := make(chan struct{}), make(chan struct{})
	lis := open(t)
	l := grpcprocess.Server(k.newServer(&service{
		unary: func(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
			close(entered)
			<-release
			return &pb.SimpleResponse{}, nil
		},
	}), lis)
	running := servingtest.Start(t, context.Background(), l)
	answered := make(chan error, 1)
	go func() { answered <- unary(k.connect(t, l.Addr()), nil) }()
	servingtest.Within(t, entered, "the handler")

	_ = lis.Close() // behind its back
	select {
	case <-running.Done():
		t.Error("it ended with a call in hand")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)

	if err := servingtest.Within(t, answered, "the answer"); err != nil {
		t.Error(err)
	}
	servingtest.Within(t, running.Done(), "the end")
	want := "grpcprocess: Server: " + lis.Addr().String() + ": accept tcp "
	if err := running.Err(); err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("error = %v", err)
	}
}

func TestStopByTheUserEndsIt(t *testing.T) {
	srv := grpc.NewServer()
	_, running := listen(t, srv)

	srv.Stop()

	servingtest.Within(t, running.Done(), "the end")
	if err := running.Err(); err != nil {
		t.Error(err)
	}
}

// grpc alone would wait two minutes for each, and tell the others nothing until then.
func TestConnectionsThatDoNotSayWhoTheyAreAreClosed200msIntoTheStop(t *testing.T) {
	const (
		preface  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
		settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	)
	insecure, overTLS := kinds()[0], kinds()[1]
	for _, test := range []struct {
		name   string
		kind   kind
		before []string      // what connections say before the stop
		after  string        // what the last of them says 100 ms into it
		want   time.Duration // how long the stop takes
	}{
		{"no connection", insecure, nil, "", 0},
		{"a silent one", insecure, []string{""}, "", 200 * time.Millisecond},
		{"half a preface", insecure, []string{preface[:3]}, "", 200 * time.Millisecond},
		{"a preface alone", insecure, []string{preface}, "", 200 * time.Millisecond},
		{"a silent one, over TLS", overTLS, []string{""}, "", 200 * time.Millisecond},
		{"half a hello", overTLS, []string{"\x16\x03\x01"}, "", 200 * time.Millisecond},
		// One that has said it is told to go: six seconds are what grpc gives it for that.
		{"one that goes on during the stop", insecure, []string{preface}, settings, 6100 * time.Millisecond},
		{"one beside a silent one", insecure, []string{preface + settings, ""}, "", 6200 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			var took time.Duration
			var err error
			synctest.Test(t, func(*testing.T) {
				lis := servingtest.NewPipes()
				running := process.NewProcess(context.Background(), grpcprocess.Server(test.kind.newServer(nil), lis))
				if err = running.Start(context.Background()); err != nil {
					return
				}
				for i, says := range test.before {
					client := lis.Dial()
					defer client.Close()
					go func() { _, _ = io.Copy(io.Discard, client) }()
					_, _ = io.WriteString(client, says)
					if i == len(test.before)-1 && test.after != "" {
						time.AfterFunc(100*time.Millisecond, func() { _, _ = io.WriteString(client, test.after) })
					}
				}
				synctest.Wait()
				begin := time.Now()
				err = running.Stop(context.Background())
				took = time.Since(begin)
			})

			if err != nil || took != test.want {
				t.Errorf("took %v, want %v; %v", took, test.want, err)
			}
		})
	}
}
