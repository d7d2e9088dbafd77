package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/strata-go/strata/bench/peers"
)

func TestMain(m *testing.M) {
	peers.MainOfCrash()
	os.Exit(m.Run())
}

func TestAQuickRunWritesTheDocument(t *testing.T) {
	programs = programs[:3] // to compile them all takes longest
	dir := t.TempDir()
	if err := report(true, dir, ""); err != nil {
		t.Fatal(err)
	}
	document := read(t, filepath.Join(dir, "benchmarks.md"))
	for _, p := range peers.All() {
		if !strings.Contains(document, p.Name) {
			t.Errorf("nothing of %s", p.Name)
		}
	}
	for _, bad := range []string{"<no value>", "NaN", "Inf", "unknown"} {
		if strings.Contains(document, bad) {
			t.Errorf("%s in the document", bad)
		}
	}
	for _, row := range regexp.MustCompile(`(?m)^\| (?:go\.|git|gol)?.*\x60.*$`).FindAllString(document, -1) {
		if !regexp.MustCompile(`\| v[0-9]`).MatchString(row) {
			t.Errorf("no version: %s", row)
		}
	}
	plots := regexp.MustCompile(`\]\((benchmarks/.*\.svg)\)`).FindAllStringSubmatch(document, -1)
	if len(plots) != 6 {
		t.Errorf("%d plots", len(plots))
	}
	for _, plot := range plots {
		picture := read(t, filepath.Join(dir, plot[1]))
		decoder := xml.NewDecoder(strings.NewReader(picture))
		for {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", plot[1], err)
			}
		}
		if !strings.Contains(picture, "prefers-color-scheme: dark") {
			t.Errorf("%s has no dark colors", plot[1])
		}
	}
	is, err := readResults(filepath.Join(dir, "benchmarks", "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := is.disagreements(is); strings.Count(got, "\n") != 1 || !strings.Contains(got, " agree") {
		t.Errorf("with itself: %s", got)
	}
}

func TestDisagreementsAreTold(t *testing.T) {
	before := results{"a: again": {1.02, 0.01}, "a: x": {1.5, 0.1}, "a: y": {1.5, 0.1}, "gone": {1, 0}}
	after := results{"a: again": {0.99, 0.03}, "a: x": {1.7, 0.1}, "a: y": {1.8, 0.1}, "new": {1, 0}}
	want := "a: y: 1.80 ± 0.10, was 1.50 ± 0.10\n2 of 3 ratios agree within their spreads and the noise\n"
	if got := after.disagreements(before); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRatioIsTheMedian(t *testing.T) {
	samples := func(ns ...float64) (all []sample) {
		for _, v := range ns {
			all = append(all, sample{ns: v})
		}
		return all
	}
	got := compare(samples(2, 30, 6, 8), samples(2, 10, 3, 8), ns)
	if want := (ratio{2, 1}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	for want, r := range map[string]ratio{"–": {}, "1.05": {1.052, 0.001}, "1.05 ± 0.02": {1.052, 0.02}, "12 ± 1": {12.3, 1.1}} {
		if got := r.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAQuotientOfRatiosIsAsUncertainAsBoth(t *testing.T) {
	if got, want := (ratio{4, 1}).over(ratio{2, 0.5}), (ratio{2, 1}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTurns(t *testing.T) {
	var calls strings.Builder
	c := func(name string) contestant {
		return contestant{name, func() (sample, error) {
			calls.WriteString(name)
			return sample{ns: 1}, nil
		}}
	}
	samples, err := (&run{quick: true}).turns(0, c("a"), c("b"), c("c"))
	if err != nil || len(samples["a"]) != 1 {
		t.Errorf("%v, %v", samples, err)
	}
	if calls.String() != "abcbca" {
		t.Errorf("in turns: %s", calls.String())
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
