// Package httpprocess makes a [process.Runner] of an [http.Server], one that loses no
// request when it stops.
//
//	func NewServer(orders *Orders) *httpprocess.Listener {
//		return httpprocess.ListenAndServe(&http.Server{Addr: ":8080", Handler: orders})
//	}
//
// [ListenAndServe] is the usual one: it binds the address when it is run, so that nobody
// connects before what the handlers need runs. [Server] serves a listener that is there
// already: a Unix socket, or one that was inherited. Both speak what the http.Server
// does: HTTP/1.1, HTTP/2, HTTP/2 without TLS if its Protocols say so, and TLS.
//
// # Ready
//
// It is ready when it accepts connections. What is wrong before that is an error of the
// start, and begins with this package, the function and the address: an address in use,
// a TLS configuration without certificate, a server that was shut down before.
//
// # The graceful stop
//
//   - The listener is closed: nobody connects any more.
//   - Each request whose handler was entered gets its complete answer, streams and
//     hijacked connections included, however long it takes, and the context of its
//     handler goes on. Limits are for the caller to set: [process.StopTimeout], or the
//     stop timeout of an application. A handler whose answer has no end, like server-sent
//     events, can hear of the stop by [http.Server.RegisterOnShutdown].
//   - Connections that wait for their next request are closed at once. Those that have
//     not brought a first one, since their client sends nothing, or half a header, are
//     closed 200 ms into the stop. [http.Server.Shutdown] alone waits 5 s for them.
//   - HTTP/2 clients are told to go, and are given a second for it after their last
//     answer.
//   - Run returns when all connections are closed and all handlers have returned.
//
// A hijacked connection is the server's as long as its handler runs. One that its
// handler leaves to another goroutine belongs to that, which can hear of the stop by
// [http.Server.RegisterOnShutdown].
//
// # Force
//
// When the context of Run ends, the contexts of all handlers end, with the same cause,
// and all connections are closed, hijacked ones included. Run still waits for the
// handlers: one that is deaf to its context and to its connection keeps it.
//
// # Errors
//
// An error of Serve, as of a listener that was closed behind its back, ends the runner
// with that error, after what is in hand was answered. A Shutdown or Close that somebody
// else calls ends it without one. A panic in a hook of the http.Server that is called
// while it accepts is a [*process.PanicError]. The panic of a handler is logged by
// net/http, as ever, and ends nothing.
//
// # What becomes of the http.Server
//
// Run sets its Handler, BaseContext, ConnContext and ConnState to functions that call
// those that were there; ErrorLog and what was registered for the shutdown stay as they
// are. Set them before Run and leave them alone from then on. Without a BaseContext, the
// contexts of handlers have the values of the context given to Run, for
// [process.Report]. An http.Server serves once: a second Run is an error.
//
// # How it is tested
//
// This stops servers of each protocol under load at random moments, 100 times gracefully
// and 100 times by force, and prints how many requests were accepted, in hand and lost,
// and how many stops hung:
//
//	STRATA_E2E_ROUNDS=100 go test -v -count=1 -run UnderLoad ./process/httpprocess
package httpprocess
