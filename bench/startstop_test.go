package bench

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/strata-go/strata/process"
)

// BenchmarkStartStop starts and stops runners that do nothing, and as many bare
// goroutines, in turns. An operation is a round of 100,000 of each, which is long
// enough to pay for its own garbage. What is reported is the median of the rounds:
// floor-ns is what a bare goroutine took beside it, and x-errgroup how many times as
// much a runner took as a bare goroutine did in the same round; what it says of those
// themselves is the noise.
func BenchmarkStartStop(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		for _, shape := range []struct {
			name  string
			group process.Runner
		}{
			{"errgroup", bare(n)},
			{"parallel", process.Parallel(idlers(n)...)},
			{"sequential", process.Sequential(idlers(n)...)},
			{"graph", tenLayers(n)},
		} {
			b.Run(fmt.Sprintf("%s/%d", shape.name, n), func(b *testing.B) {
				var floors, ns, ratios, allocs, bytes []float64
				for b.Loop() {
					floor, group := startStop(b, bare(n), n), startStop(b, shape.group, n)
					floors, ns = append(floors, floor.ns), append(ns, group.ns)
					ratios = append(ratios, group.ns/floor.ns)
					allocs, bytes = append(allocs, group.allocs), append(bytes, group.bytes)
				}
				b.ReportMetric(0, "ns/op") // of both, and of what is not measured
				b.ReportMetric(median(floors), "floor-ns/runner")
				b.ReportMetric(median(ns), "ns/runner")
				b.ReportMetric(median(ratios), "x-errgroup")
				b.ReportMetric(median(allocs), "allocs/runner")
				b.ReportMetric(median(bytes), "B/runner")
			})
		}
	}
}

// startStop starts and stops a group of n as often as makes 100,000 runners.
func startStop(b *testing.B, group process.Runner, n int) round {
	const runners = 100_000
	return measure(runners, func() {
		for range runners / n {
			if err := group.Run(b.Context(), func(context.Context) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// idle is ready at once, and does nothing until it is asked to stop.
func idle(ctx context.Context, callback process.Callback) error { return callback(ctx) }

func idlers(n int) []process.Runner {
	all := make([]process.Runner, n)
	for i := range all {
		all[i] = process.RunnerFunc(idle)
	}
	return all
}

// tenLayers is a graph of ten layers, each runner on three of the layer below.
func tenLayers(n int) process.Runner {
	var g process.Graph
	var layer, below []*process.Vertex
	for i, r := range idlers(n) {
		if len(layer) == n/10 {
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

// bare is n goroutines of an errgroup that keep the promises of a group and no more:
// the callback is called when all are ready, and then all are asked to stop.
func bare(n int) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		group, ctx := errgroup.WithContext(ctx)
		var ready sync.WaitGroup
		ready.Add(n)
		stop := make(chan struct{})
		for range n {
			group.Go(func() error {
				return idle(ctx, func(context.Context) error {
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
	})
}
