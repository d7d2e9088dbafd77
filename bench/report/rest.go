package main

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/bench/peers"
)

func measureRest(r *run, d *document) error {
	n := 10_000
	if r.quick {
		n = 100
	}
	t := &table{header: []string{"a unit, of " + thousands(n), "goroutines at the peak", "goroutines at rest", "bytes at rest, heap", "bytes at rest, stacks"}}
	p := plot{title: "At rest: bytes a unit, heap and stacks"}
	for _, peer := range peers.All() {
		if !peer.Can(peers.Independent) {
			continue
		}
		s, err := restOf(peer, n)
		if err != nil {
			return fmt.Errorf("%s: %w", peer.Name, err)
		}
		t.add(peer.Name, fmt.Sprintf("%.2f", s.peak), fmt.Sprintf("%.2f", s.goroutines), thousands(int(s.heap)), thousands(int(s.stack)))
		p.add(peer.Name, 0, s.heap+s.stack)
		switch peer {
		case peers.Parallel, peers.AppByLayer:
			d.aim("One goroutine a runner at rest, "+peer.Name, ratio{Median: s.goroutines}, 1.01, ratio.String)
		}
	}
	t.cannot(peers.Independent)
	d.Tables["rest"] = t
	d.plots["rest"] = p.bars
	return nil
}

// rest is what there is for each unit while all run, and goroutines at the peak before
// and after that.
type rest struct{ peak, goroutines, heap, stack float64 }

func restOf(p *peers.Peer, n int) (s rest, err error) {
	var peak atomic.Int64
	units := bench.Independent(n)
	bench.TraceOf(units, func(bench.Event) { peak.Store(max(peak.Load(), int64(runtime.NumGoroutine()))) })
	if _, err := restOfUnits(p, units); err != nil {
		return s, err
	}
	s, err = restOfUnits(p, bench.Independent(n)) // which keep no trace
	s.peak = float64(peak.Load()) / float64(n)
	return s, err
}

func restOfUnits(p *peers.Peer, units []*bench.Unit) (s rest, err error) {
	before, goroutines := memory(), runtime.NumGoroutine()
	process, err := p.Prepare(units)
	if err != nil {
		return s, err
	}
	if err := process.Start(context.Background()); err != nil {
		return s, err
	}
	after, n := memory(), float64(len(units))
	s = rest{
		goroutines: float64(runtime.NumGoroutine()-goroutines) / n,
		heap:       max(0, float64(after.HeapAlloc)-float64(before.HeapAlloc)) / n,
		stack:      max(0, float64(after.StackInuse)-float64(before.StackInuse)) / n,
	}
	return s, process.Stop(context.Background())
}

// memory collects garbage, twice for what has a finalizer.
func memory() (m runtime.MemStats) {
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}
