// Package bench has the work that Strata and its peers are measured at: constructors to
// call ([Constructors]), and units to start and stop ([Independent], [Layered], [Loki]),
// which keep a [Trace], so that a test and a report can tell what was really done.
//
// Package peers has each peer do it, and the report, which writes docs/benchmarks.md,
// compares them:
//
//	go run ./bench/report
//
// The benchmarks here are for one who changes Strata, before and after it:
//
//	go test -run '^$' -bench '/peer=Strata' -count 10 ./bench
package bench
