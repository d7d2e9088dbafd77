// Package bench measures what a start and a stop cost, and a build, beside what they
// would cost without Strata. Ratios taken in one run are what to look at: the machine
// may be shared, and slower an hour later. docs/benchmarks.md tells how to read them.
//
//	go test -run '^$' -bench StartStop -benchtime 12x -cpu 1,2 ./bench
//	go test -run '^$' -bench Build -benchtime 12x -cpu 1,2 ./bench
package bench
