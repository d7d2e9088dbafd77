// Package digtypes makes struct types with dig.In or dig.Out in them, for the functions
// of random programs: tests make those with reflect.
package digtypes

import (
	"fmt"
	"reflect"
	"strings"
)

// Field is a parameter or a result: a field of a struct that embeds dig.In or dig.Out.
type Field struct {
	Type          reflect.Type // of the field itself: a slice where a group is taken
	Name, Group   string
	Optional      bool
	Soft, Flatten bool // of a group
}

// Struct returns the type of a struct that embeds dig.In or dig.Out, and the index paths
// by which its fields are reached. If it is nested, then the last field stands in a
// struct of its own kind inside.
func Struct(embedded reflect.Type, nested bool, fields ...Field) (reflect.Type, [][]int) {
	base := reflect.StructField{Name: embedded.Name(), Type: embedded, Anonymous: true}
	outer := []reflect.StructField{base}
	var paths [][]int
	for i, f := range fields {
		path := []int{len(outer)}
		field := reflect.StructField{Name: fmt.Sprint("F", i), Type: f.Type, Tag: f.tag()}
		if nested && i == len(fields)-1 {
			inner := reflect.StructOf([]reflect.StructField{base, field})
			field = reflect.StructField{Name: "Nested", Type: inner}
			path = append(path, 1)
		}
		outer = append(outer, field)
		paths = append(paths, path)
	}
	return reflect.StructOf(outer), paths
}

func (f Field) tag() reflect.StructTag {
	var tags []string
	if f.Name != "" {
		tags = append(tags, fmt.Sprintf("name:%q", f.Name))
	}
	if f.Group != "" {
		group := f.Group
		if f.Soft {
			group += ",soft"
		}
		if f.Flatten {
			group += ",flatten"
		}
		tags = append(tags, fmt.Sprintf("group:%q", group))
	}
	if f.Optional {
		tags = append(tags, `optional:"true"`)
	}
	return reflect.StructTag(strings.Join(tags, " "))
}
