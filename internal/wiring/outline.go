package wiring

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/dig"
)

// Outline returns the root scope of c, for a container that cannot be read: see [Attach]. What was given to c before is known as
// far as [dig.Visualize] shows it, as nodes that are not among [Scope.Nodes]: constructors by name, with links to what provides
// the types that they take. It does not show scopes and decorators, and does not tell two types of one name apart. A parameter that
// nobody provides but such a constructor has an edge to it; the node counts as called.
func Outline(c *dig.Container) *Scope {
	s := New(c)
	s.graph.calls = 1
	s.graph.outline = &outline{container: c, known: make(map[string]*Node)}
	s.graph.outline.look(s.graph)
	return s
}

// outline is what dig shows of a container. The graph's lock guards it.
type outline struct {
	container *dig.Container
	known     map[string]*Node
	providers map[string][]*Node // by key, as dig writes it
}

// shown is a constructor as it is drawn.
type shown struct {
	pkg, fn         string
	params, results []string
}

// Outlined reports whether the node is known by an [Outline] only.
func (n *Node) Outlined() bool { return n.File == unknownFile && n.order == 1 }

func (o *outline) look(g *graph) {
	var b bytes.Buffer
	if err := dig.Visualize(o.container, &b); err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	drawn := parseDot(b.String())
	o.providers = make(map[string][]*Node)
	nodes := make([]*Node, len(drawn))
	times := make(map[string]int)
	for i, s := range drawn {
		if o.isOurs(g, s) {
			continue
		}
		id := fmt.Sprint(s.pkg, " ", s.fn, s.results)
		times[id]++
		id += fmt.Sprint(times[id])
		n := o.known[id]
		if n == nil {
			n = &Node{Kind: Constructor, Scope: g.root, Home: g.root, order: 1,
				Place: newPlace(s.pkg, s.fn, unknownFile, 0), sig: new(signature)}
			g.number(n)
			o.known[id] = n
		}
		nodes[i] = n
		for _, k := range s.results {
			if !slices.Contains(o.providers[k], n) {
				o.providers[k] = append(o.providers[k], n)
			}
		}
	}
	ours := make(map[string][]*Node)
	for _, n := range g.nodes {
		for _, r := range n.Results {
			for _, k := range r.Keys {
				ours[k.drawn()] = append(ours[k.drawn()], n)
			}
		}
	}
	for i, n := range nodes {
		if n == nil {
			continue
		}
		for _, k := range drawn[i].params {
			for _, to := range slices.Concat(o.providers[k], ours[k]) {
				g.linkFreely(n, to)
			}
		}
	}
	g.changed()
	g.registrations++
}

// isOurs reports whether a constructor that is drawn was given to a Scope.
func (o *outline) isOurs(g *graph, s shown) bool {
	return slices.ContainsFunc(g.nodes, func(n *Node) bool {
		if n.Kind != Constructor || n.pkg != s.pkg || n.fn != s.fn {
			return false
		}
		var keys []string
		for _, r := range n.Results {
			for _, k := range r.Keys {
				keys = append(keys, k.drawn())
			}
		}
		return slices.Equal(keys, s.results)
	})
}

// of returns who provides k, as far as it is drawn.
func (o *outline) of(k Key) []*Node {
	if o == nil {
		return nil
	}
	return o.providers[k.drawn()]
}

// providersOf returns who provides a type, under any name or group, as far as it is drawn.
func (o *outline) providersOf(t reflect.Type) []*Node {
	if o == nil {
		return nil
	}
	var found []*Node
	for k, nodes := range o.providers {
		if k == t.String() || strings.HasPrefix(k, t.String()+"[name=") || strings.HasPrefix(k, "[type="+t.String()+" group=") {
			found = append(found, nodes...)
		}
	}
	return found
}

// drawn is the key as dig draws it: the node of a group stands for all its members.
func (k Key) drawn() string {
	switch {
	case k.Group != "":
		return fmt.Sprintf("[type=%v group=%v]", k.Type, k.Group)
	case k.Name != "":
		return fmt.Sprintf("%v[name=%v]", k.Type, k.Name)
	}
	return k.Type.String()
}

var (
	dotCluster = regexp.MustCompile(`^\tsubgraph cluster_(\d+) \{$`)
	dotPackage = regexp.MustCompile(`^\t\tlabel = (".*");$`)
	dotName    = regexp.MustCompile(`^\t\tconstructor_\d+ \[shape=plaintext label=(".*")\];$`)
	dotResult  = regexp.MustCompile(`^\t\t("(?:[^"\\]|\\.)*") \[label=.*\];$`)
	dotParam   = regexp.MustCompile(`^\tconstructor_(\d+) -> ("(?:[^"\\]|\\.)*") \[ltail=.*\];$`)
	dotMember  = regexp.MustCompile(`^\t("(?:[^"\\]|\\.)*") -> ("(?:[^"\\]|\\.)*");$`)
)

// parseDot reads what dig.Visualize writes, and leaves out what it does not know.
func parseDot(dot string) []shown {
	var all []shown
	groups := make(map[string]string) // of members
	unquote := func(s string) string {
		if plain, err := strconv.Unquote(s); err == nil {
			return plain
		}
		return s
	}
	for line := range strings.SplitSeq(dot, "\n") {
		last := len(all) - 1
		if dotCluster.MatchString(line) {
			all = append(all, shown{})
		} else if m := dotMember.FindStringSubmatch(line); m != nil {
			groups[unquote(m[2])] = unquote(m[1])
		} else if m := dotPackage.FindStringSubmatch(line); m != nil && last >= 0 {
			all[last].pkg = unquote(m[1])
		} else if m := dotName.FindStringSubmatch(line); m != nil && last >= 0 {
			all[last].fn = unquote(m[1])
		} else if m := dotResult.FindStringSubmatch(line); m != nil && last >= 0 {
			all[last].results = append(all[last].results, unquote(m[1]))
		} else if m := dotParam.FindStringSubmatch(line); m != nil {
			if i, err := strconv.Atoi(m[1]); err == nil && i < len(all) {
				all[i].params = append(all[i].params, unquote(m[2]))
			}
		}
	}
	for i := range all {
		for j, r := range all[i].results {
			if group, ok := groups[r]; ok {
				all[i].results[j] = group
			}
		}
	}
	return all
}
