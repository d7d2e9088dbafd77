// Package tools pins the programs that checks need, by the tool lines of its
// module: go tool staticcheck.
package tools
