// Package serving is what httpprocess and grpcprocess share: how a server comes from a
// listener to being ready, and from there to its end.
package serving
