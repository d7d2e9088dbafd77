package container

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/strata-go/strata/internal/wiring"
)

// declaredRunner reports whether the app has to have n called: its declared results
// show that it runs.
func (a *App) declaredRunner(n *wiring.Node) bool {
	return !a.own[n] && slices.ContainsFunc(n.Results, a.declaredRuns)
}

// preview is what runs before the build, as far as declared types show it, and
// warnings of what they do not.
type preview struct {
	sources
	app      *App
	planned  map[*wiring.Node]bool // what is called, or will be
	warnings []string
}

func (a *App) declared() *preview {
	p := &preview{app: a, planned: a.planned()}
	a.mu.Lock()
	for _, m := range a.makers {
		if len(m.hooks) > 0 {
			p.get(m.node).addHooks(m.hooks)
		}
	}
	a.mu.Unlock()
	for _, n := range a.root.wiring.Nodes() {
		if p.planned[n] && !a.own[n] {
			p.look(n)
		}
	}
	for _, s := range p.list {
		if s.node.Kind == wiring.Decorator && !p.standsForAnother(s.node) {
			for _, r := range s.node.Results {
				if p.app.runsIfBuilt(r.Declared) {
					p.doubtNew(s.node, r)
				}
			}
		}
	}
	return p
}

// standsForAnother reports whether the values of a decorator run in the place of those
// of constructors.
func (p *preview) standsForAnother(d *wiring.Node) bool {
	for _, decorators := range p.replaced {
		if slices.Contains(decorators, d) {
			return true
		}
	}
	return false
}

func (p *preview) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

// look finds what runs of n.
func (p *preview) look(n *wiring.Node) {
	if _, called := n.Called(); !called && slices.ContainsFunc(n.Params, isLifecycle) {
		p.warn("%v may append hooks", n)
	}
	for _, r := range n.Results {
		switch {
		case !p.app.runsIfBuilt(r.Declared):
			if n.Kind == wiring.Constructor && p.app.mayRun(r) {
				p.warn("%v returns %v, an interface: its value may run", n, r.Keys[0])
			}
		case p.isReplaced(n, r):
		default:
			p.get(n).addDeclared(r)
			p.doubt(n, r)
		}
	}
}

// isReplaced reports whether a decorator that is called and declared to run replaces
// result r of n, and notes it.
func (p *preview) isReplaced(n *wiring.Node, r wiring.Result) bool {
	if n.Kind != wiring.Constructor {
		return false
	}
	d := replacing(n, r, func(d *wiring.Node, k wiring.Key) bool {
		return p.planned[d] && slices.ContainsFunc(d.Results, func(r wiring.Result) bool {
			return slices.Contains(r.Keys, k) && p.app.runsIfBuilt(r.Declared)
		})
	})
	if d == nil {
		return false
	}
	p.replaced.note(n, d)
	return true
}

// doubt warns of what else than one unit a result may turn out to be.
func (p *preview) doubt(n *wiring.Node, r wiring.Result) {
	if r.Flatten {
		p.warn("%v returns any number of %v: shown as one", n, r.Keys[0])
		return
	}
	if n.Kind != wiring.Constructor {
		return
	}
	if r.Declared.Kind() == reflect.Interface {
		p.warn("%v returns %v, an interface: its type is known only then, and a nil does not run", n, r.Keys[0])
	}
	p.doubtNew(n, r)
}

// doubtNew warns of a result that may be one of the parameters.
func (p *preview) doubtNew(n *wiring.Node, r wiring.Result) {
	for _, in := range n.Params {
		if t := in.Key.Type; p.app.runsIfBuilt(t) && t.AssignableTo(r.Declared) {
			p.warn("%v may return the %v that it takes, which then runs once", n, in.Key)
		}
	}
}
