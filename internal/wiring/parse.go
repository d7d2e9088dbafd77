package wiring

import (
	"reflect"
	"strconv"
	"strings"

	"go.uber.org/dig"
)

var (
	errorType  = reflect.TypeFor[error]()
	inType     = reflect.TypeFor[dig.In]()
	inPtrType  = reflect.TypeFor[*dig.In]()
	outType    = reflect.TypeFor[dig.Out]()
	outPtrType = reflect.TypeFor[*dig.Out]()
)

// signature is how dig reads the type of a function, before it looks at the options of Provide.
type signature struct {
	params []Param // in the order in which dig fills them
	outs   []out
	errs   []int // positions of the return values that are errors to dig
	// Whether dig takes such a function at all: as a thing to invoke, and as a thing that has results.
	validParams, validOuts bool

	bare      []Result // what results returns where there are no options; not to be changed
	validBare bool
}

// out is a return value or a field of a dig.Out.
type out struct {
	typ     reflect.Type
	pos     int
	index   []int
	name    string
	group   string
	flatten bool
	field   bool // a field with a group tag, to which dig.As does not apply
	bare    bool // not inside a dig.Out: dig.Group applies, and dig.Name without contradiction
}

func (g *graph) signatureOf(t reflect.Type) *signature {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.signatures[t]
	if s == nil {
		s = readSignature(t)
		g.signatures[t] = s
	}
	return s
}

func readSignature(t reflect.Type) *signature {
	s := &signature{validParams: true, validOuts: true}
	args := t.NumIn()
	if t.IsVariadic() {
		args-- // dig leaves it empty
	}
	s.params = make([]Param, 0, args)
	for i := range args {
		s.param(t.In(i), Param{Arg: i})
	}
	for i := range t.NumOut() {
		if t.Out(i).Implements(errorType) {
			s.errs = append(s.errs, i)
			continue
		}
		s.out(t.Out(i), out{pos: i, bare: true})
	}
	s.bare, s.validBare = s.with(provideOptions{})
	return s
}

// param adds what an argument, or a field without a group, of type t asks for.
func (s *signature) param(t reflect.Type, p Param) {
	switch roleOf(t) {
	case plain:
		p.Key.Type = t
		s.params = append(s.params, p)
	case asIn:
		s.in(t, p)
	default:
		s.validParams = false
	}
}

// in adds the fields of a dig.In struct: soft groups last, as dig fills them last.
func (s *signature) in(t reflect.Type, at Param) {
	ignoreUnexported := false
	for i := range t.NumField() {
		if f := t.Field(i); f.Type == inType {
			ignoreUnexported = s.flag(f.Tag.Get("ignore-unexported"), &s.validParams)
			break
		}
	}
	var soft []Param
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Type == inType, f.PkgPath != "" && ignoreUnexported:
			continue
		case f.PkgPath != "":
			s.validParams = false
			continue
		}
		p := Param{Arg: at.Arg, Index: append(at.Index[:len(at.Index):len(at.Index)], i)}
		if tag := f.Tag.Get("group"); tag != "" {
			group, flatten, isSoft, ok := parseGroup(tag)
			optional, _ := strconv.ParseBool(f.Tag.Get("optional"))
			if !ok || flatten || optional || f.Tag.Get("name") != "" || f.Type.Kind() != reflect.Slice {
				s.validParams = false
				continue
			}
			p.Key, p.Soft, p.slice = Key{Type: f.Type.Elem(), Group: group}, isSoft, f.Type
			if isSoft {
				soft = append(soft, p)
			} else {
				s.params = append(s.params, p)
			}
			continue
		}
		if roleOf(f.Type) != asIn {
			p.Key.Name = f.Tag.Get("name")
			p.Optional = s.flag(f.Tag.Get("optional"), &s.validParams)
		}
		s.param(f.Type, p)
	}
	s.params = append(s.params, soft...)
}

// out adds what a return value, or a field without a group, of type t gives.
func (s *signature) out(t reflect.Type, o out) {
	switch r := roleOf(t); {
	case t.Implements(errorType):
		s.validOuts = false
	case r == plain:
		o.typ = t
		s.outs = append(s.outs, o)
	case r == asOut:
		s.object(t, o)
	default:
		s.validOuts = false
	}
}

// object adds the fields of a dig.Out struct. A name given to a field that is itself a dig.Out is refused by dig.
func (s *signature) object(t reflect.Type, at out) {
	if at.name != "" {
		s.validOuts = false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Type == outType:
			continue
		case f.PkgPath != "":
			s.validOuts = false
			continue
		}
		o := out{pos: at.pos, index: append(at.index[:len(at.index):len(at.index)], i), name: f.Tag.Get("name")}
		if tag := f.Tag.Get("group"); tag != "" {
			group, flatten, soft, ok := parseGroup(tag)
			optional, _ := strconv.ParseBool(f.Tag.Get("optional"))
			if !ok || soft || optional || o.name != "" || flatten && f.Type.Kind() != reflect.Slice {
				s.validOuts = false
				continue
			}
			o.typ, o.group, o.flatten, o.field = f.Type, group, flatten, true
			s.outs = append(s.outs, o)
			continue
		}
		s.out(f.Type, o)
	}
}

// results applies the options of Provide. It reports false if dig will refuse them.
func (s *signature) results(o provideOptions) ([]Result, bool) {
	if o.name == "" && o.group == "" && len(o.as) == 0 {
		return s.bare, s.validBare
	}
	return s.with(o)
}

func (s *signature) with(o provideOptions) ([]Result, bool) {
	results := make([]Result, 0, len(s.outs))
	for _, from := range s.outs {
		r := Result{Declared: from.typ, Out: from.pos, Index: from.index, Flatten: from.flatten}
		key := Key{Type: from.typ, Name: from.name, Group: from.group}
		if !from.field {
			if from.bare {
				group, flatten, soft, ok := parseGroup(o.group)
				if !ok || soft || flatten && from.typ.Kind() != reflect.Slice {
					return nil, false
				}
				key.Group, r.Flatten = group, flatten
			}
			if key.Name == "" && key.Group == "" {
				key.Name = o.name
			}
			for _, as := range o.as {
				if as == from.typ {
					continue
				}
				if !from.typ.Implements(as) {
					return nil, false
				}
				r.Keys = append(r.Keys, Key{Type: as, Name: key.Name, Group: key.Group})
			}
		}
		if r.Flatten {
			r.Declared = from.typ.Elem()
			key.Type = r.Declared
		}
		if len(r.Keys) == 0 {
			r.Keys = []Key{key}
		}
		results = append(results, r)
	}
	return results, s.validOuts
}

// decorations is results for a decorator, which has no options and returns a group whole.
func (s *signature) decorations() ([]Result, bool) {
	results, ok := s.with(provideOptions{})
	for i := range results {
		r := &results[i]
		if r.Keys[0].Group == "" {
			continue
		}
		if r.Declared.Kind() != reflect.Slice {
			return nil, false
		}
		r.slice, r.Flatten = r.Declared, true
		r.Declared = r.slice.Elem()
		r.Keys[0].Type = r.Declared
	}
	return results, ok
}

// err returns the error among the return values of a call as dig finds it: the first that is not a nil interface, a typed nil
// pointer included.
func (s *signature) err(returned []reflect.Value) error {
	for _, i := range s.errs {
		if err, _ := returned[i].Interface().(error); err != nil {
			return err
		}
	}
	return nil
}

func (s *signature) flag(tag string, valid *bool) bool {
	if tag == "" {
		return false
	}
	b, err := strconv.ParseBool(tag)
	if err != nil {
		*valid = false
	}
	return b
}

func parseGroup(tag string) (name string, flatten, soft, ok bool) {
	name, options, found := strings.Cut(tag, ",")
	if !found {
		return name, false, false, true
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "flatten":
			flatten = true
		case "soft":
			soft = true
		default:
			return "", false, false, false
		}
	}
	return name, flatten, soft, true
}

// role is what dig takes a type for.
type role int

const (
	plain  role = iota
	asIn        // a dig.In
	asOut       // a dig.Out
	broken      // a pointer to one, or both at once
)

func roleOf(t reflect.Type) role {
	e := embedded(t)
	switch {
	case e == 0 && t.Kind() != reflect.Pointer:
		return plain
	case e&(hasIn|hasOut|hasOutPtr) == hasIn:
		return asIn
	case e&(hasOut|hasIn|hasInPtr) == hasOut:
		return asOut
	case e != 0, embedded(t.Elem())&(hasIn|hasOut) != 0:
		return broken
	}
	return plain
}

// parts are those of dig's types that a type is or embeds, at any depth.
type parts int

const (
	hasIn parts = 1 << iota
	hasOut
	hasInPtr
	hasOutPtr
)

func embedded(t reflect.Type) (e parts) {
	switch t {
	case inType:
		return hasIn
	case outType:
		return hasOut
	case inPtrType:
		return hasInPtr
	case outPtrType:
		return hasOutPtr
	}
	if t.Kind() != reflect.Struct {
		return 0
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			e |= embedded(f.Type)
		}
	}
	return e
}
