package grpcprocess_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/grpcprocess"
)

// The number of rounds is STRATA_E2E_ROUNDS.
func TestGracefulStopLosesNothingUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		var sum tally
		n := servingtest.Rounds(t, 5)
		for i := range n {
			sum.add(k.round(t, i%2, servingtest.Stop))
		}
		t.Logf("%s: %d graceful stops under load: %d unary and %d streaming calls accepted, %d of them being answered when the stop began; %d lost, %d stops hung",
			k.name, n, sum.unary, sum.streaming, sum.inHand, sum.lost, sum.hung)
		if sum.lost > 0 || sum.hung > 0 {
			t.Error("calls were lost, or stops hung")
		}
		if sum.inHand == 0 {
			t.Error("no stop came while a call was in hand: this shows nothing")
		}
	})
}

func TestForcedStopEndsInTimeUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, k kind) {
		var sum tally
		n := servingtest.Rounds(t, 5)
		for i := range n {
			sum.add(k.round(t, i%2, servingtest.Force))
		}
		t.Logf("%s: %d forced stops under load: %d unary and %d streaming calls accepted, %d of them being answered when the stop began; %d stops hung",
			k.name, n, sum.unary, sum.streaming, sum.inHand, sum.hung)
		if sum.hung > 0 {
			t.Error("stops hung")
		}
	})
}

type tally struct{ unary, streaming, inHand, lost, hung int }

func (t *tally) add(o tally) {
	t.unary += o.unary
	t.streaming += o.streaming
	t.inHand += o.inHand
	t.lost += o.lost
	t.hung += o.hung
}

// calls are those that a server has accepted, and those that were answered.
type calls struct {
	mu       sync.Mutex // guards what follows
	entered  map[string]int
	complete map[string]bool
	sum      tally
}

func (c *calls) enter(id string, kind *int) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*kind++
	c.entered[id]++
	c.sum.inHand++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sum.inHand--
	}
}

// service answers in a few milliseconds, what is streamed piece by piece.
func (c *calls) service() *service {
	return &service{
		unary: func(ctx context.Context, in *pb.SimpleRequest) (*pb.SimpleResponse, error) {
			defer c.enter(id(in.Payload), &c.sum.unary)()
			select {
			case <-time.After(rand.N(5 * time.Millisecond)):
				return &pb.SimpleResponse{Payload: in.Payload}, nil
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		},
		duplex: func(stream pb.TestService_FullDuplexCallServer) error {
			first, err := stream.Recv()
			if err != nil {
				return err
			}
			defer c.enter(id(first.Payload), &c.sum.streaming)()
			for in := first; ; {
				if err := stream.Send(&pb.StreamingOutputCallResponse{Payload: in.Payload}); err != nil {
					return err
				}
				if in, err = stream.Recv(); errors.Is(err, io.EOF) {
					return nil
				} else if err != nil {
					return err
				}
			}
		},
	}
}

// round puts a server under load and ends it at a random moment. There may be silent
// clients, too, which connect and send nothing.
func (k kind) round(t *testing.T, silent int, end func(*process.Process) error) tally {
	c := &calls{entered: make(map[string]int), complete: make(map[string]bool)}
	l := grpcprocess.ListenAndServe(k.newServer(c.service()), "127.0.0.1:0")
	running := servingtest.Start(t, context.Background(), l)
	addr := l.Addr()

	first := make(chan struct{})
	served := sync.OnceFunc(func() { close(first) })
	shared := k.connect(t, addr)
	defer shared.Close()
	var clients sync.WaitGroup
	for client := range 16 {
		clients.Go(func() {
			for i := 0; ; i++ {
				conn := shared
				if client%4 == 3 { // who connects anew for each call
					conn = k.connect(t, addr)
				}
				payload := &pb.Payload{Body: fmt.Appendf(nil, "%d/%d ", client, i)}
				payload.Body = append(payload.Body, make([]byte, []int{1, 100, 20_000}[i%3])...)
				call := unary
				if client%2 == 1 {
					call = stream
				}
				err := call(conn, payload)
				if conn != shared {
					_ = conn.Close()
				}
				if err != nil {
					return // the door is closed
				}
				c.mu.Lock()
				c.complete[id(payload)] = true
				c.mu.Unlock()
				served()
			}
		})
	}
	for range silent {
		if conn, err := net.Dial("tcp", addr.String()); err == nil {
			defer conn.Close()
		}
	}
	servingtest.Within(t, first, "the first answer")
	time.Sleep(rand.N(100 * time.Millisecond))
	c.mu.Lock()
	inHand := c.sum.inHand
	c.mu.Unlock()

	if err := end(running); servingtest.Hung(t, running, err) {
		return tally{hung: 1}
	}
	clients.Wait()
	if c.sum.inHand != 0 {
		t.Errorf("%d handlers run after the end", c.sum.inHand)
	}
	c.sum.inHand = inHand
	for id, times := range c.entered {
		if times > 1 || !c.complete[id] {
			c.sum.lost++
		}
	}
	return c.sum
}

// id is what the payload of a call begins with.
func id(payload *pb.Payload) string {
	id, _, _ := bytes.Cut(payload.GetBody(), []byte(" "))
	return string(id)
}

func unary(conn *grpc.ClientConn, payload *pb.Payload) error {
	ctx, cancel := context.WithTimeout(context.Background(), servingtest.Deadline)
	defer cancel()
	out, err := pb.NewTestServiceClient(conn).UnaryCall(ctx, &pb.SimpleRequest{Payload: payload})
	if err == nil && !bytes.Equal(out.Payload.GetBody(), payload.GetBody()) {
		return errors.New("half an answer")
	}
	return err
}

// stream sends the payload a few times and wants it back each time.
func stream(conn *grpc.ClientConn, payload *pb.Payload) error {
	ctx, cancel := context.WithTimeout(context.Background(), servingtest.Deadline)
	defer cancel()
	call, err := pb.NewTestServiceClient(conn).FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	for range 5 {
		if err := call.Send(&pb.StreamingOutputCallRequest{Payload: payload}); err != nil {
			return err
		}
		out, err := call.Recv()
		if err != nil {
			return err
		}
		if !bytes.Equal(out.Payload.GetBody(), payload.GetBody()) {
			return errors.New("half an answer")
		}
		time.Sleep(time.Millisecond)
	}
	if err := call.CloseSend(); err != nil {
		return err
	}
	if _, err := call.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("no end: %w", err)
	}
	return nil
}
