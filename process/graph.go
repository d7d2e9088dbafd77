package process

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/strata-go/strata/internal/engine"
)

// Parallel returns a runner that starts and stops runners side by side. Without
// any it is [Nop]. A nil one is an error of Run, which names its position.
//
// It is ready, and calls its callback, when all of them are. When the callback
// has returned, they are asked to stop, gracefully. If one of them fails or ends
// before that, the context of the callback is cancelled with the cause; if one
// fails during the start, the start is given up: those that run are stopped, those
// that are starting are aborted. Run returns when all have ended, with the
// callback's error alone if no runner had failed before it returned, else with all
// errors joined in the order in which they happened.
func Parallel(runners ...Runner) Runner {
	return group("Parallel", runners, nil)
}

// Sequential returns a runner that starts runners one after the other, each when
// the one before is ready, and stops them in reverse, each when the one after has
// ended. All else is as in [Parallel].
func Sequential(runners ...Runner) Runner {
	return group("Sequential", runners, func(i int) []int {
		if i == 0 {
			return nil
		}
		return []int{i - 1}
	})
}

// Chain returns a runner that runs each runner inside the callback of the one
// before, under the context that this one passed to it. Without any it is [Nop]; a
// nil one is an error of Run, which names its position.
//
// It starts and stops in the order of [Sequential], but the end of an outer runner
// cancels the context of the inner ones: it forces them. Prefer Sequential for
// services; Chain is for an inner part that makes no sense a moment longer, or that
// needs the values of the outer's context.
func Chain(runners ...Runner) Runner {
	if len(runners) == 0 {
		return Nop()
	}
	chain := make(engine.Chain, len(runners))
	for i, r := range runners {
		if r == nil {
			return invalid("Chain: runner %d of %d is nil", i+1, len(runners))
		}
		chain[i] = single(r)
	}
	return &checked{"Chain", chain}
}

// StartTimeout returns a runner that gives r the time limit to become ready. When
// it has passed, the start of r is aborted, and Run returns [ErrStartTimeout] when
// r has ended. Zero is no limit; a negative limit and a nil r are errors of Run. Other
// methods of r are hidden: see the package.
func StartTimeout(limit time.Duration, r Runner) Runner {
	return limited("StartTimeout", limit, r, func(v *engine.Vertex) { v.StartLimit = limit })
}

// StopTimeout returns a runner that gives r the time limit to end after it was
// asked to stop, or its start was aborted. When it has passed, the context of r
// alone is cancelled, and Run returns [ErrStopTimeout] when r has ended. Zero is no
// limit; a negative limit and a nil r are errors of Run. Other methods of r are
// hidden: see the package.
func StopTimeout(limit time.Duration, r Runner) Runner {
	return limited("StopTimeout", limit, r, func(v *engine.Vertex) { v.StopLimit = limit })
}

// Graph is a runner that starts each of its runners when those that it depends on
// are ready, and asks each to stop when those that depend on it have ended. All
// else is as in [Parallel]. The zero value is ready to use.
type Graph struct {
	mu       sync.Mutex // guards what follows
	vertices []engine.Vertex
	ran      bool
	err      error
}

// Vertex is a runner in a [Graph]. [Graph.Add] makes one, for others to depend on.
type Vertex struct {
	graph *Graph
	index int
}

// Add adds a runner that depends on vertices added before: a cycle cannot be
// written down. A nil runner, a vertex of another graph and an Add after Run are
// errors of Run, also of one that is under way, and name the call. What Add returns is
// never nil.
func (g *Graph) Add(r Runner, dependsOn ...*Vertex) *Vertex {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := engine.Vertex{Runner: r}
	var wrong []string
	for i, d := range dependsOn {
		if d == nil || d.graph != g {
			wrong = append(wrong, fmt.Sprintf("dependency %d is not a vertex of this graph", i+1))
		} else if !slices.Contains(v.DependsOn, d.index) {
			v.DependsOn = append(v.DependsOn, d.index)
		}
	}
	if r == nil {
		wrong = append(wrong, "runner is nil")
	}
	if g.ran {
		wrong = append(wrong, "called after Run")
	}
	if len(wrong) > 0 {
		g.err = errors.Join(g.err, fmt.Errorf("process: Graph.Add, call %d (%s): %s",
			len(g.vertices)+1, caller(), strings.Join(wrong, ", ")))
		v = engine.Vertex{Runner: Nop()}
	}
	g.vertices = append(g.vertices, v)
	return &Vertex{g, len(g.vertices) - 1}
}

// Run runs the graph. It may be called again.
func (g *Graph) Run(ctx context.Context, callback Callback) error {
	if g == nil {
		return errors.New("process: Graph is nil")
	}
	g.mu.Lock()
	g.ran = true
	vertices, err := g.vertices, g.err
	g.mu.Unlock()
	if err != nil {
		return err
	}
	if len(vertices) == 0 {
		return Nop().Run(ctx, callback)
	}
	group := &engine.Graph{Vertices: vertices, Errors: engineErrors}
	err = (&checked{"Graph", group}).Run(ctx, callback)
	g.mu.Lock()
	late := g.err
	g.mu.Unlock()
	if late != nil {
		return errors.Join(err, late)
	}
	return err
}

// group returns a runner of several; dependsOn may be nil.
func group(name string, runners []Runner, dependsOn func(i int) []int) Runner {
	if len(runners) == 0 {
		return Nop()
	}
	g := &engine.Graph{Vertices: make([]engine.Vertex, len(runners)), Errors: engineErrors}
	for i, r := range runners {
		if r == nil {
			return invalid("%s: runner %d of %d is nil", name, i+1, len(runners))
		}
		g.Vertices[i].Runner = r
		if dependsOn != nil {
			g.Vertices[i].DependsOn = dependsOn(i)
		}
	}
	return &checked{name, g}
}

// single returns a group of one that is seen through.
func single(r Runner) *engine.Graph {
	return &engine.Graph{
		Vertices:    []engine.Vertex{{Runner: r}},
		Errors:      engineErrors,
		Transparent: true,
	}
}

func limited(name string, limit time.Duration, r Runner, set func(*engine.Vertex)) Runner {
	switch {
	case r == nil:
		return invalid("%s: runner is nil", name)
	case limit < 0:
		return invalid("%s: negative limit %v", name, limit)
	case limit == 0:
		return r
	}
	g := single(r)
	set(&g.Vertices[0])
	return &checked{name, g}
}

// checked is a group that looks at the arguments of Run first.
type checked struct {
	name  string
	group Runner
}

func (c *checked) Run(ctx context.Context, callback Callback) error {
	if err := check(c.name, ctx, callback); err != nil {
		return err
	}
	return c.group.Run(ctx, callback)
}

// caller returns the file and line of the caller of the exported function.
func caller() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}
