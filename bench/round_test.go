package bench

import (
	"runtime"
	"slices"
	"time"
)

// round is what something took for each of its parts.
type round struct{ ns, allocs, bytes float64 }

// measure does something that has n parts, garbage collection included.
func measure(n int, do func()) round {
	var before, after runtime.MemStats
	runtime.GC() // what others left
	runtime.ReadMemStats(&before)
	began := time.Now()
	do()
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	return round{
		ns:     float64(took.Nanoseconds()) / float64(n),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
