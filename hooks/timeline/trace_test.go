package timeline_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// TestTheTraceIsInTheFormat checks what the trace event format wants of each event.
func TestTheTraceIsInTheFormat(t *testing.T) {
	for name, line := range pictures(t) {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := line.WriteTrace(&b); err != nil {
				t.Fatal(err)
			}
			var trace struct {
				TraceEvents     []map[string]any `json:"traceEvents"`
				DisplayTimeUnit string           `json:"displayTimeUnit"`
			}
			if err := json.Unmarshal(b.Bytes(), &trace); err != nil {
				t.Fatal(err)
			}
			if trace.DisplayTimeUnit != "ms" {
				t.Errorf("displayTimeUnit is %q", trace.DisplayTimeUnit)
			}
			for _, e := range trace.TraceEvents {
				text, number := func(key string) string { s, _ := e[key].(string); return s }, func(key string) float64 {
					n, ok := e[key].(float64)
					if !ok {
						t.Errorf("%s is %v in %v", key, e[key], e)
					}
					return n
				}
				if text("name") == "" || number("pid") != 1 || number("tid") < 0 {
					t.Errorf("event %v", e)
				}
				switch ph := text("ph"); ph {
				case "X":
					if number("ts") < 0 || number("dur") < 0 {
						t.Errorf("slice %v", e)
					}
				case "i":
					if number("ts") < 0 || text("s") != "t" {
						t.Errorf("mark %v", e)
					}
				case "M":
					if names := []string{"process_name", "thread_name", "thread_sort_index"}; !slices.Contains(names, text("name")) || e["args"] == nil {
						t.Errorf("metadata %v", e)
					}
				default:
					t.Errorf("phase %q of %v", ph, e)
				}
			}
		})
	}
}

func TestTheTraceTellsWhatHappened(t *testing.T) {
	var b bytes.Buffer
	if err := lives["a crash"].observed(t).WriteTrace(&b); err != nil {
		t.Fatal(err)
	}
	var trace struct {
		TraceEvents []struct {
			Name, Ph string
			Tid      int
			Ts, Dur  float64
			Args     map[string]any
		}
	}
	if err := json.Unmarshal(b.Bytes(), &trace); err != nil {
		t.Fatal(err)
	}
	rows := make(map[int]string)
	type slice struct {
		row, name string
		from, to  time.Duration
	}
	var got []slice
	for _, e := range trace.TraceEvents {
		if e.Name == "thread_name" {
			rows[e.Tid], _ = e.Args["name"].(string)
		}
		if e.Ph == "X" && rows[e.Tid] != "constructors" {
			from := time.Duration(e.Ts) * time.Microsecond
			got = append(got, slice{rows[e.Tid], e.Name, from, from + time.Duration(e.Dur)*time.Microsecond})
		}
	}
	s := time.Second
	want := []slice{
		{"application", "construction", 0, s}, {"application", "start", s, 4 * s}, {"application", "run", 4 * s, 23 * s}, {"application", "stop", 23 * s, 26 * s},
		{"critical chain", "construction", 0, s}, {"critical chain", "store", s, 3 * s}, {"critical chain", "mailer", 3 * s, 4 * s},
		{"store", "start", s, 3 * s}, {"store", "run", 3 * s, 25 * s}, {"store", "stop", 25 * s, 26 * s},
		{"api", "start", 3 * s, 3 * s}, {"api", "run", 3 * s, 23 * s}, {"api", "stop", 23 * s, 23 * s},
		{"mailer", "start", 3 * s, 4 * s}, {"mailer", "run", 4 * s, 23 * s}, {"mailer", "stop", 23 * s, 25 * s},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}
