package wiring

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"go.uber.org/dig"
)

// Build has dig call a constructor, unless it was called, and whatever it needs. The error is as dig gives it, or a
// [*CycleError], in which case nothing is called.
//
// dig is asked for one of the constructor's keys, if that calls it and nothing beside what it needs. A constructor that feeds groups
// alone, or whose keys are all decorated, has no such key: its parameters are asked for, it is called here, and the results are
// kept until dig wants them. That takes an [Interceptor]; without one such a constructor is built by asking for its key, group members and
// decorators included.
func (n *Node) Build() error {
	g := n.Scope.graph
	if n.Kind != Constructor {
		return misuse("%v is a %v: only a constructor can be built", n, n.Kind)
	}
	if err := g.look(); err != nil {
		return err
	}
	g.mu.Lock()
	if n.order > 0 {
		g.mu.Unlock()
		return nil
	}
	inside := slices.Contains(g.inside(), n)
	key, alone := n.ownKey()
	g.mu.Unlock()
	if n.found != nil && !inside {
		return n.buildFound()
	}
	if inside {
		return misuse("%v is being called: it cannot be built from inside", n)
	}
	if alone || !n.isWrapped() {
		_, err := n.Home.value(key, n)
		return err
	}
	if err := n.buildHere(); err != nil {
		return err
	}
	n.handOver()
	return nil
}

// ownKey returns a key for which dig would call n and no other, and whether there is such a key; if not, just any.
func (n *Node) ownKey() (key Key, alone bool) {
	for _, r := range n.Results {
		for _, k := range r.Keys {
			key = k
			if n.onlyOneFor(k) {
				return k, true
			}
		}
	}
	return key, false
}

// onlyOneFor reports whether dig, asked for k where n is registered, calls no decorator, and no constructor but n that was not called yet.
func (n *Node) onlyOneFor(k Key) bool {
	for at := n.Home; at != nil; at = at.parent {
		if at.decorators[k] != nil {
			return false
		}
	}
	if k.Group == "" {
		return true
	}
	for at := n.Home; at != nil; at = at.parent {
		members := at.members[k]
		for i := len(members) - 1; i >= 0; i-- { // the last will have been built last
			if m := members[i]; m != n && m.order == 0 {
				return false
			}
		}
	}
	return true
}

// buildHere asks for n's parameters, in its scope, and calls it.
func (n *Node) buildHere() error {
	in := make([]reflect.Type, 0, n.Func.NumIn())
	for i := range n.Func.NumIn() {
		if i < n.Func.NumIn()-1 || !n.Func.IsVariadic() {
			in = append(in, n.Func.In(i))
		}
	}
	var failure error
	var caller *Node
	f := reflect.MakeFunc(reflect.FuncOf(in, nil, false), func(args []reflect.Value) []reflect.Value {
		n.plan(caller)
		failure = n.callHere(args)
		return nil
	})
	caller = newNode(Function, n.Scope, f)
	caller.Place = n.Place
	if err := n.Scope.ask(caller, n, f.Interface()); err != nil {
		return n.relabel(err)
	}
	return failure
}

// plan has n be given what a function with the same parameters is.
func (n *Node) plan(as *Node) {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	n.given, n.plannedAt = slices.Clone(as.given), as.plannedAt
}

// callHere calls n as dig does: a non-nil error, or a panic, is its failure.
func (n *Node) callHere(args []reflect.Value) (err error) {
	n.begin()
	start := time.Now()
	var results []reflect.Value
	returned := false
	defer func() {
		if p := recover(); p != nil || !returned {
			err = &panicError{n: n, dig: dig.PanicError{Panic: p}}
		}
		if err != nil {
			results = nil
		}
		n.end(time.Since(start), err, results)
	}()
	results = n.call(args)
	returned = true
	if e := n.sig.err(results); e != nil {
		return fmt.Errorf("received non-nil error from function %v: %w", n.label(), e)
	}
	return nil
}

// handOver asks dig once for a key of n, if that calls nobody and so only makes dig take what was kept.
func (n *Node) handOver() {
	n.Scope.graph.mu.Lock()
	key, alone := n.ownKey()
	n.Scope.graph.mu.Unlock()
	if alone {
		// Nothing is lost if dig cannot: the results stay kept.
		_, _ = n.Home.value(key, nil)
	}
}

// Value returns the value of k as dig hands it out in scope s, decorated and built if need be; for a group it is the slice.
func (s *Scope) Value(k Key) (reflect.Value, error) {
	if k.Type == nil {
		return reflect.Value{}, misuse("can't ask for a key without a type")
	}
	if err := checkOptions(); err != nil {
		return reflect.Value{}, err
	}
	if embedded(k.Type)&(hasIn|hasOut) != 0 {
		return reflect.Value{}, misuse("can't ask for %v: it is no value to dig", k)
	}
	return s.value(k, nil)
}

// value asks dig for k, on behalf of a node if of is not nil.
func (s *Scope) value(k Key, of *Node) (value reflect.Value, err error) {
	arg := k.Type
	if k.Name != "" || k.Group != "" {
		arg = structOf(inType, k)
	}
	f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{arg}, nil, false), func(args []reflect.Value) []reflect.Value {
		value = args[0]
		if arg != k.Type {
			value = value.Field(1)
		}
		return nil
	})
	caller := newNode(Function, s, f)
	caller.Place = &Place{Name: "the request for " + k.String(), File: caller.File, Line: caller.Line, location: caller.location}
	if of != nil {
		caller.Place = of.Place
	}
	if err := s.ask(caller, of, f.Interface()); err != nil {
		return reflect.Value{}, outermost(err)
	}
	if !value.IsValid() { // dig.DryRun calls nobody
		value = reflect.Zero(arg)
		if arg != k.Type {
			value = value.Field(1)
		}
	}
	return value, nil
}

// outermost takes the layer off an error of dig's that only says that arguments for a function of this package were wanted.
func outermost(err error) error {
	if layer := layerOf(err); layer != "" {
		return errors.Unwrap(err)
	}
	return err
}

// relabel replaces that layer by what dig would say of n.
func (n *Node) relabel(err error) error {
	if layer := layerOf(err); layer != "" {
		return fmt.Errorf("%s %v: %w", layer, n.label(), errors.Unwrap(err))
	}
	return err
}

func layerOf(err error) string {
	if _, ok := err.(dig.Error); !ok {
		return ""
	}
	switch reflect.TypeOf(err).Name() {
	case "errArgumentsFailed":
		return "could not build arguments for function"
	case "errMissingDependencies":
		return "missing dependencies for function"
	}
	return ""
}

// label is n as dig writes it in its errors.
func (n *Node) label() string {
	return fmt.Sprintf("%q.%v (%v:%v)", n.pkg, n.fn, n.File, n.Line)
}

// panicError is what dig would say of a panic. It unwraps to a [dig.PanicError] with the value.
type panicError struct {
	n   *Node
	dig dig.PanicError
}

func (e *panicError) Error() string {
	if e.dig.Panic == nil {
		return "runtime.Goexit in func: " + e.n.label()
	}
	return fmt.Sprintf("panic: %q in func: %v", e.dig.Panic, e.n.label())
}

func (e *panicError) Unwrap() error { return e.dig }

func tag(key, value string) reflect.StructTag {
	return reflect.StructTag(key + ":" + strconv.Quote(value))
}
