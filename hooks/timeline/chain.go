package timeline

import "time"

// Step is a part of the critical chain.
type Step struct {
	// Name says what took the time: "construction", the name of a unit that was starting,
	// or what was waited for.
	Name string
	// Unit is the unit's name, empty if it is not the start of one.
	Unit string
	// Began is when the step did: each begins when the one before ended.
	Began time.Time
	// Took is how long it took.
	Took time.Duration
}

// CriticalChain returns the chain of steps that decided how long the start took, the first
// first. The steps follow each other without a gap, and their sum is [Timeline.Took],
// exactly.
//
// The first is "construction": all of it, since constructors are called one after the other;
// [Timeline.Blame] tells which took how long. Then come the units of
// [hooks.CriticalChain]. Where a millisecond or more passed between two of them, that is a
// step of its own, which says what was waited for; less counts for the unit that follows.
//
// Of a start that failed, the chain leads to the unit that failed, of one that is under
// way or was given up, to the pending unit that was started last.
func (t *Timeline) CriticalChain() []Step { return nil }

// Slack returns how much longer the unit's start might have taken before the start of the
// application had: 0 if the unit is critical. Construction and what was waited for beside
// units is taken as it was.
//
// The error says that there is no such unit, or that the start was not completed: then
// nobody knows.
func (t *Timeline) Slack(unit string) (time.Duration, error) { return 0, nil }

// WhatIf returns how long the start would have taken, as [Timeline.Took], if the unit's
// start had taken that long, by the application's schedule. Construction and what was waited
// for beside units is taken as it was.
//
// The error says that there is no such unit, that the duration is negative, or that the
// start was not completed.
func (t *Timeline) WhatIf(unit string, took time.Duration) (time.Duration, error) { return 0, nil }
