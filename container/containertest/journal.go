package containertest

import (
	"context"
	"fmt"
	"sync"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// journal notes what the units of a run do, at the units, and finds what they should
// not have done.
type journal struct {
	mu       sync.Mutex // guards what follows
	units    map[string]*entry
	names    []string // of units, in the order of registration
	findings []string
}

// entry is a unit in the journal.
type entry struct {
	hooks.Unit
	dependents     []*entry
	started, ready bool
	ended          bool
}

// add has the journal know a unit.
func (j *journal) add(u hooks.Unit) *entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.units == nil {
		j.units = make(map[string]*entry)
	}
	e := &entry{Unit: u}
	j.units[u.Name] = e
	j.names = append(j.names, u.Name)
	return e
}

// watch returns r with its doings noted.
func (j *journal) watch(e *entry, r process.Runner) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		j.start(e)
		defer j.end(e)
		return r.Run(ctx, func(inner context.Context) error {
			j.becomeReady(e)
			defer func() { j.stop(e, ctx.Err() != nil) }()
			return callback(inner)
		})
	})
}

func (j *journal) start(e *entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.started = true
	for _, name := range e.DependsOn {
		d := j.units[name]
		if d == nil {
			continue
		}
		d.dependents = append(d.dependents, e)
		if !d.ready {
			j.find("%s started before %s was ready, which it depends on", e.Name, name)
		}
	}
}

func (j *journal) becomeReady(e *entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.ready = true
}

// stop notes that a unit is asked to stop: after all that depend on it, unless all
// are forced at once.
func (j *journal) stop(e *entry, forced bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if forced {
		return
	}
	seen := make(map[*entry]bool)
	var visit func(of *entry)
	visit = func(of *entry) {
		for _, d := range of.dependents {
			if seen[d] {
				continue
			}
			seen[d] = true
			if !d.ended {
				j.find("%s was asked to stop while %s ran, which depends on it", e.Name, d.Name)
			}
			visit(d)
		}
	}
	visit(e)
}

func (j *journal) end(e *entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.ended = true
}

// close returns what was found, now that the app has ended.
func (j *journal) close() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, name := range j.names {
		if e := j.units[name]; e.started && !e.ended {
			j.find("%s still runs", name)
		}
	}
	return j.findings
}

// find is called with the mutex held.
func (j *journal) find(format string, args ...any) {
	j.findings = append(j.findings, fmt.Sprintf(format, args...))
}
