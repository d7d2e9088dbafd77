package hooks_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/strata-go/strata/hooks"
)

func TestPlanJSONIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := &hooks.Plan{
			Schedule: rapid.SampledFrom([]hooks.Schedule{hooks.ByLayer, hooks.ByDependency}).Draw(t, "schedule"),
			Layers:   some(rapid.SliceOfN(rapid.Custom(drawUnits), 0, 3)).Draw(t, "layers"),
			Unused:   texts(t), Warnings: texts(t),
			Chains: some(rapid.SliceOfN(rapid.Custom(drawChain), 0, 3)).Draw(t, "chains"),
		}
		text, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		var read hooks.Plan
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&read, plan) {
			t.Fatalf("read\n%+v\nof\n%+v", read, *plan)
		}
		if again, err := json.Marshal(read); err != nil || !bytes.Equal(again, text) {
			t.Fatalf("a second time it is\n%s, %v\nnot\n%s", again, err, text)
		}
	})
}

func drawUnits(t *rapid.T) []hooks.Unit {
	return some(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) hooks.Unit {
		return hooks.Unit{Name: text(t), Type: text(t), Constructor: text(t), DependsOn: texts(t)}
	}), 0, 3)).Draw(t, "units")
}

func drawChain(t *rapid.T) hooks.Chain {
	return hooks.Chain{Unit: text(t), DependsOn: text(t), Links: some(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) hooks.Link {
		return hooks.Link{
			Constructor: text(t), File: text(t), Line: rapid.Int().Draw(t, "line"), Takes: text(t), Text: text(t),
		}
	}), 0, 3)).Draw(t, "links")}
}

func text(t *rapid.T) string { return rapid.String().Draw(t, "text") }

func texts(t *rapid.T) []string {
	return some(rapid.SliceOfN(rapid.String(), 0, 3)).Draw(t, "texts")
}

// some makes nil of what is empty.
func some[E any](of *rapid.Generator[[]E]) *rapid.Generator[[]E] {
	return rapid.Map(of, func(list []E) []E {
		if len(list) == 0 {
			return nil
		}
		return list
	})
}

// Lists are never null, in whatever form the plan is given.
func TestPlanJSONHasAllFields(t *testing.T) {
	const want = `{"schedule":"by layer","layers":[[],[{"name":"a","type":"","constructor":"","depends_on":[],"dependents":["a","b"]},` +
		`{"name":"b","type":"","constructor":"","depends_on":["a"],"dependents":[]}]],"unused":[],"warnings":[],` +
		`"chains":[{"unit":"","depends_on":"","links":[]}]}`
	plan := hooks.Plan{Layers: [][]hooks.Unit{nil, {{Name: "a"}, {Name: "b", DependsOn: []string{"a"}}}}, Chains: []hooks.Chain{{}}}
	plan.Layers[1][0].DependsOn = nil
	wantJSON(t, plan, strings.Replace(want, `["a","b"]`, `["b"]`, 1))
	wantJSON(t, &plan, strings.Replace(want, `["a","b"]`, `["b"]`, 1))
	wantJSON(t, hooks.Plan{}, `{"schedule":"by layer","layers":[],"unused":[],"warnings":[],"chains":[]}`)
	wantJSON(t, (*hooks.Plan)(nil), `null`)
	wantJSON(t, map[string]any{"plan": hooks.Plan{Schedule: hooks.ByDependency}},
		`{"plan":{"schedule":"by dependency","layers":[],"unused":[],"warnings":[],"chains":[]}}`)
}

func wantJSON(t *testing.T, of any, want string) {
	t.Helper()
	if got, err := json.Marshal(of); err != nil || string(got) != want {
		t.Errorf("it is\n%s, %v\nwant\n%s", got, err, want)
	}
}

func TestPlanJSONThatIsWrongIsAnError(t *testing.T) {
	for _, text := range []string{`{"schedule":"at random"}`, `{"layers":1}`, `[]`, `{`} {
		plan := hooks.Plan{Unused: []string{"as before"}}
		if err := json.Unmarshal([]byte(text), &plan); err == nil || len(plan.Unused) != 1 {
			t.Errorf("%s: %v, and the plan is %+v", text, err, plan)
		}
	}
	if _, err := json.Marshal(hooks.Plan{Schedule: 7}); err == nil || !strings.Contains(err.Error(), "plan: there is no schedule 7") {
		t.Errorf("a schedule that there is not: %v", err)
	}
	var plan hooks.Plan
	if err := json.Unmarshal([]byte(`{"more":1}`), &plan); err != nil || !reflect.DeepEqual(plan, hooks.Plan{}) {
		t.Errorf("a field that is not known: %v, and the plan is %+v", err, plan)
	}
}
