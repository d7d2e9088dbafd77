package container_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
)

// This file draws random programs for the differential test.

// drawing is a program while it is drawn.
type drawing struct {
	*rand.Rand
	parents []int // of scopes
	taken   map[int]map[digKey]bool
	made    []*step // constructors and supplied values, in an order in which they may be built
	cyclic  bool
	sloppy  bool // may provide what is there already
}

func (d *drawing) chance(percent int) bool { return d.IntN(100) < percent }

func oneOf[T any](d *drawing, from []T) T { return from[d.IntN(len(from))] }

// sees reports whether what is in scope home is seen from scope at.
func (d *drawing) sees(at, home int) bool {
	for ; at != home; at = d.parents[at] {
		if at == 0 {
			return false
		}
	}
	return true
}

func drawProgram(seed uint64) program {
	d := &drawing{Rand: rand.New(rand.NewPCG(seed, 1)), parents: []int{0}, taken: make(map[int]map[digKey]bool)}
	d.cyclic, d.sloppy = d.chance(15), d.chance(4)
	failing := d.chance(15)
	for d.chance(45) && len(d.parents) < 4 {
		d.parents = append(d.parents, d.IntN(len(d.parents)))
	}
	for n := 2 + d.IntN(9); len(d.made) == 0 || n > 0; n-- {
		d.drawMaker()
	}
	for i, s := range d.made {
		if s.Kind == provideStep {
			d.drawInputs(s, i, i, 3)
			d.drawLifecycle(s, 15)
		}
	}
	steps := slices.Clone(d.made)
	for range d.IntN(4) {
		if s := d.drawDecorator(); s != nil {
			steps = append(steps, s)
		}
	}
	if failing && d.chance(70) {
		s := oneOf(d, steps)
		if s.Kind != supplyStep {
			s.Fails = 1
			if d.chance(40) {
				s.Fails = always
			}
		}
	}
	for range d.IntN(4) {
		s := &step{Kind: invokeStep, Scope: d.IntN(len(d.parents))}
		d.drawInputs(s, len(d.made), len(d.made), 3)
		d.drawLifecycle(s, 40)
		if failing && d.chance(30) {
			s.Fails = 1
		}
		steps = append(steps, s)
	}
	if d.chance(25) {
		for range 1 + d.IntN(2) {
			if s := d.drawDepend(); s != nil {
				steps = append(steps, s)
			}
		}
	}
	p := program{Steps: d.inSomeOrder(steps), ByDepend: d.chance(50), Seed: d.Uint64(), MayBeCycle: d.cyclic}
	if d.chance(25) {
		p.Attach = 1 + d.IntN(len(p.Steps))
	}
	return p
}

// drawMaker draws a constructor without its parameters, or a value to supply.
func (d *drawing) drawMaker() {
	s := &step{Kind: provideStep, Scope: d.IntN(len(d.parents))}
	s.Export = d.chance(20)
	home := s.Scope
	if s.Export {
		home = 0
	}
	if d.chance(8) {
		s.Kind, s.Scope, s.Export, home = supplyStep, 0, false, 0
	}
	switch kind := d.IntN(100); {
	case s.Kind == supplyStep || kind < 45:
		r := d.drawResult()
		if s.Kind == supplyStep {
			r.Type = oneOf(d, slices.Concat(idleTypes, workerTypes))
			r.Concrete, r.Outcome = r.Type, fresh
		}
		s.Out = []bundle{{Slots: []slot{r}}}
		if s.Kind == supplyStep {
			break
		}
		switch d.IntN(10) {
		case 0, 1:
			s.Name = "n"
		case 2:
			s.Group = d.group()
		case 3:
			s.Out[0].Slots[0].Flatten, s.Out[0].Slots[0].Many = true, 1+d.IntN(2)
			s.Group = d.group()
		}
		if r.Type == r.Concrete && !s.Out[0].Slots[0].Flatten && d.chance(25) {
			s.As = []reflect.Type{oneOf(d, faceTypes[:2])}
			if d.chance(30) {
				s.As = faceTypes[:2]
			}
			if r.Type.Implements(runnerType) && d.chance(30) {
				s.As = faceTypes[1:]
			}
		}
	case kind < 60:
		s.Out = []bundle{{Slots: []slot{d.drawResult()}}, {Slots: []slot{d.drawResult()}}}
		if s.Out[0].Slots[0].Type == s.Out[1].Slots[0].Type {
			s.Out = s.Out[:1]
		}
	default:
		b := bundle{Struct: true, Nested: d.chance(30)}
		for range 1 + d.IntN(3) {
			r := d.drawResult()
			switch d.IntN(4) {
			case 0:
				r.Name = "n"
			case 1:
				r.Group = d.group()
				if d.chance(40) {
					r.Flatten, r.Many = true, 1+d.IntN(2)
				}
			}
			b.Slots = append(b.Slots, r)
		}
		s.Out = []bundle{b}
	}
	if d.taken[home] == nil {
		d.taken[home] = make(map[digKey]bool)
	}
	seen := make(map[digKey]bool)
	for _, r := range s.results() {
		for _, k := range s.keys(r) {
			if k.Group == "" && (d.taken[home][k] && !d.sloppy || seen[k]) {
				return
			}
			seen[k] = true
		}
	}
	for k := range seen {
		d.taken[home][k] = true
	}
	d.made = append(d.made, s)
}

func (d *drawing) group() string { return oneOf(d, []string{"g", "h"}) }

func (d *drawing) drawResult() slot {
	r := slot{Type: oneOf(d, drawnTypes)}
	d.drawOutcome(&r)
	return r
}

// drawOutcome draws what is returned for a result of a type.
func (d *drawing) drawOutcome(r *slot) {
	switch n := d.IntN(100); {
	case n < 8:
		r.Outcome = nothing
	case n < 25:
		r.Outcome = passedOn
	}
	switch {
	case r.Type.Kind() != reflect.Interface:
		r.Concrete = r.Type
	case r.Type.Implements(runnerType):
		r.Concrete = oneOf(d, workerTypes)
	default:
		r.Concrete = oneOf(d, slices.Concat(idleTypes, workerTypes))
	}
}

func (d *drawing) drawLifecycle(s *step, percent int) {
	if s.Lifecycle = d.chance(percent); s.Lifecycle {
		s.Hooks = d.IntN(3)
	}
}

func homeOf(s *step) int {
	if s.Export {
		return 0
	}
	return s.Scope
}

// seen are the keys that are provided to a scope, each with the first and the last
// position of its providers in d.made.
func (d *drawing) seen(at int) (keys []digKey, first, last map[digKey]int) {
	first, last = make(map[digKey]int), make(map[digKey]int)
	for i, s := range d.made {
		if !d.sees(at, homeOf(s)) {
			continue
		}
		for _, r := range s.results() {
			for _, k := range s.keys(r) {
				if _, known := first[k]; !known {
					first[k] = i
					keys = append(keys, k)
				}
				last[k] = i
			}
		}
	}
	return keys, first, last
}

// drawInputs draws parameters for s: of what is made before position hard, and members
// of soft groups.
func (d *drawing) drawInputs(s *step, hard, position, most int) {
	keys, _, last := d.seen(s.Scope)
	var fit, groups []digKey
	for _, k := range keys {
		if k.Group != "" {
			groups = append(groups, k)
		}
		if last[k] < hard || d.cyclic {
			fit = append(fit, k)
		}
	}
	for range d.IntN(most + 1) {
		b := bundle{}
		for range 1 + d.IntN(4)/3 {
			p := slot{}
			switch n := d.IntN(100); {
			case n < 6:
				p.Type, p.Name, p.Optional = oneOf(d, drawnTypes), oneOf(d, []string{"", "n", "x"}), d.chance(80)
				if !p.Optional || !d.cyclic {
					p.Name = "x"
				}
			case n < 18:
				p.Type, p.Group = oneOf(d, drawnTypes), d.group()
				if len(groups) > 0 && d.chance(80) {
					k := oneOf(d, groups)
					p.Type, p.Group = k.Type, k.Group
				}
				later := last[p.key()] >= hard
				// dig takes a soft group of those that need one for a cycle.
				if later && d.chance(75) {
					continue
				}
				p.Soft = later || d.chance(60)
			case len(fit) == 0:
				continue
			default:
				k := oneOf(d, fit)
				p.Type, p.Name, p.Group = k.Type, k.Name, k.Group
				p.Optional = k.Group == "" && d.chance(20)
				p.Soft = k.Group != "" && d.chance(15)
			}
			if p.Type == nil {
				continue
			}
			b.Slots = append(b.Slots, p)
		}
		if len(b.Slots) == 0 {
			continue
		}
		one := b.Slots[0]
		b.Struct = len(b.Slots) > 1 || one.Name != "" || one.Group != "" || one.Optional
		b.Nested = b.Struct && d.chance(20)
		s.In = append(s.In, b)
	}
}

// drawDecorator draws a decorator of something that is provided somewhere, nil if there
// is none that is not decorated there.
func (d *drawing) drawDecorator() *step {
	s := &step{Kind: decorateStep, Scope: d.IntN(len(d.parents))}
	of := s.Scope
	if d.chance(30) {
		of = d.IntN(len(d.parents))
		if d.chance(50) {
			s.Scope = 0
		}
	}
	keys, first, _ := d.seen(of)
	if len(keys) == 0 {
		return nil
	}
	if d.taken[-1-s.Scope] == nil {
		d.taken[-1-s.Scope] = make(map[digKey]bool)
	}
	b := bundle{Struct: true}
	limit := len(d.made)
	for range 1 + d.IntN(4)/3 {
		k := oneOf(d, keys)
		if d.taken[-1-s.Scope][k] && !d.sloppy || slices.ContainsFunc(b.Slots, func(s slot) bool { return s.key() == k }) {
			continue
		}
		d.taken[-1-s.Scope][k] = true
		r := slot{Type: k.Type, Name: k.Name, Group: k.Group}
		d.drawOutcome(&r)
		if k.Group != "" {
			r.Many = d.IntN(3)
		}
		b.Slots = append(b.Slots, r)
		limit = min(limit, first[k])
		_, seenFirst, _ := d.seen(s.Scope)
		if at, ok := seenFirst[k]; ok {
			limit = min(limit, at)
		}
	}
	if len(b.Slots) == 0 {
		return nil
	}
	s.Out = []bundle{b}
	if len(b.Slots) == 1 && b.Slots[0].Name+b.Slots[0].Group == "" && d.chance(50) {
		s.Out[0].Struct = false
	}
	for _, r := range b.Slots {
		if d.chance(80) {
			p := slot{Type: r.Type, Name: r.Name, Group: r.Group, Optional: r.Group == "" && (of != s.Scope || d.chance(10))}
			s.In = append(s.In, bundle{Slots: []slot{p}, Struct: p.Name+p.Group != "" || p.Optional})
		}
	}
	d.drawInputs(s, limit, limit, 2)
	d.drawLifecycle(s, 15)
	return s
}

// drawDepend draws two types of which all values of the one may wait for those of the
// other.
func (d *drawing) drawDepend() *step {
	first, last := make(map[reflect.Type]int), make(map[reflect.Type]int)
	var types []reflect.Type
	for i, s := range d.made {
		for _, r := range s.results() {
			for _, k := range s.keys(r) {
				if _, known := first[k.Type]; !known {
					first[k.Type] = i
					types = append(types, k.Type)
				}
				last[k.Type] = i
			}
		}
	}
	for range 8 {
		if len(types) == 0 {
			return nil
		}
		from, to := oneOf(d, types), oneOf(d, types)
		if from != to && (first[from] > last[to] || d.cyclic) {
			return &step{Kind: dependStep, From: from, To: to}
		}
	}
	return nil
}

// inSomeOrder puts steps, and those that make scopes, into an order in which a scope is
// there before something is given to it. Functions are invoked rather late.
func (d *drawing) inSomeOrder(steps []*step) []*step {
	at := make(map[*step]float64)
	since := []float64{0}
	number := make([]*step, len(d.parents)) // who makes the scope
	for i := 1; i < len(d.parents); i++ {
		s := &step{Kind: scopeStep, Scope: d.parents[i]}
		at[s] = since[d.parents[i]] + d.Float64()*(0.8-since[d.parents[i]])
		since = append(since, at[s])
		number[i] = s
		steps = append(steps, s)
	}
	for _, s := range steps {
		if _, known := at[s]; known {
			continue
		}
		low := since[s.Scope]
		if s.Kind == invokeStep && d.chance(70) {
			low = max(low, 0.7)
		}
		at[s] = low + d.Float64()*(1-low)
	}
	slices.SortFunc(steps, func(x, y *step) int {
		if at[x] < at[y] {
			return -1
		}
		return 1
	})
	// Scopes are numbered in the order in which they are made.
	numbers, next := make([]int, len(d.parents)), 1
	for i, s := range steps {
		s.ID = i
		if n := slices.Index(number, s); n > 0 {
			numbers[n] = next
			next++
		}
	}
	for _, s := range steps {
		s.Scope = numbers[s.Scope]
	}
	return steps
}
