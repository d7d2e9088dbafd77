package hooks

import (
	"encoding/json"
	"fmt"
)

// MarshalJSON returns the plan as JSON, the same bytes for the same plan:
//
//	{
//	  "schedule": "by layer",               or "by dependency"
//	  "layers": [                           the first to start first
//	    [
//	      {
//	        "name": "*stock.Cache",         see Unit
//	        "type": "*stock.Cache",
//	        "constructor": "stock.NewCache (cache.go:7)",
//	        "depends_on": ["*store.Store"],
//	        "dependents": ["*api.Server"]   those that wait for it, in the order of the plan
//	      }
//	    ]
//	  ],
//	  "unused": ["shop.NewDebugServer (debug.go:17)"],
//	  "warnings": [],
//	  "chains": [                           see Chain
//	    {
//	      "unit": "*stock.Cache",
//	      "depends_on": "*store.Store",
//	      "links": [
//	        {
//	          "constructor": "stock.NewCache (cache.go:7)",
//	          "file": "/src/shop/stock/cache.go",
//	          "line": 7,
//	          "takes": "*store.Store",
//	          "text": "stock.NewCache (cache.go:7) takes *store.Store"
//	        },
//	        ...
//	      ]
//	    }
//	  ]
//	}
//
// All fields are always there; lists are empty, never null. The dependents stand there for readers: they follow from
// depends_on.
func (p Plan) MarshalJSON() ([]byte, error) {
	if p.Schedule != ByLayer && p.Schedule != ByDependency {
		return nil, fmt.Errorf("plan: there is no schedule %d", int(p.Schedule))
	}
	dependents := make(map[string][]string)
	for _, layer := range p.Layers {
		for _, u := range layer {
			for _, d := range u.DependsOn {
				dependents[d] = append(dependents[d], u.Name)
			}
		}
	}
	out := planJSON{
		Schedule: p.Schedule.String(), Layers: [][]unitJSON{}, Unused: listed(p.Unused), Warnings: listed(p.Warnings),
		Chains: []chainJSON{},
	}
	for _, units := range p.Layers {
		layer := []unitJSON{}
		for _, u := range units {
			layer = append(layer, unitJSON{u.Name, u.Type, u.Constructor, listed(u.DependsOn), listed(dependents[u.Name])})
		}
		out.Layers = append(out.Layers, layer)
	}
	for _, c := range p.Chains {
		links := []linkJSON{}
		for _, l := range c.Links {
			links = append(links, linkJSON(l))
		}
		out.Chains = append(out.Chains, chainJSON{c.Unit, c.DependsOn, links})
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what [Plan.MarshalJSON] writes; of lists that are empty it makes nil. A field that is missing is
// empty, one that is not known is passed over. A schedule that there is not is an error, and leaves the plan as it was.
func (p *Plan) UnmarshalJSON(data []byte) error {
	var in planJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	var plan Plan
	switch in.Schedule {
	case ByLayer.String(), "":
	case ByDependency.String():
		plan.Schedule = ByDependency
	default:
		return fmt.Errorf("plan: there is no schedule %q", in.Schedule)
	}
	for _, units := range in.Layers {
		var layer []Unit
		for _, u := range units {
			layer = append(layer, Unit{u.Name, u.Type, u.Constructor, some(u.DependsOn)})
		}
		plan.Layers = append(plan.Layers, layer)
	}
	plan.Unused, plan.Warnings = some(in.Unused), some(in.Warnings)
	for _, c := range in.Chains {
		var links []Link
		for _, l := range c.Links {
			links = append(links, Link(l))
		}
		plan.Chains = append(plan.Chains, Chain{c.Unit, c.DependsOn, links})
	}
	*p = plan
	return nil
}

type planJSON struct {
	Schedule string       `json:"schedule"`
	Layers   [][]unitJSON `json:"layers"`
	Unused   []string     `json:"unused"`
	Warnings []string     `json:"warnings"`
	Chains   []chainJSON  `json:"chains"`
}

type unitJSON struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Constructor string   `json:"constructor"`
	DependsOn   []string `json:"depends_on"`
	Dependents  []string `json:"dependents"`
}

type chainJSON struct {
	Unit      string     `json:"unit"`
	DependsOn string     `json:"depends_on"`
	Links     []linkJSON `json:"links"`
}

type linkJSON struct {
	Constructor string `json:"constructor"`
	File        string `json:"file"`
	Line        int    `json:"line"`
	Takes       string `json:"takes"`
	Text        string `json:"text"`
}

// listed returns a list that is never nil.
func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// some returns a list, nil if it is empty.
func some(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}
