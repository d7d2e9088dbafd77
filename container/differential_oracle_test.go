package container_test

import (
	"cmp"
	"fmt"
	"slices"
)

// This file says who was given what, by whom.

// oracle tells what an App has to do with a program, by the text of the program and by
// what its functions were given and have returned. It knows nothing of how the App
// finds out.
type oracle struct {
	all     int     // the first so many are done
	steps   []*step // without those that dig has refused
	parents []int   // of scopes
	calls   []*recorded
	done    map[*step]*recorded   // the call of a step that was a success
	linked  map[*step][]*recorded // by Depend
	instead map[*step][]*recorded // what a step waits for because decorators stand for what it takes

	tied   bool // decorators stand for values of one constructor: one that is given first waits
	units  map[*step][]*unitSpec
	layers map[*step]int
}

func newOracle(p program, w *world) *oracle {
	calls := append(w.supplies(), w.calls...)
	o := &oracle{
		all: len(p.Steps), parents: []int{0}, calls: calls,
		done:   make(map[*step]*recorded),
		linked: make(map[*step][]*recorded), instead: make(map[*step][]*recorded),
		units: make(map[*step][]*unitSpec), layers: make(map[*step]int),
	}
	for _, s := range p.Steps {
		if !s.refused {
			o.steps = append(o.steps, s)
		}
		if s.Kind == scopeStep {
			o.parents = append(o.parents, s.Scope)
		}
	}
	for _, c := range calls {
		if !c.failed {
			o.done[c.step] = c
		}
	}
	return o
}

// supplies are what would be the calls of the constructors of values that were
// supplied: nobody sees when, but that somebody was given one, or that it runs.
func (w *world) supplies() (calls []*recorded) {
	for _, s := range w.program.Steps {
		v := w.supplied[s]
		if v == nil || s.refused || !works(v) && !slices.ContainsFunc(w.calls, func(c *recorded) bool {
			return slices.ContainsFunc(c.args, func(values []maker) bool { return slices.Contains(values, v) })
		}) {
			continue
		}
		calls = append(calls, &recorded{step: s, number: -1, made: [][]maker{{v}}})
	}
	return calls
}

// up are a scope and those above it.
func (o *oracle) up(scope int) []int {
	scopes := []int{scope}
	for scope != 0 {
		scope = o.parents[scope]
		scopes = append(scopes, scope)
	}
	return scopes
}

// providers are the steps that provide a key in a scope itself, of those before one.
func (o *oracle) providers(k digKey, scope, before int) []*step {
	return o.returning(k, scope, before, provideStep, supplyStep)
}

// decorator is the step that decorates a key in a scope itself, of those before one.
func (o *oracle) decorator(k digKey, scope, before int) *step {
	if found := o.returning(k, scope, before, decorateStep); len(found) > 0 {
		return found[0]
	}
	return nil
}

func (o *oracle) returning(k digKey, scope, before int, kinds ...stepKind) (found []*step) {
	for _, s := range o.steps {
		if s.ID < before && homeOf(s) == scope && slices.Contains(kinds, s.Kind) && returns(s, k) {
			found = append(found, s)
		}
	}
	return found
}

func returns(s *step, k digKey) bool {
	return slices.ContainsFunc(s.results(), func(r slot) bool { return slices.Contains(s.keys(r), k) })
}

// made are the values that a call has returned for a key.
func made(c *recorded, k digKey) (values []maker) {
	for i, r := range c.results() {
		if slices.Contains(c.keys(r), k) {
			values = append(values, c.made[i]...)
		}
	}
	return values
}

// doneBefore is the call of a step, if it was a success before c.
func (o *oracle) doneBefore(s *step, c *recorded) *recorded {
	if d := o.done[s]; d != nil && d.number < c.number {
		return d
	}
	return nil
}

// sources are the calls that the i-th parameter of a call was filled by. The error says
// that the values are not theirs: then the oracle is wrong.
func (o *oracle) sources(c *recorded, i int) ([]*recorded, error) {
	by, err := o.filledBy(c, i)
	if p := c.params()[i]; err != nil && p.Optional && c.args[i][0] == nil && o.givenUp(c) {
		return nil, nil
	}
	return by, err
}

func (o *oracle) filledBy(c *recorded, i int) ([]*recorded, error) {
	p, args := c.params()[i], c.args[i]
	k := p.key()
	var decorators []*recorded
	for _, scope := range o.up(c.Scope) {
		if d := o.decorator(k, scope, c.during); d != nil && d != c.step && o.doneBefore(d, c) != nil {
			decorators = append(decorators, o.done[d])
		}
	}
	same := func(values []maker) error {
		if !slices.Equal(makersIn(values), makersIn(args)) {
			return fmt.Errorf("%d was given %v for %v, and not %v", c.ID, makersIn(args), k, makersIn(values))
		}
		return nil
	}
	switch {
	case len(decorators) > 0 && k.Group == "":
		return decorators[:1], same(made(decorators[0], k))
	case len(decorators) > 0: // all are called, and the nearest is heeded
		return decorators, same(made(decorators[0], k))
	case k.Group == "":
		for _, scope := range o.up(c.Scope) {
			if s := o.providers(k, scope, c.during); len(s) > 0 {
				if by := o.doneBefore(s[0], c); by != nil {
					return []*recorded{by}, same(made(by, k))
				}
				break
			}
		}
		return nil, same([]maker{nil})
	}
	var members []*recorded
	for _, scope := range o.up(c.Scope) {
		for _, s := range o.providers(k, scope, c.during) {
			if by := o.doneBefore(s, c); by != nil {
				members = append(members, by)
			}
		}
	}
	if p.Soft {
		members = thereIn(args, members, k)
	}
	var values []maker
	for _, m := range members {
		values = append(values, made(m, k)...)
	}
	return members, same(values)
}

// thereIn are the members of a group whose values are among those that were given: a
// soft group has what was there when it was looked at, and what the App has built in
// dig's place may come to dig only later.
func thereIn(args []maker, members []*recorded, k digKey) (there []*recorded) {
	slices.SortFunc(members, func(x, y *recorded) int { return cmp.Compare(x.number, y.number) })
	rest := makersIn(args)
	for _, m := range members {
		less := slices.Clone(rest)
		all := true
		for _, name := range makersIn(made(m, k)) {
			i := slices.Index(less, name)
			if all = all && i >= 0; all {
				less = slices.Delete(less, i, i+1)
			}
		}
		if all {
			rest, there = less, append(there, m)
		}
	}
	return there
}

// givenUp reports whether dig has passed over a decorator for c: then it may have found
// that an optional value could not be built, and have built it for the next parameter.
func (o *oracle) givenUp(c *recorded) bool {
	return slices.ContainsFunc(o.steps, func(s *step) bool { return s.Kind == decorateStep && s.ID < c.during && o.doneBefore(s, c) == nil })
}

// hop is one that waits for another, and for which key; a Depend has none.
type hop struct {
	to  *recorded
	key digKey
}

// waits are those that a call waits for directly.
func (o *oracle) waits(c *recorded) (hops []hop) {
	for i, p := range c.params() {
		by, _ := o.sources(c, i)
		for _, b := range by {
			hops = append(hops, hop{b, p.key()})
		}
	}
	for _, to := range o.linked[c.step] {
		hops = append(hops, hop{to: to})
	}
	for _, to := range o.instead[c.step] {
		hops = append(hops, hop{to: to})
	}
	return hops
}

func (o *oracle) reaches(from, to *recorded) bool {
	seen := make(map[*recorded]bool)
	var visit func(c *recorded) bool
	visit = func(c *recorded) bool {
		if c == to {
			return true
		}
		if seen[c] {
			return false
		}
		seen[c] = true
		return slices.ContainsFunc(o.waits(c), func(h hop) bool { return visit(h.to) })
	}
	return visit(from)
}
