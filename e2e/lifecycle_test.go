package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// docs/lifecycle.md says what happens when an app ends, in each way that there is. It is tried on a real program, on both
// schedules.
func TestAppsEndAsTheTablesSay(t *testing.T) {
	const document = "../docs/lifecycle.md"
	path, err := buildIn(".", "ends")
	if err != nil {
		t.Fatal(err)
	}
	rows := readTables(t, document)
	for way := range scenarios {
		if _, ok := rows[way]; !ok {
			t.Errorf("%s has no row %s", document, way)
		}
	}
	for way, r := range rows {
		s, ok := scenarios[way]
		if !ok {
			t.Errorf("nothing tries row %s of %s", way, document)
			continue
		}
		for _, schedule := range []string{"layer", "dependency"} {
			t.Run(way+"/"+schedule, func(t *testing.T) {
				t.Parallel()
				p := start(t, path, append(strings.Fields(s.flags), "-schedule="+schedule)...)
				if s.act != nil {
					s.act(p)
				}
				end := p.end()
				r.check(t, p.log.lines(), end)
			})
		}
	}
}

// check checks that a program did what the row says.
func (r row) check(t *testing.T, lines []line, end string) {
	t.Helper()
	if last := lines[len(lines)-1]; last["msg"] == "returned nil" {
		end = "nil"
	} else if last["msg"] == "returned" && last["error"] != nil {
		end = "error"
	}
	if end != r.exit {
		t.Errorf("exit: %s, want %s", end, r.exit)
	}
	story := tell(lines)
	for unit, want := range r.outcomes {
		if got := story.outcome(unit); got != want {
			t.Errorf("%s: %s, want %s", unit, got, want)
		}
	}
	story.checkOrder(t)
	r.checkLog(t, ending(lines))
}

// ending returns the lines that tell of the end. With several units of which the same is told in a row, the first of those
// is enough. What is left out is of level debug, as the default log does, or told of what was slow.
func ending(lines []line) []line {
	var told []line
	for _, l := range lines {
		slow := l["level"] == "info" && !strings.HasPrefix(fmt.Sprint(l["msg"]), "app ") && l["msg"] != "draining"
		began := l["msg"] == "app starting" || l["msg"] == "app started"
		again := len(told) > 0 && told[len(told)-1]["msg"] == l["msg"]
		if l["level"] != "debug" && !slow && !began && !again {
			told = append(told, l)
		}
	}
	return told
}

func (r row) checkLog(t *testing.T, lines []line) {
	t.Helper()
	messages := func() (all []string) {
		for _, l := range lines {
			all = append(all, fmt.Sprint(l["msg"]))
		}
		return all
	}()
	var want []string
	for _, l := range r.log {
		want = append(want, l.message)
	}
	if !slices.Equal(messages, want) {
		t.Errorf("logged: %q, want %q", messages, want)
		return
	}
	for i, l := range r.log {
		if err := l.describes(lines[i]); err != nil {
			t.Error(err)
		}
	}
}
