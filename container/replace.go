package container

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

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
		var by []string
		for _, n := range a.root.wiring.Nodes() {
			if n.Kind == wiring.Constructor && r.missed(n) {
				by = append(by, n.String())
			}
		}
		a.mu.Lock()
		used := r.used
		a.mu.Unlock()
		switch {
		case len(by) > 0:
			errs = append(errs, fmt.Errorf("containertest.Replace[%v]: it is not the only result of %s", r.typ, strings.Join(by, ", ")))
		case !used:
			errs = append(errs, fmt.Errorf("containertest.Replace[%v]: nobody provides it", r.typ))
		}
	}
	return errors.Join(errs...)
}

// missed reports whether n has the type as one result among others, in a dig.Out, or
// by dig.As.
func (r *replacement) missed(n *wiring.Node) bool {
	return slices.ContainsFunc(n.Results, func(result wiring.Result) bool {
		alone := len(n.Results) == 1 && len(result.Index) == 0
		return (!alone || result.Declared != r.typ) &&
			slices.ContainsFunc(result.Keys, func(k wiring.Key) bool { return k.Type == r.typ })
	})
}
