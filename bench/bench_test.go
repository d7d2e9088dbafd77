package bench_test

import (
	"fmt"
	"testing"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/bench/peers"
)

// The names are for benchstat, which can compare by peer and by n.

// BenchmarkBuild provides n constructors and has all of them called.
func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{100, 1_000, 3_000} {
		c := bench.NewConstructors(n)
		for _, p := range peers.All() {
			if !p.Can(peers.Build) {
				continue
			}
			b.Run(fmt.Sprintf("peer=%s/n=%d", p.Name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := p.Build(c, 1); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkIndependent starts and stops n units that depend on nothing, BenchmarkLayered
// n in ten layers. What goes before the start is not measured.
func BenchmarkIndependent(b *testing.B) { startStop(b, peers.Independent, bench.Independent) }
func BenchmarkLayered(b *testing.B)     { startStop(b, peers.Layered, bench.Layered) }

func startStop(b *testing.B, task peers.Task, units func(n int) []*bench.Unit) {
	for _, n := range []int{100, 1_000, 10_000} {
		for _, p := range peers.All() {
			if !p.Can(task) {
				continue
			}
			b.Run(fmt.Sprintf("peer=%s/n=%d", p.Name, n), func(b *testing.B) {
				units := units(n)
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					process, err := p.Prepare(units)
					if err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					if err := process.Start(b.Context()); err != nil {
						b.Fatal(err)
					}
					if err := process.Stop(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
