package process_test

import (
	"context"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/strata-go/strata/process"
)

// Each operation starts and stops a thousand runners that do nothing: ns/runner is
// to be compared with that of the bare goroutine of an errgroup.

const benchmarkRunners = 1000

func noop(ctx context.Context, callback process.Callback) error { return callback(ctx) }

func noops() []process.Runner {
	runners := make([]process.Runner, benchmarkRunners)
	for i := range runners {
		runners[i] = process.RunnerFunc(noop)
	}
	return runners
}

func benchmark(b *testing.B, r process.Runner) {
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Run(b.Context(), func(context.Context) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchmarkRunners, "ns/runner")
}

func BenchmarkErrgroup(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		group, ctx := errgroup.WithContext(b.Context())
		var ready sync.WaitGroup
		ready.Add(benchmarkRunners)
		stop := make(chan struct{})
		for range benchmarkRunners {
			group.Go(func() error {
				return noop(ctx, func(context.Context) error {
					ready.Done()
					<-stop
					return nil
				})
			})
		}
		ready.Wait()
		close(stop)
		if err := group.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchmarkRunners, "ns/runner")
}

func BenchmarkParallel(b *testing.B)   { benchmark(b, process.Parallel(noops()...)) }
func BenchmarkSequential(b *testing.B) { benchmark(b, process.Sequential(noops()...)) }
func BenchmarkChain(b *testing.B)      { benchmark(b, process.Chain(noops()...)) }

// BenchmarkGraph has ten layers of a hundred, each runner on three of the layer
// below.
func BenchmarkGraph(b *testing.B) {
	var g process.Graph
	var below []*process.Vertex
	for range 10 {
		var layer []*process.Vertex
		for i, r := range noops()[:benchmarkRunners/10] {
			var dependsOn []*process.Vertex
			for k := range 3 {
				if len(below) > 0 {
					dependsOn = append(dependsOn, below[(i*7+k*31)%len(below)])
				}
			}
			layer = append(layer, g.Add(r, dependsOn...))
		}
		below = layer
	}
	benchmark(b, &g)
}
