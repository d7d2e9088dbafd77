package container_test

import (
	"slices"
	"strings"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
)

// This file judges why units wait for others, as plans tell it.

// checkChains wants of the exact plan a chain for each dependency of each unit, of which
// each step is a real one: the constructor was given the key by the next one, or waits
// for it otherwise. There is no shorter one.
func (r *comparison) checkChains(o *oracle, plan *container.Plan) {
	makers := make(map[string]*recorded)
	for s, units := range o.units {
		for _, u := range units {
			makers[u.Name] = o.done[s]
		}
	}
	for _, c := range r.checkChainEnds(plan) {
		from, to := makers[c.Unit], makers[c.DependsOn]
		if from == to {
			r.count.add("chains of one constructor", 1)
			if len(c.Links) != 1 {
				r.fail("%s and %s are of one constructor, and the chain is %v", c.Unit, c.DependsOn, c.Links)
			}
			continue
		}
		at := []*recorded{from}
		for i, l := range c.Links[1:] {
			var next []*recorded
			for _, from := range at {
				for _, h := range o.waits(from) {
					byKey := h.key.Type == nil && c.Links[i].Takes == "" || h.key.Type != nil && bareKey(c.Links[i].Takes) == keyText(h.key)
					runs := len(o.units[h.to.step]) > 0 && i < len(c.Links)-2
					if byKey && !runs && r.place(h.to.step) == l.Constructor && !slices.Contains(next, h.to) {
						next = append(next, h.to)
					}
				}
			}
			if len(next) == 0 {
				r.fail("%v:\n%s does not wait for %s by %q", c, c.Links[i].Constructor, l.Constructor, c.Links[i].Takes)
			}
			at = next
		}
		if !slices.Contains(at, to) {
			r.fail("%v:\nit does not lead to who made %s", c, c.DependsOn)
		}
		if shortest := o.distance(from, to); len(c.Links) != shortest+1 {
			r.fail("%v:\nit has %d links, and the shortest %d", c, len(c.Links), shortest+1)
		}
		r.count.add("chains", 1)
		switch {
		case len(c.Links) > 2:
			r.count.add("chains through what does not run", 1)
			fallthrough
		default:
			if slices.ContainsFunc(c.Links[:len(c.Links)-1], func(l hooks.Link) bool { return l.Takes == "" }) {
				r.count.add("chains by Depend or a decorator that stands for another", 1)
			}
		}
	}
}

// checkChainEnds wants a chain for each dependency of each unit, from its constructor to
// that of the dependency, and that the sentence names all that is in it.
func (r *comparison) checkChainEnds(plan *container.Plan) []hooks.Chain {
	constructors := make(map[string]string)
	waits := 0
	for _, layer := range plan.Layers {
		for _, u := range layer {
			constructors[u.Name] = u.Constructor
			waits += len(u.DependsOn)
		}
	}
	for _, layer := range plan.Layers {
		for _, u := range layer {
			for _, d := range u.DependsOn {
				i := slices.IndexFunc(plan.Chains, func(c hooks.Chain) bool { return c.Unit == u.Name && c.DependsOn == d })
				if i < 0 || len(plan.Chains[i].Links) == 0 {
					r.fail("it is not told why %s waits for %s", u.Name, d)
				}
				c := plan.Chains[i]
				if first, last := c.Links[0], c.Links[len(c.Links)-1]; first.Constructor != u.Constructor || last.Constructor != constructors[d] {
					r.fail("%v:\nit leads from %s to %s, want from %s to %s", c, first.Constructor, last.Constructor, u.Constructor, constructors[d])
				}
				for _, l := range c.Links {
					text := c.String() // what is taken to decorate it is not named again
					if !strings.Contains(text, l.Constructor) || !strings.Contains(bareKey(text), bareKey(l.Takes)) {
						r.fail("%s:\n%+v is not told", text, l)
					}
				}
			}
		}
	}
	if len(plan.Chains) != waits {
		r.fail("%d chains, want one for each of %d dependencies", len(plan.Chains), waits)
	}
	return plan.Chains
}

// distance is over how many hops one reaches another, through what does not run.
func (o *oracle) distance(from, to *recorded) int {
	steps := map[*recorded]int{from: 0}
	for next := []*recorded{from}; len(next) > 0; next = next[1:] {
		for _, h := range o.waits(next[0]) {
			if _, known := steps[h.to]; known {
				continue
			}
			steps[h.to] = steps[next[0]] + 1
			if len(o.units[h.to.step]) == 0 {
				next = append(next, h.to)
			}
		}
	}
	return steps[to]
}

// bareKey is the key of what is taken, however it is.
func bareKey(takes string) string {
	return strings.NewReplacer("[optional]", "", "[soft]", "", ", optional]", "]", ", soft]", "]").Replace(takes)
}
