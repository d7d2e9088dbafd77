package process_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/strata-go/strata/process"
)

// Each operation starts and stops a thousand runners that do nothing: what is reported
// for one is to be compared with the bare goroutine of an errgroup. Ratios, taken on
// more sizes in a fairer way, are in module bench.

const benchmarkRunners = 1000

func noop(ctx context.Context, callback process.Callback) error { return callback(ctx) }

func noops(n int) []process.Runner {
	runners := make([]process.Runner, n)
	for i := range runners {
		runners[i] = process.RunnerFunc(noop)
	}
	return runners
}

// tenLayers returns a graph of ten layers, each runner on three of the layer below.
func tenLayers(runners []process.Runner) process.Runner {
	var g process.Graph
	var layer, below []*process.Vertex
	for i, r := range runners {
		if len(layer) == len(runners)/10 {
			layer, below = nil, layer
		}
		var dependsOn []*process.Vertex
		for k := range min(3, len(below)) {
			dependsOn = append(dependsOn, below[(i*7+k*31)%len(below)])
		}
		layer = append(layer, g.Add(r, dependsOn...))
	}
	return &g
}

// bare runs goroutines of an errgroup that keep the promises of a group and no more:
// the callback is called when all are ready, and then all are asked to stop.
func bare(ctx context.Context, callback process.Callback) error {
	group, ctx := errgroup.WithContext(ctx)
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
	err := callback(ctx)
	close(stop)
	if first := group.Wait(); first != nil {
		return first
	}
	return err
}

func BenchmarkErrgroup(b *testing.B) { benchmark(b, process.RunnerFunc(bare)) }

func BenchmarkParallel(b *testing.B) {
	benchmark(b, process.Parallel(noops(benchmarkRunners)...))
}

func BenchmarkSequential(b *testing.B) {
	benchmark(b, process.Sequential(noops(benchmarkRunners)...))
}

func BenchmarkChain(b *testing.B) {
	benchmark(b, process.Chain(noops(benchmarkRunners)...))
}

func BenchmarkGraph(b *testing.B) {
	benchmark(b, tenLayers(noops(benchmarkRunners)))
}

func benchmark(b *testing.B, r process.Runner) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		if err := r.Run(b.Context(), func(context.Context) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	runners := float64(b.N) * benchmarkRunners
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/runners, "ns/runner")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/runners, "allocs/runner")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/runners, "B/runner")
}
