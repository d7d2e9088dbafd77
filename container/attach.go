package container

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
)

// Attach returns an App on a dig container that exists, and that constructors were
// provided to, and leaves that as it is:
//
//	container.Attach(BuildContainer(), container.AdaptStop[*sql.DB]()).Run()
//
// What has no Run needs an adapter, as in any App: [App.Plan] lists as unused what
// nothing asks for.
//
// What was given to c before is found, in all scopes: constructors and decorators,
// whatever their options, and by them who needs whom. Constructors whose declared
// results run are called and their values are run, as those are that are given to
// the App itself, which may be given more. What c has built already is found, too:
// a value that runs is run, whatever it is declared as, and nothing is built twice.
// A container that was provided to itself is one like any other. What is done to c
// directly after Attach is found by Verify, Invoke, Provide and the like, and when
// the app is built.
//
// These are not as under [New]:
//
//   - A constructor or decorator that was given to c directly gets no
//     [hooks.Lifecycle] and no [Shutdowner]: that it takes one is an error of
//     [App.Err], unless it was called already. Provide it to the App instead.
//   - There are no Provided, Decorated and Constructed events of those.
//   - The options of c are as dig.New was given them: without
//     [dig.RecoverFromPanics] a panic in a constructor is one of [App.Process] and
//     [App.Runner]; Run and RunContext return it as an error. Cycles are found before
//     anything is built, either way. [WithDig] is an error of Err.
//   - When several constructors had fed one group before Attach, in an order that
//     does not show, or are called at once and more than one of them feeds it with a
//     flattened slice, a member is known by its type to be of one of them; those which
//     types do not tell apart wait for what any of their constructors needs. The
//     warnings of the plan name such groups.
//   - A constructor whose results all go to groups, or are decorated, can be called
//     only by asking for these: the other members of the group are built then, too,
//     and it is not called at all if no decorator wants what it returns.
//   - What was invoked before has no units, and what was built before counts as
//     given what it would be given now.
//
// A decorator that failed before, which dig would pass over in silence, is an error
// of Err. So is a nil container, one that dig.New did not make, and one that has a
// Lifecycle or a Shutdowner, as it does when an App is attached already.
//
// All this is read from unexported fields of dig's. If they are not laid out as they
// are known, an error of Err, which is also told as a [hooks.Misuse], says so; the
// app starts nevertheless, with less: it runs what is provided to the App itself, and
// of the rest what these constructors and the functions that the App invokes are
// given, in the order that [dig.Visualize] shows, which knows neither scopes nor
// decorators.
func Attach(c *dig.Container, opts ...Option) *App {
	const method = "Attach"
	a := newApp(method, opts)
	if len(a.config.dig) > 0 {
		a.keep(method, errors.New("WithDig: the container is there already"), "give the options to dig.New")
	}
	a.attach(method, c)
	a.setUp(method, opts)
	a.checkFound(method)
	return a
}

// attachTo is changed by tests.
var attachTo = wiring.Attach

func (a *App) attach(method string, c *dig.Container) {
	switch {
	case c == nil:
		a.keep(method, errors.New("the container is nil"), "")
	case reflect.ValueOf(c).Elem().IsZero():
		a.keep(method, errors.New("the container is empty"), "dig.New makes one")
	default:
		root, err := attachTo(c)
		if err != nil {
			a.unread = fmt.Errorf("%s: %s: %w; what was given to the container before runs only if the app's own functions take it",
				callSite(), method, err)
			a.emit(hooks.Misuse{At: time.Now(), Err: a.unread})
			root = wiring.Outline(c)
		}
		a.container, a.root = c, &Scope{app: a, wiring: root}
		return
	}
	a.openContainer() // so that all methods work
}

// look finds what was done to the container directly.
func (a *App) look(method string) error {
	if err := a.root.wiring.Look(); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	a.checkFound(method)
	return nil
}

// checkFound keeps an error for each constructor and decorator that was found and
// cannot be served.
func (a *App) checkFound(method string) {
	for _, n := range a.root.wiring.Nodes() {
		if a.refused[n] {
			continue
		}
		if n.Stalled() {
			a.refuse(method, n, "decorator %v has failed, or is being called: dig passes over it from now on", n)
		}
		if _, called := n.Called(); called || !n.Attached() || a.refused[n] {
			continue
		}
		for _, e := range n.Edges() {
			if a.own[e.To] && !e.Link {
				a.refuse(method, n, "%v takes a %v, but was given to the container directly, where it cannot be served; give it to the App",
					n, e.Param.Key)
				break
			}
		}
	}
}

func (a *App) refuse(method string, n *wiring.Node, format string, args ...any) {
	if a.refused == nil {
		a.refused = make(map[*wiring.Node]bool)
	}
	a.refused[n] = true
	a.keep(method, fmt.Errorf(format, args...), "")
}

// found returns what runs of the constructors that were found and called.
func (a *App) found() []*maker {
	var makers []*maker
	for _, n := range a.root.wiring.Nodes() {
		if _, called := n.Called(); !called || !n.Attached() || n.Kind != wiring.Constructor {
			continue
		}
		m := &maker{node: n}
		for i, r := range n.Results {
			if !a.mayRun(r) {
				continue
			}
			for _, v := range n.Returned(i) {
				for _, of := range a.running(v, false) {
					m.values = append(m.values, value{of: of, key: r.Keys[0]})
				}
			}
		}
		if len(m.values) > 0 {
			makers = append(makers, m)
		}
	}
	return makers
}

// allMakers returns the makers of what runs, those of the constructors that were
// found included, in the order in which they were called.
func (a *App) allMakers() []*maker {
	found := a.found()
	a.mu.Lock()
	makers, received := slices.Clone(a.makers), slices.Clone(a.received)
	a.mu.Unlock()
	for _, r := range received {
		if m := a.makerOf(r); m != nil {
			makers = append(makers, m) // last: what the app's own have made is theirs
		}
	}
	if len(found) == 0 {
		return makers
	}
	makers = append(makers, found...)
	slices.SortStableFunc(makers, func(x, y *maker) int {
		i, _ := x.node.Called()
		j, _ := y.node.Called()
		return cmp.Compare(i, j)
	})
	return makers
}

// received is what a function was given and what runs, of an app that does not know
// who made it.
type received struct {
	by     *wiring.Node
	param  wiring.Param
	values []value
}

// receives returns the parameters of n whose values have to be looked at.
func (a *App) receives(n *wiring.Node) []wiring.Param {
	if a.unread == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(n.Params), func(p wiring.Param) bool {
		return isLifecycle(p) || p.Key.Type.Kind() != reflect.Interface && !a.runsIfBuilt(p.Key.Type)
	})
}

// receive notes what runs among the arguments of n.
func (a *App) receive(n *wiring.Node, args []reflect.Value, params []wiring.Param) {
	for _, p := range params {
		v := args[p.Arg]
		if len(p.Index()) > 0 {
			v = v.FieldByIndex(p.Index())
		}
		r := received{by: n, param: p}
		for _, of := range a.running(v, p.Key.Group != "") {
			r.values = append(r.values, value{of: of, key: p.Key})
		}
		if len(r.values) > 0 {
			a.mu.Lock()
			a.received = append(a.received, r)
			a.mu.Unlock()
		}
	}
}

// makerOf returns who made what was received: nil if it was one of the app's own. Of
// several one counts for all.
func (a *App) makerOf(r received) *maker {
	var m *maker
	for _, e := range r.by.Edges() {
		switch {
		case e.Link || e.Param.Key != r.param.Key || !e.To.Outlined():
		case m == nil:
			m = &maker{node: e.To, values: r.values}
		default:
			a.root.wiring.StandFor(m.node, e.To)
		}
	}
	return m
}
