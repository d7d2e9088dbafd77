package inspect

import "time"

// body is what state.json has, and a snapshot of the stream. The names of its fields are
// documented in the package, and stay.
type body struct {
	Instance string     `json:"instance"`
	Version  uint64     `json:"version"`
	Now      time.Time  `json:"now"`
	App      appBody    `json:"app"`
	Units    []unitBody `json:"units"`
}

type appBody struct {
	Program      string        `json:"program"`
	State        appState      `json:"state"`
	Since        time.Time     `json:"since,omitzero"`
	Reason       string        `json:"reason,omitempty"`
	Error        string        `json:"error,omitempty"`
	StartSeconds float64       `json:"start_seconds,omitzero"`
	Schedule     string        `json:"schedule,omitempty"`
	Layers       int           `json:"layers"`
	Pending      []pendingBody `json:"pending,omitempty"`
	Stuck        []stuckBody   `json:"stuck,omitempty"`
	Unused       []string      `json:"unused,omitempty"`
	Warnings     []string      `json:"warnings,omitempty"`
	Mistakes     []string      `json:"mistakes,omitempty"`
}

// pendingBody is what the start or the stop waits for, when it has for long.
type pendingBody struct {
	Name    string   `json:"name"`
	Seconds float64  `json:"seconds"`
	Holds   []string `json:"holds,omitempty"`
}

// stuckBody is what was given up: a unit, or a constructor.
type stuckBody struct {
	Name    string  `json:"name"`
	Phase   string  `json:"phase"`
	Seconds float64 `json:"seconds"`
	Stack   string  `json:"stack,omitempty"`
}

type unitBody struct {
	ID           int              `json:"id"`
	Name         string           `json:"name"`
	Type         string           `json:"type,omitempty"`
	Constructor  string           `json:"constructor"`
	Layer        int              `json:"layer"`
	DependsOn    []dependencyBody `json:"depends_on"`
	Dependents   []string         `json:"dependents"`
	State        unitState        `json:"state"`
	Since        time.Time        `json:"since,omitzero"`
	StartSeconds float64          `json:"start_seconds,omitzero"`
	StopSeconds  float64          `json:"stop_seconds,omitzero"`
	Critical     bool             `json:"critical,omitempty"`
	Late         bool             `json:"late,omitempty"`
	Stuck        bool             `json:"stuck,omitempty"`
	Forced       bool             `json:"forced,omitempty"`
	Error        string           `json:"error,omitempty"`
	Stack        string           `json:"stack,omitempty"`
	ReportCount  int              `json:"report_count,omitzero"`
	Reports      []reportBody     `json:"reports,omitempty"`
}

type dependencyBody struct {
	Name string `json:"name"`
	Why  string `json:"why,omitempty"`
}

type reportBody struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}
