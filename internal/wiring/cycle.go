package wiring

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"go.uber.org/dig"
)

// Step is a node and the edge by which it waits for the next.
type Step struct {
	Node *Node
	Edge Edge
}

// CycleError is a cycle: the last step's edge leads to the first step's node.
type CycleError struct {
	Path []Step

	dig error // what dig says of it, if it sees it at all
}

// Error returns what dig says of the cycle, if dig was asked and sees it, too; else the path, each node with its location and the
// key by which it is needed.
func (e *CycleError) Error() string {
	if e.dig != nil {
		return e.dig.Error()
	}
	var b strings.Builder
	b.WriteString("cycle: ")
	for i, s := range e.Path {
		if i == 0 {
			b.WriteString(s.Node.String())
		} else {
			b.WriteString(", which")
		}
		b.WriteByte(' ')
		b.WriteString(s.Edge.phrase())
	}
	return b.String()
}

// Format writes what dig says in more lines for %+v, as dig does.
func (e *CycleError) Format(w fmt.State, verb rune) {
	if e.dig != nil {
		fmt.Fprintf(w, fmt.FormatString(w, verb), e.dig)
		return
	}
	fmt.Fprint(w, e.Error())
}

// Unwrap returns dig's own error, if it has one.
func (e *CycleError) Unwrap() error { return e.dig }

// As has dig.IsCycleDetected know a cycle that dig does not see.
func (e *CycleError) As(target any) bool {
	known := digCycle()
	if t := reflect.TypeOf(target); e.dig != nil || known == nil || t != reflect.PointerTo(reflect.TypeOf(known)) {
		return false
	}
	reflect.ValueOf(target).Elem().Set(reflect.ValueOf(known))
	return true
}

// digCycle returns the innermost error that dig has for a cycle, nil if it has none.
var digCycle = sync.OnceValue(func() error {
	err := dig.New().Provide(func(int) int { return 0 })
	for ; err != nil; err = errors.Unwrap(err) {
		if dig.IsCycleDetected(err) && errors.Unwrap(err) == nil {
			return err
		}
	}
	return nil
})

func (e Edge) phrase() string {
	switch {
	case e.To.Kind == Function:
		return "invokes " + e.To.String()
	case e.Link:
		return "waits for " + e.To.String() + " by Depend"
	case e.To.Kind == Decorator:
		return "needs " + e.Param.Key.String() + ", decorated by " + e.To.String()
	case e.Soft:
		return "takes " + e.Param.Key.String() + ", a soft group with a member by " + e.To.String()
	}
	return "needs " + e.Param.Key.String() + ", made by " + e.To.String()
}

// Cycle returns a [*CycleError] if there is a cycle among what the roots reach over edges of any kind, or if dig, asked for the roots one
// after another, would run into one behind an optional parameter that it cannot fill anyhow. Else it returns nil.
func (s *Scope) Cycle(roots []*Node) error {
	g := s.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	const (
		open   = 1
		closed = 2
	)
	seen := make(map[*Node]int)
	var path []Step
	var visit func(n *Node) *CycleError
	visit = func(n *Node) *CycleError {
		seen[n] = open
		for _, e := range n.edges() {
			path = append(path, Step{Node: n, Edge: e})
			switch seen[e.To] {
			case open:
				start := len(path) - 1
				for path[start].Node != e.To {
					start--
				}
				return &CycleError{Path: append([]Step(nil), path[start:]...)}
			case closed:
			default:
				if err := visit(e.To); err != nil {
					return err
				}
			}
			path = path[:len(path)-1]
		}
		seen[n] = closed
		return nil
	}
	for _, n := range roots {
		if n != nil && seen[n] == 0 {
			if err := visit(n); err != nil {
				return err
			}
		}
	}
	if err := g.dryWalk(roots); err != nil {
		return err
	}
	return nil
}
