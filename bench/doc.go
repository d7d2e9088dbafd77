// Package bench measures what a start and a stop cost, beside what they would cost
// without Strata. Figures of two runs are compared, or ratios within one; the
// machine that they were taken on may be shared.
//
//	go test -bench . -benchmem ./bench
package bench
