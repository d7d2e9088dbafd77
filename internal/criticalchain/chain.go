// Package criticalchain knows which units decided how long a start took. It is for what tells
// so, package container and package timeline; others are told by hooks.AppStarted.
package criticalchain

import (
	"slices"
	"time"

	"github.com/strata-go/strata/hooks"
)

// Span is a unit's start.
type Span struct {
	// Start is when the unit was started.
	Start time.Time
	// Ready is when it became ready, zero if it has not.
	Ready time.Time
}

// Of returns the units that decided how long a start took, the first to start first: making any of them
// faster makes the start shorter, until another chain is the longest, and making anything else faster does not.
//
// The spans are by unit name; began is when the start began. The chain ends with the unit that became ready last. Each
// step is the one whose readiness let the next one start, which depends on the plan's schedule: [hooks.ByDependency], it is
// the dependency that became ready last; [hooks.ByLayer], it is the unit of the layer before, or the dependency in the same
// layer, that became ready last. Where two became ready at the same moment, it is the one that started later, then the
// one that stands later in the plan.
//
// The steps' times add up to the time from began to the last unit's readiness. A unit that has no span, or did not become
// ready, is passed over: what it waited for stands in its place. Without a plan or any span in it, the chain is empty.
func Of(p *hooks.Plan, began time.Time, spans map[string]Span) []hooks.Step {
	c := newChart(p, began, spans)

	var path []*mark
	for m := latest(slices.Concat(c.layers...)); m != nil; m = c.before(m) {
		m.onPath = true
		path = append(path, m)
	}
	slices.Reverse(path)

	var steps []hooks.Step
	reached := time.Duration(0)
	for _, m := range path {
		steps = append(steps, hooks.Step{Unit: m.unit.Name, Took: m.ready - reached})
		reached = m.ready
	}
	return steps
}

// chart is a plan with the times of one start.
type chart struct {
	schedule hooks.Schedule
	layers   [][]*mark
	byName   map[string]*mark
}

// mark is a unit with its times, counted from the beginning of the start: differences of these add up exactly, also
// where only some of the readings had a monotonic clock.
type mark struct {
	unit            hooks.Unit
	layer, position int
	known           bool // it became ready
	started, ready  time.Duration
	onPath          bool
}

func newChart(p *hooks.Plan, began time.Time, spans map[string]Span) *chart {
	c := &chart{byName: make(map[string]*mark)}
	if p == nil {
		return c
	}
	c.schedule = p.Schedule
	for _, layer := range p.Layers {
		if len(layer) == 0 {
			continue
		}
		all, marks := make([]mark, len(layer)), make([]*mark, len(layer))
		for i, unit := range layer {
			m := &all[i]
			*m = mark{unit: unit, layer: len(c.layers), position: len(c.byName)}
			if span := spans[unit.Name]; !span.Ready.IsZero() {
				m.known = true
				m.started, m.ready = span.Start.Sub(began), span.Ready.Sub(began)
			}
			c.byName[unit.Name], marks[i] = m, m
		}
		c.layers = append(c.layers, marks)
	}
	return c
}

// before returns what let m start, nil if it started with the application. A unit is in a chain once, and no step ends
// after the next: that holds for every real start, and keeps a plan with a cycle from being followed for ever.
func (c *chart) before(m *mark) *mark {
	var candidates []*mark
	seen := map[*mark]bool{m: true}
	var collect func(*mark)
	collect = func(from *mark) {
		for _, awaited := range c.awaited(from) {
			if seen[awaited] {
				continue
			}
			seen[awaited] = true
			if !awaited.known {
				collect(awaited)
			} else if !awaited.onPath && awaited.ready <= m.ready {
				candidates = append(candidates, awaited)
			}
		}
	}
	collect(m)
	return latest(candidates)
}

// awaited returns the units that m had to wait for, under the plan's schedule.
func (c *chart) awaited(m *mark) []*mark {
	var awaited []*mark
	for _, name := range m.unit.DependsOn {
		dependency, ok := c.byName[name]
		if ok && (c.schedule == hooks.ByDependency || dependency.layer == m.layer) {
			awaited = append(awaited, dependency)
		}
	}
	if c.schedule == hooks.ByLayer && m.layer > 0 {
		awaited = append(awaited, c.layers[m.layer-1]...)
	}
	return awaited
}

// latest returns the unit that became ready last, nil if none did.
func latest(marks []*mark) *mark {
	var last *mark
	for _, m := range marks {
		if m.known && (last == nil || m.after(last)) {
			last = m
		}
	}
	return last
}

func (m *mark) after(other *mark) bool {
	if m.ready != other.ready {
		return m.ready > other.ready
	}
	if m.started != other.started {
		return m.started > other.started
	}
	return m.position > other.position
}
