package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/bench/peers"
)

//go:embed benchmarks.md.tmpl
var templateText string

var documentTemplate = template.Must(template.New("benchmarks.md").Parse(templateText))

// document is what benchmarks.md.tmpl is given.
type document struct {
	Quick  bool
	Took   time.Duration
	Tables map[string]*table
	Aims   *table
	Missed int // of the aims

	results results
	plots   map[string]func() ([]byte, error)
}

func newDocument(r *run) *document {
	return &document{
		Quick:   r.quick,
		Tables:  make(map[string]*table),
		Aims:    &table{header: []string{"aim", "measured", ""}},
		results: r.results,
		plots:   make(map[string]func() ([]byte, error)),
	}
}

// aim adds a row that tells whether a ratio is at most a limit.
func (d *document) aim(what string, is ratio, limit float64, write func(ratio) string) {
	met := "met"
	switch {
	case is.Median == 0:
		met = "not measured"
	case is.Median > limit:
		met = "**missed**"
		d.Missed++
	}
	if is.Median > 0 && math.Abs(is.Median-limit) < is.Spread {
		met += ", by less than the spread"
	}
	d.Aims.add(what, write(is), met)
}

// write writes the document, its plots and its results.
func (d *document) write(dir string) error {
	plots := filepath.Join(dir, "benchmarks")
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	for name, draw := range d.plots {
		picture, err := draw()
		if err != nil {
			return fmt.Errorf("plot %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(plots, name+".svg"), picture, 0o644); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(d.results, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(plots, "results.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := documentTemplate.Execute(&b, d); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "benchmarks.md"), b.Bytes(), 0o644)
}

// Noise is by how much the same thing differed from itself, at the most.
func (d *document) Noise() string { return fmt.Sprintf("%.0f%%", d.results.noise()*100) }

// InTheMiddle is the module that crashes.
func (*document) InTheMiddle() string { return bench.InTheMiddle }

// Minutes tells how long all of it took.
func (d *document) Minutes() string { return fmt.Sprintf("%.0f minutes", d.Took.Minutes()) }

// Machine tells what it was measured on.
func (d *document) Machine() string {
	line := func(file, key string) string {
		text, _ := os.ReadFile(file)
		for l := range strings.Lines(string(text)) {
			if k, v, ok := strings.Cut(l, key); ok && strings.TrimSpace(k) == "" {
				return strings.Trim(v, "\t :=\"\n")
			}
		}
		return "unknown"
	}
	return fmt.Sprintf("%s on %s/%s, %s, %d cores of %s",
		strings.Replace(runtime.Version(), "go", "Go ", 1), runtime.GOOS, runtime.GOARCH,
		line("/etc/os-release", "PRETTY_NAME"), runtime.NumCPU(), line("/proc/cpuinfo", "model name"))
}

// Versions is a table of the peers' modules.
func (d *document) Versions() *table {
	versions := make(map[string]string)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			versions[m.Path] = m.Version
		}
	}
	t := &table{header: []string{"peer", "module", "version"}}
	var seen []string
	for _, p := range peers.All() {
		if strings.HasPrefix(p.Name, "Strata") || slices.Contains(seen, p.Module) {
			continue
		}
		seen = append(seen, p.Module)
		t.add(p.Name, "`"+p.Module+"`", versions[p.Module])
	}
	return t
}

// table is one in Markdown: the first column to the left, the others to the right.
type table struct {
	header  []string
	rows    [][]string
	cannots []string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// cannot adds, below the table, who cannot do a task, and why.
func (t *table) cannot(task peers.Task) {
	var why []string
	who := make(map[string][]string)
	for _, p := range peers.All() {
		reason := p.Cannot[task]
		if reason == "" || strings.HasPrefix(p.Name, "Strata") {
			continue
		}
		if who[reason] == nil {
			why = append(why, reason)
		}
		who[reason] = append(who[reason], p.Name)
	}
	for _, reason := range why {
		t.cannots = append(t.cannots, fmt.Sprintf("%s: %s.", strings.Join(who[reason], ", "), reason))
	}
}

func (t *table) String() string {
	var b strings.Builder
	row := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	row(t.header)
	rule := []string{":--"}
	for range t.header[1:] {
		rule = append(rule, "--:")
	}
	row(rule)
	for _, cells := range t.rows {
		row(cells)
	}
	if t.cannots != nil {
		b.WriteString("\nCannot:\n\n")
		for _, c := range t.cannots {
			fmt.Fprintf(&b, "- %s\n", c)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
