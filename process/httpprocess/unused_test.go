package httpprocess_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// What a client of HTTP/2 sends first, and a request.
const (
	preface  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	getRoot  = "\x00\x00\x03\x01\x05\x00\x00\x00\x01\x82\x86\x84" // GET http / on stream 1
)

func TestHowLongAStopTakes(t *testing.T) {
	say := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			go func() { _, _ = io.Copy(io.Discard, conn) }()
			_, _ = io.WriteString(conn, text)
		}
	}
	nothing := func(net.Conn) {}
	for _, test := range []struct {
		name   string
		before func(net.Conn) // the stop begins
		after  func(net.Conn) // 100 ms into it
		want   time.Duration
		served bool
	}{
		{name: "no connection", want: 0},
		{name: "a connection that is silent", before: nothing, want: 200 * time.Millisecond},
		{name: "half a header", before: say("GET / HTTP/1.1\r\nHo"), want: 200 * time.Millisecond},
		{name: "half a preface", before: say(preface[:10]), want: 200 * time.Millisecond},
		{name: "the first request comes during the stop", before: nothing, after: say("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
			want: 100 * time.Millisecond},
		{name: "a request in hand", before: say("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), want: 300 * time.Millisecond, served: true},
		// http.Server.Shutdown would wait for this one for ever.
		{name: "HTTP/2 that begins during the stop", before: nothing, after: say(preface + settings), want: 200 * time.Millisecond},
		// One second is what net/http gives the client to go itself.
		{name: "HTTP/2 with a request during the stop", before: nothing, after: say(preface + settings + getRoot),
			want: 1400 * time.Millisecond, served: true},
		{name: "HTTP/2 with a request in hand", before: say(preface + settings + getRoot), want: 1300 * time.Millisecond, served: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var took time.Duration
			var served bool
			var err error
			synctest.Test(t, func(*testing.T) {
				srv := protocols[3].newServer(func(_ http.ResponseWriter, r *http.Request) {
					time.Sleep(300 * time.Millisecond)
					served = r.Context().Err() == nil
				})
				lis := servingtest.NewPipes()
				running := process.NewProcess(context.Background(), httpprocess.Server(srv, lis))
				if err = running.Start(context.Background()); err != nil {
					return
				}
				if test.before != nil {
					conn := lis.Dial()
					defer conn.Close()
					test.before(conn)
					synctest.Wait()
					if test.after != nil {
						time.AfterFunc(100*time.Millisecond, func() { test.after(conn) })
					}
				}
				begin := time.Now()
				err = running.Stop(context.Background())
				took = time.Since(begin)
			})

			if err != nil || took != test.want || served != test.served {
				t.Errorf("took %v, want %v; a request was served: %t, want %t; %v", took, test.want, served, test.served, err)
			}
		})
	}
}

// HTTP/2 connections that go on asking do not keep a server up, wherever the stop finds
// them.
func TestConnectionThatGoesOnAskingIsEnded(t *testing.T) {
	var took time.Duration
	synctest.Test(t, func(t *testing.T) {
		srv := protocols[3].newServer(func(http.ResponseWriter, *http.Request) { time.Sleep(300 * time.Millisecond) })
		lis := servingtest.NewPipes()
		running := process.NewProcess(context.Background(), httpprocess.Server(srv, lis))
		if err := running.Start(context.Background()); err != nil {
			t.Error(err)
			return
		}
		conn := lis.Dial()
		defer conn.Close()
		var client sync.WaitGroup
		defer client.Wait()
		client.Go(func() {
			time.Sleep(100 * time.Millisecond)
			go func() { _, _ = io.Copy(io.Discard, conn) }()
			_, _ = io.WriteString(conn, preface+settings)
			for stream := byte(1); ; stream += 2 { // at each time there is one
				request := []byte(getRoot)
				request[8] = stream
				if _, err := conn.Write(request); err != nil || stream > 200 {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		begin := time.Now()
		if err := running.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		took = time.Since(begin)
	})

	if took > 3*time.Second {
		t.Errorf("took %v", took)
	}
}

// To say goodbye over TLS to a client that does not read would take 5 s each.
func TestForceSaysNoGoodbye(t *testing.T) {
	configs := servingtest.Certificate()
	var took time.Duration
	synctest.Test(t, func(t *testing.T) {
		entered := make(chan struct{})
		srv := protocols[1].newServer(func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
			time.Sleep(time.Second) // with a write in hand there is no goodbye in any case
		})
		srv.TLSConfig = nil
		lis := servingtest.NewPipes()
		running := process.NewProcess(context.Background(), httpprocess.Server(srv, tls.NewListener(lis, configs.Server)))
		if err := running.Start(context.Background()); err != nil {
			t.Error(err)
			return
		}
		config := configs.Client.Clone()
		config.ServerName = "example.com"
		config.Time = func() time.Time { return certificateTime }
		conn := tls.Client(lis.Dial(), config)
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Error(err)
		} else {
			<-entered
		}
		begin := time.Now()
		_ = servingtest.Force(running)
		<-running.Done()
		took = time.Since(begin)
	})

	if took != time.Second {
		t.Errorf("took %v", took)
	}
}

// certificateTime is now; in a bubble it is another time.
var certificateTime = time.Now()

// The answer is on its way when the handler returns: it arrives, however slowly it is
// read.
func TestSlowReaderGetsAllOfTheAnswer(t *testing.T) {
	var read int64
	var err error
	synctest.Test(t, func(*testing.T) {
		srv := protocols[0].newServer(func(w http.ResponseWriter, _ *http.Request) {
			for range 100 {
				_, _ = w.Write(make([]byte, 1000))
			}
		})
		lis := servingtest.NewPipes()
		running := process.NewProcess(context.Background(), httpprocess.Server(srv, lis))
		if err = running.Start(context.Background()); err != nil {
			return
		}
		conn := lis.Dial()
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- running.Stop(context.Background()) }()
		response, readErr := http.ReadResponse(bufio.NewReaderSize(slow{conn}, 16), nil)
		if err = readErr; err != nil {
			return
		}
		if read, err = io.Copy(io.Discard, response.Body); err == nil {
			err = <-stopped
		}
	})

	if err != nil || read != 100_000 {
		t.Error(fmt.Errorf("%d bytes, %w", read, err))
	}
}

// slow reads slowly.
type slow struct{ net.Conn }

func (s slow) Read(b []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return s.Conn.Read(b[:min(len(b), 1000)])
}
