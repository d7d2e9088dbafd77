package hooks_test

import (
	"strings"
	"testing"

	"github.com/strata-go/strata/hooks"
)

// shopPlan is a plan as an application tells it.
func shopPlan() *hooks.Plan {
	return &hooks.Plan{
		Layers: [][]hooks.Unit{
			{{Name: "*store.Store", Type: "*store.Store", Constructor: "store.Open (store.go:9)"}},
			{{Name: "*api.Server", Type: "*api.Server", Constructor: "api.NewServer (api.go:12)", DependsOn: []string{"*store.Store"}}},
		},
		Chains: []hooks.Chain{{
			Unit: "*api.Server", DependsOn: "*store.Store",
			Links: []hooks.Link{{
				Constructor: "api.NewServer (api.go:12)", File: "/src/api/api.go", Line: 12,
				Takes: "*stock.Cache", Text: "api.NewServer (api.go:12) takes *stock.Cache",
			}, {
				Constructor: "stock.NewCache (cache.go:7)", File: "/src/stock/cache.go", Line: 7,
				Takes: "*store.Store", Text: "which stock.NewCache (cache.go:7) builds from *store.Store",
			}, {
				Constructor: "store.Open (store.go:9)", File: "/src/store/store.go", Line: 9,
				Text: "which store.Open (store.go:9) makes",
			}},
		}},
	}
}

func TestExplain(t *testing.T) {
	with := func(change func(p *hooks.Plan)) *hooks.Plan {
		p := shopPlan()
		change(p)
		return p
	}
	const sentence = "*api.Server waits for *store.Store because api.NewServer (api.go:12) takes *stock.Cache, " +
		"which stock.NewCache (cache.go:7) builds from *store.Store, which store.Open (store.go:9) makes\n"
	const layer = "*api.Server is in layer 1, which starts when all of layer 0 is ready\n"
	cases := map[string]struct {
		plan *hooks.Plan
		unit string
		want string
	}{
		"a chain":                       {shopPlan(), "*api.Server", sentence + layer},
		"by dependency":                 {with(func(p *hooks.Plan) { p.Schedule = hooks.ByDependency }), "*api.Server", sentence},
		"a unit that waits for nothing": {shopPlan(), "*store.Store", "*store.Store waits for nothing\n"},
		"a plan without chains":         {with(func(p *hooks.Plan) { p.Chains = nil }), "*api.Server", "*api.Server waits for *store.Store\n" + layer},
		"a chain without links":         {with(func(p *hooks.Plan) { p.Chains[0].Links = nil }), "*api.Server", "*api.Server waits for *store.Store\n" + layer},
		"a link that says nothing": {
			with(func(p *hooks.Plan) { p.Chains[0].Links[2].Text = "" }), "*api.Server",
			strings.Replace(sentence, ", which store.Open (store.go:9) makes", "", 1) + layer,
		},
		"a chain for each": {
			with(func(p *hooks.Plan) { p.Layers[1][0].DependsOn = []string{"a\nb", "*store.Store"} }), "*api.Server",
			`*api.Server waits for a\nb` + "\n" + sentence + layer,
		},
		"a name that cannot be printed": {&hooks.Plan{Layers: [][]hooks.Unit{{{Name: "\x07"}}}}, "\x07", `\a waits for nothing` + "\n"},
		"a name that is empty":          {&hooks.Plan{Layers: [][]hooks.Unit{{{}}}}, "", `"" waits for nothing` + "\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := c.plan.Explain(c.unit)
			if err != nil || got != c.want {
				t.Errorf("got\n%s, %v\nwant\n%s", got, err, c.want)
			}
		})
	}
}

func TestExplainNamesUnitsThatAreClose(t *testing.T) {
	plan := &hooks.Plan{Layers: [][]hooks.Unit{{
		{Name: "*api.Server[name=public]"}, {Name: "*api.Server[name=admin]"}, {Name: "*store.Store"}, {Name: "*stock.Stock"}, {Name: ""},
		{Name: "*a.B"},
	}}}
	cases := []struct {
		plan *hooks.Plan
		unit string
		want string
	}{
		{plan, "store.Store", `the plan has no unit "store.Store"; did you mean "*store.Store"?`},
		{plan, "*STORE.store", `the plan has no unit "*STORE.store"; did you mean "*store.Store"?`},
		{plan, "*store.Sotre", `the plan has no unit "*store.Sotre"; did you mean "*store.Store"?`},
		{plan, "*api.Server", `the plan has no unit "*api.Server"; did you mean "*api.Server[name=admin]" or "*api.Server[name=public]"?`},
		{plan, "s", `the plan has no unit "s"; did you mean "*store.Store" or "*stock.Stock" or "*api.Server[name=admin]"?`},
		{plan, "*queue.Consumer", `the plan has no unit "*queue.Consumer"`},
		{plan, strings.Repeat("x", 100000), `the plan has no unit "` + strings.Repeat("x", 100000) + `"`},
		{&hooks.Plan{}, "x\n", `the plan has no unit "x\n"`},
		{&hooks.Plan{}, "", `the plan has no unit ""`},
		{nil, "*store.Store", "there is no plan"},
	}
	for _, c := range cases {
		if text, err := c.plan.Explain(c.unit); err == nil || err.Error() != c.want || text != "" {
			t.Errorf("%.40q: %q, %.200v, want %.200s", c.unit, text, err, c.want)
		}
	}
}
