package timeline_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/strata-go/strata/hooks/timeline"
)

// failer is a test, of whatever kind.
type failer interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// checkChain checks that the chain is one, and as long as the start.
func checkChain(t failer, line *timeline.Timeline, took time.Duration) {
	if line.Took() != took {
		t.Errorf("the timeline took %v, the start %v\n%v", line.Took(), took, line)
	}
	var sum time.Duration
	at := line.Began
	for _, s := range line.CriticalChain() {
		if !s.Began.Equal(at) || s.Took < 0 {
			t.Errorf("%s begins %v after the step before, and takes %v\n%v", s.Name, s.Began.Sub(at), s.Took, line)
		}
		sum += s.Took
		at = at.Add(s.Took)
	}
	if sum != took {
		t.Errorf("the chain is %v long, the start took %v\n%v", sum, took, line)
	}
}

func TestTheCriticalChainAddsUpToTheStart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		line, took, err := drawService(rt).started(t)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		checkChain(rt, line, took)
		for i, s := range line.CriticalChain() {
			if s.Unit == "" { // here, nothing else takes time
				if i > 0 || s.Name != "construction" {
					rt.Errorf("nobody is to blame for step %d, %s of %v\n%v", i, s.Name, s.Took, line)
				}
				continue
			}
			if slack, err := line.Slack(s.Unit); slack != 0 || err != nil {
				rt.Errorf("%s is critical, and has a slack of %v (%v)\n%v", s.Unit, slack, err, line)
			}
			if was, _ := line.WhatIf(s.Unit, s.Took); was != took {
				rt.Errorf("if %s took the %v that it did, the start would take %v and not %v\n%v", s.Unit, s.Took, was, took, line)
			}
		}
	})
}

func TestTheCriticalChainOfLokiAddsUpToTheStart(t *testing.T) {
	everyLoki(t, func(t *testing.T, s service) {
		line, took, err := s.started(t)
		if err != nil {
			t.Fatal(err)
		}
		checkChain(t, line, took)
		if len(line.Units) != 51 || len(line.Constructors) != 51 {
			t.Errorf("it has %d units and %d constructors, want 51 of each", len(line.Units), len(line.Constructors))
		}
	})
}

func TestWhatIfIsWhatHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawService(rt)
		unit := rapid.SampledFrom(s.units()).Draw(rt, "unit")
		d := time.Duration(rapid.IntRange(0, 100).Draw(rt, "if it took")) * time.Millisecond
		line, _, err := s.started(t)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		_, took, err := s.with(unit, d).started(t)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		if guess, err := line.WhatIf(unit, d); guess != took || err != nil {
			rt.Errorf("%v: if %s took %v: %v (%v), and it is %v", s.schedule, unit, d, guess, err, took)
		}
	})
}

func TestWhatIfOfLokiIsWhatHappens(t *testing.T) {
	everyLoki(t, func(t *testing.T, s service) {
		line, _, err := s.started(t)
		if err != nil {
			t.Fatal(err)
		}
		for i, unit := range s.units() {
			d := time.Duration(i*37%200) * time.Millisecond
			_, took, err := s.with(unit, d).started(t)
			if err != nil {
				t.Fatal(err)
			}
			if guess, err := line.WhatIf(unit, d); guess != took || err != nil {
				t.Errorf("if %s took %v: %v (%v), and it is %v", unit, d, guess, err, took)
			}
		}
	})
}

// checkSlack has a unit start as much later as it may, and a millisecond more.
func checkSlack(t *testing.T, f failer, s service, line *timeline.Timeline, unit string, was, took time.Duration) {
	slack, err := line.Slack(unit)
	if err != nil {
		f.Fatalf("%v", err)
	}
	for _, c := range []struct{ later, want time.Duration }{{slack, took}, {slack + time.Millisecond, took + time.Millisecond}} {
		_, got, err := s.with(unit, was+c.later).started(t)
		if err != nil {
			f.Fatalf("%v", err)
		}
		if got != c.want {
			f.Errorf("%v: %s has a slack of %v; %v later, the start takes %v, want %v\n%v", s.schedule, unit, slack, c.later, got, c.want, line)
		}
	}
}

func TestAUnitMayTakeItsSlackLonger(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawService(rt)
		line, took, err := s.started(t)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		u := line.Units[rapid.IntRange(0, len(line.Units)-1).Draw(rt, "unit")]
		checkSlack(t, rt, s, line, u.Name, u.Ready.Sub(u.Starting), took)
	})
}

func TestAModuleOfLokiMayTakeItsSlackLonger(t *testing.T) {
	everyLoki(t, func(t *testing.T, s service) {
		line, took, err := s.started(t)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range line.Units {
			checkSlack(t, t, s, line, u.Name, u.Ready.Sub(u.Starting), took)
		}
	})
}

func TestConstructionIsTheFirstStep(t *testing.T) {
	s := service{modules: []module{
		{name: "store", construct: 2 * time.Second, hook: -1, start: 3 * time.Second},
		{name: "api", needs: []string{"store"}, construct: time.Second, hook: -1, start: time.Second},
		{name: "mail", construct: time.Second, hook: -1, start: time.Second},
	}}
	line, took, err := s.started(t)
	if err != nil {
		t.Fatal(err)
	}
	checkChain(t, line, took)
	want := `started in 8s: 4s construction, 4s start (3 units, by layer)
  4s  construction
  3s  store
  1s  api
`
	if got := fmt.Sprint(line); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
