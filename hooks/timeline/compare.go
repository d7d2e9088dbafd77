package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/strata-go/strata/hooks"
)

// Change is what became of a unit or a constructor from one start to another.
type Change struct {
	// Kind is what it became.
	Kind ChangeKind
	// Name is the unit's, or the constructor's without its place, which moves.
	Name string
	// Phase is [hooks.PhaseStart] for a unit, [hooks.PhaseConstruct] for a constructor.
	Phase hooks.Phase
	// Before and After are how long it took, 0 where it was not there.
	Before, After time.Duration
}

// ChangeKind is what became of a unit or a constructor.
type ChangeKind string

const (
	Slower ChangeKind = "slower"
	Faster ChangeKind = "faster"
	Came   ChangeKind = "came" // it was not there before
	Went   ChangeKind = "went" // it is not there any more
)

// String returns the change in a line: "slower: start *shop.Store 1.2s -> 4s".
func (c Change) String() string {
	name := oneLine(c.Name)
	switch c.Kind {
	case Came:
		return fmt.Sprintf("%s: %v %s %v", c.Kind, c.Phase, name, c.After)
	case Went:
		return fmt.Sprintf("%s: %v %s %v", c.Kind, c.Phase, name, c.Before)
	}
	return fmt.Sprintf("%s: %v %s %v -> %v", c.Kind, c.Phase, name, c.Before, c.After)
}

// Compare returns what changed from one start to another, the greatest change of time
// first. What took the same time is left out, and so is a unit that was not ready in a start
// in which it is there. The calls of one constructor count as one.
func Compare(before, after *Timeline) []Change {
	was, is := before.durations(), after.durations()
	var changes []Change
	for _, key := range was.order {
		b := was.of[key]
		a, there := is.of[key]
		switch {
		case !b.known || there && !a.known:
		case !there:
			changes = append(changes, Change{Went, key.name, key.phase, b.took, 0})
		case a.took > b.took:
			changes = append(changes, Change{Slower, key.name, key.phase, b.took, a.took})
		case a.took < b.took:
			changes = append(changes, Change{Faster, key.name, key.phase, b.took, a.took})
		}
	}
	for _, key := range is.order {
		if _, there := was.of[key]; !there && is.of[key].known {
			changes = append(changes, Change{Came, key.name, key.phase, 0, is.of[key].took})
		}
	}
	slices.SortStableFunc(changes, func(x, y Change) int {
		return cmp.Compare((y.After - y.Before).Abs(), (x.After - x.Before).Abs())
	})
	return changes
}

// durations are those of a start that can be compared.
type durations struct {
	order []part
	of    map[part]measured
}

type part struct {
	phase hooks.Phase
	name  string
}

type measured struct {
	took  time.Duration
	known bool
}

func (t *Timeline) durations() *durations {
	d := &durations{of: make(map[part]measured)}
	add := func(key part, took time.Duration, known bool) {
		m, there := d.of[key]
		if !there {
			d.order = append(d.order, key)
		}
		d.of[key] = measured{m.took + took, known && (m.known || !there)}
	}
	for _, c := range t.Constructors {
		add(part{hooks.PhaseConstruct, c.Name}, c.Ended.Sub(c.Began), true)
	}
	for _, u := range t.Units {
		ready := !u.Starting.IsZero() && !u.Ready.IsZero()
		took := time.Duration(0)
		if ready {
			took = u.Ready.Sub(u.Starting)
		}
		add(part{hooks.PhaseStart, u.Name}, took, ready)
	}
	return d
}
