package container

import (
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/strata-go/strata/internal/wiring"
)

// ownName returns what a value says it is called, if it does.
func ownName(of any) (name string) {
	named, ok := of.(interface{ Name() string })
	if !ok {
		return ""
	}
	// In a goroutine of its own, so that no way to end it ends more than that.
	said := make(chan string)
	go func() {
		defer close(said)
		defer func() { _ = recover() }() // then it has no name
		said <- named.Name()
	}()
	return tidy(<-said)
}

// maxName is how many characters of a name, or of a type in it, are shown.
const maxName = 100

// tidy puts a name on one line that is not too long, without what cannot be read.
func tidy(name string) string {
	name = strings.Join(strings.Fields(name), " ")
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > maxName {
		return string(runes[:maxName-1]) + "…"
	}
	return name
}

// valueName is how a value is called that has no name of its own: by its type, and
// by what tells it from others in dig.
func valueName(typeName string, k wiring.Key) string {
	switch {
	case k.Name != "":
		return typeName + "[name=" + tidy(k.Name) + "]"
	case k.Group != "":
		return typeName + "[group=" + tidy(k.Group) + "]"
	}
	return typeName
}

// typeName is reflect's, but for type arguments, which it writes with the whole path
// of their package, and with a number if they are declared in a function.
func typeName(t reflect.Type) string {
	name := t.String()
	if strings.Contains(name, "[") {
		name = localNumber.ReplaceAllString(importPath.ReplaceAllStringFunc(name, withoutPath), "")
	}
	return tidy(name)
}

var (
	importPath   = regexp.MustCompile("[^][(){}*,;:\"`. ][^][(){}*,;:\"` ]*/[^][(){}*,;:\"` ]*")
	localNumber  = regexp.MustCompile(`·\d+`)
	majorVersion = regexp.MustCompile(`^v\d+\.`)
)

// withoutPath returns "shop.Item" for "example.com/shop.Item" and for
// "example.com/shop/v2.Item".
func withoutPath(qualified string) string {
	elements := strings.Split(qualified, "/")
	last := elements[len(elements)-1]
	if majorVersion.MatchString(last) {
		last = elements[len(elements)-2] + last[strings.Index(last, "."):]
	}
	if plain, err := url.PathUnescape(last); err == nil {
		return plain
	}
	return last
}

// tellPackagesApart writes more of the path of packages where types of several have
// one name: "*text/template.Template".
func tellPackagesApart(units []*unit) {
	packages := make(map[string][]string) // by name
	for _, u := range units {
		if path := packagePath(u.named); path != "" && !slices.Contains(packages[u.Name], path) {
			packages[u.Name] = append(packages[u.Name], path)
		}
	}
	for _, u := range units {
		if paths := packages[u.Name]; len(paths) > 1 && u.named != nil {
			u.Name = valueName(qualified(u.named, paths), u.key)
		}
	}
}

// qualified is the name of a type with as much of the path of its package as tells it
// from others.
func qualified(t reflect.Type, paths []string) string {
	path := packagePath(t)
	elements := strings.Split(path, "/")
	short, least := path, 1
	if majorVersion.MatchString(elements[len(elements)-1] + ".") {
		least = 2
	}
	for n := least; n < len(elements); n++ {
		end := strings.Join(elements[len(elements)-n:], "/")
		if !slices.ContainsFunc(paths, func(p string) bool { return p != path && strings.HasSuffix("/"+p, "/"+end) }) {
			short = end
			break
		}
	}
	name := typeName(t)
	dot := strings.Index(name, ".")
	start := strings.LastIndexAny(name[:dot], "*[] ") + 1
	return name[:start] + short + name[dot:]
}

// packagePath is that of a named type, or of what it is a pointer to.
func packagePath(t reflect.Type) string {
	if t != nil && t.Name() == "" && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return ""
	}
	return t.PkgPath()
}

// makeUnique puts a number behind the names that are not, in order.
func makeUnique(units []*unit) {
	count := make(map[string]int)
	for _, u := range units {
		count[u.Name]++
	}
	next := make(map[string]int)
	for _, u := range units {
		name := u.Name
		if count[name] == 1 {
			continue
		}
		for u.Name == name || count[u.Name] > 0 {
			next[name]++
			u.Name = name + "#" + strconv.Itoa(next[name])
		}
	}
}
