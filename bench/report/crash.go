package main

import (
	"fmt"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/bench/peers"
)

func measureCrash(r *run, d *document) error {
	rounds := 5
	if r.quick {
		rounds = 1
	}
	units := bench.Loki(r.divided())
	took := make(map[*peers.Peer][]float64)
	order, code := make(map[*peers.Peer]string), make(map[*peers.Peer]int)
	for round := range rounds {
		for _, p := range inTurn(peers.All(), round) {
			if !p.Can(peers.Crash) {
				continue
			}
			c, err := peers.RunCrash(p, r.divided())
			if err != nil {
				return err
			}
			limit := bench.LimitsOf(units, c.Events, bench.Asked, bench.Ended).Path
			took[p] = append(took[p], float64(c.Took)/float64(limit))
			code[p] = c.Code
			if order[p] == "" || order[p] == "yes" {
				order[p] = orderOf(units, c.Events)
			}
		}
	}
	t := &table{header: []string{"after a crash", "order kept", "to the end of the process, of the critical path's", "exit code"}}
	for _, p := range peers.All() {
		if p.Can(peers.Crash) {
			of := r.results.keep(ratioOf(took[p]), "crash", p.Name)
			t.add(p.Name, order[p], of.String(), fmt.Sprint(code[p]))
		}
	}
	t.cannot(peers.Crash)
	d.Tables["crash"] = t
	return nil
}

func orderOf(units []*bench.Unit, events []bench.Event) string {
	if err := bench.Complete(units, events, bench.Ended); err != nil {
		return "no: " + err.Error()
	}
	if bench.StopOrder(units, events) != nil {
		return "no"
	}
	return "yes"
}
