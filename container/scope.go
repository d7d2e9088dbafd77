package container

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
)

// Scope is a scope of an App: what is provided in it is seen in it and below, where it
// hides what is provided above as the same type and name. Its methods do what those of
// [dig.Scope] do; what runs in it is run by the App. [App.Scope] makes one.
type Scope struct {
	app    *App
	wiring *wiring.Scope
}

// Provide registers a constructor in the scope: see [App.Provide]. Under dig.Export it
// is provided to the whole app.
func (s *Scope) Provide(constructor any, opts ...dig.ProvideOption) error {
	return s.provide(constructor, opts)
}

// Decorate registers a decorator in the scope: see [App.Decorate].
func (s *Scope) Decorate(decorator any, opts ...dig.DecorateOption) error {
	return s.decorate(decorator, opts)
}

// Invoke calls a function with values of the scope: see [App.Invoke].
func (s *Scope) Invoke(function any, opts ...dig.InvokeOption) error {
	return s.invoke(function, opts)
}

// Scope returns a new scope below this one: see [App.Scope].
func (s *Scope) Scope(name string, opts ...dig.ScopeOption) *Scope {
	return &Scope{app: s.app, wiring: s.wiring.Child(name, opts...)}
}

func (s *Scope) provide(constructor any, opts []dig.ProvideOption) error {
	a := s.app
	if err := a.open("Provide"); err != nil {
		return err
	}
	replaced, opts := a.replace(constructor, opts)
	n, err := s.wiring.Provide(replaced, opts, a.wrap)
	if err != nil {
		a.keep("Provide", err, provideHint(constructor, err))
	}
	now := time.Now()
	a.bus.emitMade(func() hooks.Event {
		e := hooks.Provided{At: now, Scope: s.wiring.Name(), Err: err}
		if n != nil {
			e.Constructor, e.Location, e.Results = n.Name, n.Location(), results(n)
		} else {
			e.Constructor, e.Location = describe(constructor)
		}
		return e
	})
	return err
}

// provideHint says what to do instead of a Provide that was refused, where that is
// likely.
func provideHint(constructor any, err error) string {
	t := reflect.TypeOf(constructor)
	switch {
	case t == nil:
		return "want a constructor, a function that returns what it makes"
	case t.Kind() != reflect.Func:
		return "Supply takes values that are made already"
	case isDuplicate(err):
		return "dig.Name and dig.Group tell values of one type apart"
	}
	for i := range t.NumOut() {
		if t.Out(i) != reflect.TypeFor[error]() {
			return ""
		}
	}
	return "Invoke takes functions that make nothing"
}

// isDuplicate reports whether dig has refused a type that is provided already.
func isDuplicate(err error) bool { return strings.Contains(err.Error(), "already provided by") }

// decorateHint says what to do instead of a Decorate that was refused, where that is
// likely.
func (s *Scope) decorateHint(decorator any) string {
	t := reflect.TypeOf(decorator)
	if t == nil || t.Kind() != reflect.Func {
		return "want a function that takes what it decorates and returns it"
	}
	for i := range t.NumOut() {
		if d := s.wiring.Decorator(wiring.Key{Type: t.Out(i)}); d != nil {
			return fmt.Sprintf("%v does so; a child scope may decorate it again", d)
		}
	}
	return ""
}

func (s *Scope) decorate(decorator any, opts []dig.DecorateOption) error {
	a := s.app
	if err := a.open("Decorate"); err != nil {
		return err
	}
	n, err := s.wiring.Decorate(decorator, opts, a.wrap)
	if err != nil {
		a.keep("Decorate", err, s.decorateHint(decorator))
	}
	e := hooks.Decorated{At: time.Now(), Scope: s.wiring.Name(), Err: err}
	if n != nil {
		e.Decorator, e.Location, e.Results = n.Name, n.Location(), results(n)
	} else {
		e.Decorator, e.Location = describe(decorator)
	}
	a.emit(e)
	return err
}

func (s *Scope) invoke(function any, opts []dig.InvokeOption) error {
	a := s.app
	if err := a.open("Invoke"); err != nil {
		return err
	}
	began := time.Now()
	var c *calls
	n, err := s.wiring.Invoke(function, opts, func(n *wiring.Node) wiring.Interceptor {
		locate(n)
		c = a.intercept(n)
		return c.interceptor()
	})
	if err == nil {
		a.made(c)
		a.noteOptional(n)
	}
	e := hooks.Invoked{At: time.Now(), Scope: s.wiring.Name(), Took: time.Since(began), Err: err}
	if n != nil {
		e.Function, e.Location = n.Name, n.Location()
	} else {
		e.Function, e.Location = describe(function)
	}
	a.emit(e)
	return err
}

// noteOptional notes a function that was invoked, if it has optional parameters.
func (a *App) noteOptional(n *wiring.Node) {
	if slices.ContainsFunc(n.Params, func(p wiring.Param) bool { return p.Optional }) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.invoked = append(a.invoked, n)
	}
}

// results returns the keys of what a node returns.
func results(n *wiring.Node) []string {
	var keys []string
	for _, r := range n.Results {
		for _, k := range r.Keys {
			keys = append(keys, k.String())
		}
	}
	return keys
}

// describe names a function and says where it stands, or, for anything else that
// was given for one, its type and who gave it.
func describe(f any) (name, location string) {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() {
		return fmt.Sprintf("%T", f), callSite()
	}
	p := wiring.PlaceOf(v)
	if p.Generated() {
		return p.Name, callSite()
	}
	return p.Name, p.Location()
}

// callSite returns the file and line that called into this package.
func callSite() string {
	f, ok := caller()
	if !ok {
		return "?"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
}

// caller returns the function that called into this package, or into that of the
// wiring below. Functions are told by their files: one that was inlined has the name
// of where it was inlined to.
func caller() (f runtime.Frame, ok bool) {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	self, more := frames.Next()
	own := filepath.Dir(self.File)
	below := filepath.Join(filepath.Dir(own), "internal", "wiring")
	for more {
		f, more = frames.Next()
		if dir := filepath.Dir(f.File); dir != own && dir != below || strings.HasSuffix(f.File, "_test.go") {
			return f, true
		}
	}
	return runtime.Frame{}, false
}

// locate says of a method value that it stands where it is given to the app: it
// stands nowhere itself.
func locate(n *wiring.Node) {
	if !n.Generated() {
		return
	}
	if f, ok := caller(); ok {
		n.LocateAt(f.File, f.Line)
	}
}
