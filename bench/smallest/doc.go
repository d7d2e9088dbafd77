// Package smallest has, for each peer, the smallest program that starts one thing, runs
// until it is told to stop by a signal, and stops it. Its size and how long it takes to
// compile are compared.
package smallest
