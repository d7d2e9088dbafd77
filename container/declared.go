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
	return p
}

func (p *preview) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

// look finds what runs of n.
func (p *preview) look(n *wiring.Node) {
	if _, called := n.Called(); !called {
		if slices.ContainsFunc(n.Params, isLifecycle) {
			p.warn("%v may append hooks", n)
		}
		p.doubtSoft(n)
		if n.Attached() && isDecorated(n) {
			p.warn("%v is called only if a decorator asks for what it returns", n)
		}
	}
	for _, r := range n.Results {
		switch {
		case !p.app.runsIfBuilt(r.Declared):
			if p.app.mayRun(r) {
				p.warn("%v returns %v, an interface: its value may run", n, r.Keys[0])
			}
		case p.isReplaced(n, r):
			p.doubtPassedOn(n, r)
		default:
			p.get(n).addDeclared(r)
			p.doubt(n, r)
		}
	}
}

// doubtSoft warns of what may not be there yet when n is called, and then is nothing
// that n waits for.
func (p *preview) doubtSoft(n *wiring.Node) {
	known := make(map[wiring.Key]bool)
	for _, e := range n.Edges() {
		_, called := e.To.Called()
		if k := e.Param.Key; e.Soft && !called && p.planned[e.To] && !known[k] {
			known[k] = true
			p.warn("%v takes %v, a soft group: it waits for those members that are built before it", n, k)
		}
	}
}

// isDecorated reports whether a constructor has no key that is not decorated: dig,
// asked for one, calls the decorator.
func isDecorated(n *wiring.Node) bool {
	return n.Kind == wiring.Constructor && !slices.ContainsFunc(n.Results, func(r wiring.Result) bool {
		return slices.ContainsFunc(r.Keys, func(k wiring.Key) bool { return decorator(n.Home, k) == nil })
	})
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
	if r.Declared.Kind() == reflect.Interface {
		p.warn("%v returns %v, an interface: its type is known only then, and a nil does not run", n, r.Keys[0])
	}
	p.doubtPassedOn(n, r)
}

// doubtPassedOn warns of a result that may be one of the parameters.
func (p *preview) doubtPassedOn(n *wiring.Node, r wiring.Result) {
	for _, in := range n.Params {
		switch t := in.Key.Type; {
		case in.Key == r.Keys[0] && standsFor(n, in.Key):
			// and so runs, whether it is the same or not
		case !p.app.runsIfBuilt(t):
		case t.AssignableTo(r.Declared):
			p.warn("%v may return the %v that it takes, which then runs %s", n, in.Key, howOften(t))
		case t.Kind() != reflect.Interface && in.Key.Group == "" && embeds(r.Declared, t):
			p.warn("%v returns %v, which embeds the %v that it takes: both run", n, r.Declared, in.Key)
		}
	}
}

// howOften says how often a value of type t runs that is returned twice: what is no
// pointer has nothing to be known by.
func howOften(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan:
		return "once"
	case reflect.Interface:
		return "once if it is a pointer, else twice"
	}
	return "twice"
}

// embeds reports whether a struct, or what t points to, has a field of type e without
// a name, and so the methods of that.
func embeds(t, e reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type == e {
			return true
		}
	}
	return false
}

// standsFor reports whether n is a decorator whose value for k runs in the place of
// what it takes.
func standsFor(n *wiring.Node, k wiring.Key) bool {
	return n.Kind == wiring.Decorator && !slices.ContainsFunc(n.Edges(), func(e wiring.Edge) bool {
		return e.Param.Key == k && !e.Link && (e.To.Kind == wiring.Decorator || decorator(e.To.Home, k) != n)
	})
}
