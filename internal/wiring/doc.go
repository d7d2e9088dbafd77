// Package wiring keeps an exact graph of what a dig container would wire: which constructors and decorators stand in
// which scope, what each needs and under which key, and whom dig would call to fill it.
//
// Constructors, decorators and functions to invoke are given to a [Scope], which hands them to dig and keeps a [Node]
// of each. dig stays the one who calls them, lazily, in its own order and with its own errors; the graph answers what
// dig cannot be asked: who provides a type ([Scope.Providers]), what a constructor would make dig call ([Node.Edges]),
// whether there is a cycle ([Scope.Cycle]) and what nobody provides ([Scope.Missing]).
//
// The graph follows dig to the letter, decorators, value groups, scopes and optional parameters included. Two things it
// adds, because dig ends in a stack overflow or in silence: a cycle is found before dig walks into it, and a
// decorator that failed once fails every later Invoke that would have used it, instead of being left out.
//
// [Attach] does all that for a container that was filled before, as far as it can be read.
//
// Setting up (Child, Look, Provide, Decorate, Invoke, Build, Value, Link) is one goroutine's business, as it is with dig, and may happen
// inside constructors and invoked functions. The methods that only read may be called from any goroutine at any
// time. No lock is held while user code runs.
package wiring
