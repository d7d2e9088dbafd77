package container

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/dig"

	"github.com/strata-go/strata/internal/explore"
	"github.com/strata-go/strata/internal/wiring"
)

// replacement is a value that a test has in the place of those of its type: see
// package containertest.
type replacement struct {
	typ   reflect.Type
	value reflect.Value
	used  bool // guarded by App.mu
}

func init() {
	explore.Container.Replace = func(t reflect.Type, value reflect.Value) any {
		return configure(func(c *config) {
			c.replacements = slices.DeleteFunc(c.replacements, func(r *replacement) bool { return r.typ == t })
			c.replacements = append(c.replacements, &replacement{typ: t, value: value})
		})
	}
}

// replace returns what is provided in the place of a constructor: one that returns
// the value that stands for its result, under the constructor's name and place, or
// else the constructor itself.
func (a *App) replace(constructor any, opts []dig.ProvideOption) (any, []dig.ProvideOption) {
	f := reflect.ValueOf(constructor)
	if len(a.config.replacements) == 0 || f.Kind() != reflect.Func || f.IsNil() {
		return constructor, opts
	}
	only := onlyResult(f.Type())
	for _, r := range a.config.replacements {
		if r.typ != only {
			continue
		}
		a.mu.Lock()
		r.used = true
		a.mu.Unlock()
		at := dig.LocationForPC(f.Pointer())
		return returning(r.typ, r.value), append([]dig.ProvideOption{at}, opts...)
	}
	return constructor, opts
}

// onlyResult returns the one result of a function that is no error, nil if there are
// none or several.
func onlyResult(f reflect.Type) (only reflect.Type) {
	for i := range f.NumOut() {
		switch t := f.Out(i); {
		case t == reflect.TypeFor[error]():
		case only != nil:
			return nil
		default:
			only = t
		}
	}
	return only
}

// returning returns a constructor of a value that is there already.
func returning(t reflect.Type, v reflect.Value) any {
	return reflect.MakeFunc(
		reflect.FuncOf(nil, []reflect.Type{t}, false),
		func([]reflect.Value) []reflect.Value { return []reflect.Value{v} },
	).Interface()
}

// checkReplaced returns what is wrong with the replacements, joined: a value of a
// type that nobody provides, or that somebody provides all the same.
func (a *App) checkReplaced() error {
	var errs []error
	for _, r := range a.config.replacements {
		a.mu.Lock()
		used := r.used
		a.mu.Unlock()
		refuse := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("containertest.Replace[%v]: "+format, append([]any{r.typ}, args...)...))
		}
		providers := a.root.wiring.Providers(r.typ)
		for _, n := range providers {
			if why := r.missed(n); why != "" {
				refuse("%v %s", n, why)
			}
		}
		switch near := a.root.wiring.Alike(r.typ); {
		case used || len(providers) > 0:
		case len(near) > 0:
			refuse("nobody provides it; did you mean Replace[%v], made by %v?", near[0].Key.Type, near[0].Node)
		default:
			refuse("nobody provides it")
		}
	}
	return errors.Join(errs...)
}

// missed says why n, which provides the type, does so all the same, and what to do;
// nothing if it does not.
func (r *replacement) missed(n *wiring.Node) string {
	if n.Attached() || n.Outlined() {
		return "was given to the container before Attach; provide it to the App"
	}
	for _, result := range n.Results {
		if !slices.ContainsFunc(result.Keys, func(k wiring.Key) bool { return k.Type == r.typ }) {
			continue
		}
		switch {
		case result.Flatten:
			return fmt.Sprintf("makes any number of it for a group; did you mean Replace[[]%v]?", r.typ)
		case len(result.Index()) > 0:
			return "makes it as a field of a dig.Out; give it a constructor that returns nothing else"
		case len(n.Results) > 1:
			return "makes it beside others; give it a constructor that returns nothing else"
		case result.Declared != r.typ:
			return fmt.Sprintf("makes a %v, which dig.As provides as that; did you mean Replace[%v]?", result.Declared, result.Declared)
		}
	}
	return ""
}
