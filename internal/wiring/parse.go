package wiring

import (
	"reflect"
	"slices"
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
	of     reflect.Type
	params []Param  // in the order in which dig fills them
	outs   []Result // of a function without options; not to be changed
	errs   []int    // positions of the return values that are errors to dig
	// Whether dig takes such a function at all: as a thing to invoke, and as a thing that has results.
	validParams, validOuts bool

	// Room for what most functions have.
	fewParams [3]Param
	fewOuts   [1]Result
	fewKeys   [1]Key
}

// signatureOf returns the signature of functions of type t. The caller holds the lock.
func (g *graph) signatureOf(t reflect.Type) *signature {
	s := g.signatures[t]
	if s == nil {
		s = readSignature(t)
		g.signatures[t] = s
	}
	return s
}

func readSignature(t reflect.Type) *signature {
	s := &signature{of: t, validParams: true}
	args := t.NumIn()
	if t.IsVariadic() {
		args-- // dig leaves it empty
	}
	if s.params = s.fewParams[:0]; args > len(s.fewParams) {
		s.params = make([]Param, 0, args)
	}
	for i := range args {
		s.param(t.In(i), Param{Arg: i})
	}
	for i := range t.NumOut() {
		if t.Out(i).Implements(errorType) {
			s.errs = append(s.errs, i)
		}
	}
	r := resultReader{results: s.fewOuts[:0], keys: s.fewKeys[:0], valid: true}
	s.outs, s.validOuts = s.read(r)
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
		p := Param{Arg: at.Arg, field: &field{index: append(slices.Clip(at.Index()), i)}}
		if tag := f.Tag.Get("group"); tag != "" {
			group, flatten, isSoft, ok := parseGroup(tag)
			optional, _ := strconv.ParseBool(f.Tag.Get("optional"))
			if !ok || flatten || optional || f.Tag.Get("name") != "" || f.Type.Kind() != reflect.Slice {
				s.validParams = false
				continue
			}
			p.Key, p.Soft, p.field.slice = Key{Type: f.Type.Elem(), Group: group}, isSoft, f.Type
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

// results applies the options of Provide. It reports false if dig will refuse them, or such a function at all.
func (s *signature) results(o provideOptions) ([]Result, bool) {
	if o.name == "" && o.group == "" && len(o.as) == 0 {
		return s.outs, s.validOuts
	}
	return s.with(o)
}

func (s *signature) with(o provideOptions) ([]Result, bool) {
	return s.read(resultReader{options: o, valid: true})
}

func (s *signature) read(r resultReader) ([]Result, bool) {
	for i := range s.of.NumOut() {
		if !slices.Contains(s.errs, i) {
			r.value(s.of.Out(i), out{pos: i, bare: true})
		}
	}
	return r.results, r.valid
}

// resultReader reads the results of a function that is given to Provide with options.
type resultReader struct {
	options provideOptions
	results []Result
	keys    []Key // room for those of the results that have but one
	valid   bool  // false if dig refuses them
}

// out is where a value stands in what a function returns, and what a tag says of it.
type out struct {
	pos     int
	index   []int
	name    string
	group   string
	flatten bool
	field   bool // a field with a group tag, to which dig.As does not apply
	bare    bool // not inside a dig.Out: dig.Group applies, and dig.Name without contradiction
}

// value adds what a return value, or a field without a group, of type t gives.
func (r *resultReader) value(t reflect.Type, o out) {
	switch roleOf(t) {
	case plain:
		r.add(t, o)
	case asOut:
		r.object(t, o)
	default:
		r.valid = false
	}
}

// object adds the fields of a dig.Out struct. A name given to a field that is itself a dig.Out is refused by dig.
func (r *resultReader) object(t reflect.Type, at out) {
	if at.name != "" {
		r.valid = false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Type == outType:
			continue
		case f.PkgPath != "":
			r.valid = false
			continue
		}
		o := out{pos: at.pos, index: append(slices.Clip(at.index), i), name: f.Tag.Get("name")}
		if tag := f.Tag.Get("group"); tag != "" {
			group, flatten, soft, ok := parseGroup(tag)
			optional, _ := strconv.ParseBool(f.Tag.Get("optional"))
			if !ok || soft || optional || o.name != "" || flatten && f.Type.Kind() != reflect.Slice {
				r.valid = false
				continue
			}
			o.group, o.flatten, o.field = group, flatten, true
			r.add(f.Type, o)
			continue
		}
		if f.Type.Implements(errorType) {
			r.valid = false
			continue
		}
		r.value(f.Type, o)
	}
}

// add adds a value of type t.
func (r *resultReader) add(t reflect.Type, at out) {
	result := Result{Declared: t, Out: at.pos, Flatten: at.flatten}
	if at.index != nil {
		result.field = &field{index: at.index}
	}
	key := Key{Type: t, Name: at.name, Group: at.group}
	if !at.field {
		if at.bare {
			group, flatten, soft, ok := parseGroup(r.options.group)
			r.valid = r.valid && ok && !soft && (!flatten || t.Kind() == reflect.Slice)
			key.Group, result.Flatten = group, flatten && r.valid
		}
		if key.Name == "" && key.Group == "" {
			key.Name = r.options.name
		}
		for _, as := range r.options.as {
			if as == t {
				continue
			}
			r.valid = r.valid && t.Implements(as)
			result.Keys = append(result.Keys, Key{Type: as, Name: key.Name, Group: key.Group})
		}
	}
	if result.Flatten {
		result.Declared = t.Elem()
		key.Type = result.Declared
	}
	if len(result.Keys) == 0 {
		if len(r.keys) == cap(r.keys) {
			r.keys = make([]Key, 0, 1)
		}
		r.keys = append(r.keys, key)
		result.Keys = r.keys[len(r.keys)-1 : len(r.keys) : len(r.keys)]
	}
	r.results = append(r.results, result)
}

// decorations is results for a decorator, which has no options and returns a group whole.
func (s *signature) decorations() ([]Result, bool) {
	results, ok := s.with(provideOptions{}) // which are changed
	for i := range results {
		r := &results[i]
		if r.Keys[0].Group == "" {
			continue
		}
		if r.Declared.Kind() != reflect.Slice {
			return nil, false
		}
		r.field = &field{index: r.Index(), slice: r.Declared}
		r.Declared, r.Flatten = r.Declared.Elem(), true
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
