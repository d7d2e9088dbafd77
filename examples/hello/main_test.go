package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/strata-go/strata/examples/internal/programtest"
	"github.com/strata-go/strata/process"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

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

func TestTheProgramExitsWith0WhenItIsStopped(t *testing.T) {
	t.Setenv("HTTP", "127.0.0.1:0")
	p := programtest.Start(t)
	p.Await("app started")

	p.Signal(syscall.SIGINT)

	if code := p.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestASecondProgramNamesTheAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Setenv("HTTP", taken.Addr().String())

	p := programtest.Start(t)

	if code := p.Exit(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	p.Await("app stopped", taken.Addr().String(), "address already in use")
}
