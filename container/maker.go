package container

import (
	"reflect"
	"slices"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
	"github.com/strata-go/strata/process"
)

// maker is one call of a constructor, a decorator or an invoked function, with what
// runs of it: what it returned, and the hooks that it appended.
type maker struct {
	node   *wiring.Node
	hooks  []hooks.Hook // guarded by App.mu
	values []value
}

// value is a value that runs.
type value struct {
	of     any // nil for a hook
	key    wiring.Key
	runner process.Runner // of itself, or what an adapter made of it; set when it is known to run
}

// made notes the last call through c, which was a success.
func (a *App) made(c *calls) {
	if c == nil || c.last == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.makers = append(a.makers, c.last)
}

// wrap has dig call a constructor or decorator through the app, if something of it
// may run.
func (a *App) wrap(n *wiring.Node) wiring.Interceptor {
	locate(n)
	return a.interceptor(n)
}

func (a *App) interceptor(n *wiring.Node) wiring.Interceptor {
	c := a.intercept(n)
	if c != nil {
		a.calls[n] = c
	}
	return c.interceptor()
}

// constructed notes, and tells of, a call of a constructor or decorator.
func (a *App) constructed(n *wiring.Node, took time.Duration, err error) {
	c := a.calls[n]
	if c != nil && c.last == nil && err == nil {
		err = process.ErrGoexit // dig takes it for a success
		a.mu.Lock()
		a.exited = n
		a.mu.Unlock()
	}
	if err == nil {
		a.made(c)
	}
	if a.own[n] || a.supplied[n] {
		return
	}
	now := time.Now()
	a.bus.emitMade(func() hooks.Event {
		return hooks.Constructed{
			At: now, Constructor: n.Name, Location: n.Location(), Scope: n.Scope.Name(), Took: took, Err: err,
		}
	})
}

// calls stands between dig and a function of which something may run.
type calls struct {
	app        *App
	node       *wiring.Node
	lifecycles []wiring.Param
	received   []wiring.Param // whose values may run, without anybody's knowing who made them
	last       *maker         // of the last call, nil if that has not returned
}

// intercept returns nil for a function of which nothing can run: dig's behaviour is
// disturbed by a wrapper in some corners, so nothing is wrapped without need.
func (a *App) intercept(n *wiring.Node) *calls {
	var lifecycles []wiring.Param
	for _, p := range n.Params {
		if isLifecycle(p) {
			lifecycles = append(lifecycles, p)
		}
	}
	received := a.receives(n)
	returns := n.Kind == wiring.Constructor && slices.ContainsFunc(n.Results, a.mayRun)
	if len(lifecycles) == 0 && !returns && len(received) == 0 {
		return nil
	}
	return &calls{app: a, node: n, lifecycles: lifecycles, received: received}
}

func (c *calls) interceptor() wiring.Interceptor {
	if c == nil {
		return nil
	}
	return c.call
}

// call calls the function, with a Lifecycle of its own. A function that failed may
// be called again, so each call has a maker.
func (c *calls) call(args []reflect.Value, f func([]reflect.Value) []reflect.Value) []reflect.Value {
	c.last = nil
	m := &maker{node: c.node}
	l := reflect.ValueOf(&lifecycle{app: c.app, maker: m})
	for _, p := range c.lifecycles {
		setParam(args, p, l)
	}
	c.app.receive(c.node, args, c.received)
	results := f(args)
	if c.node.Kind == wiring.Constructor {
		m.values = c.app.runningValues(c.node, results)
	}
	c.last = m
	return results
}

// setParam replaces a parameter among args, in a copy if it is a field.
func setParam(args []reflect.Value, p wiring.Param, v reflect.Value) {
	if p.Index() == nil {
		args[p.Arg] = v
		return
	}
	in := reflect.New(args[p.Arg].Type()).Elem()
	in.Set(args[p.Arg])
	in.FieldByIndex(p.Index()).Set(v)
	args[p.Arg] = in
}

var (
	runnerType    = reflect.TypeFor[process.Runner]()
	lifecycleType = reflect.TypeFor[hooks.Lifecycle]()
)

func isLifecycle(p wiring.Param) bool { return p.Key == wiring.Key{Type: lifecycleType} }

// declaredRuns reports whether the type of a result shows that it runs, and is to be
// built for that: it is a Runner, or there is an adapter for the type itself.
func (a *App) declaredRuns(r wiring.Result) bool {
	return r.Declared.Implements(runnerType) || a.config.adapters.builds(r.Declared)
}

// runsIfBuilt reports whether the type shows that a value of it runs, whoever has it
// built.
func (a *App) runsIfBuilt(t reflect.Type) bool {
	return t.Implements(runnerType) || a.config.adapters.of(t) != nil
}

// mayRun reports whether a result can turn out to run: its type shows it, or it is
// an interface.
func (a *App) mayRun(r wiring.Result) bool {
	return r.Declared.Kind() == reflect.Interface || a.runsIfBuilt(r.Declared)
}

// runningValues returns what runs among the results of a constructor.
func (a *App) runningValues(n *wiring.Node, results []reflect.Value) []value {
	var values []value
	for _, r := range n.Results {
		v := results[r.Out]
		if len(r.Index()) > 0 {
			v = v.FieldByIndex(r.Index())
		}
		for _, of := range a.running(v, r.Flatten) {
			values = append(values, value{of: of, key: r.Keys[0]})
		}
	}
	return values
}

// running returns what runs in v: itself, or its elements.
func (a *App) running(v reflect.Value, elements bool) []any {
	if !elements {
		if of, ok := present(v); ok && a.runsIfBuilt(reflect.TypeOf(of)) {
			return []any{of}
		}
		return nil
	}
	var found []any
	for i := range v.Len() {
		found = append(found, a.running(v.Index(i), false)...)
	}
	return found
}

// present returns the value in v, if there is one and it is not nil.
func present(v reflect.Value) (of any, ok bool) {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil, false
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.Slice:
		if v.IsNil() {
			return nil, false
		}
	}
	return v.Interface(), true
}

// instance identifies a value that is one thing, however often it is provided.
type instance struct {
	typ     reflect.Type
	pointer uintptr
}

// instanceOf returns the identity of a value, if its type has one: pointers to
// zero-size types are equal without being the same, and two equal structs are two.
func instanceOf(of any) (instance, bool) {
	v := reflect.ValueOf(of)
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type().Elem().Size() == 0 {
			return instance{}, false
		}
	case reflect.Map, reflect.Chan:
	default:
		return instance{}, false
	}
	return instance{v.Type(), v.Pointer()}, true
}
