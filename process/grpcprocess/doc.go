// Package grpcprocess makes a [process.Runner] of a [grpc.Server], one that ends no RPC
// half-way when it stops.
//
//	func NewServer(orders *Orders) *grpcprocess.Listener {
//		srv := grpc.NewServer()
//		pb.RegisterOrdersServer(srv, orders)
//		return grpcprocess.ListenAndServe(srv, ":9090")
//	}
//
// [ListenAndServe] is the usual one: it binds the address when it is run, so that nobody
// connects before what the handlers need runs. [Server] serves a listener that is there
// already.
//
// # Ready
//
// It is ready when it accepts connections. What is wrong before that is an error of the
// start, and begins with this package, the function and the address.
//
// # Health
//
// Run registers grpc's health service, which answers SERVING for the server ("") and for
// each service that is registered, from the moment it is ready. [Listener.Drain], which
// an application of package container calls when its drain delay begins, sets them all to
// NOT_SERVING, and so does the stop, at the latest. A watch is told so too, and ended when
// the server stops: grpc's own would keep a graceful stop for ever.
//
// A health service that is registered before Run is left alone: then its states, and the
// end of its watches, are for who registered it.
//
// # The graceful stop
//
//   - The listener is closed: nobody connects any more.
//   - Clients are told to go. RPCs in flight, streams included, end as they would have,
//     however long it takes, and the contexts of their handlers go on. A stream is ended
//     by its client or its handler; what else is to limit it is [process.StopTimeout], or
//     the stop timeout of an application.
//   - Connections that have not said who they are, since their client sends nothing, or
//     half of its handshake, are closed 200 ms into the stop. grpc alone waits for them
//     for two minutes, and tells the other clients nothing until then.
//   - Run returns when all RPCs have ended and all handlers have returned.
//
// # Force
//
// When the context of Run ends, all connections are closed and with them the contexts of
// the handlers end. Run still waits for the handlers, without [grpc.WaitForHandlers]: one
// that is deaf to its context keeps it.
//
// # Errors
//
// An error of Serve, as of a listener that was closed behind its back, ends the runner
// with that error, after what is in hand was answered. A Stop that somebody else calls
// ends it without one. A grpc.Server serves once: a second Run is an error, also one at
// the same time on another listener.
//
// A panic in a handler ends the program, as grpc has it, and nothing is stopped in order. An
// interceptor that recovers makes an error of that RPC of it.
//
// grpc ends the program if a service is registered with a server that has served, and so
// would Run if somebody has called Serve before it, without this package.
//
// # Connections
//
// What a [google.golang.org/grpc/credentials.TransportCredentials] is given as the
// connection is not the one that was accepted, but has it: NetConn returns it, and
// SyscallConn reaches it.
//
// # How it is tested
//
// This stops servers under load of unary and streaming calls at random moments, 100 times
// gracefully and 100 times by force, and prints how many calls were accepted, in hand and
// lost, and how many stops hung:
//
//	STRATA_E2E_ROUNDS=100 go test -v -count=1 -run UnderLoad ./process/grpcprocess
package grpcprocess
