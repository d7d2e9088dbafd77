package timeline

import (
	"encoding/json"
	"fmt"

	"github.com/strata-go/strata/hooks"
)

// version is that of the format that is written.
const version = 1

// plain is a Timeline without its methods.
type plain Timeline

// saved is how a Timeline is saved.
type saved struct {
	Version  int    `json:"version"`
	Schedule string `json:"schedule"`
	*plain
}

// MarshalJSON returns the timeline as JSON, from which [Timeline.UnmarshalJSON] makes an
// equal one. Times are in UTC, to the nanosecond.
func (t Timeline) MarshalJSON() ([]byte, error) {
	return json.Marshal(saved{version, t.Schedule.String(), (*plain)(&t)})
}

// UnmarshalJSON replaces the timeline by one that was saved. The error says what is wrong
// with the JSON; a version that is not known is one. The timeline is as it was then.
func (t *Timeline) UnmarshalJSON(data []byte) error {
	s := saved{plain: new(plain)}
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	if s.Version != version {
		return fmt.Errorf("timeline: version %d of the format, want %d", s.Version, version)
	}
	switch s.Schedule {
	case hooks.ByLayer.String():
		s.plain.Schedule = hooks.ByLayer
	case hooks.ByDependency.String():
		s.plain.Schedule = hooks.ByDependency
	default:
		return fmt.Errorf("timeline: schedule %q, want %q or %q", s.Schedule, hooks.ByLayer, hooks.ByDependency)
	}
	*t = Timeline(*s.plain)
	return nil
}
