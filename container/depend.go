package container

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/strata-go/strata/internal/wiring"
)

// Depend says that every value of one type waits for every value of another, where
// no constructor shows it: handlers that are registered in an Invoke, events, a
// queue in a database. The types are given as pointers to them:
//
//	app.Depend(new(*Worker), new(*DB))
//
// It holds for what is provided as these types, in all scopes and under any name or
// group, and is about order alone: it has nothing built. A value that a constructor
// passes on as another type belongs to the type that it was made as, and one that a
// decorator makes, beside that which it decorates, to nobody. Anything but pointers is
// an error, returned and kept: see [App.Err]. A type that nobody provides, one
// constructor that makes both, and a cycle, of constructors that nobody asks for, too,
// are errors of Verify, Plan and the start.
func (a *App) Depend(dependent, dependency any) error {
	if err := a.open("Depend"); err != nil {
		return err
	}
	from, fromErr := pointedTo("dependent", dependent)
	to, toErr := pointedTo("dependency", dependency)
	errs := []error{fromErr, toErr}
	if join(errs...) == nil && from == to {
		errs = append(errs, fmt.Errorf("%v cannot wait for itself", from))
	}
	if err := join(errs...); err != nil {
		for _, err := range errs {
			if err != nil {
				a.keep("Depend", err, "")
			}
		}
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.depends = append(a.depends, depend{from, to, callSite()})
	return nil
}

// pointedTo returns the type that p, as in new(T), points to.
func pointedTo(what string, p any) (reflect.Type, error) {
	t := reflect.TypeOf(p)
	if t == nil || t.Kind() != reflect.Pointer {
		return nil, fmt.Errorf("%s: want a pointer to the type, as in new(*DB), got %T", what, p)
	}
	return t.Elem(), nil
}

// depend is an edge between two types.
type depend struct {
	dependent, dependency reflect.Type
	at                    string
}

// link puts the edges of Depend into the graph.
func (a *App) link() error {
	a.mu.Lock()
	depends := a.depends
	a.mu.Unlock()
	var errs []error
	for _, d := range depends {
		dependents, err := a.providers(d, d.dependent)
		dependencies, otherErr := a.providers(d, d.dependency)
		errs = append(errs, err, otherErr)
		for _, from := range dependents {
			if slices.Contains(dependencies, from) {
				err := fmt.Errorf("%v cannot wait for %v: %v makes both", d.dependent, d.dependency, from)
				errs = append(errs, &setupError{d.at, "Depend", err, "give each a constructor"})
			}
			a.root.wiring.Link(from, dependencies...)
		}
	}
	return join(errs...)
}

// whereDepended adds to a cycle where Depend was called, if it is a part of it.
func (a *App) whereDepended(err error) error {
	var cycle *wiring.CycleError
	if !errors.As(err, &cycle) {
		return err
	}
	a.mu.Lock()
	depends := a.depends
	a.mu.Unlock()
	var places []string
	for _, step := range cycle.Path {
		for _, d := range depends {
			if step.Edge.Link && step.Node.Provides(d.dependent) && step.Edge.To.Provides(d.dependency) {
				places = append(places, d.at)
			}
		}
	}
	if len(places) == 0 {
		return err
	}
	return fmt.Errorf("%w; Depend was called at %s", err, strings.Join(places, ", "))
}

// providers returns who provides a type of d.
func (a *App) providers(d depend, t reflect.Type) ([]*wiring.Node, error) {
	found := a.root.wiring.Providers(t)
	if len(found) > 0 {
		return found, nil
	}
	err := fmt.Errorf("nobody provides %v", t)
	hint := ""
	if near := a.root.wiring.Alike(t); len(near) > 0 {
		hint = fmt.Sprintf("did you mean new(%v), made by %v?", near[0].Key.Type, near[0].Node)
	}
	return nil, &setupError{d.at, "Depend", err, hint}
}
