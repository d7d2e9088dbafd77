package digread

import (
	"fmt"
	"reflect"
	"sync"

	"go.uber.org/dig"
)

// Check returns an error if dig is not laid out as this package knows it. It is checked once.
var Check = sync.OnceValue(func() error {
	err := checkTypes(reflect.TypeFor[dig.Container]())
	if err == nil {
		err = probe()
	}
	if err != nil {
		return fmt.Errorf("this version of go.uber.org/dig (%s) cannot be read: %w", dig.Version, err)
	}
	return nil
})

// layout says of each struct of dig's, by name, which fields are read and how their types are written.
var layout = map[string]map[string]string{
	"Container": {"scope": "*dig.Scope"},
	"Scope": {
		"name":        "string",
		"nodes":       "[]*dig.constructorNode",
		"decorators":  "map[dig.key]*dig.decoratorNode",
		"values":      "map[dig.key]reflect.Value",
		"groups":      "map[dig.key][]reflect.Value",
		"childScopes": "[]*dig.Scope",

		"isVerifiedAcyclic": "bool",
	},
	"key": {"t": "reflect.Type", "name": "string", "group": "string"},
	"constructorNode": {
		"ctor":       "interface {}",
		"location":   "*digreflect.Func",
		"called":     "bool",
		"resultList": "dig.resultList",
		"s":          "*dig.Scope",
		"origS":      "*dig.Scope",
	},
	"decoratorNode": {
		"dcor":     "interface {}",
		"location": "*digreflect.Func",
		"state":    "dig.decoratorState",
		"s":        "*dig.Scope",
	},
	"resultList": {"Results": "[]dig.result", "resultIndexes": "[]int"},
	"Func":       {"Name": "string", "Package": "string", "File": "string", "Line": "int"},
}

// checkTypes compares the structs that are reached from t with the layout.
func checkTypes(t reflect.Type) error {
	found := make(map[string]bool)
	var visit func(t reflect.Type) error
	visit = func(t reflect.Type) error {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() == reflect.Map {
			if err := visit(t.Key()); err != nil {
				return err
			}
			return visit(t.Elem())
		}
		fields, known := layout[t.Name()]
		if !known || found[t.Name()] || t.Kind() != reflect.Struct || t.PkgPath() == "reflect" {
			return nil
		}
		found[t.Name()] = true
		for name, want := range fields {
			f, ok := t.FieldByName(name)
			if !ok || len(f.Index) != 1 || f.Type.String() != want {
				return fmt.Errorf("%v has no field %s of type %s", t, name, want)
			}
			if err := visit(f.Type); err != nil {
				return err
			}
		}
		if t.Name() == "key" && t.NumField() != len(fields) {
			return fmt.Errorf("%v has %d fields, want %d", t, t.NumField(), len(fields))
		}
		return nil
	}
	if err := visit(t); err != nil {
		return err
	}
	for name := range layout {
		if !found[name] {
			return fmt.Errorf("there is no struct %s", name)
		}
	}
	return nil
}

// field returns a field of a struct in a form that can be used, exported or not. The struct must be addressable.
func field(v reflect.Value, name string) reflect.Value {
	f := v.FieldByName(name)
	return reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem()
}
