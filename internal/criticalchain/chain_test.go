package criticalchain_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/criticalchain"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// span is from and to, in seconds after the beginning.
func span(from, to int) criticalchain.Span {
	return criticalchain.Span{
		Start: began.Add(time.Duration(from) * time.Second),
		Ready: began.Add(time.Duration(to) * time.Second),
	}
}

func unit(name string, dependsOn ...string) hooks.Unit {
	return hooks.Unit{Name: name, DependsOn: dependsOn}
}

func TestChain(t *testing.T) {
	type spans = map[string]criticalchain.Span
	// The server waits for the database, which is fast; the slow queue only holds up its whole layer.
	shop := [][]hooks.Unit{
		{unit("db"), unit("queue")},
		{unit("cache", "db"), unit("mailer", "queue")},
		{unit("server", "cache", "db")},
	}
	cases := map[string]struct {
		schedule hooks.Schedule
		layers   [][]hooks.Unit
		spans    spans
		want     string
	}{
		"by layer, the slowest of each layer": {
			hooks.ByLayer, shop,
			spans{"db": span(0, 1), "queue": span(0, 5), "cache": span(5, 8), "mailer": span(5, 6), "server": span(8, 9)},
			"[{queue 5s} {cache 3s} {server 1s}]",
		},
		"by dependency, the slowest dependencies": {
			hooks.ByDependency, shop,
			spans{"db": span(0, 1), "queue": span(0, 5), "cache": span(1, 8), "mailer": span(5, 6), "server": span(8, 9)},
			"[{db 1s} {cache 7s} {server 1s}]",
		},
		"the last to be ready need not be in the last layer": {
			hooks.ByDependency, shop,
			spans{"db": span(0, 1), "queue": span(0, 5), "cache": span(1, 2), "mailer": span(5, 9), "server": span(2, 3)},
			"[{queue 5s} {mailer 4s}]",
		},
		"by layer, a chain of one constructor within a layer": {
			hooks.ByLayer, [][]hooks.Unit{{unit("a"), unit("b")}, {unit("hook", "a"), unit("value", "a", "hook"), unit("other", "b")}},
			spans{"a": span(0, 1), "b": span(0, 2), "hook": span(2, 5), "value": span(5, 9), "other": span(2, 8)},
			"[{b 2s} {hook 3s} {value 4s}]",
		},
		"time between one's readiness and the next one's start counts for the next": {
			hooks.ByDependency, [][]hooks.Unit{{unit("a")}, {unit("b", "a")}},
			spans{"a": span(1, 2), "b": span(4, 5)},
			"[{a 2s} {b 3s}]",
		},
		"a tie goes to the later start": {
			hooks.ByDependency, [][]hooks.Unit{{unit("a"), unit("b"), unit("c")}, {unit("d", "a", "b", "c")}},
			spans{"a": span(0, 3), "b": span(1, 3), "c": span(0, 3), "d": span(3, 4)},
			"[{b 3s} {d 1s}]",
		},
		"a full tie goes to the later in the plan": {
			hooks.ByLayer, [][]hooks.Unit{{unit("a"), unit("b")}, {unit("hook", "a"), unit("value", "hook")}},
			spans{"a": span(0, 0), "b": span(0, 0), "hook": span(0, 0), "value": span(0, 0)},
			"[{b 0s} {hook 0s} {value 0s}]",
		},
		"by dependency, a missing unit is passed over": {
			hooks.ByDependency, [][]hooks.Unit{{unit("a"), unit("x")}, {unit("b", "a")}, {unit("c", "b")}},
			spans{"a": span(0, 2), "x": span(0, 3), "c": span(3, 4)},
			"[{a 2s} {c 2s}]",
		},
		"by layer, a missing layer is passed over": {
			hooks.ByLayer, [][]hooks.Unit{{unit("a"), unit("x")}, {unit("b", "a")}, {unit("c", "b")}},
			spans{"a": span(0, 2), "x": span(0, 3), "b": {Start: began}, "c": span(3, 4)},
			"[{x 3s} {c 1s}]",
		},
		"by layer, a dependency of a lower layer than the one before lets nothing start": {
			hooks.ByLayer, [][]hooks.Unit{{unit("a"), unit("late")}, {unit("b")}, {unit("c", "late")}},
			spans{"a": span(0, 2), "late": span(0, 5), "b": span(2, 3), "c": span(3, 6)},
			"[{a 2s} {b 1s} {c 3s}]",
		},
		"spans and dependencies that are not in the plan": {
			hooks.ByDependency, [][]hooks.Unit{{unit("a", "elsewhere")}},
			spans{"a": span(0, 1), "stranger": span(0, 9), "elsewhere": span(0, 1)},
			"[{a 1s}]",
		},
		"a plan that goes in circles": {
			hooks.ByDependency, [][]hooks.Unit{{unit("a", "a", "c"), unit("b", "a"), unit("c", "b")}},
			spans{"a": span(0, 1), "b": span(0, 1), "c": span(0, 1)},
			"[{a 1s} {b 0s} {c 0s}]",
		},
		"no spans":                      {hooks.ByLayer, shop, nil, "[]"},
		"no units":                      {hooks.ByLayer, nil, spans{"a": span(0, 1)}, "[]"},
		"an empty layer is passed over": {hooks.ByLayer, [][]hooks.Unit{{unit("a")}, {}, {unit("b")}}, spans{"a": span(0, 1), "b": span(1, 2)}, "[{a 1s} {b 1s}]"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plan := &hooks.Plan{Schedule: c.schedule, Layers: c.layers}
			got := criticalchain.Of(plan, began, c.spans)
			if fmt.Sprint(got) != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestChainOfNoPlanIsEmpty(t *testing.T) {
	if steps := criticalchain.Of(nil, began, map[string]criticalchain.Span{"a": span(0, 1)}); len(steps) != 0 {
		t.Errorf("it is %v", steps)
	}
}

// Random graphs, started as their schedule says: the steps must add up to the whole start, each must be no shorter than
// the unit's own time, and on a start without delays just as long.
func TestChainAddsUpToTheStart(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 500 {
		plan := &hooks.Plan{Schedule: hooks.Schedule(i % 2)}
		spans := make(map[string]criticalchain.Span)
		var all []string
		last := began
		for layer := range 1 + random.IntN(5) {
			layerStart := last
			var units []hooks.Unit
			for j := range 1 + random.IntN(4) {
				u := hooks.Unit{Name: fmt.Sprintf("%d.%d", layer, j)}
				start := began
				if plan.Schedule == hooks.ByLayer {
					start = layerStart
				}
				below := len(all)
				for _, u2 := range units { // of the same constructor
					if random.IntN(4) == 0 {
						u.DependsOn = append(u.DependsOn, u2.Name)
					}
				}
				for range random.IntN(3) {
					if below > 0 {
						u.DependsOn = append(u.DependsOn, all[random.IntN(below)])
					}
				}
				for _, name := range u.DependsOn {
					if ready := spans[name].Ready; ready.After(start) {
						start = ready
					}
				}
				ready := start.Add(time.Duration(random.IntN(10)) * time.Millisecond)
				spans[u.Name] = criticalchain.Span{Start: start, Ready: ready}
				if ready.After(last) {
					last = ready
				}
				units = append(units, u)
			}
			for _, u := range units {
				all = append(all, u.Name)
			}
			plan.Layers = append(plan.Layers, units)
		}

		steps := criticalchain.Of(plan, began, spans)
		var sum time.Duration
		for _, step := range steps {
			sum += step.Took
			own := spans[step.Unit].Ready.Sub(spans[step.Unit].Start)
			if step.Took != own {
				t.Errorf("%v: %s took %v, its step %v\n%s", plan.Schedule, step.Unit, own, step.Took, plan)
			}
		}
		if want := last.Sub(began); sum != want {
			t.Errorf("%v: the steps %v add up to %v, the start took %v\n%s", plan.Schedule, steps, sum, want, plan)
		}
		if again := criticalchain.Of(plan, began, spans); !slices.Equal(again, steps) {
			t.Errorf("once %v, once %v", steps, again)
		}
	}
}

// A reading without a monotonic clock among others must not make the sum inexact.
func TestChainAddsUpAcrossClocks(t *testing.T) {
	began := time.Now()
	first := began.Add(3 * time.Millisecond).Round(0)
	last := began.Add(5 * time.Millisecond)
	plan := &hooks.Plan{Layers: [][]hooks.Unit{{unit("a")}, {unit("b")}}}
	steps := criticalchain.Of(plan, began, map[string]criticalchain.Span{
		"a": {Start: began, Ready: first},
		"b": {Start: first, Ready: last},
	})
	if len(steps) != 2 || steps[0].Took+steps[1].Took != last.Sub(began) {
		t.Errorf("got %v, want two steps that add up to %v", steps, last.Sub(began))
	}
}
