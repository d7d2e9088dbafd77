package container

import (
	"reflect"
	"strconv"
	"strings"

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

// tidy puts a name on one line.
func tidy(name string) string { return strings.Join(strings.Fields(name), " ") }

// valueName is how a value is called that has no name of its own: by its type, and
// by what tells it from others in dig.
func valueName(t reflect.Type, k wiring.Key) string {
	name := t.String()
	switch {
	case k.Name != "":
		name += "[name=" + k.Name + "]"
	case k.Group != "":
		name += "[group=" + k.Group + "]"
	}
	return name
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
