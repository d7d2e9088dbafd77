package timeline

import (
	"time"

	"github.com/strata-go/strata/hooks"
)

// Duration is how long something took.
type Duration struct {
	// Name is a unit's, or a constructor's with its place: "shop.NewServer (server.go:42)".
	Name string
	// Phase is what took that long.
	Phase hooks.Phase
	// Took is how long.
	Took time.Duration
	// Pending is whether it was not over when the snapshot was taken: then Took is how
	// long it had taken so far.
	Pending bool
}

// Blame returns who took longest, the longest first. Without phases it is about the start:
// each call of a constructor, and each unit from when it was started until it was ready.
// With phases it is about these, like [hooks.PhaseStop]: each unit from when it was asked to
// stop until it had ended. What was not begun is left out.
//
// That something took long does not mean that the start did: see [Timeline.CriticalChain].
func (t *Timeline) Blame(phases ...hooks.Phase) []Duration { return nil }
