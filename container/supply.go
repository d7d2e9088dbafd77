package container

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
)

// Supply provides values without constructors, each under its own type. A value
// that runs is run. A nil, an error and a type that is there already are errors,
// which are returned and kept: see [App.Err]. The other values are provided all the
// same.
//
// A value that runs is run also if something else runs it, as the app does that this
// one is a part of: to share it, supply a field of it, or a struct around it, that has
// no Run.
func (a *App) Supply(values ...any) error {
	return a.root.Supply(values...)
}

// Supply provides values without constructors in the scope: see [App.Supply].
func (s *Scope) Supply(values ...any) error {
	a := s.app
	if err := a.open("Supply"); err != nil {
		return err
	}
	from, _ := caller()
	var types []string
	var errs []error
	for i, value := range values {
		types = append(types, fmt.Sprintf("%T", value))
		if err := s.supply(value, from.PC); err != nil {
			err = fmt.Errorf("value %d of %d: %w", i+1, len(values), err)
			a.keep("Supply", err, supplyHint(err))
			errs = append(errs, err)
		}
	}
	err := errors.Join(errs...)
	a.emit(hooks.Supplied{At: time.Now(), Scope: s.wiring.Name(), Types: types, Err: err})
	return err
}

// supplyHint says what to do instead of a Supply that was refused, where that is
// likely.
func supplyHint(err error) string {
	if isDuplicate(err) {
		return "Provide takes dig.Name and dig.Group, which tell values of one type apart"
	}
	return ""
}

func (s *Scope) supply(value any, pc uintptr) error {
	if value == nil {
		return errors.New("cannot supply an untyped nil")
	}
	if _, ok := value.(error); ok {
		return fmt.Errorf("cannot supply an error (%T)", value)
	}
	a, v := s.app, reflect.ValueOf(value)
	constructor, _ := a.replace(returning(v.Type(), v), nil)
	_, err := s.wiring.Provide(constructor, []dig.ProvideOption{dig.LocationForPC(pc)}, func(n *wiring.Node) wiring.Interceptor {
		a.mu.Lock()
		a.supplied[n] = true
		a.mu.Unlock()
		return a.interceptor(n)
	})
	return err
}
