package bench

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/strata-go/strata/process"
)

// idle is ready at once, and does nothing until it is asked to stop.
var idle = process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
	return callback(ctx)
})

// BenchmarkStartStop starts and stops runners that do nothing. The figures are a
// runner's: a bare goroutine of an errgroup is what there is to compare them with.
func BenchmarkStartStop(b *testing.B) {
	runners := func(n int) []process.Runner {
		all := make([]process.Runner, n)
		for i := range all {
			all[i] = idle
		}
		return all
	}
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("errgroup/%d", n), func(b *testing.B) {
			perRunner(b, n, func() error {
				stop := make(chan struct{})
				var g errgroup.Group
				for range n {
					g.Go(func() error { <-stop; return nil })
				}
				close(stop)
				return g.Wait()
			})
		})
		for name, group := range map[string]process.Runner{
			"parallel":   process.Parallel(runners(n)...),
			"sequential": process.Sequential(runners(n)...),
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				perRunner(b, n, func() error {
					return group.Run(context.Background(), func(context.Context) error { return nil })
				})
			})
		}
	}
}

// perRunner runs f, which starts and stops n runners, and reports the time for one.
func perRunner(b *testing.B, n int, f func() error) {
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/runner")
}
