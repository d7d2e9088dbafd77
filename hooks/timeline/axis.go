package timeline

import (
	"math"
	"time"
)

// axis maps times to places. It has up to four parts, each with a scale of its own: the
// start and the stop show what happened when, the run between them only that it was, and so
// does what comes before the start, if something was constructed then.
type axis struct {
	parts []axisPart
}

// axisPart is a part of the axis.
type axisPart struct {
	name     string
	from, to time.Time
	zero     time.Time // from where its ticks count
	x, width float64
	ticks    bool
}

// newAxis returns the axis of a timeline, from left on.
func newAxis(t *Timeline, left, width float64) *axis {
	const brief = 84
	a := &axis{}
	origin, started, end := t.origin(), t.startEnd(), t.end()
	began := first(t.Began, origin)
	if started.Before(began) {
		started = began
	}
	stops := !t.Stopping.IsZero()
	rest := width
	var before []axisPart
	if origin.Before(began) {
		rest -= brief
		before = []axisPart{{name: "setup " + short(began.Sub(origin)), from: origin, to: began, width: brief}}
	}
	if ran := first(t.Stopping, end); !t.Ready.IsZero() && ran.After(t.Ready) {
		rest -= brief
		a.parts = append(a.parts, axisPart{name: "ran " + short(ran.Sub(t.Ready)), from: t.Ready, to: ran, width: brief})
	}
	start := rest
	if stops {
		start = math.Round(rest * 0.7)
		a.parts = append(a.parts, axisPart{
			name: t.stopName(), from: t.Stopping, to: end, zero: t.Stopping, width: rest - start, ticks: true,
		})
	}
	a.parts = append(append(before, axisPart{
		name: "start " + short(t.Took()), from: began, to: started, zero: began, width: start, ticks: true,
	}), a.parts...)
	for i := range a.parts {
		a.parts[i].x = left
		left += a.parts[i].width
	}
	return a
}

// stopName says how long the stop took, and how much of it was a drain.
func (t *Timeline) stopName() string {
	name := "stop " + short(t.end().Sub(t.Stopping))
	if t.Draining.IsZero() {
		return name
	}
	drained := t.end()
	for i := range t.Units {
		u := &t.Units[i]
		if at := first(u.Failed, u.Stopping, u.Ended); at.After(t.Draining) && at.Before(drained) {
			drained = at
		}
	}
	return name + ", drained " + short(drained.Sub(t.Draining))
}

// x is where a time stands.
func (a *axis) x(at time.Time) float64 {
	last := a.parts[len(a.parts)-1]
	for _, p := range a.parts {
		if at.Before(p.to) || p == last {
			return p.place(at)
		}
	}
	return last.x
}

func (p *axisPart) place(at time.Time) float64 {
	span := p.to.Sub(p.from)
	if span <= 0 {
		return p.x
	}
	share := float64(at.Sub(p.from)) / float64(span)
	return p.x + p.width*min(max(share, 0), 1)
}

// tick is a mark on the axis.
type tick struct {
	x    float64
	name string
}

// marks returns the ticks of a part, far enough from each other and from its end for their
// names.
func (p *axisPart) marks() []tick {
	const apart = 70.0
	span := p.to.Sub(p.from)
	if !p.ticks || span <= 0 {
		return nil
	}
	step := niceStep(time.Duration(float64(span) * min(apart/p.width, 1)))
	first := p.from.Sub(p.zero) / step * step
	var all []tick
	for at := first; ; at += step {
		x := p.place(p.zero.Add(at))
		if p.zero.Add(at).After(p.to) || x > p.x+p.width-apart/2 {
			return all
		}
		if p.zero.Add(at).Before(p.from) {
			continue
		}
		name := short(at)
		if at == 0 {
			name = "0"
		}
		all = append(all, tick{x, name})
	}
}

// niceStep is the least round duration that is no less than d.
func niceStep(d time.Duration) time.Duration {
	for step := time.Duration(1); step < time.Second; step *= 10 {
		for _, n := range []time.Duration{1, 2, 5} {
			if n*step >= d {
				return n * step
			}
		}
	}
	for _, step := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
	} {
		if step >= d {
			return step
		}
	}
	step := time.Hour
	for step < d && step < math.MaxInt64/2 {
		step *= 2
	}
	return step
}
