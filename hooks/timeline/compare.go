package timeline

import (
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

// Compare returns what changed from one start to another, the greatest change of time
// first. What took the same time is left out, and what was not completed in a start in
// which it is there.
func Compare(before, after *Timeline) []Change { return nil }
