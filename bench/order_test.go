package bench_test

import (
	"testing"
	"time"

	"github.com/strata-go/strata/bench"
)

func TestLokiIsTheGraphThatItIs(t *testing.T) {
	units := bench.Loki(1)
	layer, layers := make([]int, len(units)), 0
	for i, u := range units {
		for _, d := range u.DependsOn {
			if d >= i {
				t.Fatalf("%s stands before %s", u.Name, units[d].Name)
			}
			layer[i] = max(layer[i], layer[d]+1)
		}
		layers = max(layers, layer[i]+1)
		if u.Starts < 5*time.Millisecond || u.Starts > 60*time.Millisecond || u.Stops < time.Millisecond || u.Stops > 20*time.Millisecond {
			t.Errorf("%s takes %v and %v", u.Name, u.Starts, u.Stops)
		}
		if again := bench.Loki(1)[i]; again.Name != u.Name || again.Starts != u.Starts {
			t.Errorf("%s: %v, and then %s: %v", u.Name, u.Starts, again.Name, again.Starts)
		}
	}
	if len(units) != 51 || layers != 7 {
		t.Errorf("%d modules in %d layers", len(units), layers)
	}
}

// b and c need a, d needs b.
func four() []*bench.Unit {
	return []*bench.Unit{{Name: "a"}, {Name: "b", DependsOn: []int{0}}, {Name: "c", DependsOn: []int{0}}, {Name: "d", DependsOn: []int{1}}}
}

// events makes them a millisecond apart.
func events(units []string, moments ...bench.Moment) (all []bench.Event) {
	for i, u := range units {
		all = append(all, bench.Event{Unit: u, Moment: moments[i], At: time.UnixMilli(int64(i))})
	}
	return all
}

func TestAWrongOrderIsSeen(t *testing.T) {
	const s, r, a, e, c = bench.Starting, bench.Ready, bench.Asked, bench.Ended, bench.Crashed
	for name, test := range map[string]struct {
		check  func([]*bench.Unit, []bench.Event) error
		events []bench.Event
		want   string
	}{
		"start in order":  {bench.StartOrder, events([]string{"a", "a", "b", "c"}, s, r, s, s), ""},
		"start too early": {bench.StartOrder, events([]string{"a", "b", "a"}, s, s, r), "b was started before a was ready"},
		"stop in order":   {bench.StopOrder, events([]string{"a", "b", "b", "b", "a"}, r, r, a, e, a), ""},
		"stop too early":  {bench.StopOrder, events([]string{"a", "b", "b", "a"}, r, r, a, a), "a was asked to stop while b, which needs it, still ran"},
		"crash":           {bench.StopOrder, events([]string{"a", "b", "b", "a"}, r, r, c, a), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := test.check(four(), test.events); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	const s, r = bench.Starting, bench.Ready
	at := func(unit string, moment bench.Moment, ms int64) bench.Event {
		return bench.Event{Unit: unit, Moment: moment, At: time.UnixMilli(ms)}
	}
	// a takes 1, b 2, c 8, d 4 ms
	got := bench.LimitsOf(four(), []bench.Event{
		at("a", s, 0), at("a", r, 1), at("b", s, 1), at("c", s, 1), at("b", r, 3), at("c", r, 9), at("d", s, 9), at("d", r, 13),
	}, s, r)
	if want := (bench.Limits{Path: 9, Layers: 13, Sum: 15}); got.Path != want.Path*time.Millisecond ||
		got.Layers != want.Layers*time.Millisecond || got.Sum != want.Sum*time.Millisecond {
		t.Errorf("%v, want %v ms", got, want)
	}
}
