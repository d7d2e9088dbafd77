package timeline

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/strata-go/strata/hooks"
)

// WriteTrace writes the timeline in the trace event format of Chrome, as JSON: for
// https://ui.perfetto.dev, which opens such a file without sending it anywhere, and
// chrome://tracing.
//
// The application, its constructors, its critical chain and each unit are a row each, in
// which phases are slices, and failures and reports are marks. Times count from the
// first that is known. What was not over when the snapshot was taken ends with that. The
// error is that of w.
func (t *Timeline) WriteTrace(w io.Writer) error {
	tr := &trace{origin: t.origin()}
	tr.meta("process_name", 0, map[string]any{"name": "application"})

	tr.row("application")
	for _, p := range t.phases() {
		tr.slice(p.name, "app", p.from, p.to, nil)
	}
	if t.Err != "" {
		tr.mark("ended: "+t.Err, t.end())
	}
	tr.row("critical chain")
	for _, s := range t.CriticalChain() {
		tr.slice(s.Name, "critical", s.Began, s.Began.Add(s.Took), nil)
	}
	tr.row("constructors")
	for _, c := range t.Constructors {
		tr.slice(c.Name, "construct", c.Began, c.Ended, args("location", c.Location, "scope", c.Scope, "error", c.Err))
	}
	for i := range t.Units {
		u := &t.Units[i]
		tr.row(u.Name)
		about := args("unit", u.Name, "constructor", u.Constructor, "state", string(u.State), "error", u.Err)
		for _, phase := range []hooks.Phase{hooks.PhaseStart, hooks.PhaseRun, hooks.PhaseStop} {
			if s := u.span(phase, t.end()); !s.from.IsZero() {
				tr.slice(phase.String(), phase.String(), s.from, s.to, about)
			}
		}
		if !u.Failed.IsZero() {
			tr.mark("failed: "+u.Err, u.Failed)
		}
		for _, r := range u.Reports {
			tr.mark(r.Text, r.At)
		}
	}
	return json.NewEncoder(w).Encode(map[string]any{"traceEvents": tr.events, "displayTimeUnit": "ms"})
}

// trace is a trace in the making.
type trace struct {
	origin time.Time
	events []traceEvent
	thread int // the row that events are added to
}

// traceEvent is an event of the format. Times are in microseconds.
type traceEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"`
	Time     float64        `json:"ts"`
	Duration *float64       `json:"dur,omitempty"`
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	Scope    string         `json:"s,omitempty"`
	Args     map[string]any `json:"args,omitempty"`
}

// row begins the next row.
func (tr *trace) row(name string) {
	tr.thread++
	tr.meta("thread_name", tr.thread, map[string]any{"name": name})
	tr.meta("thread_sort_index", tr.thread, map[string]any{"sort_index": tr.thread})
}

func (tr *trace) meta(name string, thread int, args map[string]any) {
	tr.events = append(tr.events, traceEvent{Name: name, Phase: "M", Process: 1, Thread: thread, Args: args})
}

func (tr *trace) slice(name, category string, from, to time.Time, args map[string]any) {
	duration := micros(max(to.Sub(from), 0))
	tr.events = append(tr.events, traceEvent{
		Name: name, Category: category, Phase: "X", Time: micros(from.Sub(tr.origin)), Duration: &duration,
		Process: 1, Thread: tr.thread, Args: args,
	})
}

// mark adds an instant event, on its row alone.
func (tr *trace) mark(name string, at time.Time) {
	tr.events = append(tr.events, traceEvent{
		Name: name, Category: "mark", Phase: "i", Time: micros(at.Sub(tr.origin)), Process: 1, Thread: tr.thread, Scope: "t",
	})
}

func micros(d time.Duration) float64 { return float64(d) / 1000 }

// args returns the keys that have a value.
func args(pairs ...string) map[string]any {
	m := make(map[string]any)
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			m[pair[0]] = pair[1]
		}
	}
	return m
}

// phase is a part of the application's life.
type phase struct {
	name     string
	from, to time.Time
}

// phases returns the parts of the application's life, in their order.
func (t *Timeline) phases() []phase {
	var all []phase
	add := func(name string, from time.Time, to ...time.Time) {
		if end := first(append(to, t.end())...); !from.IsZero() && end.After(from) {
			all = append(all, phase{name, from, end})
		}
	}
	add("construction", t.Began, t.Built, t.Starting, t.Stopping)
	add("start", t.Starting, t.Ready, t.Stopping)
	add("run", t.Ready, t.Stopping)
	add("stop", t.Stopping)
	return all
}

// origin is the first time that is known.
func (t *Timeline) origin() time.Time {
	origin := first(t.Began, t.Starting, t.Stopping, t.end())
	for _, c := range t.Constructors {
		if c.Began.Before(origin) {
			origin = c.Began
		}
	}
	return origin
}
