// Package digread reads what a [dig.Container] holds and dig itself does not tell: its scopes, the constructors and
// decorators that were given to each, whether they were called, and the values that constructors returned.
//
// All of it stands in unexported fields of dig's, so everything here is by reflection. It is read, and never written, but for
// [Scope.Identify], [Scope.Vouch], [Scope.Doubt] and [Decorator.Retry]. [Open] checks first that dig is laid out as this package knows it, by the types of the fields and by reading
// a small container of which the content is known; if it is not, Open returns an error, and nothing is read.
//
// dig is not safe for concurrent use, and neither is this: read where dig could be called.
package digread
