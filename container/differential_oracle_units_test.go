package container_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/strata-go/strata/container"
)

// This file says what runs, in which layer and when.

// unitSpec is what is known of a unit.
type unitSpec struct {
	container.Unit
	layer int
	hook  bool
	life  *life
}

// errContradiction is a cycle that only decorators and Depend make.
type errContradiction struct{ *step }

func (e errContradiction) Error() string { return fmt.Sprint("cycle at ", e.ID) }

// settle finds the units, and what each waits for.
func (o *oracle) settle() error {
	raw := make(map[maker][]*recorded) // by whom a value is replaced
	aside := make(map[*recorded]map[int]bool)
	for _, c := range o.calls {
		if c.failed || c.Kind != provideStep && c.Kind != supplyStep {
			continue
		}
		for i, r := range c.results() {
			d := o.replacing(c, r)
			if d == nil {
				continue
			}
			for _, v := range c.made[i] {
				if v != nil && works(v) {
					if aside[c] == nil {
						aside[c] = make(map[int]bool)
					}
					aside[c][i] = true
					if !slices.Contains(raw[v], d) {
						raw[v] = append(raw[v], d)
					}
				}
			}
		}
	}

	// Each running instance once, in the place of its first producer.
	known := make(map[maker]bool)
	for _, c := range o.calls {
		if c.failed {
			continue
		}
		for _, h := range c.hooks {
			o.units[c.step] = append(o.units[c.step], &unitSpec{Unit: container.Unit{Name: h.name}, hook: true, life: h.life})
		}
		for i, values := range c.made {
			for _, v := range values {
				replaced := c.Kind != decorateStep && (len(raw[v]) > 0 || aside[c][i])
				if v == nil || !works(v) || known[v] || replaced {
					continue
				}
				known[v] = true
				o.units[c.step] = append(o.units[c.step], &unitSpec{
					Unit: container.Unit{Name: v.made(), Type: fmt.Sprintf("%T", v)}, life: v.(interface{ lived() *life }).lived(),
				})
			}
		}
	}

	o.depend()
	return o.standIn(raw)
}

// depend adds what Depend says of those that were called.
func (o *oracle) depend() {
	for _, s := range o.steps {
		if s.Kind != dependStep {
			continue
		}
		for _, from := range o.steps {
			for _, to := range o.steps {
				if provides(from, s.From) && provides(to, s.To) && from != to && o.done[from] != nil && o.done[to] != nil &&
					!slices.Contains(o.linked[from], o.done[to]) {
					o.linked[from] = append(o.linked[from], o.done[to])
				}
			}
		}
	}
}

func provides(s *step, t any) bool {
	return (s.Kind == provideStep || s.Kind == supplyStep) && slices.ContainsFunc(s.results(), func(r slot) bool {
		return slices.ContainsFunc(s.keys(r), func(k digKey) bool { return k.Type == t })
	})
}

func works(v maker) bool {
	_, ok := v.(interface{ lived() *life })
	return ok
}

// replacing is the decorator whose value runs instead of that which c returned for r:
// the nearest to where it is registered, if it took the value, or nothing for that key,
// and returned something that runs.
func (o *oracle) replacing(c *recorded, r slot) *recorded {
	for _, k := range c.keys(r) {
		for _, scope := range o.up(homeOf(c.step)) {
			s := o.decorator(k, scope, o.all)
			if s == nil {
				continue
			}
			if d := o.done[s]; d != nil && slices.ContainsFunc(made(d, k), func(v maker) bool { return v != nil && works(v) }) && o.decorated(d, k, c) {
				return d
			}
			break
		}
	}
	return nil
}

// makersOf are those that have returned a value.
func (o *oracle) makersOf(v maker) (all []*step) {
	for s, c := range o.done {
		if v != nil && slices.ContainsFunc(c.made, func(values []maker) bool { return slices.Contains(values, v) }) {
			all = append(all, s)
		}
	}
	return all
}

// decoratorsOf are those of what a constructor returns, where it is registered and
// above.
func (o *oracle) decoratorsOf(s *step) (all []*step) {
	if s.Kind != provideStep && s.Kind != supplyStep {
		return nil
	}
	for _, r := range s.results() {
		for _, k := range s.keys(r) {
			for _, scope := range o.up(homeOf(s)) {
				if d := o.decorator(k, scope, o.all); d != nil {
					all = append(all, d)
				}
			}
		}
	}
	return all
}

// allDecorated reports whether dig, asked for any key of s, calls a decorator.
func (o *oracle) allDecorated(s *step) bool {
	for _, r := range s.results() {
		for _, k := range s.keys(r) {
			if !slices.ContainsFunc(o.up(homeOf(s)), func(scope int) bool { return o.decorator(k, scope, o.all) != nil }) {
				return false
			}
		}
	}
	return true
}

func (o *oracle) decorated(d *recorded, k digKey, c *recorded) bool {
	takesIt := false
	for i, p := range d.params() {
		if p.key() != k {
			continue
		}
		by, _ := o.sources(d, i)
		takesIt = takesIt || len(by) > 0
		for _, b := range by {
			if b == c || b.Kind == decorateStep && o.decorated(b, k, c) {
				return true
			}
		}
	}
	return !takesIt
}

// standIn has a decorator wait for what Depend says of those that it stands for, and
// has who was given what it replaces wait for it, unless it needs them.
func (o *oracle) standIn(raw map[maker][]*recorded) error {
	if len(raw) == 0 {
		return nil
	}
	replaced := make(map[*recorded][]*recorded)
	for _, c := range o.inOrder() {
		if c.Kind == decorateStep || c.Kind == invokeStep {
			continue
		}
		for _, values := range c.made {
			for _, v := range values {
				for _, d := range raw[v] {
					if v != nil && !slices.Contains(replaced[c], d) {
						replaced[c] = append(replaced[c], d)
					}
				}
			}
		}
	}
	for _, c := range o.inOrder() {
		for _, d := range replaced[c] {
			for _, to := range o.linked[c.step] {
				if to == d {
					continue
				}
				if o.reaches(to, d) {
					return errContradiction{d.step}
				}
				o.instead[d.step] = append(o.instead[d.step], to)
			}
		}
	}
	reached := make(map[*recorded]bool)
	var reach func(c *recorded)
	reach = func(c *recorded) {
		if !reached[c] {
			reached[c] = true
			for _, h := range o.waits(c) {
				reach(h.to)
			}
		}
	}
	for _, c := range o.inOrder() {
		if len(o.units[c.step]) > 0 {
			reach(c)
		}
	}
	for _, c := range o.inOrder() {
		if !reached[c] {
			continue
		}
		for _, h := range o.waits(c) {
			for _, d := range replaced[h.to] {
				o.tied = o.tied || c != d && c.Kind == decorateStep
				switch {
				case !o.reaches(d, c):
					o.instead[c.step] = append(o.instead[c.step], d)
				case c != d && h.key.Type != nil && returns(d.step, h.key):
					return errContradiction{d.step}
				}
			}
		}
	}
	return nil
}

// inOrder are the calls that were a success, in the order of the program.
func (o *oracle) inOrder() []*recorded {
	return slices.SortedFunc(maps.Values(o.done), func(x, y *recorded) int { return cmp.Compare(x.ID, y.ID) })
}

// nearest are those with units that a call reaches through those without.
func (o *oracle) nearest(c *recorded) map[*recorded]bool {
	found, seen := make(map[*recorded]bool), make(map[*recorded]bool)
	var visit func(c *recorded)
	visit = func(c *recorded) {
		for _, h := range o.waits(c) {
			switch {
			case len(o.units[h.to.step]) > 0:
				found[h.to] = true
			case !seen[h.to]:
				seen[h.to] = true
				visit(h.to)
			}
		}
	}
	visit(c)
	return found
}

func (o *oracle) layer(c *recorded) int {
	if l, known := o.layers[c.step]; known {
		return l
	}
	layer := 0
	for d := range o.nearest(c) {
		layer = max(layer, 1+o.layer(d))
	}
	o.layers[c.step] = layer
	return layer
}

// plan are all units by name: of a constructor its hooks come first, one after another,
// then its values.
func (o *oracle) plan(place func(*step) string) map[string]*unitSpec {
	all := make(map[string]*unitSpec)
	for s, units := range o.units {
		c := o.done[s]
		var after []string
		for d := range o.nearest(c) {
			of := o.units[d.step]
			if values := slices.IndexFunc(of, func(u *unitSpec) bool { return !u.hook }); values >= 0 {
				of = of[values:]
			} else {
				of = of[len(of)-1:]
			}
			for _, u := range of {
				after = append(after, u.Name)
			}
		}
		slices.Sort(after)
		for _, u := range units {
			u.Constructor, u.layer, u.DependsOn = place(s), o.layer(c), after
			all[u.Name] = u
			if u.hook {
				after = []string{u.Name}
			}
		}
	}
	return all
}

// checkTimes compares when units were started and stopped with when they had to be: at
// the very moment at which what they wait for is ready or has ended.
func checkTimes(units map[string]*unitSpec, began time.Time, byDependency bool, fail func(string, ...any)) {
	dependents := make(map[string][]string)
	highest := 0
	for name, u := range units {
		highest = max(highest, u.layer)
		for _, d := range u.DependsOn {
			dependents[d] = append(dependents[d], name)
		}
	}
	starts, stops := make([]time.Time, highest+2), make([]time.Time, highest+2) // of layers
	complete := began
	for _, u := range units {
		complete = latest(complete, u.life.ready)
	}
	starts[0], stops[highest] = began, complete
	for _, u := range units {
		starts[u.layer+1] = latest(starts[u.layer+1], u.life.ready)
		if u.layer > 0 {
			stops[u.layer-1] = latest(stops[u.layer-1], u.life.ended)
		}
	}
	for name, u := range units {
		start, stop := began, complete
		if !byDependency {
			start, stop = starts[u.layer], stops[u.layer]
		}
		for _, d := range u.DependsOn {
			start = latest(start, units[d].life.ready)
		}
		for _, d := range dependents[name] {
			stop = latest(stop, units[d].life.ended)
		}
		if !u.life.start.Equal(start) || !u.life.ready.Equal(start.Add(u.life.startTook)) {
			fail("%s was started %v and ready %v after the beginning, want %v and %v later", name,
				u.life.start.Sub(began), u.life.ready.Sub(began), start.Sub(began), u.life.startTook)
		}
		if !u.life.stopping.Equal(stop) || !u.life.ended.Equal(stop.Add(u.life.stopTook)) {
			fail("%s was stopped %v after the beginning and ended %v, want %v and %v later", name,
				u.life.stopping.Sub(began), u.life.ended.Sub(began), stop.Sub(began), u.life.stopTook)
		}
	}
}

func latest(x, y time.Time) time.Time {
	if x.After(y) {
		return x
	}
	return y
}

// membersOf are the values in groups of which a warning says that it is not known whose
// their members are.
func (o *oracle) membersOf(warnings []string) map[string]bool {
	members := make(map[string]bool)
	for _, c := range o.calls {
		for i, r := range c.results() {
			for _, k := range c.keys(r) {
				mixed := func(w string) bool {
					return strings.HasPrefix(w, keyText(k)+": ") && strings.Contains(w, "not known which member is whose")
				}
				if !slices.ContainsFunc(warnings, mixed) {
					continue
				}
				for _, name := range makersIn(c.made[i]) {
					members[name] = true
				}
			}
		}
	}
	return members
}
