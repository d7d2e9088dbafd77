package container_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strata-go/strata/container"
)

// This file judges plans by the oracle: the exact one, and the one before the build.

func (r *comparison) comparePlans(o *oracle, plan *container.Plan, want map[string]*unitSpec) {
	got := make(map[string]*unitSpec)
	for i, layer := range plan.Layers {
		for _, u := range layer {
			slices.Sort(u.DependsOn)
			got[u.Name] = &unitSpec{Unit: u, layer: i}
		}
	}
	same := func(x, y *unitSpec) bool {
		return x.Type == y.Type && x.Constructor == y.Constructor && x.layer == y.layer && slices.Equal(x.DependsOn, y.DependsOn)
	}
	mixed := o.membersOf(plan.Warnings)
	unsure := len(mixed) > 0
	if unsure {
		r.count.add("attached: members of a group that nobody knows apart", 1)
	}
	if r.Attach == 0 && unsure {
		r.fail("warnings are %q", plan.Warnings)
	}
	tied := r.Attach > 0 && o.tied // dig does not tell which of two decorators was given first
	decorated := make(map[string]bool)
	for s, units := range o.units {
		for _, u := range units {
			decorated[u.Name] = s.Kind == decorateStep
		}
	}
	vague := r.loose || unsure || tied
	if vague {
		r.count.add("attached: may wait for more", 1)
		// dig does not tell in which order it called those, nor what they were given,
		// so they wait for more, and for what they would be given now.
		same = func(x, y *unitSpec) bool {
			return x.Type == y.Type && !slices.ContainsFunc(y.DependsOn, func(d string) bool {
				return !r.late && !waitsFor(got, x.Name, d) && !mixed[d] && !(tied && decorated[x.Name] && decorated[d]) && !(r.loose && decorated[d])
			})
		}
	}
	if maps.EqualFunc(got, want, same) {
		for name, u := range want { // the same, unless it is loose
			u.layer, u.DependsOn = got[name].layer, got[name].DependsOn
		}
		if vague {
			r.checkChainEnds(plan)
		} else {
			r.checkChains(o, plan)
		}
		return
	}
	r.fail("the plan is\n%s\nwant\n%s", unitsText(got), unitsText(want))
}

// mixesDecorated reports whether it is not known which members of a group are whose,
// and what one of their makers returned is decorated under another key: then it is not
// known what does not run.
func (r *comparison) mixesDecorated(o *oracle, plan *container.Plan) bool {
	mixed := o.membersOf(plan.Warnings)
	if r.late { // nor is it known in which order they were made
		for _, c := range o.inOrder() {
			for i, result := range c.results() {
				for _, name := range makersIn(c.made[i]) {
					mixed[name] = mixed[name] || result.Group != ""
				}
			}
		}
	}
	return slices.ContainsFunc(o.inOrder(), func(c *recorded) bool {
		return len(o.decoratorsOf(c.step)) > 0 && slices.ContainsFunc(c.made, func(values []maker) bool {
			return slices.ContainsFunc(values, func(v maker) bool { return mixed[nameOf(v)] })
		})
	})
}

// waitsFor reports whether a unit waits for another, directly or not.
func waitsFor(units map[string]*unitSpec, name, other string) bool {
	u := units[name]
	return u != nil && slices.ContainsFunc(u.DependsOn, func(d string) bool { return d == other || waitsFor(units, d, other) })
}

func unitsText(units map[string]*unitSpec) string {
	var lines []string
	for _, u := range units {
		lines = append(lines, fmt.Sprintf("layer %d: %s %s by %s after %v", u.layer, u.Name, u.Type, u.Constructor, u.DependsOn))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// checkBefore compares the plan before the build with the exact one, constructor by
// constructor. Where they differ a warning has to name the constructor, or somebody
// that it waits for. Two things show in no type, and are not warned of: that a pointer
// is nil, and that a value is passed on by a type assertion.
func (r *comparison) checkBefore(o *oracle, before, after *container.Plan) {
	r.checkChainEnds(before)
	if r.loose {
		return
	}
	vague := make(map[string]bool) // places of which something else may come
	steps := make(map[string][]*step)
	for _, s := range o.steps {
		if s.Kind == scopeStep || s.Kind == dependStep {
			continue
		}
		at := r.place(s)
		steps[at] = append(steps[at], s)
		vague[at] = vague[at] || slices.ContainsFunc(before.Warnings, func(w string) bool { return strings.Contains(w, at) })
		c := o.done[s]
		switch {
		case c != nil && slices.ContainsFunc(c.made, func(values []maker) bool { return slices.Contains(values, nil) }),
			c == nil && vague[at]:
			vague[at] = true
			for _, d := range o.decoratorsOf(s) { // which stand for a value, if there is one
				vague[r.place(d)] = true
			}
		case c != nil && c.asserted:
			vague[at] = true
		}
	}
	for _, c := range o.calls { // one value may be of several
		for _, values := range c.made {
			for _, v := range values {
				for _, of := range o.makersOf(v) {
					vague[r.place(of)] = vague[r.place(of)] || vague[r.place(c.step)]
				}
			}
		}
	}
	for _, s := range o.steps { // whether a value runs is up to its decorators, too
		for _, d := range o.decoratorsOf(s) {
			vague[r.place(s)] = vague[r.place(s)] || vague[r.place(d)]
		}
	}
	was, is := byConstructor(before), byConstructor(after)
	for at, list := range steps {
		if vague[at] {
			r.count.add("before: warned of", 1)
			continue
		}
		if len(was[at]) != len(is[at]) {
			r.fail("before the build %s had %d units, and then %d\n%v\n%v", at, len(was[at]), len(is[at]), before, after)
		}
		if r.waitsForVague(o, list, vague, was, at) {
			r.count.add("before: after what was warned of", 1)
			continue
		}
		r.count.add("before: exact", 1)
		if !slices.Equal(was[at], is[at]) {
			r.fail("before the build %s was\n%v and is now\n%v\n%v\n%v", at, was[at], is[at], before, after)
		}
	}
	if !slices.Contains(slices.Collect(maps.Values(vague)), true) && !slices.Equal(before.Unused, after.Unused) {
		r.fail("before the build unused were %v, and are now %v", before.Unused, after.Unused)
	}
}

// byConstructor are the units of a plan, without their names: in which layers they are
// and which constructors they wait for.
func byConstructor(p *container.Plan) map[string][]string {
	by := make(map[string]string)
	for _, layer := range p.Layers {
		for _, u := range layer {
			by[u.Name] = u.Constructor
		}
	}
	all := make(map[string][]string)
	for i, layer := range p.Layers {
		for _, u := range layer {
			var after []string
			for _, d := range u.DependsOn {
				after = append(after, by[d])
			}
			slices.Sort(after)
			all[u.Constructor] = append(all[u.Constructor], fmt.Sprintf("layer %d after %v", i, slices.Compact(after)))
		}
	}
	for _, units := range all {
		slices.Sort(units)
	}
	return all
}

// waitsForVague reports whether somebody that the steps wait for, in fact or going by
// the plan before, is vague.
func (r *comparison) waitsForVague(o *oracle, steps []*step, vague map[string]bool, was map[string][]string, at string) bool {
	seen := make(map[*recorded]bool)
	var visit func(c *recorded) bool
	visit = func(c *recorded) bool {
		if seen[c] {
			return false
		}
		seen[c] = true
		return vague[r.place(c.step)] || slices.ContainsFunc(o.waits(c), func(h hop) bool { return visit(h.to) })
	}
	for _, s := range steps {
		if o.done[s] != nil && visit(o.done[s]) {
			return true
		}
	}
	known := make(map[string]bool)
	var look func(at string) bool
	look = func(at string) bool {
		if known[at] {
			return false
		}
		known[at] = true
		if vague[at] {
			return true
		}
		for other := range was {
			if slices.ContainsFunc(was[at], func(text string) bool { return strings.Contains(text, other) }) && look(other) {
				return true
			}
		}
		return false
	}
	return look(at)
}
