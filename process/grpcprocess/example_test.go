package grpcprocess_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/grpcprocess"
)

// printHealth prints what a server says of itself.
func printHealth(addr net.Addr) {
	conn, err := grpc.NewClient(addr.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	answer, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(answer.GetStatus(), err)
}

func ExampleListenAndServe() {
	server := grpcprocess.ListenAndServe(grpc.NewServer(), "127.0.0.1:0")

	err := server.Run(context.Background(), func(context.Context) error {
		printHealth(server.Addr()) // it runs as long as this function does
		server.Drain()
		printHealth(server.Addr())
		return nil
	})
	fmt.Println(err)
	// Output:
	// SERVING <nil>
	// NOT_SERVING <nil>
	// <nil>
}

func ExampleServer() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := process.NewProcess(context.Background(), grpcprocess.Server(grpc.NewServer(), listener))

	fmt.Println(server.Start(context.Background()))
	printHealth(listener.Addr())
	fmt.Println(server.Stop(context.Background()))
	// Output:
	// <nil>
	// SERVING <nil>
	// <nil>
}
