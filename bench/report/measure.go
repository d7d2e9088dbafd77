package main

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

// sample is what something took, of which several have the same amount of work.
type sample struct{ ns, allocs, bytes float64 }

// of returns the part of one, if the sample is that of so many.
func (s sample) of(times int) sample {
	n := float64(times)
	return sample{s.ns / n, s.allocs / n, s.bytes / n}
}

// measure does something, garbage collection included.
func measure(do func() error) (s sample, err error) {
	var before, after runtime.MemStats
	runtime.GC() // what others left
	runtime.ReadMemStats(&before)
	began := time.Now()
	err = do()
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	return sample{
		ns:     float64(took.Nanoseconds()),
		allocs: float64(after.Mallocs - before.Mallocs),
		bytes:  float64(after.TotalAlloc - before.TotalAlloc),
	}, err
}

// contestant does work, once each time that take is called.
type contestant struct {
	name string
	take func() (sample, error)
}

// inTurn returns all, of which another is the first in each round.
func inTurn[T any](all []T, round int) []T {
	first := round % len(all)
	return slices.Concat(all[first:], all[:first])
}

// tooSlow is how long a contestant may take once.
const tooSlow = 15 * time.Second

// turns has contestants take turns until a budget is spent, and returns the samples of
// each, one for each round. The first round, in which all is warmed up, does not count.
// Who starts is another in each round. Who is too slow has no samples.
func (r *run) turns(budget time.Duration, all ...contestant) (map[string][]sample, error) {
	least := 5
	if r.quick {
		budget, least = 0, 1
	}
	samples := make(map[string][]sample)
	until := time.Now().Add(budget)
	for round := 0; round <= least || time.Now().Before(until); round++ {
		for i := range all {
			c := all[(i+round)%len(all)]
			if c.take == nil {
				continue
			}
			began := time.Now()
			s, err := c.take()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			switch {
			case round > 0:
				samples[c.name] = append(samples[c.name], s)
			case time.Since(began) > tooSlow:
				all[(i+round)%len(all)].take = nil
			}
		}
	}
	return samples, nil
}

// ratio is the median of ratios that were taken in several rounds, and half of what lies
// between their quartiles.
type ratio struct{ Median, Spread float64 }

func ratioOf(of []float64) ratio {
	if len(of) == 0 {
		return ratio{}
	}
	slices.Sort(of)
	n := len(of)
	return ratio{of[n/2], (of[3*n/4] - of[n/4]) / 2}
}

func (r ratio) String() string {
	switch {
	case r.Median == 0:
		return "–"
	case r.Median >= 10:
		return fmt.Sprintf("%.0f ± %.0f", r.Median, r.Spread)
	case r.Spread < 0.005:
		return fmt.Sprintf("%.2f", r.Median)
	default:
		return fmt.Sprintf("%.2f ± %.2f", r.Median, r.Spread)
	}
}

// over returns how many times as much one ratio is as another. Both may be off, each by its
// spread.
func (r ratio) over(other ratio) ratio {
	of := r.Median / other.Median
	return ratio{of, of * (r.Spread/r.Median + other.Spread/other.Median)}
}

func ns(s sample) float64     { return s.ns }
func allocs(s sample) float64 { return s.allocs }
func heap(s sample) float64   { return s.bytes }

// compare returns how many times as much one took as another beside it.
func compare(one, other []sample, by func(sample) float64) ratio {
	var of []float64
	for i := range min(len(one), len(other)) {
		of = append(of, by(one[i])/by(other[i]))
	}
	return ratioOf(of)
}

// per returns the median of what was taken for each of n.
func per(n int, samples []sample, by func(sample) float64) float64 {
	var of []float64
	for _, s := range samples {
		of = append(of, by(s)/float64(n))
	}
	return ratioOf(of).Median
}
