package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
)

// results are all ratios of times, by their names.
type results map[string]ratio

func readResults(file string) (r results, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// keep keeps a ratio, if there is one, and returns it.
func (r results) keep(of ratio, name ...string) ratio {
	if of.Median > 0 {
		r[strings.Join(name, ": ")] = of
	}
	return of
}

// noise is by how much the same thing differed from itself, at the most.
func (r results) noise() (most float64) {
	for name, of := range r {
		if strings.HasSuffix(name, again) {
			most = max(most, math.Abs(of.Median-1), of.Spread)
		}
	}
	return most
}

// noiseOf is the noise beside a ratio: that of its column, if it has one.
func (r results) noiseOf(name string) float64 {
	column := name[:strings.LastIndex(name, ": ")+2]
	if of, ok := r[column+again]; ok {
		return max(math.Abs(of.Median-1), of.Spread)
	}
	return r.noise()
}

// disagreements tells which ratios differ from those of a run before by more than both
// state: their spreads, and the noise beside them.
func (r results) disagreements(before results) string {
	var b strings.Builder
	compared, differ := 0, 0
	for _, name := range slices.Sorted(maps.Keys(r)) {
		was, known := before[name]
		if !known {
			continue
		}
		compared++
		is, noise := r[name], max(r.noiseOf(name), before.noiseOf(name))
		if math.Abs(is.Median-was.Median) > is.Spread+was.Spread+noise*max(is.Median, was.Median) {
			fmt.Fprintf(&b, "%s: %v, was %v\n", name, is, was)
			differ++
		}
	}
	fmt.Fprintf(&b, "%d of %d ratios agree within their spreads and the noise\n", compared-differ, compared)
	return b.String()
}
