package container

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/strata-go/strata/internal/wiring"
	"github.com/strata-go/strata/process"
)

// adapter makes Runners of values.
type adapter struct {
	name  string // of the option, with the type
	at    string // where the option was made
	typ   reflect.Type
	fits  func(reflect.Type) bool // further than typ does
	stops bool                    // makes nothing but a stopOnly
	last  bool                    // comes after others that fit
	adapt func(value any) process.Runner
}

func newAdapter[T any](option string) *adapter {
	t := reflect.TypeFor[T]()
	return &adapter{
		name: fmt.Sprintf("%s[%v]", option, t),
		at:   callSite(),
		typ:  t,
		fits: func(reflect.Type) bool { return true },
	}
}

// option returns the option that gives the adapter to an App.
func (ad *adapter) option() Option {
	if ad.typ.Implements(runnerType) {
		return ad.refuse(fmt.Errorf("%v is a process.Runner itself", ad.typ), "it runs without an adapter")
	}
	return configure(func(c *config) { c.adapters = append(c.adapters, ad) })
}

// refuse returns an option that says why there is no such adapter.
func (ad *adapter) refuse(err error, hint string) Option {
	return Option{setup: func(a *App) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.errs = append(a.errs, &setupError{ad.at, ad.name, err, hint})
	}}
}

// concrete reports whether the adapter is for one type alone.
func (ad *adapter) concrete() bool { return ad.typ.Kind() != reflect.Interface }

// runner returns the Runner of a value, nil if there is none.
func (ad *adapter) runner(value any) (r process.Runner, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, fmt.Errorf("%s (%s): %w", ad.name, ad.at, &process.PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	r = ad.adapt(value)
	if _, ok := present(reflect.ValueOf(r)); !ok {
		return nil, nil
	}
	return r, nil
}

// adapters are those of an app, in the order in which they were given.
type adapters []*adapter

// builds reports whether there is an adapter for t itself, so that its values are to
// be built.
func (all adapters) builds(t reflect.Type) bool {
	ad := all.of(t)
	return ad != nil && ad.concrete()
}

// of returns the adapter for values of type t, nil if there is none. If t is an
// interface, it is one that applies whatever the values are.
func (all adapters) of(t reflect.Type) *adapter {
	var best *adapter
	for _, ad := range all {
		fits := ad.typ == t
		if !ad.concrete() {
			fits = t.Implements(ad.typ) && ad.fits(t)
		}
		if fits && (best == nil || ad.rank() >= best.rank()) {
			best = ad
		}
	}
	return best
}

// rank tells which comes first of those that fit.
func (ad *adapter) rank() int {
	switch {
	case ad.concrete():
		return 2
	case ad.last:
		return 0
	}
	return 1
}

// adaptation finds the Runner of a value that n made; without one, the value does
// not run.
type adaptation func(n *wiring.Node, v value) (value, error)

// adaptation asks the adapters, once for a value.
func (a *App) adaptation() adaptation {
	known := make(map[instance]process.Runner)
	return func(n *wiring.Node, v value) (value, error) {
		if r, ok := v.of.(process.Runner); ok {
			v.runner = r
			return v, nil
		}
		id, ok := instanceOf(v.of)
		if r, asked := known[id]; ok && asked {
			v.runner = r
			return v, nil
		}
		exited := true
		defer func() {
			if exited {
				a.mu.Lock()
				a.exited = n
				a.mu.Unlock()
			}
		}()
		r, err := a.config.adapters.of(reflect.TypeOf(v.of)).runner(v.of)
		exited = false
		if err != nil {
			return v, fmt.Errorf("adapt %s (%s, %s): %w", v.name(), n.Name, n.Location(), err)
		}
		if ok {
			known[id] = r
		}
		v.runner = r
		return v, nil
	}
}

// family is a kind of component: the methods that it has, one of each list, and the
// Runner that they make.
type family struct {
	option  string
	methods [][]method
	stops   bool
	runner  func([]function) process.Runner
}

// adaptMethods returns the option for a family.
func adaptMethods[T any](f family) Option {
	a := newAdapter[T](f.option)
	a.fits = func(t reflect.Type) bool { return f.find(a.typ, t) != nil }
	a.stops, a.last = f.stops, f.stops
	a.adapt = func(v any) process.Runner {
		var bound []function
		for _, call := range f.find(a.typ, reflect.TypeOf(v)) {
			bound = append(bound, func(ctx context.Context) error { return call(v, ctx) })
		}
		return f.runner(bound)
	}
	if a.concrete() && !a.typ.Implements(runnerType) && !a.fits(a.typ) {
		hint, err := f.lacks(a.typ)
		return a.refuse(err, hint)
	}
	return a.option()
}

// find returns the methods of values of type t that the family takes: those that the
// adapter's own type has, else those of t. It is nil if one is lacking.
func (f family) find(of, t reflect.Type) []call {
	var found []call
	for _, methods := range f.methods {
		c := findMethod(methods, of)
		if c == nil {
			c = findMethod(methods, t)
		}
		if c == nil {
			return nil
		}
		found = append(found, c)
	}
	return found
}

// lacks says what t lacks to be of the family, and what to do.
func (f family) lacks(t reflect.Type) (hint string, err error) {
	if pointer := reflect.PointerTo(t); f.find(pointer, pointer) != nil {
		return fmt.Sprintf("did you mean %s[%v]?", f.option, pointer), fmt.Errorf("the methods are those of %v", pointer)
	}
	for _, methods := range f.methods {
		if findMethod(methods, t) == nil {
			var names []string
			for _, m := range methods {
				names = append(names, m.name)
			}
			err = fmt.Errorf("%v has no method %s with a signature that fits", t, strings.Join(names, ", "))
			break
		}
	}
	return "AdaptFunc and WithAdapter take functions", err
}
