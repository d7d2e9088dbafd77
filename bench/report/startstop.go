package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/bench/peers"
)

// kind is one of the two kinds of units that do nothing.
type kind struct {
	task    peers.Task
	units   func(int) []*bench.Unit
	enough  int // in a round: fewer where what goes before the start takes long
	budgets map[int]time.Duration
}

func measureStartStops(r *run, d *document) error {
	for _, k := range []kind{
		{peers.Independent, bench.Independent, 20_000, map[int]time.Duration{
			100: 10 * time.Second, 1_000: 10 * time.Second, 10_000: 16 * time.Second, 100_000: 10 * time.Second,
		}},
		{peers.Layered, bench.Layered, 5_000, map[int]time.Duration{
			100: 12 * time.Second, 1_000: 14 * time.Second, 10_000: 20 * time.Second, 100_000: 10 * time.Second,
		}},
	} {
		if err := measureStartStop(r, d, k); err != nil {
			return fmt.Errorf("%s: %w", k.task, err)
		}
	}
	return nil
}

// tooMany tells who is not given 100,000 units: who takes longer for them than all others
// together, or, of layered ones, too long for a report, mostly before the start.
func tooMany(p *peers.Peer, task peers.Task) bool {
	if task == peers.Layered {
		return p != peers.Parallel
	}
	return p == peers.Dskit
}

func measureStartStop(r *run, d *document, kind kind) error {
	task := kind.task
	if r.quick {
		kind.enough = 1
	}
	reference := peers.Errgroup.Name
	sizes := []int{100, 1_000, 10_000, 100_000}
	t := &table{header: []string{"time, of an errgroup's"}}
	rows := make(map[string][]string)
	memory := make(map[string][]string)
	p := plot{title: "Start and stop of " + string(task) + " units: time, of bare goroutines'", x: "units", y: "times the bare goroutines'"}
	for _, size := range sizes {
		n := size
		if r.quick {
			n = 20 + size/10_000*10
		}
		// The errgroup knows no order, so it has independent units here, too.
		contestants := []contestant{
			{reference, startStopOf(peers.Errgroup, bench.Independent(n), kind.enough)},
			{again, startStopOf(peers.Errgroup, bench.Independent(n), kind.enough)},
		}
		for _, peer := range peers.All() {
			if peer.Can(task) && peer != peers.Errgroup && !(size == 100_000 && tooMany(peer, task)) {
				contestants = append(contestants, contestant{peer.Name, startStopOf(peer, kind.units(n), kind.enough)})
			}
		}
		samples, err := r.turns(kind.budgets[size], contestants...)
		if err != nil {
			return err
		}
		column := thousands(size)
		t.header = append(t.header, column)
		for _, name := range namesOf(task, reference) {
			of := r.results.keep(compare(samples[name], samples[reference], ns), string(task), column, name)
			rows[name] = append(rows[name], of.String())
			if name != again && of.Median > 0 {
				p.add(name, float64(size), of.Median)
			}
		}
		if size == 1_000 {
			for _, name := range append(namesOf(task, reference), reference) {
				memory[name] = []string{fmt.Sprintf("%.1f", per(n, samples[name], allocs)), thousands(int(per(n, samples[name], heap)))}
			}
		}
		if size == 1_000 || size == 10_000 {
			for _, ours := range []*peers.Peer{peers.Parallel, peers.AppByLayer} {
				what := fmt.Sprintf("Start and stop of %s %s units, %s: under fx", column, task, ours.Name)
				d.aim(what+", time", compare(samples[ours.Name], samples[peers.Fx.Name], ns), 1, ratio.String)
				d.aim(what+", allocations", compare(samples[ours.Name], samples[peers.Fx.Name], allocs), 1, ratio.String)
			}
		}
		if size == 100_000 {
			for _, ours := range []*peers.Peer{peers.Parallel, peers.AppByLayer} {
				if samples[ours.Name] == nil {
					continue
				}
				of := r.results[string(task)+": 100,000: "+ours.Name].over(r.results[string(task)+": 10,000: "+ours.Name])
				d.aim(fmt.Sprintf("Linear from 10,000 to 100,000 %s units, %s: the ratio to an errgroup's time grows by at most a quarter", task, ours.Name),
					of, 1.25, ratio.String)
			}
		}
	}
	t.header = append(t.header, "allocations a unit at 1,000", "bytes a unit at 1,000")
	t.add(append([]string{reference, "1", "1", "1", "1"}, memory[reference]...)...)
	for _, name := range namesOf(task, reference) {
		t.add(append(append([]string{called(name, reference)}, rows[name]...), memory[name]...)...)
	}
	t.cannot(task)
	d.Tables[string(task)] = t
	d.plots[string(task)] = p.lines
	return nil
}

// startStopOf starts and stops units, as often as makes enough of them for a round that
// is not over before the machine has settled. What goes before the start, of all, is not
// measured.
func startStopOf(p *peers.Peer, units []*bench.Unit, enough int) func() (sample, error) {
	times := max(enough/len(units), 1)
	return func() (s sample, err error) {
		all := make([]peers.Process, times)
		for i := range all {
			if all[i], err = p.Prepare(units); err != nil {
				return s, err
			}
		}
		s, err = measure(func() error {
			for _, process := range all {
				if err := process.Start(context.Background()); err != nil {
					return err
				}
				if err := process.Stop(context.Background()); err != nil {
					return err
				}
			}
			return nil
		})
		return s.of(times), err
	}
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
