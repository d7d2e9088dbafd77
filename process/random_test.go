package process_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
)

// TestRandomGroupsKeepTheirPromises runs random groups of random runners, which it
// stops, forces or aborts at a random moment, and checks the promises 1, 2, 4, 5
// and 6 on what happened. For more than the usual hundred: -rapid.checks=100000.
func TestRandomGroupsKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		trial := drawTrial(rt)
		synctest.Test(t, func(*testing.T) { trial.run() })
		if wrong := trial.judge(); len(wrong) > 0 {
			rt.Fatalf(
				"%s\n\n%v\n\n%s\nresult: %v", strings.Join(wrong, "\n"), trial, trial.log(),
				trial.err,
			)
		}
	})
}

// trial is one random group, and what happened to it.
type trial struct {
	root        *node
	leaves      []*node
	action      string // what is done to the group: stop, force, stop+force, abort
	at          time.Duration
	callbackErr error

	mu     sync.Mutex
	begin  time.Time
	events []event
	err    error
}

type event struct {
	at   time.Duration
	leaf *node
	what string
	err  error
	dead bool // the context of the leaf had ended
}

// node is a group, a wrapper or, if it has no children, a runner.
type node struct {
	kind     string
	children []*node
	edges    [][]int // of a Graph: what each child depends on
	limit    time.Duration

	// Of a runner:
	name      string
	form      string // RunnerFunc, Worker, Leaf, StartStop
	start     string // ok, error, panic, nil, never, deaf
	starting  time.Duration
	end       string // asked, own context, error, nil, panic, goexit
	running   time.Duration
	stop      string // nil, error, ctx
	stopping  time.Duration
	twice     bool
	elsewhere bool // the callback is called in another goroutine
	runErr    error
	stopErr   error

	before []*node // all runners that must run before this one, and end after it
}

func drawTrial(rt *rapid.T) *trial {
	tr := &trial{}
	tr.root = drawNode(rt, tr, 3)
	tr.action = rapid.SampledFrom([]string{
		"stop", "force", "stop+force", "abort",
	}).Draw(rt, "action")
	tr.at = seconds(rt, "at", 12)
	if rapid.IntRange(0, 3).Draw(rt, "callback fails") == 0 {
		tr.callbackErr = errUser
	}
	return tr
}

// seconds are whole ones most of the time, so that much happens at once.
func seconds(rt *rapid.T, label string, most int) time.Duration {
	return time.Duration(rapid.IntRange(0, 2*most).Draw(rt, label)) * time.Second / 2
}

func drawNode(rt *rapid.T, tr *trial, depth int) *node {
	kinds := []string{
		"runner", "Parallel", "Sequential", "Graph", "Chain", "wrapper", "StartTimeout",
		"StopTimeout",
	}
	if depth == 0 {
		kinds = kinds[:1]
	} else if depth == 3 {
		kinds = kinds[1:5]
	}
	n := &node{kind: rapid.SampledFrom(kinds).Draw(rt, "kind")}
	children := 1
	switch n.kind {
	case "runner":
		drawRunner(rt, tr, n)
		return n
	case "Parallel", "Sequential", "Graph", "Chain":
		children = rapid.IntRange(1, 4).Draw(rt, "children")
	default:
		n.limit = time.Second + seconds(rt, "limit", 6)
	}
	for i := range children {
		child := drawNode(rt, tr, depth-1)
		n.children = append(n.children, child)
		var dependsOn []int
		for j := range i {
			if n.kind == "Sequential" || n.kind == "Chain" || n.kind == "Graph" &&
				rapid.Bool().Draw(rt, "edge") {
				dependsOn = append(dependsOn, j)
			}
		}
		n.edges = append(n.edges, dependsOn)
	}
	// Directly or not: what a dependency depends on counts, too.
	closure := make([][]int, children)
	for i, dependsOn := range n.edges {
		for _, j := range dependsOn {
			closure[i] = append(closure[i], j)
			closure[i] = append(closure[i], closure[j]...)
		}
		for _, j := range closure[i] {
			for _, leaf := range n.children[i].runners() {
				leaf.before = append(leaf.before, n.children[j].runners()...)
			}
		}
	}
	return n
}

func drawRunner(rt *rapid.T, tr *trial, n *node) {
	n.name = string(rune('a'+len(tr.leaves)%26)) + strings.Repeat("'", len(tr.leaves)/26)
	tr.leaves = append(tr.leaves, n)
	oneIn := func(k int, label string, kinds ...string) string {
		if rapid.IntRange(1, k).Draw(rt, label) < k {
			return kinds[0]
		}
		return rapid.SampledFrom(kinds).Draw(rt, label)
	}
	n.form = oneIn(2, "form", "RunnerFunc", "Worker", "Leaf", "StartStop")
	n.start = oneIn(5, "start", "ok", "error", "panic", "nil", "never", "deaf")
	n.starting = seconds(rt, "starting", 3)
	n.end = oneIn(3, "end", "asked", "own context", "error", "nil", "panic", "goexit")
	n.running = seconds(rt, "running", 8)
	n.stop = oneIn(2, "stop", "nil", "error", "ctx")
	n.stopping = seconds(rt, "stopping", 3)
	n.twice = oneIn(4, "twice", "once", "twice") == "twice"
	n.elsewhere = n.end != "asked" && n.end != "own context"
	n.runErr, n.stopErr = fmt.Errorf("%s: run", n.name), fmt.Errorf("%s: stop", n.name)
}

func (n *node) runners() []*node {
	if n.kind == "runner" {
		return []*node{n}
	}
	var all []*node
	for _, c := range n.children {
		all = append(all, c.runners()...)
	}
	return all
}

// contains reports whether a node of the kind is in the tree.
func (n *node) contains(kind string) bool {
	return n.kind == kind ||
		slices.ContainsFunc(n.children, func(c *node) bool { return c.contains(kind) })
}

func (n *node) String() string {
	if n.kind == "runner" {
		s := fmt.Sprintf("%s[%s, %s %v, %s", n.name, n.form, n.start, n.starting, n.end)
		if n.end != "asked" {
			s += fmt.Sprint(" ", n.running)
		}
		s += fmt.Sprintf(", stop %s %v", n.stop, n.stopping)
		if n.twice {
			s += ", twice"
		}
		return s + "]"
	}
	s := n.kind
	if n.limit > 0 && n.kind != "wrapper" {
		s += fmt.Sprint(" ", n.limit)
	}
	s += "("
	for i, c := range n.children {
		if i > 0 {
			s += ", "
		}
		if n.kind == "Graph" {
			s += fmt.Sprint(i, n.edges[i], ":")
		}
		s += c.String()
	}
	return s + ")"
}

func (tr *trial) String() string {
	return fmt.Sprintf("%s at %v, callback %v\n%v", tr.action, tr.at, tr.callbackErr, tr.root)
}

func (tr *trial) log() string {
	var b strings.Builder
	for _, e := range tr.events {
		name := "-"
		if e.leaf != nil {
			name = e.leaf.name
		}
		fmt.Fprintf(&b, "%6v %-2s %s", e.at, name, e.what)
		if e.dead {
			b.WriteString(", context dead")
		}
		if e.err != nil {
			fmt.Fprintf(&b, ": %q", e.err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (tr *trial) add(leaf *node, what string, err error, ctx context.Context) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	e := event{time.Since(tr.begin), leaf, what, err, false}
	if ctx != nil {
		e.dead = ctx.Err() != nil
	}
	tr.events = append(tr.events, e)
}

// run is called in a bubble.
func (tr *trial) run() {
	tr.begin = time.Now()
	ctx, force := context.WithCancelCause(context.Background())
	stop := make(chan struct{})
	r := tr.runner(tr.root)
	switch tr.action {
	case "abort":
		culprit := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			sleep(ctx, tr.at+time.Second/4)
			return errStart
		})
		r = process.Parallel(r, culprit)
	case "stop", "stop+force":
		time.AfterFunc(tr.at+time.Second/4, func() { close(stop) })
		if tr.action == "stop+force" {
			time.AfterFunc(tr.at+time.Second, func() {
				tr.add(nil, "force", nil, nil)
				force(errForce)
			})
		}
	case "force":
		time.AfterFunc(tr.at+time.Second/4, func() {
			tr.add(nil, "force", nil, nil)
			force(errForce)
		})
	}
	last := time.AfterFunc(100*time.Second, func() {
		tr.add(nil, "force", nil, nil)
		force(errForce)
	})
	tr.err = r.Run(ctx, func(ctx context.Context) error {
		tr.add(nil, "callback", nil, ctx)
		select {
		case <-stop:
		case <-ctx.Done():
		}
		tr.add(nil, "callback returns", tr.callbackErr, ctx)
		return tr.callbackErr
	})
	last.Stop()
	tr.add(nil, "over", nil, nil)
	time.Sleep(time.Minute)
	force(nil)
}

func (tr *trial) runner(n *node) process.Runner {
	var children []process.Runner
	for _, c := range n.children {
		children = append(children, tr.runner(c))
	}
	switch n.kind {
	case "Parallel":
		return process.Parallel(children...)
	case "Sequential":
		return process.Sequential(children...)
	case "Chain":
		return process.Chain(children...)
	case "wrapper":
		return through(process.PrefixedError("prefix", children[0]))
	case "StartTimeout":
		return process.StartTimeout(n.limit, children[0])
	case "StopTimeout":
		return process.StopTimeout(n.limit, children[0])
	case "Graph":
		var g process.Graph
		var vertices []*process.Vertex
		for i, c := range children {
			var dependsOn []*process.Vertex
			for _, j := range n.edges[i] {
				dependsOn = append(dependsOn, vertices[j])
			}
			vertices = append(vertices, g.Add(c, dependsOn...))
		}
		return &g
	}
	run := func(ctx context.Context, callback process.Callback) error {
		return tr.live(n, ctx, callback)
	}
	if n.form != "RunnerFunc" {
		r := n.made()
		run = func(ctx context.Context, callback process.Callback) error {
			return r.Run(ctx, func(passed context.Context) error {
				tr.add(n, "ready", nil, ctx)
				err := callback(passed)
				tr.add(n, "asked", err, ctx)
				return err
			})
		}
	}
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) (err error) {
		tr.add(n, "start", nil, ctx)
		returned := false
		defer func() {
			if p := recover(); p != nil {
				tr.add(n, "end by panic", p.(error), ctx)
				panic(p)
			} else if !returned {
				tr.add(n, "end by goexit", process.ErrGoexit, ctx)
			} else {
				tr.add(n, "end", err, ctx)
			}
		}()
		err = run(ctx, callback)
		returned = true
		return err
	})
}

// made is the runner of a constructor.
func (n *node) made() process.Runner {
	start := func(ctx context.Context) error {
		switch {
		case n.start == "deaf":
			time.Sleep(n.starting)
		case n.start == "never":
			<-ctx.Done()
			return ctx.Err()
		case !sleep(ctx, n.starting):
			return ctx.Err()
		case n.start == "error":
			return n.runErr
		case n.start == "panic":
			panic(n.runErr)
		}
		return nil
	}
	live := func(ctx context.Context, stop <-chan struct{}) error {
		var end <-chan time.Time
		if n.end != "asked" {
			timer := time.NewTimer(n.running + time.Second)
			defer timer.Stop()
			end = timer.C
		}
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-end:
		}
		switch n.end {
		case "own context", "error":
			return n.runErr
		case "panic":
			panic(n.runErr)
		case "goexit":
			runtime.Goexit()
		}
		return nil
	}
	stop := func(ctx context.Context) error {
		if !sleep(ctx, n.stopping) && n.stop != "error" || n.stop == "ctx" {
			return ctx.Err()
		}
		if n.stop == "error" {
			return n.stopErr
		}
		return nil
	}
	switch n.form {
	case "Leaf":
		return process.Leaf(func(ctx context.Context) error { return live(ctx, nil) }, stop)
	case "StartStop":
		return process.StartStop(start, stop)
	}
	return process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
		if err := start(ctx); err != nil || n.start == "nil" {
			return err
		}
		if err := live(ctx, ready()); err != nil {
			return err
		}
		return stop(ctx)
	})
}

// live is the life of a runner.
func (tr *trial) live(n *node, ctx context.Context, callback process.Callback) error {
	switch n.start {
	case "never":
		<-ctx.Done()
		return ctx.Err()
	case "deaf":
		time.Sleep(n.starting)
	default:
		if !sleep(ctx, n.starting) {
			return ctx.Err()
		}
	}
	switch n.start {
	case "error":
		return n.runErr
	case "panic":
		panic(n.runErr)
	case "nil":
		return nil
	}

	call := func(ctx context.Context, own context.Context) {
		tr.add(n, "ready", nil, own)
		err := callback(ctx)
		tr.add(n, "asked", err, own)
		if n.twice {
			begin := time.Now()
			err := callback(ctx)
			tr.add(n, "asked again", err, own)
			if time.Since(begin) > 0 {
				tr.add(n, "wrong: the second call waited", nil, nil)
			}
		}
	}
	if n.elsewhere {
		go call(ctx, ctx)
		if !sleep(ctx, n.running) {
			return ctx.Err()
		}
		switch n.end {
		case "error":
			return n.runErr
		case "panic":
			panic(n.runErr)
		case "goexit":
			runtime.Goexit()
		}
		return nil
	}
	if n.end == "own context" {
		own, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		timer := time.AfterFunc(n.running, func() { cancel(n.runErr) })
		defer timer.Stop()
		call(own, ctx)
		if context.Cause(own) == n.runErr {
			sleep(ctx, n.stopping)
			return n.runErr
		}
	} else {
		call(ctx, ctx)
	}
	if !sleep(ctx, n.stopping) && n.stop != "error" {
		return ctx.Err()
	}
	if n.stop == "error" {
		return n.stopErr
	}
	return nil
}

// tells reports whether err is in the result, or no more than the end of a context
// that the engine cancelled.
func (tr *trial) tells(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(joined.Unwrap(), func(err error) bool { return !tr.tells(err) })
	}
	return errors.Is(tr.err, err) || errors.Is(err, context.Canceled) ||
		errors.Is(err, process.ErrAborted) || errors.Is(err, engine.Process.Ended)
}

// judge returns what is wrong.
func (tr *trial) judge() (wrong []string) {
	complain := func(format string, args ...any) {
		wrong = append(
			wrong, fmt.Sprintf(format, args...),
		)
	}
	find := func(leaf *node, what string) int {
		return slices.IndexFunc(tr.events, func(e event) bool {
			return e.leaf == leaf && strings.HasPrefix(e.what, what)
		})
	}
	callback, callbackReturns, over := find(nil, "callback"), find(
		nil, "callback returns",
	), find(nil, "over")
	forcedAt := find(nil, "force")
	forced := forcedAt >= 0 && tr.events[forcedAt].at < tr.events[over].at

	// What ends a context though the caller's lives.
	mayForce := tr.root.contains("Chain") || tr.root.contains("StopTimeout")
	for _, leaf := range tr.leaves {
		start, ready, asked, end := find(
			leaf, "start",
		), find(leaf, "ready"), find(leaf, "asked"), find(leaf, "end")
		for _, e := range tr.events {
			if e.leaf == leaf && strings.HasPrefix(e.what, "wrong") {
				complain("%s: %s", leaf.name, e.what)
			}
		}
		if start < 0 {
			if callback >= 0 {
				complain("5: the callback was called though %s never started", leaf.name)
			}
			continue
		}
		for _, d := range leaf.before {
			if r := find(d, "ready"); r < 0 || r > start {
				complain("1: %s started before %s was ready", leaf.name, d.name)
			}
			// Asked gracefully, and not because it had ended before.
			a, e := find(d, "asked"), find(d, "end")
			if a >= 0 && !tr.events[a].dead && a < e && end > a {
				complain("2: %s was asked before %s had ended", d.name, leaf.name)
			}
		}
		if callback >= 0 && (ready < 0 || ready > callback) {
			complain("5: the callback was called before %s was ready", leaf.name)
		}
		if callback >= 0 && asked >= 0 && asked < end && asked < callbackReturns &&
			!tr.events[asked].dead {
			complain("2: %s was asked before the callback had returned", leaf.name)
		}
		// Whoever was ready with a live context was asked, or forced by the caller.
		if asked >= 0 && asked < end && tr.events[asked].dead && !tr.events[ready].dead &&
			!mayForce &&
			(forcedAt < 0 || forcedAt > asked) {
			if find(leaf, "end") > 0 && tr.events[asked].at > tr.events[ready].at {
				complain("3: %s was forced", leaf.name)
			}
		}
		if end < 0 || end > over {
			complain("4: Run returned before %s had ended", leaf.name)
			continue
		}
		err := tr.events[end].err
		alone := tr.err == errUser || tr.root.contains("Chain") && errors.Is(tr.err, errUser)
		if err != nil && !tr.tells(err) && !alone {
			complain("6: %q is not in the result", err)
		}
		if tr.err == errUser && end < callbackReturns &&
			tr.events[end].at < tr.events[callbackReturns].at {
			complain("6: the callback's error is alone, but %s had ended before", leaf.name)
		}
	}
	if errors.Is(tr.err, context.Canceled) {
		complain("6: the result has a cancellation")
	}
	if forced && !errors.Is(tr.err, errForce) {
		complain("6: the result has no cause of the force")
	}
	if joined, ok := tr.err.(interface{ Unwrap() []error }); ok {
		// A group inside may have it beside an error of its own, which is kept whole.
		errs := joined.Unwrap()
		at := slices.Index(errs, errForce)
		if at >= 0 &&
			slices.ContainsFunc(
				slices.Delete(slices.Clone(errs), at, at+1),
				func(err error) bool { return errors.Is(err, errForce) },
			) {
			complain("6: the result has the cause of the force more than once")
		}
	}
	if tr.err == nil && callback < 0 {
		complain("7: nil, but the callback was not called")
	}
	if callback >= 0 && tr.callbackErr != nil && !errors.Is(tr.err, tr.callbackErr) {
		complain("6: the callback's error is not in the result")
	}
	return wrong
}
