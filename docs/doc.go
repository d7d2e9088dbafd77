// Package docs has the tests of the documents: README.md, CONTRIBUTING.md, CHANGELOG.md,
// what stands in docs/, and the READMEs of the examples. Who writes in them needs to know:
//
// A block of code has a fence that names its language. Of the languages
//
//   - sh is commands. Each is run from the root of the repository, one after the other,
//     unless [elsewhere] says who runs it. `go run` of an example starts it, if [servers]
//     has it: it runs until the page ends or starts the next, is sent SIGINT, and has to
//     exit as it says; any other has to be in [finishing]. Words after a # are a comment,
//     and if they begin with three digits, the status that curl has to print. `go mod` is
//     run in a module beside a clone.
//   - console is the same, with a "$ " before each command and below it what it prints. An
//     ellipsis (…) stands for any text.
//   - go is compiled: as a file if it begins with "package", else as declarations, as the
//     body of a function, or as methods of an interface. Packages that it names are imported by
//     their names, those of the standard library, of Strata, and of imports_test.go. Names
//     that the page does not declare stand in testdata/setup/, in the file of the page; what
//     a block declares itself is not taken from there.
//   - golang is an excerpt of an example, whose own test compares it.
//   - bash is a script that a test of an example runs.
//   - yaml, json, ini, hcl and dockerfile are parsed. text and mermaid are only shown.
//
// A link within the repository has to lead to a file, and its #anchor to a heading, by the
// rules of GitHub. Of other links only the form is checked: the tests need no network.
package docs
