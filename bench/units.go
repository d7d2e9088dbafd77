package bench

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Independent returns units that do nothing and depend on nothing.
func Independent(n int) []*Unit {
	units := make([]*Unit, n)
	for i := range units {
		units[i] = &Unit{Name: fmt.Sprint("unit", i)}
	}
	return units
}

// Layered returns units that do nothing, in ten layers, each on up to three of the layer
// below.
func Layered(n int) []*Unit {
	units := Independent(n)
	for i, u := range units {
		u.DependsOn = below(i, n)
	}
	return units
}

// below returns up to three positions of the layer below that of i, if n are in ten
// layers.
func below(i, n int) (on []int) {
	width := n / 10
	first := (i/width - 1) * width
	for k := range 3 {
		if d := first + (i*7+k*31)%width; first >= 0 && !slices.Contains(on, d) {
			on = append(on, d)
		}
	}
	return on
}

//go:embed testdata/loki.txt
var loki string

// Loki returns the modules of Grafana Loki, which take 5 to 60 ms to start and 1 to 20 ms
// to stop, divided by so many: the same in each call.
func Loki(divided int) []*Unit {
	dependsOn := make(map[string][]string)
	var names []string
	for line := range strings.Lines(loki) {
		name, list, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name != "" {
			on := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
			dependsOn[name] = on
			names = append(append(names, name), on...)
		}
	}
	slices.Sort(names)
	var units []*Unit
	random := rand.New(rand.NewPCG(1, 2))
	position := make(map[string]int)
	var add func(name string)
	add = func(name string) {
		if _, added := position[name]; added {
			return
		}
		u := &Unit{Name: name}
		for _, d := range dependsOn[name] {
			add(d)
			u.DependsOn = append(u.DependsOn, position[d])
		}
		u.Starts = between(random, 5, 60) / time.Duration(divided)
		u.Stops = between(random, 1, 20) / time.Duration(divided)
		position[name] = len(units)
		units = append(units, u)
	}
	for _, name := range slices.Compact(names) {
		add(name)
	}
	return units
}

// InTheMiddle is a module of Loki that depends on others and that others depend on, both
// in two steps or more.
const InTheMiddle = "Store"

func between(random *rand.Rand, low, high int) time.Duration {
	return time.Duration(low*1000+random.IntN((high-low)*1000)) * time.Microsecond
}
