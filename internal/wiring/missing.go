package wiring

import (
	"cmp"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
)

// MissingError is a required key that nobody provides, where it is needed.
type MissingError struct {
	Key      Key
	NeededBy *Node
	Param    Param
	Alike    []Candidate // what may have been meant, the likeliest first
}

// Candidate is a key that is like the one that is missing.
type Candidate struct {
	Key  Key
	Node *Node // who provides it
	// Hidden is true if the consumer's scope does not see it.
	Hidden bool
	// Hint says what it is, or what to do to be given it, if that does not show.
	Hint string

	rank, distance int // the likeliest have the lowest
}

// Error says who needs what, and what there is instead.
func (e *MissingError) Error() string {
	var b strings.Builder
	b.WriteString(e.NeededBy.String())
	b.WriteString(" needs ")
	b.WriteString(e.Key.String())
	b.WriteString(", which nobody provides")
	for i, c := range e.Alike {
		switch {
		case i == 0:
			b.WriteString("; did you mean ")
		case i == len(e.Alike)-1:
			b.WriteString(", or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(c.String())
	}
	if len(e.Alike) > 0 {
		b.WriteString("?")
	}
	return b.String()
}

// String returns the key, who provides it, and what to know of it: "*shop.Database (shop.NewDatabase, db.go:7)".
func (c Candidate) String() string {
	s := c.Key.String() + " (" + c.Node.Name + ", " + c.Node.Location()
	if c.Hidden {
		s += ", seen only in scope " + c.Node.Home.Name() + "; dig.Export(true) shows it everywhere"
	}
	if c.Hint != "" {
		s += "; " + c.Hint
	}
	return s + ")"
}

// Missing returns a [*MissingError] for each required key that nobody provides to the roots or to what they would make
// dig build; the first hundred say what is alike. What dig leaves out, an optional parameter that cannot be built, misses nothing; nor does what was called.
func (s *Scope) Missing(roots []*Node) []error {
	g := s.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	var errs []error
	seen := make(map[*Node]bool)
	var visit func(n *Node)
	visit = func(n *Node) {
		if n == nil || seen[n] || n.order > 0 {
			return
		}
		seen[n] = true
		for i := range n.Params {
			if p := &n.Params[i]; g.missing(p, n.Scope, wasCalled) {
				errs = append(errs, g.missingError(n, *p, len(errs) < maxCompared))
			}
		}
		for _, e := range g.staticEdges(n) {
			if !e.Soft {
				visit(e.To)
			}
		}
	}
	for _, n := range roots {
		visit(n)
	}
	return errs
}

func (g *graph) missingError(n *Node, p Param, compare bool) *MissingError {
	err := &MissingError{Key: p.Key, NeededBy: n, Param: p}
	if compare {
		err.Alike = g.candidates(p.Key, n.Scope)
	}
	return err
}

const (
	maxCandidates = 3
	maxCompared   = 100 // of what is missing: each is compared with all that there is
)

// Alike returns what is provided, in any scope, that is like t, which nobody provides, the likeliest first.
func (s *Scope) Alike(t reflect.Type) []Candidate {
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	return s.graph.candidates(Key{Type: t}, nil)
}

// candidates looks through all keys that are provided anywhere. A nil scope sees all.
func (g *graph) candidates(missing Key, s *Scope) []Candidate {
	var found []Candidate
	for _, n := range g.nodes {
		if n.Kind != Constructor {
			continue
		}
		for _, r := range n.Results {
			for _, k := range r.Keys {
				c := Candidate{Key: k, Node: n, Hidden: s != nil && !s.sees(n.Home), rank: likeness(missing, k)}
				switch {
				case r.Declared == missing.Type && k.Type != missing.Type && !r.Flatten:
					c.rank, c.Hint = 1, fmt.Sprintf("it is a %v, which dig.As provides as that alone", r.Declared)
				case c.rank == 0:
					continue
				default:
					c.Hint = hint(missing, k)
				}
				c.distance = distance(missing.Name, k.Name)
				found = append(found, c)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.distance, b.distance))
	})
	return found[:min(len(found), maxCandidates)]
}

// hint says what to know of k, which is like what is missing, if it is not seen at once.
func hint(missing, k Key) string {
	a, b := missing.Type, k.Type
	switch {
	case k.Group != "":
		return fmt.Sprintf("a []%v with the tag group:%q in a dig.In takes it", b, k.Group)
	case k.Name != "" && missing.Name == "":
		return fmt.Sprintf("a field with the tag name:%q in a dig.In takes it", k.Name)
	case k.Name == "" && missing.Name != "":
		return fmt.Sprintf("dig.Name(%q) gives it that name", missing.Name)
	case a == b:
		return ""
	case implements(b, a):
		return fmt.Sprintf("dig.As(new(%v)) provides it as that", a)
	case a.String() == b.String() && base(a).PkgPath() == base(b).PkgPath():
		return "another type of that name"
	case a.String() == b.String():
		return fmt.Sprintf("that of package %s, not of %s", base(b).PkgPath(), base(a).PkgPath())
	}
	return ""
}

// implements reports whether t implements an interface, and one that not everything does.
func implements(t, i reflect.Type) bool {
	return i.Kind() == reflect.Interface && i.NumMethod() > 0 && t.Implements(i)
}

// likeness says how likely it is that k was meant, 1 being the likeliest; 0 is not at all.
func likeness(missing, k Key) int {
	a, b := missing.Type, k.Type
	sameLabel := missing.Name == k.Name && missing.Group == k.Group
	switch {
	case a == b && sameLabel:
		return 1 // in another scope
	case a == b, k.Group != "" && a.Kind() == reflect.Slice && a.Elem() == b:
		return 2
	case reflect.PointerTo(a) == b, a == reflect.PointerTo(b), elements(a, b), elements(b, a):
		return 3
	case !sameLabel:
		return 0
	case implements(b, a), implements(a, b):
		return 4
	}
	x, y := base(a), base(b)
	if x.Name() == "" || y.Name() == "" || predeclared(x) || predeclared(y) {
		return 0
	}
	m, n := strings.ToLower(x.Name()), strings.ToLower(y.Name())
	switch {
	case m == n:
		return 5
	case similar(m, n):
		if path.Base(x.PkgPath()) != path.Base(y.PkgPath()) {
			return 7
		}
		return 6
	}
	return 0
}

// elements reports whether a is []T and b is []*T, or the like for arrays.
func elements(a, b reflect.Type) bool {
	if a.Kind() != b.Kind() || a.Kind() != reflect.Slice && a.Kind() != reflect.Array {
		return false
	}
	return reflect.PointerTo(a.Elem()) == b.Elem()
}

func base(t reflect.Type) reflect.Type {
	for t.Name() == "" && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	return t
}

func predeclared(t reflect.Type) bool { return t.PkgPath() == "" }

// similar reports whether one name begins with the other, abbreviates it (db, database), or differs in a letter or two.
func similar(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 2 {
		return false
	}
	return strings.HasPrefix(b, a) || strings.HasSuffix(b, a) || abbreviates(a, b) || distance(a, b) <= len(a)/4
}

// abbreviates reports whether b begins as a does and has all its letters in that order.
func abbreviates(a, b string) bool {
	if a[0] != b[0] {
		return false
	}
	for i := range len(b) {
		if a != "" && b[i] == a[0] {
			a = a[1:]
		}
	}
	return a == ""
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
