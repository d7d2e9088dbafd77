package httpprocess_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// get prints what a server answers.
func get(addr net.Addr) {
	defer http.DefaultClient.CloseIdleConnections()
	response, err := http.Get("http://" + addr.String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	fmt.Println(string(body), err)
}

func ExampleListenAndServe() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	server := httpprocess.ListenAndServe(&http.Server{Addr: "127.0.0.1:0", Handler: hello})
	fmt.Println("bound before it runs:", server.Addr() != nil)

	err := server.Run(context.Background(), func(context.Context) error {
		get(server.Addr()) // it runs as long as this function does
		return nil
	})
	fmt.Println(err)
	// Output:
	// bound before it runs: false
	// hello <nil>
	// <nil>
}

func ExampleServer() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	server := process.NewProcess(context.Background(), httpprocess.Server(&http.Server{Handler: hello}, listener))

	fmt.Println(server.Start(context.Background()))
	get(listener.Addr())
	fmt.Println(server.Stop(context.Background()))
	// Output:
	// <nil>
	// hello <nil>
	// <nil>
}

func ExampleListener_Addr() {
	server := httpprocess.ListenAndServe(&http.Server{Addr: "127.0.0.1:0"})
	fmt.Println("before:", server.Addr())
	err := server.Run(context.Background(), func(context.Context) error {
		fmt.Println("ready:", server.Addr().Network())
		return nil
	})
	fmt.Println(err)
	// Output:
	// before: <nil>
	// ready: tcp
	// <nil>
}
