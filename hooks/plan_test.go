package hooks_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/strata-go/strata/hooks"
)

func TestPlanTextOfOddPlans(t *testing.T) {
	long := "*example.VeryLongNameOfARunner[name=" + strings.Repeat("x", 20) + "]"
	cases := map[string]struct {
		plan *hooks.Plan
		want string
	}{
		"nil":            {nil, "no plan\n"},
		"empty":          {&hooks.Plan{}, "0 units in 0 layers, by layer\n"},
		"an empty layer": {&hooks.Plan{Layers: [][]hooks.Unit{{}}}, "0 units in 1 layer, by layer\n\nlayer 0\n"},
		"an unused constructor in an empty plan": {
			&hooks.Plan{Unused: []string{"shop.NewServer (server.go:42)", ""}},
			"0 units in 0 layers, by layer\n\nunused\n├─ shop.NewServer (server.go:42)\n└─ \n",
		},
		"units of one layer that wait for each other": {
			&hooks.Plan{Schedule: hooks.ByDependency, Layers: [][]hooks.Unit{{
				{Name: "warm"}, {Name: "*Cache", DependsOn: []string{"warm"}},
			}}},
			"2 units in 1 layer, by dependency\n\nlayer 0\n├─ warm\n└─ *Cache  after warm\n",
		},
		"what cannot be printed": {
			&hooks.Plan{
				Layers:   [][]hooks.Unit{{{Name: "a\nb\x1b[31m c", DependsOn: []string{"d\r\ne", "\xff", "\u202e", ""}}}},
				Warnings: []string{"one\nsentence\x07"},
			},
			"1 unit in 1 layer, by layer\n\nlayer 0\n" +
				`└─ a\nb\x1b[31m c  after d\r\ne, \xff, \u202e, ""` + "\n\nwarnings\n" + `└─ one sentence\a` + "\n",
		},
		"names that are wider than they have characters": {
			&hooks.Plan{Layers: [][]hooks.Unit{{
				{Name: "店舗", DependsOn: []string{"x"}},
				{Name: "e\u0301te\u0301", DependsOn: []string{"x"}}, // an e with an accent is two characters
				{Name: "🛒cart", DependsOn: []string{"x"}},
			}}},
			"3 units in 1 layer, by layer\n\nlayer 0\n├─ 店舗    after x\n├─ e\u0301te\u0301     after x\n└─ 🛒cart  after x\n",
		},
		"a name wider than its column": {
			&hooks.Plan{Layers: [][]hooks.Unit{{
				{Name: long, DependsOn: []string{"b", long}},
				{Name: "b", DependsOn: []string{"c"}},
			}}},
			"2 units in 1 layer, by layer\n\nlayer 0\n" +
				"├─ " + long + "\n" +
				"│      after b, " + long + "\n" +
				"└─ b   after c\n",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.plan.String(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// The graph is the longest rows of the module graph of Grafana Loki.
func TestPlanTextStaysNarrow(t *testing.T) {
	distributor := []string{
		"Ring", "Server", "Overrides", "TenantConfigs", "PatternRingClient", "PatternIngesterTee", "Analytics",
		"PartitionRing", "DataObjConsumerRing", "DataObjConsumerPartitionRing", "IngestLimitsFrontendRing", "UIRing",
	}
	plan := &hooks.Plan{
		Layers: [][]hooks.Unit{
			{{Name: "DataObjConsumerPartitionRing", DependsOn: []string{"MemberlistKV", "Server", "Ring"}}},
			{{Name: "Distributor", DependsOn: distributor}},
		},
		Warnings: []string{strings.Repeat("a warning with several words ", 20)},
	}
	text := plan.String()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d characters: %s", n, line)
		}
		if strings.TrimRight(line, " \n") != strings.TrimSuffix(line, "\n") {
			t.Errorf("blanks at the end of %q", line)
		}
	}
	for _, name := range distributor {
		if !strings.Contains(text, name) {
			t.Errorf("%s is missing in\n%s", name, text)
		}
	}
	if again := plan.String(); again != text {
		t.Errorf("a second text differs:\n%s", again)
	}
}
