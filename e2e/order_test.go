package e2e

import (
	"fmt"
	"slices"
	"testing"
)

// story is what a log, at level debug, tells of the units of a program.
type story struct {
	units     []string // in the order in which they were started
	dependsOn map[string][]string
	at        map[string]map[string]int // the place of a message about a unit
	stopped   map[string]line           // the line that tells of the end of a unit
}

func tell(lines []line) *story {
	s := &story{dependsOn: make(map[string][]string), at: make(map[string]map[string]int), stopped: make(map[string]line)}
	for i, l := range lines {
		message, _ := l["msg"].(string)
		unit, ok := l["unit"].(string)
		if !ok {
			continue
		}
		if s.at[message] == nil {
			s.at[message] = make(map[string]int)
		}
		s.at[message][unit] = i
		switch message {
		case "unit starting":
			s.units = append(s.units, unit)
			needed, _ := l["depends_on"].([]any)
			for _, n := range needed {
				s.dependsOn[unit] = append(s.dependsOn[unit], fmt.Sprint(n))
			}
		case "unit stopped":
			s.stopped[unit] = l
		}
	}
	return s
}

// outcome returns, in the words of docs/lifecycle.md, what happened to a unit.
func (s *story) outcome(unit string) string {
	stopped, ended := s.stopped[unit]
	switch {
	case !slices.Contains(s.units, unit) && !ended:
		return "–"
	case !ended:
		return "stuck"
	case stopped["forced"] == true:
		return "forced"
	case stopped["error"] != nil:
		return "fails"
	case !slices.Contains(s.units, unit) && s.is("unit stopping", unit): // it has only a stop
		return "stops"
	case !s.is("unit started", unit):
		return "given up"
	case s.is("unit ended", unit):
		return "ends"
	case s.is("unit stopping", unit):
		return "stops"
	}
	return "?"
}

func (s *story) is(message, unit string) bool {
	_, ok := s.at[message][unit]
	return ok
}

// checkOrder checks that each unit was started when what it needs had started, and that it was asked to stop when all that
// need it, and were started, had ended. Only what is forced is not asked in turn.
func (s *story) checkOrder(t *testing.T) {
	t.Helper()
	for _, unit := range s.units {
		for _, needed := range s.dependsOn[unit] {
			up, ok := s.at["unit started"][needed]
			if !ok || up > s.at["unit starting"][unit] {
				t.Errorf("%s was started before %s had started", unit, needed)
			}
			asked, ok := s.at["unit stopping"][needed]
			if !ok || s.stopped[needed]["forced"] == true {
				continue
			}
			if ended, ok := s.at["unit stopped"][unit]; !ok || ended > asked {
				t.Errorf("%s was asked to stop before %s had ended", needed, unit)
			}
		}
	}
}
