package container_test

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
)

// oracle tells what an App has to do with a program, by the text of the program and by what its functions
// were given and have returned. It knows nothing of how the App finds out.
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

// unitSpec is what is known of a unit.
type unitSpec struct {
	container.Unit
	layer int
	hook  bool
	life  *life
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

// supplies are what would be the calls of the constructors of values that were supplied: nobody sees when, but that
// somebody was given one, or that it runs.
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

// sources are the calls that the i-th parameter of a call was filled by. The error says that the values are not
// theirs: then the oracle is wrong.
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

// thereIn are the members of a group whose values are among those that were given: a soft group has what was there when
// it was looked at, and what the App has built in dig's place may come to dig only later.
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

// givenUp reports whether dig has passed over a decorator for c: then it may have found that an optional value could
// not be built, and have built it for the next parameter.
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

// replacing is the decorator whose value runs instead of that which c returned for r: the nearest to where it is
// registered, if it took the value, or nothing for that key, and returned something that runs.
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

// decoratorsOf are those of what a constructor returns, where it is registered and above.
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

// standIn has a decorator wait for what Depend says of those that it stands for, and has who was given what it
// replaces wait for it, unless it needs them.
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

// plan are all units by name: of a constructor its hooks come first, one after another, then its values.
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

// checkTimes compares when units were started and stopped with when they had to be: at the very moment at which
// what they wait for is ready or has ended.
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

// view is how one looks at what a step needs that was not called.
type view int

const (
	asIs      view = iota // as dig would ask if it were asked now
	anyhow                // also whom dig may ask because it passes over a decorator, or that it may ask in vain
	scopeless             // as if there were but one scope, which is how dig looks for cycles
)

// needs are whom dig would ask to fill the parameters of a step.
func (o *oracle) needs(s *step, as view) (all []*step) {
	for _, p := range s.params() {
		all = append(all, o.asked(s, p, as)...)
	}
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
	const open, closed = 1, 2
	seen := make(map[*step]int)
	var visit func(s *step) bool
	visit = func(s *step) bool {
		seen[s] = open
		for _, to := range o.needs(s, as) {
			if as == asIs && o.done[to] != nil {
				continue
			}
			if seen[to] == open || seen[to] == 0 && visit(to) {
				return true
			}
		}
		seen[s] = closed
		return false
	}
	return slices.ContainsFunc(o.steps, func(s *step) bool {
		return from(s) && seen[s] == 0 && (as != asIs || o.done[s] == nil) && visit(s)
	})
}

// membersOf are the values in groups of which a warning says that it is not known whose their members are.
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

var (
	inCycle = regexp.MustCompile(`^(?:needs (\S+), made by (\S+ \(\S+\))|needs (\S+), decorated by (\S+ \(\S+\))|` +
		`takes (\S+), a soft group with a member by (\S+ \(\S+\))|waits for (\S+ \(\S+\)) by Depend)$`)
	atBegin = regexp.MustCompile(`^(\S+ \(\S+\)) (.*)$`)
)

// confirmCycle goes the way that an error describes on the text of the program: "" if that is possible.
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

// confirmMissing looks for who needs what an error says that nobody provides: "" if there is one that has to be called,
// and nobody does.
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
