package hooks

import "fmt"

// Plan is what an application starts, and in which order. It stops in the reverse.
type Plan struct {
	// Schedule is when a unit may start.
	Schedule Schedule
	// Layers are the units, by layer: each waits for units of lower layers only, or of the same constructor.
	Layers [][]Unit
	// Unused are the constructors that nothing asks for, and that are therefore not called.
	Unused []string
	// Warnings are what the reader should know, in sentences.
	Warnings []string
	// Chains are why units wait for others, one for each name in DependsOn, in the order of the plan: see [Plan.Explain].
	// Only who asks an application for its plan is told them; the plan of an event has none.
	Chains []Chain
}

// Unit is one thing that starts and stops: a value that runs, or a hook.
type Unit struct {
	// Name is unique in the application and the same from one start to the next.
	Name string
	// Type is the Go type of the value, empty for a hook.
	Type string
	// Constructor is the function that the unit comes from, like "shop.NewServer (server.go:42)".
	Constructor string
	// DependsOn are the names of the units that have to be running before this one may start.
	DependsOn []string
}

// Schedule is the rule by which units start.
type Schedule int

const (
	ByLayer      Schedule = iota // a layer starts when all units of the layer before are ready
	ByDependency                 // a unit starts when the units that it depends on are ready
)

// String returns "by layer" or "by dependency".
func (s Schedule) String() string {
	switch s {
	case ByLayer:
		return "by layer"
	case ByDependency:
		return "by dependency"
	}
	return fmt.Sprintf("Schedule(%d)", int(s))
}
