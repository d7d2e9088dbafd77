package timeline

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/strata-go/strata/hooks"
)

// Slack returns how much longer the unit's start might have taken before the start of the
// application had: 0 if the unit is critical. Construction, and what was waited for beside
// units, is taken as it was.
//
// The error says that there is no such unit, or that the start was not completed: then
// nobody knows.
func (t *Timeline) Slack(unit string) (time.Duration, error) {
	m, err := t.model()
	if err != nil {
		return 0, err
	}
	i, ok := m.places[unit]
	if !ok {
		return 0, noUnit(unit)
	}
	return m.slacks()[i], nil
}

// WhatIf returns how long the start would have taken, as [Timeline.Took], if the unit's
// start had taken that long, by the application's schedule. Construction, and what was
// waited for beside units, is taken as it was. No start takes longer than the longest
// duration.
//
// The error says that there is no such unit, that the duration is negative, or that the
// start was not completed.
func (t *Timeline) WhatIf(unit string, took time.Duration) (time.Duration, error) {
	if took < 0 {
		return 0, fmt.Errorf("timeline: %s took %v, want no less than 0", unit, took)
	}
	m, err := t.model()
	if err != nil {
		return 0, err
	}
	i, ok := m.places[unit]
	if !ok {
		return 0, noUnit(unit)
	}
	m.vertices[i].took = min(took, math.MaxInt64-t.Took()) // the total may not be longer
	return m.beside + latest(m.ready()), nil
}

func noUnit(name string) error { return fmt.Errorf("timeline: there is no unit %q", name) }

var errNotStarted = errors.New("timeline: the start was not completed")

// model is a start that can be had again with other durations. Its vertices are the units,
// and by layer a barrier before each layer but the first, as those of the application are.
type model struct {
	vertices []vertex
	places   map[string]int // of the units
	order    []int          // each vertex after what it waits for
	beside   time.Duration  // what the start took before the first unit and after the last
}

type vertex struct {
	waitsFor []int
	delay    time.Duration // from when all it waits for was ready until it was started
	took     time.Duration // from then until it was ready
}

// model returns the start, with times from [Timeline.Starting] on.
func (t *Timeline) model() (*model, error) {
	if t.Ready.IsZero() || t.Starting.IsZero() {
		return nil, errNotStarted
	}
	m := &model{vertices: make([]vertex, len(t.Units)), places: make(map[string]int)}
	for i, u := range t.Units {
		m.places[u.Name] = i
	}
	m.connect(t)

	// In this order, the delays and times of what is waited for are set already.
	ready := make([]time.Duration, len(m.vertices))
	for _, i := range m.order {
		v := &m.vertices[i]
		awaited := v.awaited(ready)
		ready[i] = awaited
		if i < len(t.Units) && !t.Units[i].Starting.IsZero() && !t.Units[i].Ready.IsZero() {
			u := &t.Units[i]
			v.delay, v.took = u.Starting.Sub(t.Starting)-awaited, u.Ready.Sub(u.Starting)
			ready[i] = u.Ready.Sub(t.Starting)
		}
	}
	m.beside = t.Took() - latest(ready)
	return m, nil
}

// connect sets what waits for what. It is the rule of package criticalchain.
func (m *model) connect(t *Timeline) {
	byLayer := t.Schedule == hooks.ByLayer
	barrier := -1
	for _, layer := range t.layers() {
		for _, i := range layer {
			v := &m.vertices[i]
			if barrier >= 0 {
				v.waitsFor = append(v.waitsFor, barrier)
			}
			for _, name := range t.Units[i].DependsOn {
				if d, ok := m.places[name]; ok && (!byLayer || t.Units[d].Layer == t.Units[i].Layer) {
					v.waitsFor = append(v.waitsFor, d)
				}
			}
		}
		if byLayer {
			barrier = len(m.vertices)
			m.vertices = append(m.vertices, vertex{waitsFor: layer})
		}
	}
	visited := make([]bool, len(m.vertices))
	var visit func(i int)
	visit = func(i int) {
		if visited[i] { // also on a cycle, which no real start has
			return
		}
		visited[i] = true
		for _, d := range m.vertices[i].waitsFor {
			visit(d)
		}
		m.order = append(m.order, i)
	}
	for i := range m.vertices {
		visit(i)
	}
}

// ready returns when each vertex is.
func (m *model) ready() []time.Duration {
	ready := make([]time.Duration, len(m.vertices))
	for _, i := range m.order {
		v := &m.vertices[i]
		ready[i] = v.awaited(ready) + v.delay + v.took
	}
	return ready
}

// slacks returns, for each vertex, how much later it might be ready and the last none.
func (m *model) slacks() []time.Duration {
	ready := m.ready()
	end := latest(ready)
	latestReady := make([]time.Duration, len(m.vertices))
	for i := range latestReady {
		latestReady[i] = end
	}
	slacks := make([]time.Duration, len(m.vertices))
	for k := len(m.order) - 1; k >= 0; k-- {
		i := m.order[k]
		v := &m.vertices[i]
		slacks[i] = max(latestReady[i]-ready[i], 0)
		for _, d := range v.waitsFor {
			latestReady[d] = min(latestReady[d], latestReady[i]-v.took-v.delay)
		}
	}
	return slacks
}

// awaited is when all that the vertex waits for is ready.
func (v *vertex) awaited(ready []time.Duration) time.Duration {
	awaited := time.Duration(0)
	for _, d := range v.waitsFor {
		awaited = max(awaited, ready[d])
	}
	return awaited
}

func latest(ready []time.Duration) time.Duration {
	last := time.Duration(0)
	for _, r := range ready {
		last = max(last, r)
	}
	return last
}
