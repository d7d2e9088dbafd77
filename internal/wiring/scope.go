package wiring

import (
	"reflect"
	"slices"
	"sync"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/internal/digread"
)

// Scope is a scope of a dig container, the root included, and what was given to it.
type Scope struct {
	graph  *graph
	parent *Scope
	name   string
	dig    digScope

	read                    *digread.Scope // of dig's scope; nil if it cannot be read
	readNodes, readChildren int            // how many were found, or are ours, if the graph was attached

	// Guarded by the graph's lock.
	providers  providers
	members    map[Key][]*Node // of groups
	decorators map[Key]*Node
	acyclicAt  int // version at which there was no cycle
}

// providers are constructors by the keys that they provide in a scope, but for groups. Most keys are a type alone, by which less is
// to be kept and hashed.
type providers struct {
	plain map[reflect.Type]*Node
	named map[Key]*Node
}

func (p *providers) of(k Key) *Node {
	if k.Name == "" {
		return p.plain[k.Type]
	}
	return p.named[k]
}

func (p *providers) remove(k Key) {
	if k.Name == "" {
		delete(p.plain, k.Type)
	} else {
		delete(p.named, k)
	}
}

func (p *providers) set(k Key, n *Node) {
	if k.Name == "" {
		p.plain[k.Type] = n
	} else {
		p.named[k] = n
	}
}

// digScope is what *dig.Container and *dig.Scope have in common.
type digScope interface {
	Provide(any, ...dig.ProvideOption) error
	Decorate(any, ...dig.DecorateOption) error
	Invoke(any, ...dig.InvokeOption) error
	Scope(string, ...dig.ScopeOption) *dig.Scope
}

// graph is what all scopes of a container share.
type graph struct {
	root     *Scope
	attached *attached // nil unless the graph was attached to its container
	outline  *outline  // of a container that could not be read; else nil
	onCalled func(n *Node, took time.Duration, err error)
	options  []dig.ProvideOption // room for those of a call

	mu         sync.Mutex                  // guards what follows, the Scopes' maps and the Nodes' state; never held while user code runs
	places     map[uintptr]*Place          // of functions seen, by their code
	signatures map[reflect.Type]*signature // of functions seen, by their type

	scopes  []*Scope
	nodes   []*Node // constructors and decorators, in order of registration
	seq     int     // last Node.Seq
	calls   int     // successful calls so far
	version int     // grows when a key may resolve to something else than before

	registrations int         // how often it did because of Provide or Decorate
	epoch         int         // grows with version, and with each successful call
	running       []*Node     // constructors and decorators that are being called, outermost first
	asking        *asking     // innermost Invoke that is under way
	begun         []time.Time // when the calls of those that are running began, and of some that have ended
	walks         int         // walks so far
	unwound       *Node       // of those that were found, the last that panicked or ended its goroutine

	kept    map[*Node][]reflect.Value // what Build got from constructors and dig has not asked for yet
	guessed map[guess]bool            // of the links

	unbuildable   map[*Node]bool // as of unbuildableAt
	unbuildableAt int
	trimmed       map[*Node][]Edge // of trimSoft, as of trimmedAt
	trimmedAt     int
	typed         map[reflect.Type][]*Node // of byType, as of typedAt
	typedAt       int
}

// guess is a link by which a node waits for another that may have made what it was given.
type guess struct{ from, to *Node }

// New returns the root scope of c, to which nothing may have been given before.
func New(c *dig.Container) *Scope {
	g := newGraph()
	read, _ := digread.Open(c) // what cannot be read is done without
	g.root = g.scope(nil, "", c, read)
	return g.root
}

func newGraph() *graph {
	return &graph{
		places: make(map[uintptr]*Place), signatures: make(map[reflect.Type]*signature),
		kept: make(map[*Node][]reflect.Value), guessed: make(map[guess]bool),
		unbuildableAt: -1, trimmedAt: -1, typedAt: -1,
	}
}

func (g *graph) scope(parent *Scope, name string, d digScope, read *digread.Scope) *Scope {
	s := &Scope{graph: g, parent: parent, name: name, dig: d, read: read, acyclicAt: -1,
		providers: providers{make(map[reflect.Type]*Node), make(map[Key]*Node)}, members: make(map[Key][]*Node), decorators: make(map[Key]*Node)}
	if g.attached != nil {
		g.attached.scopes[read.Dig] = s
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.scopes = append(g.scopes, s)
	return s
}

// Child makes a child scope, dig's own included.
func (s *Scope) Child(name string, opts ...dig.ScopeOption) *Scope {
	opts = slices.DeleteFunc(slices.Clone(opts), func(o dig.ScopeOption) bool { return o == nil })
	d := s.dig.Scope(name, opts...)
	if s.read == nil {
		return s.graph.scope(s, name, d, nil)
	}
	return s.graph.scope(s, name, d, digread.At(d))
}

// Name returns the name given to Child; the root has none.
func (s *Scope) Name() string { return s.name }

// Parent returns the scope that Child was called on, nil for the root.
func (s *Scope) Parent() *Scope { return s.parent }

// Root returns the scope that [New] made.
func (s *Scope) Root() *Scope { return s.graph.root }

// Nodes returns the constructors and decorators of the whole container, whatever the scope, in order of registration.
func (s *Scope) Nodes() []*Node {
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	return slices.Clone(s.graph.nodes)
}

// Running returns the constructors and decorators that are being called, the outermost first, and since when.
func (s *Scope) Running() (nodes []*Node, since []time.Time) {
	g := s.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.running), slices.Clone(g.begun[:len(g.running)])
}

// Providers returns the constructors, in all scopes, that provide type t under any name or group, in order of registration.
func (s *Scope) Providers(t reflect.Type) []*Node {
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	return slices.Concat(s.graph.byType()[t], s.graph.outline.providersOf(t))
}

// byType returns the constructors by the types that they provide, sorted out once for each version of the graph.
func (g *graph) byType() map[reflect.Type][]*Node {
	if g.typedAt == g.version {
		return g.typed
	}
	g.typedAt, g.typed = g.version, make(map[reflect.Type][]*Node)
	for _, n := range g.nodes {
		if n.Kind != Constructor {
			continue
		}
		for _, r := range n.Results {
			for _, k := range r.Keys {
				if known := g.typed[k.Type]; len(known) == 0 || known[len(known)-1] != n {
					g.typed[k.Type] = append(known, n)
				}
			}
		}
	}
	return g.typed
}

// Provider returns the constructor of k that was provided to s itself, nil if there is none.
func (s *Scope) Provider(k Key) *Node {
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	return s.providers.of(k)
}

// Decorator returns the decorator of k that was given to s itself, nil if there is none.
func (s *Scope) Decorator(k Key) *Node {
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	return s.decorator(k)
}

// decorator is Decorator for a caller who holds the lock. Most scopes have none, which is faster to see than to look up.
func (s *Scope) decorator(k Key) *Node {
	if len(s.decorators) == 0 {
		return nil
	}
	return s.decorators[k]
}

// Provides reports whether t is among the types of the node's results, under any name or group.
func (n *Node) Provides(t reflect.Type) bool {
	for _, r := range n.Results {
		for _, k := range r.Keys {
			if k.Type == t {
				return true
			}
		}
	}
	return false
}

// Link adds edges that no parameter shows: from waits for each of to, but does not have it built. An edge from a node to itself, or
// from or to nil, is none.
func (s *Scope) Link(from *Node, to ...*Node) {
	if from == nil {
		return
	}
	s.graph.mu.Lock()
	defer s.graph.mu.Unlock()
	linked := map[*Node]bool{nil: true, from: true}
	for _, n := range from.links {
		linked[n] = true
	}
	for _, n := range to {
		delete(s.graph.guessed, guess{from, n})
		if !linked[n] {
			linked[n] = true
			from.links = append(from.links, n)
		}
	}
}

// sees reports whether s is below, or the same as, home, and so sees what is registered there.
func (s *Scope) sees(home *Scope) bool {
	for ; s != nil; s = s.parent {
		if s == home {
			return true
		}
	}
	return false
}

// register adds a node that dig has accepted.
func (g *graph) register(n *Node) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.number(n)
	g.nodes = append(g.nodes, n)
	g.changed()
	g.registrations++
	for i, r := range n.Results {
		for j, k := range r.Keys {
			switch {
			case n.Kind == Decorator:
				n.Home.decorators[k] = n
			case k.Group == "":
				n.Home.providers.set(k, n)
			case !n.repeats(i, j, k):
				n.Home.members[k] = append(n.Home.members[k], n)
			}
		}
	}
}

// repeats reports whether n has key k before its j-th key of its i-th result: dig counts a node once per group.
func (n *Node) repeats(i, j int, k Key) bool {
	for _, r := range n.Results[:i] {
		if slices.Contains(r.Keys, k) {
			return true
		}
	}
	return slices.Contains(n.Results[i].Keys[:j], k)
}

// changed notes that a key may resolve to something else than before.
func (g *graph) changed() {
	g.version++
	g.epoch++
}

func (g *graph) number(n *Node) {
	g.seq++
	n.Seq = g.seq
}
