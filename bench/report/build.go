package main

import (
	"fmt"
	"time"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/bench/peers"
)

// again is what a contestant is called that is one of the others: it tells the noise.
const again = "again"

func measureBuilds(r *run, d *document) error {
	sizes := []struct {
		name      string
		n, scopes int
		budget    time.Duration
	}{
		{"100", 100, 1, 8 * time.Second},
		{"1,000", 1_000, 1, 14 * time.Second},
		{"3,000", 3_000, 1, 18 * time.Second},
		{"10,000 in 10 scopes", 1_000, 10, 18 * time.Second},
	}
	t := &table{header: []string{"time, of dig's"}}
	rows := make(map[string][]string)
	var memory map[string][]sample
	p := plot{title: "Build: time, of dig's", x: "constructors", y: "times dig's"}
	reference := peers.Dig.Name
	for _, size := range sizes {
		if r.quick && size.n > 100 {
			size.n = 100
		}
		c := bench.NewConstructors(size.n)
		contestants := []contestant{{again, buildOf(peers.Dig, c, size.scopes)}}
		for _, peer := range peers.All() {
			if peer.Can(peers.Build) {
				contestants = append(contestants, contestant{peer.Name, buildOf(peer, c, size.scopes)})
			}
		}
		samples, err := r.turns(size.budget, contestants...)
		if err != nil {
			return err
		}
		if size.name == "1,000" {
			memory = samples
			d.aim("Build at 1,000: at most 1.15 of dig", compare(samples[peers.AppByLayer.Name], samples[reference], ns), 1.15, ratio.String)
			d.aim("Build at 1,000: under 0.75 of fx", compare(samples[peers.AppByLayer.Name], samples[peers.Fx.Name], ns), 0.75, ratio.String)
		}
		t.header = append(t.header, size.name)
		for _, name := range namesOf(peers.Build, reference) {
			of := r.results.keep(compare(samples[name], samples[reference], ns), "build", size.name, name)
			rows[name] = append(rows[name], of.String())
			if size.scopes == 1 && name != again {
				p.add(name, float64(size.n), of.Median)
			}
		}
	}
	t.header = append(t.header, "allocations at 1,000", "bytes at 1,000")
	for _, name := range namesOf(peers.Build, reference) {
		t.add(append(append([]string{called(name, reference)}, rows[name]...),
			fmt.Sprintf("%.2f", compare(memory[name], memory[reference], allocs).Median),
			fmt.Sprintf("%.2f", compare(memory[name], memory[reference], heap).Median))...)
	}
	t.cannot(peers.Build)
	d.Tables["build"] = t
	d.plots["build"] = p.lines
	return nil
}

// buildOf builds as often as makes a thousand constructors, so that a few are not over
// before the machine has settled.
func buildOf(p *peers.Peer, c *bench.Constructors, scopes int) func() (sample, error) {
	n := scopes * len(c.All)
	times := max(1_000/n, 1)
	return func() (sample, error) {
		c.Called()
		s, err := measure(func() error {
			for range times {
				if err := p.Build(c, scopes); err != nil {
					return err
				}
			}
			return nil
		})
		if called := c.Called(); err == nil && called != times*n {
			err = fmt.Errorf("called %d of %d constructors", called, times*n)
		}
		return s.of(times), err
	}
}

// namesOf returns who does a task, in the order of a table: the reference, itself once
// more, the others.
func namesOf(task peers.Task, reference string) []string {
	names := []string{again}
	for _, p := range peers.All() {
		if p.Can(task) && p.Name != reference {
			names = append(names, p.Name)
		}
	}
	return names
}

// called is what stands for a name in a table.
func called(name, reference string) string {
	if name == again {
		return reference + ", against itself"
	}
	return name
}
