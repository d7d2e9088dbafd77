package container_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/dig"
)

// This file says which cycles there are, and what is missing.

// view is how one looks at what a step needs that was not called.
type view int

const (
	// As dig would ask if it were asked now.
	asIs view = iota
	// Also whom dig may ask because it passes over a decorator, or may ask in vain.
	anyhow
	// As if there were but one scope, which is how dig looks for cycles.
	scopeless
)

// needs are whom dig would ask to fill the parameters of a step.
func (o *oracle) needs(s *step, as view) (all []*step) {
	all = o.asks(s, as)
	for _, d := range o.steps {
		if d.Kind != dependStep || !provides(s, d.From) {
			continue
		}
		for _, to := range o.steps {
			if provides(to, d.To) && to != s {
				all = append(all, to)
			}
		}
	}
	return all
}

// asks is needs without what Depend says.
func (o *oracle) asks(s *step, as view) (all []*step) {
	for _, p := range s.params() {
		all = append(all, o.asked(s, p, as)...)
	}
	return all
}

func (o *oracle) asked(s *step, p slot, as view) (all []*step) {
	if as == asIs && p.Optional {
		return nil
	}
	if as == scopeless {
		return slices.DeleteFunc(slices.Clone(o.steps), func(other *step) bool {
			return other.Kind == scopeStep || other.Kind == dependStep || !returns(other, p.key())
		})
	}
	for _, scope := range o.up(s.Scope) {
		if d := o.decorator(p.key(), scope, o.all); d != nil && d != s {
			all = append(all, d)
			if as == asIs && p.Group == "" {
				return all
			}
		}
	}
	if as == asIs && (len(all) > 0 || p.Soft) {
		return all
	}
	for _, scope := range o.up(s.Scope) {
		by := o.providers(p.key(), scope, o.all)
		all = append(all, by...)
		if p.Group == "" && len(by) > 0 && as == asIs {
			break
		}
	}
	return all
}

// hasCycle looks for a cycle among what the steps need for which from is true.
func (o *oracle) hasCycle(as view, from func(*step) bool) bool {
	counts := func(s *step) bool { return as != asIs || o.done[s] == nil }
	return o.cyclic(from, counts, func(s *step) []*step { return o.needs(s, as) })
}

// comesBack reports whether dig, asked for what can be built in a scope, would go round
// for ever: over constructors alone, as it passes over a decorator the second time.
func (o *oracle) comesBack(scope int) bool {
	seen := func(s *step) bool {
		return s.ID < o.all && s.Kind == provideStep && slices.Contains(o.up(scope), homeOf(s))
	}
	counts := func(s *step) bool {
		return o.done[s] == nil && s.Kind != decorateStep && o.buildable(s, make(map[*step]bool))
	}
	return o.cyclic(seen, counts, func(s *step) []*step { return o.asks(s, asIs) })
}

// cyclic looks for a cycle among what steps lead to that count.
func (o *oracle) cyclic(from, counts func(*step) bool, next func(*step) []*step) bool {
	const open, closed = 1, 2
	seen := make(map[*step]int)
	var visit func(s *step) bool
	visit = func(s *step) bool {
		seen[s] = open
		for _, to := range next(s) {
			if counts(to) && (seen[to] == open || seen[to] == 0 && visit(to)) {
				return true
			}
		}
		seen[s] = closed
		return false
	}
	return slices.ContainsFunc(o.steps, func(s *step) bool {
		return from(s) && counts(s) && seen[s] == 0 && visit(s)
	})
}

var (
	inCycle = regexp.MustCompile(`^(?:needs (\S+), made by (\S+ \(\S+\))|needs (\S+), decorated by (\S+ \(\S+\))|` +
		`takes (\S+), a soft group with a member by (\S+ \(\S+\))|waits for (\S+ \(\S+\)) by Depend)$`)
	atBegin = regexp.MustCompile(`^(\S+ \(\S+\)) (.*)$`)
)

// confirmCycle goes the way that an error describes on the text of the program: "" if
// that is possible.
func (o *oracle) confirmCycle(text string, place func(*step) string) string {
	_, text, _ = strings.Cut(text, "cycle: ")
	text, _, _ = strings.Cut(text, "\n")
	text, _, _ = strings.Cut(text, "; Depend was called at ")
	begin := atBegin.FindStringSubmatch(text)
	if begin == nil {
		return "cannot be read: " + text
	}
	at := func(where string) (found []*step) {
		for _, s := range o.steps {
			if s.Kind != scopeStep && s.Kind != dependStep && place(s) == where {
				found = append(found, s)
			}
		}
		return found
	}
	problem := "nobody stands at " + begin[1]
	for _, start := range at(begin[1]) {
		here := []*step{start}
		for _, phrase := range strings.Split(begin[2], ", which ") {
			m := inCycle.FindStringSubmatch(phrase)
			if m == nil {
				return "cannot be read: " + phrase
			}
			var next []*step
			for _, s := range here {
				for _, to := range at(m[2] + m[4] + m[6] + m[7]) {
					if o.confirmHop(s, to, m[1]+m[3]+m[5], m[4] != "", m[6] != "") {
						next = append(next, to)
					}
				}
			}
			if here = next; len(here) == 0 {
				problem = "is not so: " + phrase
				break
			}
		}
		if slices.Contains(here, start) {
			return ""
		}
	}
	return problem
}

func (o *oracle) confirmHop(from, to *step, key string, decorator, soft bool) bool {
	if key == "" {
		return slices.Contains(o.needs(from, anyhow), to)
	}
	return (to.Kind == decorateStep) == decorator && slices.ContainsFunc(from.params(), func(p slot) bool {
		if keyText(p.key()) != key || soft && !p.Soft || !slices.Contains(o.asked(from, p, anyhow), to) {
			return false
		}
		if decorator || p.Group != "" {
			return true
		}
		for _, scope := range o.up(from.Scope) { // the nearest provider hides the others
			if by := o.providers(p.key(), scope, o.all); len(by) > 0 {
				return slices.Contains(by, to)
			}
		}
		return false
	})
}

var lacks = regexp.MustCompile(`^(\S+ \(\S+\)) needs (\S+), which nobody provides`)

// nobodyProvides reports whether no constructor of a key is seen from a scope.
func (o *oracle) nobodyProvides(k digKey, scope int) bool {
	return !slices.ContainsFunc(o.up(scope), func(at int) bool { return len(o.providers(k, at, o.all)) > 0 })
}

// buildable reports whether nobody lacks anything whom dig would have to call for s.
func (o *oracle) buildable(s *step, under map[*step]bool) bool {
	if o.done[s] != nil || under[s] {
		return true
	}
	under[s] = true
	defer delete(under, s)
	for _, p := range s.params() {
		if !p.Optional && p.Group == "" && o.nobodyProvides(p.key(), s.Scope) {
			return false
		}
		required := p
		required.Optional = false
		for _, by := range o.asked(s, required, asIs) {
			if (!p.Optional || by.Kind == decorateStep) && !o.buildable(by, under) {
				return false
			}
		}
	}
	return true
}

// wanted are the steps that have to be called for those for which root is true.
func (o *oracle) wanted(root func(*step) bool) map[*step]bool {
	found := make(map[*step]bool)
	var visit func(s *step)
	visit = func(s *step) {
		if found[s] || o.done[s] != nil {
			return
		}
		found[s] = true
		for _, p := range s.params() {
			given := p
			given.Optional = false
			for _, by := range o.asked(s, given, asIs) {
				if !p.Optional || by.Kind == decorateStep || o.buildable(by, make(map[*step]bool)) {
					visit(by)
				}
			}
		}
	}
	for _, s := range o.steps {
		if root(s) {
			visit(s)
		}
	}
	return found
}

// confirmMissing looks for who needs what an error says that nobody provides: "" if
// there is one that has to be called, and nobody does.
func (o *oracle) confirmMissing(text string, place func(*step) string, wanted map[*step]bool) string {
	for line := range strings.SplitSeq(text, "\n") {
		if _, of, ok := strings.Cut(line, ": Depend: nobody provides "); ok {
			of, _, _ = strings.Cut(of, ";")
			if slices.ContainsFunc(o.steps, func(s *step) bool {
				return slices.ContainsFunc(drawnTypes, func(t reflect.Type) bool { return t.String() == of && provides(s, t) })
			}) {
				return "is not so: " + line
			}
			continue
		}
		m := lacks.FindStringSubmatch(line)
		if m == nil {
			return "cannot be read: " + line
		}
		if !slices.ContainsFunc(o.steps, func(s *step) bool {
			return wanted[s] && place(s) == m[1] && slices.ContainsFunc(s.params(), func(p slot) bool {
				return !p.Optional && keyText(p.key()) == m[2] && o.nobodyProvides(p.key(), s.Scope)
			})
		}) {
			return "is not so: " + line
		}
	}
	return ""
}

// keyText is a key in dig's notation.
func keyText(k digKey) string {
	switch {
	case k.Name != "":
		return fmt.Sprintf("%v[name=%q]", k.Type, k.Name)
	case k.Group != "":
		return fmt.Sprintf("%v[group=%q]", k.Type, k.Group)
	}
	return k.Type.String()
}

// alarm reports whether an error is of dig's own search for cycles.
func alarm(err error) bool {
	return err != nil && dig.IsCycleDetected(err) && !strings.Contains(err.Error(), "cycle: ")
}
