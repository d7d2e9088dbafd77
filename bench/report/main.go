// Report has Strata and its peers do the same work, in turns, and writes what it takes as
// ratios: docs/benchmarks.md, with plots beside it.
//
//	go run ./bench/report
//	go run ./bench/report -quick -out /tmp/report
//	go run ./bench/report -against docs/benchmarks/results.json -out /tmp/report
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/strata-go/strata/bench/peers"
)

func main() {
	peers.MainOfCrash()
	log.SetFlags(0)
	quick := flag.Bool("quick", false, "do little of it, to see that it works; the figures mean nothing")
	out := flag.String("out", "docs", "the directory to write to")
	against := flag.String("against", "", "the results.json of a run before: tell which ratios do not agree with it")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("%s: want no arguments", flag.Arg(0))
	}
	if err := report(*quick, *out, *against); err != nil {
		log.Fatal(err)
	}
}

func report(quick bool, out, against string) error {
	began := time.Now()
	var before results
	if against != "" { // first: it may be what is overwritten
		var err error
		if before, err = readResults(against); err != nil {
			return err
		}
	}
	r := &run{quick: quick, results: results{}}
	d := newDocument(r)
	for _, step := range []struct {
		name string
		do   func(*run, *document) error
	}{
		{"build", measureBuilds},
		{"start and stop", measureStartStops},
		{"at rest", measureRest},
		{"a real graph", measureGraph},
		{"a crash", measureCrash},
		{"the smallest program", measurePrograms},
	} {
		fmt.Fprintf(os.Stderr, "%4.0f s: %s\n", time.Since(began).Seconds(), step.name)
		if err := step.do(r, d); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	d.Took = time.Since(began)
	if err := d.write(out); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%4.0f s: wrote %s\n", time.Since(began).Seconds(), filepath.Join(out, "benchmarks.md"))
	if before != nil {
		fmt.Print(r.results.disagreements(before))
	}
	return nil
}

// run is one run of the report.
type run struct {
	quick   bool
	results results
}
