package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/strata-go/strata/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServerGreetsUntilItIsStopped(t *testing.T) {
	t.Setenv("HTTP", "127.0.0.1:0")
	server := NewServer(NewGreeter())
	running := process.NewProcess(context.Background(), server)
	if err := running.Start(t.Context()); err != nil {
		t.Fatal(err)
	}

	response, err := http.Get("http://" + server.Addr().String() + "/reader")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "hello reader\n" {
		t.Errorf("%q, %v", body, err)
	}

	if err := running.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestServerThatCannotBindDoesNotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Setenv("HTTP", taken.Addr().String())

	err = process.NewProcess(context.Background(), NewServer(NewGreeter())).Start(t.Context())

	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("error = %v", err)
	}
}
