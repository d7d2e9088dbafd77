package inspect

import "github.com/strata-go/strata/hooks"

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

// link notes what a plan says of units together: who waits for each, and why.
func link(units []*unit, p *hooks.Plan) {
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

// unitsOf returns the units of a plan that is not followed yet.
func unitsOf(p *hooks.Plan) []unitBody {
	var units []*unit
	for i, layer := range p.Layers {
		for _, u := range layer {
			units = append(units, newUnit(u, i, len(units)))
		}
	}
	link(units, p)
	bodies := make([]unitBody, len(units))
	for i, u := range units {
		bodies[i] = u.unitBody
	}
	return bodies
}
