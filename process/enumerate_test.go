package process_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// shape is a graph: what each of its runners depends on, all of them earlier ones.
type shape [][]int

// shapes returns all graphs of n runners, as the order in which they are written
// down tells them apart.
func shapes(n int) []shape {
	var pairs [][2]int
	for i := range n {
		for j := range i {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	var all []shape
	for bits := range 1 << len(pairs) {
		s := make(shape, n)
		for k, p := range pairs {
			if bits>>k&1 == 1 {
				s[p[0]] = append(s[p[0]], p[1])
			}
		}
		all = append(all, s)
	}
	return all
}

// unlabelled returns one of each that differ by the names of their runners alone.
func unlabelled(all []shape) []shape {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(s shape) bool {
		last := ""
		permutations(len(s), func(p []int) {
			edges := make([]byte, len(s)*len(s))
			for i, dependsOn := range s {
				for _, d := range dependsOn {
					edges[p[i]*len(s)+p[d]] = 1
				}
			}
			last = max(last, string(edges))
		})
		known := seen[last]
		seen[last] = true
		return known
	})
}

func permutations(n int, f func([]int)) {
	var next func(p []int)
	next = func(p []int) {
		if len(p) == n {
			f(p)
			return
		}
		for i := range n {
			if !slices.Contains(p, i) {
				next(append(p[:len(p):len(p)], i))
			}
		}
	}
	next(nil)
}

// layers returns the layer of each runner, and how many there are.
func (s shape) layers() (of []int, n int) {
	of = make([]int, len(s))
	for i, dependsOn := range s {
		for _, d := range dependsOn {
			of[i] = max(of[i], of[d]+1)
		}
		n = max(n, of[i]+1)
	}
	return of, n
}

// below reports what each depends on, directly or not.
func (s shape) below() [][]bool {
	below := make([][]bool, len(s))
	for i, dependsOn := range s {
		below[i] = make([]bool, len(s))
		for _, d := range dependsOn {
			below[i][d] = true
			for k, b := range below[d] {
				below[i][k] = below[i][k] || b
			}
		}
	}
	return below
}

// graph spells the shape as a Graph.
func (s shape) graph(runners []*node) *node {
	n := newNode("root", "Graph", runners...)
	n.dependsOn = s
	return n
}

// nested spells the shape by Parallel and Sequential, or returns nil if that cannot
// be done: the parts that have nothing to do with each other are parallel, those of
// which each needs all of the other are sequential.
func (s shape) nested(runners []*node) *node {
	below := s.below()
	names := 0
	var spell func(of []int) *node
	spell = func(of []int) *node {
		if len(of) == 1 {
			return runners[of[0]]
		}
		for _, kind := range []string{"Parallel", "Sequential"} {
			parts := components(of, func(i, j int) bool {
				return (kind == "Parallel") == (below[i][j] || below[j][i])
			})
			if len(parts) == 1 {
				continue
			}
			slices.SortFunc(parts, func(a, b []int) int {
				if below[a[0]][b[0]] {
					return 1
				}
				return -1
			})
			var children []*node
			for _, p := range parts {
				child := spell(p)
				if child == nil {
					return nil
				}
				children = append(children, child)
			}
			names++
			n := newNode(fmt.Sprint(strings.ToLower(kind), names), kind, children...)
			n.watched = true
			return n
		}
		return nil
	}
	all := make([]int, len(s))
	for i := range all {
		all[i] = i
	}
	n := spell(all)
	if n == nil {
		return nil
	}
	if n.kind == "runner" {
		n = newNode("root", "Sequential", n)
	}
	n.name, n.watched = "root", false
	return n
}

func components(of []int, together func(i, j int) bool) [][]int {
	var parts [][]int
	left := slices.Clone(of)
	for len(left) > 0 {
		part := left[:1:1]
		left = left[1:]
		for k := 0; k < len(part); k++ {
			left = slices.DeleteFunc(left, func(j int) bool {
				if together(part[k], j) {
					part = append(part, j)
					return true
				}
				return false
			})
		}
		parts = append(parts, part)
	}
	return parts
}

// behaviours returns what a runner may do that is in a layer of so many. It takes a
// second to be ready, and if it fails when it runs, that is at once when all do, or
// early, when the next layer starts.
func behaviours(layer, layers int) []behaviour {
	return behavioursBefore[layers-1-layer]
}

var behavioursBefore = [...][]behaviour{
	newBehaviours(0), newBehaviours(1), newBehaviours(2), newBehaviours(3),
}

func newBehaviours(layersAbove int) []behaviour {
	const early = 750 * time.Millisecond
	late := time.Duration(layersAbove)*time.Second + early
	all := []behaviour{
		{},
		{start: "error", starting: early},
		{start: "panic", starting: early},
		{start: "goexit", starting: early},
		{start: "nil", starting: early},
		{start: "never"},
		{start: "deaf", starting: 2500 * time.Millisecond},
		{run: "breaks", running: late},
		{run: "breaks", running: early},
		{run: "error", running: late},
		{run: "nil", running: late},
		{run: "nil", running: early},
		{run: "panic", running: late},
		{run: "goexit", running: late},
		{stop: "error"},
		{stopping: time.Second},
		{stop: "deaf"},
		{start: "never", silent: true},
		{stop: "deaf", silent: true},
		{twice: true},
		{elsewhere: true},
	}
	for i := range all {
		if all[i].starting == 0 {
			all[i].starting = time.Second
		}
	}
	return all
}

// moment is when something is done to a group of so many layers, and what.
type moment struct {
	action string
	at     func(layers int) time.Duration
	then   time.Duration // so long after that the context of Stop ends
}

func after(layers, milliseconds int) time.Duration {
	return time.Duration(layers)*time.Second + time.Duration(milliseconds)*time.Millisecond
}

var moments = []moment{
	{"", nil, 0},
	{"force", func(int) time.Duration { return 0 }, 0},
	{"force", func(int) time.Duration { return after(0, 500) }, 0},
	{"force", func(n int) time.Duration { return after(n, -500) }, 0},
	{"force", func(n int) time.Duration { return after(n, 0) }, 0},
	{"force", func(n int) time.Duration { return after(n, 500) }, 0},
	{"force", func(n int) time.Duration { return after(n, 1500) }, 0},
	{"stop", func(int) time.Duration { return 0 }, 0},
	{"stop", func(int) time.Duration { return after(0, 500) }, 0},
	{"stop", func(n int) time.Duration { return after(n, -500) }, 0},
	{"stop", func(n int) time.Duration { return after(n, 0) }, 0},
	{"stop", func(n int) time.Duration { return after(n, 500) }, 0},
	{"stop", func(n int) time.Duration { return after(n, 1000) }, 500 * time.Millisecond},
}

var wraps = []string{"", "group", "PrefixedError", "StartTimeout"}

// choice is one trial of an enumeration, as numbers.
type choice struct {
	shape      int
	nested     bool
	wrap       int
	behaviours [4]int
	callback   int
	moment     int
}

// enumeration makes trials of choices.
type enumeration struct{ shapes []shape }

// trial returns nil if the shape cannot be spelt that way.
func (e enumeration) trial(c choice) *trial {
	s := e.shapes[c.shape]
	of, layers := s.layers()
	runners := make([]*node, len(s))
	for i := range s {
		runners[i] = newRunner(i, behaviours(of[i], layers)[c.behaviours[i]])
		runners[i].wrap = wraps[c.wrap]
	}
	tr := &trial{callback: finishes[c.callback], action: moments[c.moment].action}
	if tr.action != "" {
		tr.at = moments[c.moment].at(layers)
		if then := moments[c.moment].then; then > 0 {
			tr.forceAt = tr.at + then
		}
	}
	if c.nested {
		tr.root = s.nested(runners)
	} else {
		tr.root = s.graph(runners)
	}
	if tr.root == nil {
		return nil
	}
	return tr
}

// random draws one.
func (e enumeration) random(r *rand.Rand) choice {
	c := choice{
		shape: r.IntN(len(e.shapes)), nested: r.IntN(2) == 0, wrap: r.IntN(len(wraps)),
		callback: r.IntN(len(finishes)), moment: r.IntN(len(moments)),
	}
	for i := range e.shapes[0] {
		c.behaviours[i] = r.IntN(len(behaviours(0, 1)))
	}
	return c
}

// each calls f with every choice of the behaviours and moments; full, with every
// other choice too.
func (e enumeration) each(full bool, f func(choice)) {
	n, b := len(e.shapes[0]), len(behaviours(0, 1))
	total := 1
	for range n {
		total *= b
	}
	for s := range e.shapes {
		for code := range total {
			c := choice{shape: s}
			for i := range n {
				c.behaviours[i] = code % b
				code /= b
			}
			for c.moment = range moments {
				if !full {
					f(c)
					continue
				}
				for c.callback = range finishes {
					for c.wrap = range wraps {
						c.nested = false
						f(c)
						c.nested = true
						f(c)
					}
				}
			}
		}
	}
}

// judgeAll runs what feed gives, side by side, and returns how many were judged.
func judgeAll(t *testing.T, trial func(choice) *trial, feed func(give func(choice))) int64 {
	const batch = 256
	batches := make(chan []choice, 64)
	var judged, failed atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for choices := range batches {
				if failed.Load() > 0 {
					continue
				}
				for _, c := range choices {
					tr := trial(c)
					if tr == nil {
						continue
					}
					tr.run(t)
					judged.Add(1)
					if wrong := tr.judge(); len(wrong) > 0 && failed.Add(1) == 1 {
						t.Errorf("%s\n\n%v\n%+v", strings.Join(wrong, "\n"), tr, c)
					}
				}
			}
		})
	}
	var next []choice
	feed(func(c choice) {
		if next = append(next, c); len(next) == batch {
			batches <- next
			next = nil
		}
	})
	batches <- next
	close(batches)
	group.Wait()
	return judged.Load()
}

// TestEnumerate judges all that one and two runners may do, and of three, in every
// graph, all behaviours at all moments; of the rest, and of four, a sample. Under
// the race detector it judges a sample of each.
//
// STRATA_ENUMERATE=1 and =2 leave it at so many runners. With =3 nothing is left out
// of three, and of four all graphs, behaviours and moments are judged: a hundred
// million runs, some hours. With =all nothing is left out at all: some billions.
func TestEnumerate(t *testing.T) {
	share := os.Getenv("STRATA_ENUMERATE")
	if !slices.Contains([]string{"", "1", "2", "3", "all"}, share) {
		t.Fatalf("STRATA_ENUMERATE=%s: want 1, 2, 3, all, or nothing", share)
	}
	var total int64
	run := func(name string, e enumeration, feed func(give func(choice))) {
		begin := time.Now()
		n := judgeAll(t, e.trial, feed)
		total += n
		t.Logf("%s: %d runs judged in %v", name, n, time.Since(begin).Round(time.Second/10))
	}
	sample := func(e enumeration, n int) func(give func(choice)) {
		return func(give func(choice)) {
			r := rand.New(rand.NewPCG(1, uint64(n)))
			for range n {
				give(e.random(r))
			}
		}
	}
	for n := 1; n <= 4; n++ {
		e := enumeration{shapes(n)}
		if n == 4 {
			e.shapes = unlabelled(e.shapes)
		}
		everything := func(give func(choice)) { e.each(true, give) }
		unwrapped := func(give func(choice)) { e.each(false, give) }
		switch {
		case share == "1" && n > 1, share == "2" && n > 2:
		case underRace:
			run(fmt.Sprintf("%d: a sample", n), e, sample(e, 3_000))
		case n <= 2, n == 3 && share == "3", share == "all":
			run(fmt.Sprintf("%d: everything", n), e, everything)
		default:
			if n == 3 || share == "3" {
				run(fmt.Sprintf("%d: all graphs, behaviours, moments", n), e, unwrapped)
			}
			run(fmt.Sprintf("%d: a sample", n), e, sample(e, 30_000))
		}
	}
	t.Logf("%d runs judged", total)
}
