package timeline_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/timeline"
)

// reloaded saves a timeline and loads it again.
func reloaded(t *testing.T, line *timeline.Timeline) *timeline.Timeline {
	t.Helper()
	data, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	again := new(timeline.Timeline)
	if err := json.Unmarshal(data, again); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return again
}

func TestWhatWasSavedIsLoaded(t *testing.T) {
	for name, line := range pictures(t) {
		t.Run(name, func(t *testing.T) {
			again := reloaded(t, line)
			if !reflect.DeepEqual(again, line) {
				t.Errorf("saved\n%+v\nloaded\n%+v", line, again)
			}
		})
	}
}

// A timeline is saved the same where it stands in a struct of somebody else.
func TestATimelineIsSavedByValue(t *testing.T) {
	line := lives["a good life"].observed(t)
	var before, after struct{ Start timeline.Timeline }
	before.Start = *line
	data, err := json.Marshal(before)
	if err == nil {
		err = json.Unmarshal(data, &after)
	}
	if err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%v: saved %s", err, data)
	}
}

// A real clock's readings have a monotonic part, which is not saved.
func TestWhatWasSavedIsExact(t *testing.T) {
	s := layered(20, container.ByLayer)
	for i := range s.modules {
		s.modules[i].construct, s.modules[i].start = 0, time.Duration(i)*10*time.Microsecond
	}
	recorder := timeline.New()
	if err := runUntilReady(s.app(container.WithObserver(recorder)), func() {}); err != nil {
		t.Fatal(err)
	}
	line := recorder.Timeline()
	again := reloaded(t, line)
	checkChain(t, again, line.Took())
	if !reflect.DeepEqual(again, line) {
		t.Errorf("saved\n%+v\nloaded\n%+v", line, again)
	}
}

func TestWhatCannotBeLoadedIsAnError(t *testing.T) {
	for data, want := range map[string]string{
		`{"version":2,"schedule":"by layer"}`: "version 2",
		`{}`:                                  "version 0",
		`{"version":1,"schedule":"at night"}`: `schedule "at night"`,
		`{"version":1,"schedule":"by layer","units":{}}`: "cannot unmarshal",
		`[]`: "cannot unmarshal",
		`{"version":1,"schedule":"by layer","ready":"noon"}`: "noon",
	} {
		line := &timeline.Timeline{Why: "as it was"}
		err := json.Unmarshal([]byte(data), line)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want it to say %s", data, err, want)
		}
		if line.Why != "as it was" {
			t.Errorf("%s: the timeline was changed", data)
		}
	}
}

func TestCompareTellsWhatChanged(t *testing.T) {
	ms := time.Millisecond
	was := service{modules: []module{
		{name: "store", construct: 5 * ms, hook: -1, start: 20 * ms},
		{name: "queue", hook: -1, start: 30 * ms},
		{name: "mail", hook: -1, start: 3 * ms},
		{name: "same", hook: -1, start: 9 * ms},
	}}
	is := service{modules: slices.Clone(was.modules)}
	is.modules[0].construct, is.modules[0].start = 6*ms, 70*ms
	is.modules[1].start = 10 * ms
	is.modules[2] = module{name: "cache", hook: -1, start: 4 * ms}
	before, _, err := was.started(t)
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := is.started(t)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range timeline.Compare(reloaded(t, before), after) {
		if c.Phase == hooks.PhaseConstruct { // all modules have one constructor
			c.Name = "newModule"
		}
		got = append(got, fmt.Sprint(c))
	}
	want := []string{
		"slower: start store 20ms -> 70ms",
		"faster: start queue 30ms -> 10ms",
		"came: start cache 4ms",
		"went: start mail 3ms",
		"slower: construct newModule 5ms -> 6ms",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if same := timeline.Compare(before, before); len(same) > 0 {
		t.Errorf("from a start to itself: %v", same)
	}
}

func TestCompareLeavesOutWhatDidNotStart(t *testing.T) {
	good := lives["a good life"].observed(t)
	bad := lives["a start that fails"].observed(t)
	for _, c := range append(timeline.Compare(good, bad), timeline.Compare(bad, good)...) {
		if c.Name == "api" || c.Name == "mailer" {
			t.Errorf("got %v, of what was not ready in one of them", c)
		}
	}
}
