package wiring

import (
	"errors"
	"reflect"
	"sync"

	"go.uber.org/dig"
)

// provideOptions is what the options of Provide say that bears on the graph. dig has no way to ask an option for its
// content, so it is read by reflection; what kind each option is was checked before (see checkOptions).
type provideOptions struct {
	name, group string
	as          []reflect.Type
	export      bool
	location    reflect.Value // a *digreflect.Func; invalid or nil if not given
	info        *dig.ProvideInfo

	callbacks
}

// decorateOptions is the same of the options of Decorate.
type decorateOptions struct {
	info *dig.DecorateInfo

	callbacks
}

// callbacks are the user's. dig keeps only the last that it is given, so they have to be joined with our own.
type callbacks struct {
	before    dig.BeforeCallback
	after     dig.Callback
	hasBefore bool // a nil one was given, too
	hasAfter  bool
}

var (
	nameOption     = reflect.TypeOf(dig.Name(""))
	groupOption    = reflect.TypeOf(dig.Group(""))
	asOption       = reflect.TypeOf(dig.As())
	exportOption   = reflect.TypeOf(dig.Export(true))
	locationOption = reflect.TypeOf(dig.LocationForPC(0))
	infoOption     = reflect.TypeOf(dig.FillProvideInfo(nil))
	decorateInfo   = reflect.TypeOf(dig.FillDecorateInfo(nil))
	beforeOption   = reflect.TypeOf(dig.WithProviderBeforeCallback(nil))
	afterOption    = reflect.TypeOf(dig.WithProviderCallback(nil))
)

func readProvideOptions(opts []dig.ProvideOption) (o provideOptions) {
	for _, opt := range opts {
		v := unwrap(reflect.ValueOf(opt), reflect.TypeFor[dig.ProvideOption]())
		if !v.IsValid() {
			continue
		}
		switch v.Type() {
		case nameOption:
			o.name = v.String()
		case groupOption:
			o.group = v.String()
		case asOption:
			for i := range v.Len() {
				if t := v.Index(i).Elem(); t.IsValid() && t.Kind() == reflect.Pointer && t.Type().Elem().Kind() == reflect.Interface {
					o.as = append(o.as, t.Type().Elem())
				}
			}
		case exportOption:
			o.export = v.Field(0).Bool()
		case locationOption:
			o.location = v.Field(0)
		case infoOption:
			if v.CanInterface() {
				o.info = onlyField[*dig.ProvideInfo](v)
			}
		default:
			o.callbacks.read(v)
		}
	}
	return o
}

func readDecorateOptions(opts []dig.DecorateOption) (o decorateOptions) {
	for _, opt := range opts {
		v := unwrap(reflect.ValueOf(opt), reflect.TypeFor[dig.DecorateOption]())
		switch {
		case !v.IsValid():
		case v.Type() != decorateInfo:
			o.callbacks.read(v)
		case v.CanInterface():
			o.info = onlyField[*dig.DecorateInfo](v)
		}
	}
	return o
}

func (c *callbacks) read(v reflect.Value) {
	if !v.CanInterface() {
		return // embedded under an unexported name
	}
	switch v.Type() {
	case beforeOption:
		c.before, c.hasBefore = onlyField[dig.BeforeCallback](v), true
	case afterOption:
		c.after, c.hasAfter = onlyField[dig.Callback](v), true
	}
}

// unwrap returns the option itself if it is embedded in a user's own struct: there is no other way to write one.
func unwrap(v reflect.Value, option reflect.Type) reflect.Value {
	for {
		for v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct || v.Type().PkgPath() == afterOption.PkgPath() {
			return v
		}
		inner := reflect.Value{}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Anonymous && f.Type.Implements(option) {
				inner = v.Field(i)
				if inner.Kind() == reflect.Interface {
					inner = inner.Elem()
				}
				break
			}
		}
		if !inner.IsValid() {
			return v
		}
		v = inner
	}
}

// onlyField reads the only, unexported field of a struct, which is a T.
func onlyField[T any](v reflect.Value) T {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return reflect.NewAt(reflect.TypeFor[T](), p.Elem().Field(0).Addr().UnsafePointer()).Elem().Interface().(T)
}

// located reports whether dig.LocationForPC found a function.
func (o provideOptions) located() bool { return o.location.IsValid() && !o.location.IsNil() }

// locate takes over what dig.LocationForPC found.
func (o provideOptions) locate(n *Node) {
	if !o.located() {
		return
	}
	f := o.location.Elem()
	n.Place = newPlace(f.FieldByName("Package").String(), f.FieldByName("Name").String(),
		f.FieldByName("File").String(), int(f.FieldByName("Line").Int()))
}

// checkOptions reports whether dig's options are made as this package reads them. A dig that makes them in another
// way would give wrong graphs, and callbacks that are read at a wrong place.
var checkOptions = sync.OnceValue(func() error {
	field := func(t, of reflect.Type) bool {
		return t.Kind() == reflect.Struct && t.NumField() == 1 && t.Field(0).Type == of
	}
	location := func(t reflect.Type) bool {
		if t.Kind() != reflect.Struct || t.NumField() != 1 || t.Field(0).Type.Kind() != reflect.Pointer {
			return false
		}
		f := t.Field(0).Type.Elem()
		if f.Kind() != reflect.Struct {
			return false
		}
		for name, kind := range map[string]reflect.Kind{"Name": reflect.String, "Package": reflect.String, "File": reflect.String, "Line": reflect.Int} {
			if field, ok := f.FieldByName(name); !ok || field.Type.Kind() != kind {
				return false
			}
		}
		return true
	}
	known := nameOption.Kind() == reflect.String &&
		groupOption.Kind() == reflect.String && groupOption != nameOption &&
		asOption.Kind() == reflect.Slice && asOption.Elem() == reflect.TypeFor[any]() &&
		field(exportOption, reflect.TypeFor[bool]()) &&
		location(locationOption) &&
		field(infoOption, reflect.TypeFor[*dig.ProvideInfo]()) &&
		field(decorateInfo, reflect.TypeFor[*dig.DecorateInfo]()) &&
		field(beforeOption, reflect.TypeFor[dig.BeforeCallback]()) &&
		field(afterOption, reflect.TypeFor[dig.Callback]()) &&
		afterOption == reflect.TypeOf(dig.WithDecoratorCallback(nil)) &&
		beforeOption == reflect.TypeOf(dig.WithDecoratorBeforeCallback(nil))
	if !known {
		return errors.New("this version of go.uber.org/dig (" + dig.Version + ") is not known: its options cannot be read")
	}
	return nil
})
