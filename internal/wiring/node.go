package wiring

import (
	"fmt"
	"net/url"
	"path"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"time"

	"go.uber.org/dig"
)

// Kind is what a [Node] is.
type Kind int

const (
	Constructor Kind = iota // given to Provide
	Decorator               // given to Decorate
	Function                // given to Invoke
)

func (k Kind) String() string {
	switch k {
	case Constructor:
		return "constructor"
	case Decorator:
		return "decorator"
	}
	return "function"
}

// Node is a constructor, a decorator or an invoked function. Its exported fields are not to be changed.
type Node struct {
	Kind    Kind
	Func    reflect.Type
	Name    string // "shop.NewServer", "shop.(*App).NewDB", "main.main.func1"
	File    string // where the function is declared, or what dig.LocationForPC says
	Line    int
	Params  []Param // in the order in which dig fills them: the soft groups of a dig.In last
	Results []Result
	Scope   *Scope // where the parameters are resolved
	Home    *Scope // where the results are registered: the root, if dig.Export(true)
	Seq     int    // order of registration, from 1; an invoked function counts, too

	value   reflect.Value // the function itself
	sig     *signature
	pkg, fn string // package path and name as dig writes them
	wrapped bool   // dig was given a wrapper of the function
	between Interceptor
	hooks   []func(took time.Duration, err error)
	found   found // what dig tells of it; nil unless it was found by Attach

	// What follows is guarded by the graph's lock.

	order    int             // as the how-manieth of all it was called; 0 if it was not
	kept     []reflect.Value // what Build got from it and dig has not asked for yet
	broken   error           // why dig will pass over this decorator from now on
	final    []Edge          // what it was given, if it was called
	links    []*Node
	guessed  map[*Node]bool          // of the links
	asks     *Node                   // of a function of this package: the constructor that it stands for, if that was found
	planned  []Edge                  // what the last walk found that dig will call for it
	from     Step                    // who made the last walk come here
	stalled  bool                    // dig passes over this decorator
	returned map[int][]reflect.Value // by a node that was found, by result
	mark     mark                    // what the last walk knows of it

	plannedAt int    // registrations then
	static    []Edge // for a node that was not called, all soft members included
	staticAt  int    // version then
	softs     bool   // whether static has soft edges
}

// Location returns where the function is declared, in short: "server.go:42".
func (n *Node) Location() string {
	if n.File == unknownFile {
		return unknownFile
	}
	return fmt.Sprintf("%s:%d", path.Base(strings.ReplaceAll(n.File, `\`, "/")), n.Line)
}

// String returns the name and the location: "shop.NewServer (server.go:42)".
func (n *Node) String() string { return n.Name + " (" + n.Location() + ")" }

// Called reports whether the function was called with success, and as the how-manieth of its whole container, from 1.
func (n *Node) Called() (order int, ok bool) {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	return n.order, n.order > 0
}

// OnCalled has f called after every call of a constructor or decorator, by dig or by [Node.Build], whether it failed or not.
// It is to be called while setting up, at the latest by the wrap function of Provide and Decorate if no call is to be missed.
func (n *Node) OnCalled(f func(took time.Duration, err error)) { n.hooks = append(n.hooks, f) }

func newNode(kind Kind, s *Scope, f reflect.Value) *Node {
	n := &Node{Kind: kind, Func: f.Type(), Scope: s, Home: s, value: f, sig: signatureOf(f.Type())}
	n.Params = n.sig.params
	n.locate(f.Pointer())
	return n
}

// locate names the node after the function at pc.
func (n *Node) locate(pc uintptr) {
	f := runtime.FuncForPC(pc)
	if f == nil {
		n.Name, n.fn, n.File = "func", "func", unknownFile
		return
	}
	n.File, n.Line = f.FileLine(pc)
	pkg, name := splitName(f.Name())
	n.rename(pkg, name)
}

func (n *Node) rename(pkg, name string) {
	n.pkg, n.fn = pkg, name
	name = strings.ReplaceAll(strings.TrimSuffix(name, "-fm"), "[...]", "")
	n.Name = packageName(pkg) + "." + name
}

// splitName splits what the runtime calls a function into package path and name: all after the first dot after the last slash.
func splitName(function string) (pkg, name string) {
	slash := strings.LastIndex(function, "/") + 1
	dot := strings.Index(function[slash:], ".")
	if dot < 0 {
		return "", function
	}
	pkg, name = function[:slash+dot], function[slash+dot+1:]
	if i := strings.Index(pkg, "/vendor/"); i > 0 {
		pkg = pkg[i+len("/vendor/"):]
	}
	if plain, err := url.QueryUnescape(pkg); err == nil {
		pkg = plain
	}
	return pkg, name
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// packageName guesses the name of a package from its path: the last element that is not a major version.
func packageName(pkg string) string {
	if dir, last := path.Split(pkg); dir != "" && majorVersion.MatchString(last) {
		return path.Base(dir)
	}
	return path.Base(pkg)
}

// before is dig's callback: it is about to call the function.
func (n *Node) before(dig.BeforeCallbackInfo) { n.begin() }

// after is dig's callback: it has called the function.
func (n *Node) after(info dig.CallbackInfo) { n.end(info.Runtime, info.Error, nil) }

func (n *Node) begin() {
	g := n.Scope.graph
	if !g.isAsking() { // dig was asked by somebody else, who may have provided more before
		// Ignored: it is found again by who looks next.
		_ = g.look()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.syncLocked(nil)
	g.running = append(g.running, n)
	if n.order == 0 {
		edges := n.planned
		if n.plannedAt != g.registrations { // a plan from before the last registration is worth nothing
			edges = g.staticEdges(n)
		}
		n.freeze(edges)
	}
}

// freeze makes the edges final: what the function decorates or provides itself does not reach it any more. Of a soft group
// it was given what was called before.
func (n *Node) freeze(edges []Edge) {
	n.final = make([]Edge, 0, len(edges))
	for _, e := range edges {
		if !e.Soft || e.To.leaf() {
			n.final = append(n.final, e)
		}
	}
}

// end notes the outcome of a call, and tells the hooks. keep are results that dig has not seen.
func (n *Node) end(took time.Duration, err error, keep []reflect.Value) {
	if n.ended(err, keep) {
		return
	}
	for _, hook := range n.hooks {
		hook(took, err)
	}
}

// ended reports whether what ended was no call, but dig's taking what was kept.
func (n *Node) ended(err error, keep []reflect.Value) (handed bool) {
	g := n.Scope.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	if last := len(g.running) - 1; last >= 0 && g.running[last] == n {
		g.running = g.running[:last]
	}
	if err != nil {
		if g.asking != nil {
			g.asking.failed = n
		}
		return false
	}
	if n.kept != nil {
		n.kept = nil
		g.syncLocked(n)
		return true
	}
	n.kept = keep
	if keep == nil {
		g.syncLocked(n)
	}
	n.succeed()
	return false
}

// succeed gives the node its place in the order of calls.
func (n *Node) succeed() {
	g := n.Scope.graph
	g.calls++
	n.order = g.calls
	n.planned, n.static, n.stalled = nil, nil, false
	g.epoch++
	if n.Kind == Decorator {
		g.version++ // its scope may now have a value that nobody provides
	}
	if g.asking != nil && n.Kind != Function {
		g.asking.calls++
	}
}
