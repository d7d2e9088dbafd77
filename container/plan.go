package container

import (
	"errors"
	"maps"
	"slices"

	"github.com/strata-go/strata/internal/wiring"
)

// Verify checks that the app can be built, and calls nothing: a line in a unit test.
// It looks at the constructors that the build would call, those whose declared results
// run, at what these need, decorators included, and at what the logger needs. It
// returns the first of these that it finds:
//
//   - the errors of [App.Err], joined, but for that of a dig that cannot be read;
//   - a type that [App.Depend] or a test's replacement names and nobody provides;
//   - a cycle, with its path;
//   - the types that nobody provides, joined: who needs each, and what there is
//     instead that is close, by its type or by name;
//   - a cycle that nobody asks for, but that keeps dig from building anything.
//
// What nobody asks for, [Plan].Unused, is not checked, nor is what a constructor
// provides when it is called. An optional parameter that stays empty is no error; if
// that is because its provider misses something, it is among [Plan].Warnings.
func (a *App) Verify() error {
	if err := a.look("Verify"); err != nil {
		return err
	}
	if err := a.verify(); err != nil {
		return err
	}
	return a.digsCycle()
}

// digsCycle returns the first cycle for which dig would refuse to build where the app
// has it build.
func (a *App) digsCycle() error {
	asked := make(map[*wiring.Scope]bool)
	for _, n := range a.roots() {
		for _, s := range []*wiring.Scope{n.Scope, n.Home} {
			if asked[s] {
				continue
			}
			asked[s] = true
			if err := s.DigsCycle(); err != nil {
				return err
			}
		}
	}
	return nil
}

// verify is Verify of what is known: it may be called from any goroutine.
func (a *App) verify() error {
	a.mu.Lock()
	err := errors.Join(a.errs...)
	a.mu.Unlock()
	if err != nil {
		return err
	}
	if err := a.checkReplaced(); err != nil {
		return err
	}
	if err := a.link(); err != nil {
		return err
	}
	roots := a.roots()
	if err := a.root.wiring.Cycle(roots); err != nil {
		return a.whereDepended(err)
	}
	if err := join(a.root.wiring.Missing(roots)...); err != nil {
		return err
	}
	declared := a.declared()
	_, err = newOrder(&declared.sources, declared.planned)
	return err
}

// Plan returns what would start, and when; it calls nothing. Before the app is built
// it goes by the declared types, and the warnings name what only the build decides;
// after that it is exact. Before and after, they name each optional parameter that
// stays empty although somebody provides it, because something is missing that this
// somebody needs. It has the Chains that [hooks.Plan.Explain] tells, which the plan of
// a [hooks.Planned] has not: they are found when they are asked for, so that a start
// takes no longer. The error is that of [App.Verify], but for a cycle that nobody asks
// for.
func (a *App) Plan() (*Plan, error) {
	a.mu.Lock()
	exact, settled := a.plan, a.order
	a.mu.Unlock()
	if exact != nil {
		p := clonePlan(exact)
		p.Chains = a.chains(settled)
		return p, nil
	}
	if err := a.verify(); err != nil {
		return nil, err
	}
	declared := a.declared()
	order, err := arrange(&declared.sources, declared.planned)
	if err != nil {
		return nil, err
	}
	p := a.planOf(order.all, declared.planned)
	p.Warnings = append(p.Warnings, declared.warnings...)
	p.Chains = a.chains(order)
	return p, nil
}

// clonePlan returns a copy, without chains, for somebody who may change it.
func clonePlan(p *Plan) *Plan {
	clone := *p
	clone.Layers = slices.Clone(p.Layers)
	for i, units := range clone.Layers {
		clone.Layers[i] = slices.Clone(units)
		for j := range units {
			clone.Layers[i][j].DependsOn = slices.Clone(units[j].DependsOn)
		}
	}
	clone.Unused, clone.Warnings = slices.Clone(p.Unused), slices.Clone(p.Warnings)
	return &clone
}

// planOf returns the plan of units. What is not among used is unused.
func (a *App) planOf(units []*unit, used map[*wiring.Node]bool) *Plan {
	p := &Plan{Schedule: a.config.schedule, Warnings: a.root.wiring.Unsure()}
	for _, u := range units {
		for len(p.Layers) <= u.layer {
			p.Layers = append(p.Layers, nil)
		}
		p.Layers[u.layer] = append(p.Layers[u.layer], u.Unit)
	}
	for _, n := range a.root.wiring.Nodes() {
		if n.Kind == wiring.Constructor && !a.own[n] && !used[n] {
			p.Unused = append(p.Unused, n.String())
		}
	}
	p.Warnings = append(p.Warnings, a.unfilled(used)...)
	return p
}

// unfilled tells of the optional parameters of what is called that stay empty, though
// somebody provides them.
func (a *App) unfilled(used map[*wiring.Node]bool) []string {
	asking := sorted(used)
	a.mu.Lock()
	asking = append(asking, a.invoked...)
	a.mu.Unlock()
	var warnings []string
	for _, u := range a.root.wiring.Unfilled(asking) {
		warnings = append(warnings, u.String())
	}
	return warnings
}

// planned returns the nodes that are called, or will be.
func (a *App) planned() map[*wiring.Node]bool {
	planned := make(map[*wiring.Node]bool)
	var visit func(n *wiring.Node)
	visit = func(n *wiring.Node) {
		if planned[n] {
			return
		}
		planned[n] = true
		for _, e := range n.Edges() {
			if !e.Soft && !e.Link {
				visit(e.To)
			}
		}
	}
	for _, n := range a.roots() {
		visit(n)
	}
	maps.Copy(planned, a.called())
	return planned
}

// called returns the nodes that were called.
func (a *App) called() map[*wiring.Node]bool {
	called := make(map[*wiring.Node]bool)
	for _, n := range a.root.wiring.Nodes() {
		if _, ok := n.Called(); ok {
			called[n] = true
		}
	}
	return called
}

// roots are the nodes that the app itself asks for: the constructors whose declared
// results run, the decorators of those results, what was called already and of
// which something runs, and the logger.
func (a *App) roots() []*wiring.Node {
	var roots []*wiring.Node
	known := make(map[*wiring.Node]bool)
	add := func(n *wiring.Node) {
		if n != nil && !known[n] {
			known[n] = true
			roots = append(roots, n)
		}
	}
	for _, n := range a.root.wiring.Nodes() {
		if n.Kind != wiring.Constructor || !a.declaredRunner(n) {
			continue
		}
		add(n)
		for _, beside := range n.Beside() {
			add(beside)
		}
		for _, r := range n.Results {
			for _, k := range r.Keys {
				if a.declaredRuns(r) {
					add(decorator(n.Home, k))
				}
			}
		}
	}
	for _, n := range a.loggerNodes() {
		add(n)
	}
	for _, m := range a.allMakers() {
		add(m.node)
	}
	return roots
}
