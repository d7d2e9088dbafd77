package inspect

import (
	"slices"
	"strings"

	"github.com/strata-go/strata/hooks"
)

// newUnit returns a unit of which nothing is known but what the plan says of it alone.
func newUnit(of hooks.Unit, layer, id int) *unit {
	u := &unit{name: of.Name, unitBody: unitBody{
		ID: id, Name: bounded(of.Name), Type: bounded(of.Type), Constructor: bounded(of.Constructor),
		Layer: layer, DependsOn: make([]dependencyBody, len(of.DependsOn)), Dependents: []string{},
	}}
	for i, name := range of.DependsOn {
		u.DependsOn[i].Name = bounded(name)
	}
	return u
}

// link notes who waits for each unit.
func link(units []*unit) {
	byName := make(map[string]*unit, len(units))
	for _, u := range units {
		byName[u.Name] = u
	}
	for _, u := range units {
		for _, d := range u.DependsOn {
			if on := byName[d.Name]; on != nil {
				on.Dependents = append(on.Dependents, u.Name)
			}
		}
	}
}

// explain notes why units wait for each other, as far as the plan says so.
func explain(units []*unit, p *hooks.Plan) {
	type pair struct{ unit, on string }
	why := make(map[pair]string, len(p.Chains))
	for _, chain := range p.Chains {
		var texts []string
		for _, l := range chain.Links {
			if l.Text != "" {
				texts = append(texts, l.Text)
			}
		}
		why[pair{bounded(chain.Unit), bounded(chain.DependsOn)}] = bounded(strings.Join(texts, ", "))
	}
	for _, u := range units {
		u.DependsOn = slices.Clone(u.DependsOn)
		for i, d := range u.DependsOn {
			u.DependsOn[i].Why = why[pair{u.Name, d.Name}]
		}
	}
}

// unitsOf returns the units of a plan that is not followed yet.
func unitsOf(p *hooks.Plan) []unitBody {
	var units []*unit
	for i, layer := range p.Layers {
		for _, u := range layer {
			units = append(units, newUnit(u, i, len(units)))
		}
	}
	link(units)
	explain(units, p)
	bodies := make([]unitBody, len(units))
	for i, u := range units {
		bodies[i] = u.unitBody
	}
	return bodies
}
