package main

import (
	"context"
	"fmt"
	"time"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/bench/peers"
)

// divided is by what the times of Loki's units are, in a quick run.
func (r *run) divided() int {
	if r.quick {
		return 20
	}
	return 1
}

// goesBy tells by which limit a peer starts and stops.
var goesBy = map[*peers.Peer]struct {
	words string
	limit func(bench.Limits) time.Duration
}{
	peers.Parallel:        {"the critical path", path},
	peers.AppByLayer:      {"layers", func(l bench.Limits) time.Duration { return l.Layers }},
	peers.AppByDependency: {"the critical path", path},
	peers.Fx:              {"one after the other", func(l bench.Limits) time.Duration { return l.Sum }},
	peers.Dskit:           {"the critical path", path},
	peers.Do:              {"up one after the other, down in waves", nil},
}

func path(l bench.Limits) time.Duration { return l.Path }

func measureGraph(r *run, d *document) error {
	rounds := 6
	if r.quick {
		rounds = 1
	}
	type column struct{ start, stop, all, own []float64 }
	columns := make(map[*peers.Peer]*column)
	var able []*peers.Peer
	for _, p := range peers.All() {
		if p.Can(peers.Graph) {
			able = append(able, p)
			columns[p] = new(column)
		}
	}
	for round := range rounds {
		for _, p := range inTurn(able, round) {
			s, err := graphOf(p, bench.Loki(r.divided()))
			if err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			c := columns[p]
			c.start = append(c.start, float64(s.start)/float64(s.starts.Path))
			c.stop = append(c.stop, float64(s.stop)/float64(s.stops.Path))
			c.all = append(c.all, float64(s.start+s.stop)/float64(s.starts.Path+s.stops.Path))
			if limit := goesBy[p].limit; limit != nil {
				c.own = append(c.own, float64(s.start+s.stop)/float64(limit(s.starts)+limit(s.stops)))
			}
		}
	}
	t := &table{header: []string{"time, of the critical path's", "start", "stop", "both", "goes by", "both, of that limit"}}
	plot := plot{title: "Loki: start and stop, of the critical path's time"}
	for _, p := range able {
		c := columns[p]
		own := ratioOf(c.own)
		all := r.results.keep(ratioOf(c.all), "graph", p.Name)
		t.add(p.Name, ratioOf(c.start).String(), ratioOf(c.stop).String(), all.String(), goesBy[p].words, percent(own))
		plot.add(p.Name, 0, all.Median)
		switch p {
		case peers.AppByLayer:
			d.aim("Loki's graph, ByLayer: within 2% of the limit of layers", own, 1.02, percent)
		case peers.AppByDependency:
			d.aim("Loki's graph, ByDependency: within 2% of the critical path", own, 1.02, percent)
		}
	}
	t.cannot(peers.Graph)
	d.Tables["graph"] = t
	d.plots["graph"] = plot.bars
	return nil
}

// percent writes a ratio that is near 1.
func percent(r ratio) string {
	if r.Median == 0 {
		return "–"
	}
	return fmt.Sprintf("%+.1f%% ± %.1f", (r.Median-1)*100, r.Spread*100)
}

// timed is a start and a stop, and how long they had to take.
type timed struct {
	start, stop   time.Duration
	starts, stops bench.Limits
}

func graphOf(p *peers.Peer, units []*bench.Unit) (s timed, err error) {
	trace := bench.TraceOf(units, nil)
	process, err := p.Prepare(units)
	if err != nil {
		return s, err
	}
	began := time.Now()
	if err := process.Start(context.Background()); err != nil {
		return s, err
	}
	s.start = time.Since(began)
	began = time.Now()
	if err := process.Stop(context.Background()); err != nil {
		return s, err
	}
	s.stop = time.Since(began)
	events := trace.Events()
	for _, check := range []error{
		bench.Complete(units, events, bench.Ended),
		bench.StartOrder(units, events),
		bench.StopOrder(units, events),
	} {
		if check != nil {
			return s, check
		}
	}
	s.starts = bench.LimitsOf(units, events, bench.Starting, bench.Ready)
	s.stops = bench.LimitsOf(units, events, bench.Asked, bench.Ended)
	return s, nil
}
