package wiring

import (
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/dig"
)

// Interceptor is called by dig in place of a function, and may call it. The variadic argument, which dig leaves empty, is not
// among args.
type Interceptor func(args []reflect.Value, call func(args []reflect.Value) []reflect.Value) []reflect.Value

// Provide hands a constructor to dig and returns dig's error as it is. The node is registered only if dig has accepted the
// constructor. If wrap is not nil it is called with the node before, and dig is given a wrapper around the constructor that
// calls what it returns; if that is nil dig is given the constructor itself. What is no function at all is dig's to refuse,
// a nil function is refused here.
func (s *Scope) Provide(constructor any, opts []dig.ProvideOption, wrap func(*Node) Interceptor) (*Node, error) {
	opts = slices.DeleteFunc(slices.Clone(opts), isNil[dig.ProvideOption])
	f, err := function("provide", constructor)
	if err != nil {
		return nil, err
	}
	if !f.IsValid() {
		return nil, guard("provide", f, func() error { return s.dig.Provide(constructor, opts...) })
	}

	o := readProvideOptions(opts)
	n := newNode(Constructor, s, f)
	o.locate(n)
	if o.export {
		n.Home = s.Root()
	}
	var valid bool
	if n.Results, valid = n.sig.results(o); !valid || !n.sig.validParams {
		return nil, n.refused(guard("provide", f, func() error { return s.dig.Provide(constructor, opts...) }))
	}

	all := s.graph.options[:0] // dig keeps no options
	if n.intercept(wrap) {
		constructor = n.wrapper()
		if !o.located() {
			opts = append(opts, dig.LocationForPC(f.Pointer()))
		}
	}
	if !o.hasBefore {
		all = append(all, dig.WithProviderBeforeCallback(n.before))
	}
	if !o.hasAfter {
		all = append(all, dig.WithProviderCallback(n.after))
	}
	all = append(all, opts...)
	if o.hasBefore {
		all = append(all, dig.WithProviderBeforeCallback(n.beforeToo(o.before)))
	}
	if o.hasAfter {
		all = append(all, dig.WithProviderCallback(n.afterToo(o.after)))
	}
	s.graph.options = all
	if err := s.graph.look(); err != nil {
		return nil, err
	}
	if err := s.graph.tryOut(n); err != nil {
		return nil, err
	}
	if err := guard("provide", f, func() error { return s.dig.Provide(constructor, all...) }); err != nil {
		return nil, err
	}
	if n.isWrapped() {
		n.identify(o.info)
	}
	n.Home.readNodes++
	s.graph.register(n)
	return n, nil
}

// identify has dig know a constructor that is wrapped by the code of its own, as it does the others. That is no more than dig's
// information and pictures: a dig that is laid out in another way goes without.
func (n *Node) identify(info *dig.ProvideInfo) {
	if info != nil {
		info.ID = dig.ID(n.value.Pointer())
	}
	if read := n.Home.read; read != nil {
		read.Identify(n.value.Pointer())
	}
}

// Decorate hands a decorator to dig, as [Scope.Provide] does a constructor. Unlike dig's it is atomic: a decorator that
// would decorate one key for the second time is refused with dig's error, and leaves nothing behind.
func (s *Scope) Decorate(decorator any, opts []dig.DecorateOption, wrap func(*Node) Interceptor) (*Node, error) {
	opts = slices.DeleteFunc(slices.Clone(opts), isNil[dig.DecorateOption])
	f, err := function("decorate with", decorator)
	if err != nil {
		return nil, err
	}
	if !f.IsValid() {
		if decorator == nil {
			return nil, misuse("can't decorate with an untyped nil")
		}
		return nil, misuse("must decorate with a function, got a %T", decorator)
	}

	n := newNode(Decorator, s, f)
	var valid bool
	if n.Results, valid = n.sig.decorations(); !valid || !n.sig.validParams {
		return nil, n.refused(guard("decorate with", f, func() error { return s.dig.Decorate(decorator, opts...) }))
	}
	if err := s.graph.look(); err != nil {
		return nil, err
	}
	if err := s.decorated(n, decorator); err != nil {
		return nil, err
	}
	if err := s.graph.tryOut(n); err != nil {
		return nil, err
	}

	o := readDecorateOptions(opts)
	if n.intercept(wrap) {
		decorator = n.wrapper()
	}
	all := append(opts,
		dig.WithDecoratorBeforeCallback(n.beforeToo(o.before)),
		dig.WithDecoratorCallback(n.afterToo(o.after)))
	if err := guard("decorate with", f, func() error { return s.dig.Decorate(decorator, all...) }); err != nil {
		return nil, err
	}
	if n.isWrapped() && o.info != nil {
		o.info.ID = dig.ID(f.Pointer())
	}
	s.graph.register(n)
	s.graph.watch(n)
	return n, nil
}

// decorated returns dig's error if n decorates a key that is decorated in s already, or a key twice. The error is a real one: a
// container made for it gives it.
func (s *Scope) decorated(n *Node, decorator any) error {
	var again []Key
	s.graph.mu.Lock()
	for i, r := range n.Results {
		if k := r.Keys[0]; s.decorators[k] != nil || n.repeats(i, 0, k) {
			again = append(again, k)
		}
	}
	s.graph.mu.Unlock()
	if len(again) == 0 {
		return nil
	}
	scratch := dig.New()
	for _, k := range again {
		result := structOf(outType, k)
		first := reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{result}, false),
			func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.Zero(result)} })
		// Ignored: a key that n has twice is decorated twice here, too.
		_ = scratch.Decorate(first.Interface())
	}
	if err := scratch.Decorate(decorator); err != nil {
		return err
	}
	return misuse("cannot decorate using function %v: %s already decorated", n.Func, again[0])
}

// refused returns dig's error for a function that this package cannot read, as dig should not, either.
func (n *Node) refused(err error) error {
	if err == nil {
		err = misuse("%v was accepted by dig, but is not understood: it is not part of the graph", n)
	}
	return err
}

// intercept asks for the interceptor, and reports whether there is one.
func (n *Node) intercept(wrap func(*Node) Interceptor) bool {
	if wrap != nil {
		n.between = wrap(n)
	}
	return n.isWrapped()
}

// isWrapped reports whether dig was given a wrapper of the function.
func (n *Node) isWrapped() bool { return n.between != nil }

// wrapper makes the function that dig is given in place of n's own.
func (n *Node) wrapper() any {
	return reflect.MakeFunc(n.Func, func(args []reflect.Value) []reflect.Value {
		if n.Func.IsVariadic() {
			args = args[:len(args)-1]
		}
		if kept := n.keeping(); kept != nil {
			return kept
		}
		return n.call(args)
	}).Interface()
}

func (n *Node) call(args []reflect.Value) []reflect.Value {
	if n.between == nil {
		return n.value.Call(args)
	}
	return n.between(args, n.value.Call)
}

func (n *Node) keeping() []reflect.Value {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept[n]
}

func (n *Node) beforeToo(user dig.BeforeCallback) dig.BeforeCallback {
	if user == nil {
		return n.before
	}
	return func(info dig.BeforeCallbackInfo) {
		n.before(info)
		if n.isWrapped() {
			info.Name = n.pkg + "." + n.fn // dig knows no better for a wrapped decorator
		}
		user(info)
	}
}

func (n *Node) afterToo(user dig.Callback) dig.Callback {
	if user == nil {
		return n.after
	}
	return func(info dig.CallbackInfo) {
		n.after(info)
		if n.isWrapped() {
			info.Name = n.pkg + "." + n.fn
		}
		user(info)
	}
}

// function returns the function in f, an invalid value if f is none, or an error if it must not reach dig.
func function(verb string, f any) (reflect.Value, error) {
	if err := checkOptions(); err != nil {
		return reflect.Value{}, err
	}
	if _, ok := f.(interface {
		Provide(any, ...dig.ProvideOption) error
	}); ok {
		// A container, or what is made of one: dig would print it, without end if it was provided to itself.
		return reflect.Value{}, misuse("can't %s a %T: it is no function", verb, f)
	}
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func {
		return reflect.Value{}, nil
	}
	if v.IsNil() {
		return reflect.Value{}, misuse("can't %s a nil %T", verb, f)
	}
	return v, nil
}

// guard calls dig where dig runs no user code, and makes an error of a panic.
func guard(verb string, f reflect.Value, call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			what := "it"
			if f.IsValid() {
				what = f.Type().String()
			}
			err = misuse("can't %s %s: dig panics: %v", verb, what, p)
		}
	}()
	return call()
}

func misuse(format string, args ...any) error { return fmt.Errorf(format, args...) }

func isNil[T comparable](option T) bool {
	var none T
	if option == none {
		return true
	}
	v := reflect.ValueOf(option)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
