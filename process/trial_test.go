package process_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/process"
)

// trial is one Run of a tree of groups and runners in virtual time, and the log of
// what happened. The runners and the callback behave as they are told; the oracle
// judges the log.
type trial struct {
	root     *node
	callback finish        // what the callback of the root does when it is over
	action   string        // "", "force", "stop": by Process.Stop
	at       time.Duration // when that is done
	forceAt  time.Duration // when the context of that Process.Stop ends; 0 is never
	runner   process.Runner

	// group makes a group in place of the package, which it leaves it to by nil.
	group func(n *node, children []process.Runner) process.Runner
	// rescue ends by all means what hangs. Without it, that is a panic.
	rescue func()

	begin time.Time

	mu     sync.Mutex // guards what follows
	events []event
	open   int // calls of Run and of callbacks that have not returned

	hung    string // what went on for ever, when all was over
	outside outside
}

// outside is what is seen of a Process that runs the root.
type outside struct {
	start, stop, err error // what Start, Stop and Err returned
	stopped          bool
}

// finish is how the callback of the root ends.
type finish string

const (
	callbackNil    finish = "returns nil"
	callbackFails  finish = "returns an error"
	callbackErr    finish = "returns its context's error"
	callbackCause  finish = "returns its context's cause"
	callbackPanics finish = "panics"
	callbackExits  finish = "exits"
	callbackLate   finish = "returns late"
)

var finishes = []finish{
	callbackNil, callbackFails, callbackErr, callbackCause, callbackPanics, callbackExits,
	callbackLate,
}

// what happens to a node. The root is one: its ready is the call of the callback,
// its asked the callback's return, its end that of Run.
type what int

const (
	onStart     what = iota // Run was called
	onReady                 // it calls its callback
	onAsked                 // its callback has returned; err is what
	onAgain                 // another call of the callback has returned; err is what
	onCancelled             // the context given to it has ended
	onBroke                 // the context that it passed to its callback has ended; err is the cause
	onStop                  // Process.Stop was called
	onStrayed               // its callback was called in another goroutine than its Run
	onKept                  // Run has returned, and the context of its callback lives on
	onEnd                   // Run has returned; err is what, or panicked or errGoexit
	kinds
)

func (w what) String() string {
	return [...]string{
		"starts", "is ready", "callback returned", "another call returned", "is cancelled", "breaks",
		"Process.Stop", "calls back elsewhere", "leaves a context alive", "ends",
	}[w]
}

// panicked is what a Run that panicked has returned.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

type event struct {
	at     time.Duration
	node   *node
	what   what
	err    error
	cause  error         // of the context given to the node, if it had ended
	passed error         // the same of the context that it passed to its callback
	since  time.Duration // when the call was made that has returned
}

// node is a group or, if it has no children, a runner.
type node struct {
	name      string
	kind      string // runner, Graph, Parallel, Sequential, Chain, StartTimeout, StopTimeout, Process
	wrap      string // "", group, PrefixedError, StartTimeout, wrapper
	children  []*node
	dependsOn [][]int       // of each child
	limit     time.Duration // of StartTimeout, StopTimeout
	watched   bool          // the end of its context is logged at once
	behaviour

	index [kinds]int // of the first such event in the log, or -1
}

// behaviour is what a runner does.
type behaviour struct {
	form      string // "" is a RunnerFunc; Worker, Leaf, StartStop
	start     string // "", error, panic, goexit, nil, never, deaf
	starting  time.Duration
	run       string // "" until it is asked, breaks, error, nil, panic, goexit
	running   time.Duration
	stop      string // "", error, deaf
	stopping  time.Duration
	twice     bool // it calls the callback again, while the first call waits and after it
	elsewhere bool // the callback is called in another goroutine
	silent    bool // it returns nil when its context has ended

	startErr, runErr, stopErr error
}

func newNode(name, kind string, children ...*node) *node {
	n := &node{name: name, kind: kind, children: children, dependsOn: make([][]int, len(children))}
	if kind == "Sequential" || kind == "Chain" {
		for i := 1; i < len(children); i++ {
			n.dependsOn[i] = []int{i - 1}
		}
	}
	return n
}

// errs are what the runners return.
var errs = func() (errs [3][]error) {
	for i := range 100 {
		for j, when := range []string{"start", "run", "stop"} {
			errs[j] = append(errs[j], fmt.Errorf("%s: %s broke", nameOf(i), when))
		}
	}
	return errs
}()

func nameOf(i int) string { return string(rune('a'+i%26)) + strings.Repeat("'", i/26) }

// newRunner returns the i-th runner.
func newRunner(i int, b behaviour) *node {
	n := &node{name: nameOf(i), kind: "runner", behaviour: b}
	n.startErr, n.runErr, n.stopErr = errs[0][i], errs[1][i], errs[2][i]
	return n
}

// run runs the trial in a bubble. What hangs is rescued, or it panics with the log.
func (tr *trial) run(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		tr.begin, tr.events, tr.hung = time.Now(), nil, ""
		if tr.runner == nil {
			tr.runner = tr.made(tr.root)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				if p := recover(); p != nil && p != errUser && tr.rescue == nil {
					panic(p)
				}
			}()
			tr.act()
		}()
		hang := time.NewTimer(1000 * time.Second)
		defer hang.Stop()
		select {
		case <-done:
		case <-hang.C:
			tr.hung = "it hangs"
		}
		synctest.Wait()
		tr.mu.Lock()
		open, happened := tr.open, len(tr.events)
		tr.mu.Unlock()
		if tr.hung == "" && open > 0 {
			tr.hung = "something has not returned"
		}
		switch {
		case tr.hung == "":
			return
		case tr.rescue == nil:
			panic(tr.hung + "\n\n" + tr.String())
		}
		tr.rescue()
		<-done
		time.Sleep(time.Minute)
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.events = tr.events[:happened] // without what the rescue did
	})
	tr.find()
}

// act runs the root, directly or as a Process, and forces it at the latest after a
// minute.
func (tr *trial) act() {
	ctx, cancel := context.WithCancelCause(context.Background())
	force := func() {
		tr.add(tr.root, onCancelled, nil, nil, nil)
		cancel(errForce)
	}
	defer cancel(nil)
	defer time.AfterFunc(time.Minute, force).Stop()
	if tr.action == "stop" {
		tr.process(ctx)
		return
	}
	switch {
	case tr.action == "force" && tr.at == 0:
		force()
	case tr.action == "force":
		defer time.AfterFunc(tr.at, force).Stop()
	}
	tr.watch(ctx, func(ctx context.Context) {
		over := time.NewTimer(time.Second)
		defer over.Stop()
		select {
		case <-ctx.Done():
		case <-over.C:
		}
	})
}

func (tr *trial) process(ctx context.Context) {
	p := process.NewProcess(ctx, process.RunnerFunc(
		func(ctx context.Context, callback process.Callback) error {
			return tr.watch(ctx, func(ctx context.Context) { callback(ctx) })
		}))
	var stopErr error
	stopping := func() {
		stopContext, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		if tr.forceAt > 0 {
			defer time.AfterFunc(tr.forceAt-tr.at, func() {
				tr.add(tr.root, onCancelled, nil, nil, nil)
				cancel(errForce)
			}).Stop()
		}
		tr.add(tr.root, onStop, nil, nil, nil)
		stopErr = p.Stop(stopContext)
	}
	stopped := make(chan struct{})
	if tr.at == 0 {
		stopping()
		close(stopped)
	} else {
		time.AfterFunc(tr.at, func() { defer close(stopped); stopping() })
	}
	startErr := p.Start(context.Background())
	<-stopped
	<-p.Done()
	tr.outside = outside{startErr, stopErr, p.Err(), p.State() == process.StateStopped}
}

// watch runs the root. Its callback lasts as long as hold does.
func (tr *trial) watch(ctx context.Context, hold func(ctx context.Context)) error {
	return tr.probe(tr.root, tr.runner, ctx, func(ctx context.Context) error {
		hold(ctx)
		switch tr.callback {
		case callbackLate:
			time.Sleep(time.Second / 4)
		case callbackFails:
			return errUser
		case callbackErr:
			return ctx.Err()
		case callbackCause:
			return context.Cause(ctx)
		}
		return nil
	})
}

// probe runs the runner of a node, and logs it.
func (tr *trial) probe(
	n *node, r process.Runner, ctx context.Context, callback process.Callback,
) (err error) {
	var here string
	if n.kind != "runner" {
		here = goroutine()
	}
	tr.add(n, onStart, nil, ctx, nil)
	tr.count(1)
	returned := false
	if n.watched {
		defer context.AfterFunc(ctx, func() { tr.add(n, onCancelled, nil, ctx, nil) })()
	}
	defer func() {
		p := recover()
		if p != nil {
			err = panicked{p}
		} else if !returned {
			err = process.ErrGoexit
		}
		tr.add(n, onEnd, err, ctx, nil)
		tr.count(-1)
		if p != nil {
			panic(p)
		}
	}()
	var called atomic.Bool
	var own context.Context
	defer func() {
		if n.kind != "runner" && own != nil && own != ctx && own.Err() == nil {
			tr.add(n, onKept, nil, ctx, nil)
		}
	}()
	err = r.Run(ctx, func(passed context.Context) error {
		tr.count(1)
		defer tr.count(-1)
		if called.Swap(true) && n.kind == "runner" {
			return tr.again(n, ctx, func() error { return callback(passed) })
		}
		own = passed
		tr.add(n, onReady, nil, ctx, nil)
		if n.kind != "runner" && goroutine() != here {
			tr.add(n, onStrayed, nil, ctx, nil)
		}
		if passed != ctx {
			defer context.AfterFunc(passed, func() {
				tr.add(n, onBroke, context.Cause(passed), ctx, nil)
			})()
		}
		err := callback(passed)
		tr.add(n, onAsked, err, ctx, context.Cause(passed))
		if n == tr.root {
			switch tr.callback {
			case callbackPanics:
				panic(errUser)
			case callbackExits:
				runtime.Goexit()
			}
		}
		return err
	})
	returned = true
	return err
}

// again logs another call of the callback.
func (tr *trial) again(n *node, ctx context.Context, call func() error) error {
	since := time.Since(tr.begin)
	err := call()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.events = append(tr.events, event{
		at: time.Since(tr.begin), since: since, node: n, what: onAgain, err: err, cause: context.Cause(ctx),
	})
	return err
}

// goroutine tells goroutines apart.
func goroutine() string {
	var b [32]byte
	id, _, _ := strings.Cut(string(b[:runtime.Stack(b[:], false)]), "[")
	return id
}

func (tr *trial) count(n int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.open += n
}

func (tr *trial) add(n *node, w what, err error, ctx context.Context, passed error) {
	e := event{node: n, what: w, err: err, passed: passed}
	if ctx != nil {
		e.cause = context.Cause(ctx)
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	e.at = time.Since(tr.begin)
	tr.events = append(tr.events, e)
}

// find looks up the first event of each kind of each node.
func (tr *trial) find() {
	tr.root.each(func(n *node) {
		for w := range kinds {
			n.index[w] = -1
		}
	})
	for i, e := range tr.events {
		if e.node.index[e.what] < 0 {
			e.node.index[e.what] = i
		}
	}
}

func (n *node) each(f func(*node)) {
	f(n)
	for _, c := range n.children {
		c.each(f)
	}
}

// made returns the runner of a node, without a probe.
func (tr *trial) made(n *node) process.Runner {
	if n.kind == "runner" {
		return tr.wrapped(n, tr.life(n))
	}
	children := make([]process.Runner, len(n.children))
	for i, c := range n.children {
		r := tr.made(c)
		children[i] = process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
			return tr.probe(c, r, ctx, callback)
		})
		if c.kind == "runner" && c.wrap != "" {
			children[i] = r // the probe is inside
		}
	}
	if tr.group != nil {
		if r := tr.group(n, children); r != nil {
			return r
		}
	}
	switch n.kind {
	case "Parallel":
		return process.Parallel(children...)
	case "Sequential":
		return process.Sequential(children...)
	case "Chain":
		return process.Chain(children...)
	case "StartTimeout":
		return process.StartTimeout(n.limit, children[0])
	case "StopTimeout":
		return process.StopTimeout(n.limit, children[0])
	case "Process":
		return inProcess(children[0])
	}
	var g process.Graph
	vertices := make([]*process.Vertex, len(children))
	for i, c := range children {
		var dependsOn []*process.Vertex
		for _, d := range n.dependsOn[i] {
			dependsOn = append(dependsOn, vertices[d])
		}
		vertices[i] = g.Add(c, dependsOn...)
	}
	return &g
}

func (tr *trial) wrapped(n *node, r process.Runner) process.Runner {
	if n.wrap == "" {
		return r
	}
	probed := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		return tr.probe(n, r, ctx, callback)
	})
	switch n.wrap {
	case "group":
		return process.Parallel(probed)
	case "PrefixedError":
		return process.PrefixedError("prefix", probed)
	case "StartTimeout":
		return process.StartTimeout(never, probed)
	}
	return through(probed)
}

// inProcess runs r as a Process inside of a runner, as an application may.
func inProcess(r process.Runner) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) (err error) {
		p := process.NewProcess(ctx, r)
		if err := p.Start(ctx); err != nil {
			return err
		}
		own, cancel := context.WithCancelCause(ctx)
		watching := make(chan struct{})
		go func() {
			defer close(watching)
			<-p.Done()
			if err := p.Err(); err != nil {
				cancel(err)
			} else {
				cancel(errors.New("the process ended"))
			}
		}()
		defer func() {
			p.Stop(ctx)
			<-watching
			if err == nil {
				err = p.Err()
			} else if p.Err() != nil {
				err = errors.Join(err, p.Err())
			}
		}()
		return callback(own)
	})
}

// life returns a runner that does what the behaviour says.
func (tr *trial) life(n *node) process.Runner {
	switch n.form {
	case "Worker":
		return process.Worker(func(ctx context.Context, ready func() <-chan struct{}) error {
			if err := tr.begins(n, ctx); err != nil || n.start == "nil" || n.silent && ctx.Err() != nil {
				return err
			}
			if err := n.runs(ctx, ready()); err != nil {
				return err
			}
			return tr.stops(n, ctx)
		})
	case "Leaf":
		return process.Leaf(
			func(ctx context.Context) error { return n.runs(ctx, nil) },
			func(ctx context.Context) error { return tr.stops(n, ctx) },
		)
	case "StartStop":
		return process.StartStop(
			func(ctx context.Context) error { return tr.begins(n, ctx) },
			func(ctx context.Context) error { return tr.stops(n, ctx) },
		)
	}
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		if err := tr.begins(n, ctx); err != nil || n.start == "nil" || n.silent && ctx.Err() != nil {
			return err
		}
		call := func(passed context.Context) {
			if n.twice {
				defer callback(passed)
				defer time.AfterFunc(time.Second/4, func() { callback(passed) }).Stop()
			}
			callback(passed)
		}
		switch {
		case n.elsewhere || n.run == "error" || n.run == "nil" || n.run == "panic" || n.run == "goexit":
			released := make(chan struct{})
			go func() { defer close(released); call(ctx) }()
			if err := n.runs(ctx, released); err != nil || n.run != "" && !isClosed(released) {
				return err
			}
		case n.run == "breaks":
			own, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			defer time.AfterFunc(n.running, func() { cancel(n.runErr) }).Stop()
			call(own)
			if context.Cause(own) == n.runErr {
				return join(n.runErr, tr.stops(n, ctx))
			}
		default:
			call(ctx)
		}
		return tr.stops(n, ctx)
	})
}

// begins is the start of a runner.
func (tr *trial) begins(n *node, ctx context.Context) error {
	switch {
	case n.start == "never":
		<-ctx.Done()
		tr.add(n, onCancelled, nil, ctx, nil)
		return n.cancelled(context.Cause(ctx))
	case n.start == "deaf":
		time.Sleep(n.starting)
	case !tr.sleep(n, ctx, n.starting):
		switch n.start {
		case "error":
			return errors.Join(n.startErr, ctx.Err())
		case "nil":
			return nil
		}
		return n.cancelled(ctx.Err())
	case n.start == "error":
		return n.startErr
	case n.start == "panic":
		panic(n.startErr)
	case n.start == "goexit":
		runtime.Goexit()
	}
	return nil
}

// runs is what a runner does until it is asked, or its context ends.
func (n *node) runs(ctx context.Context, asked <-chan struct{}) error {
	var over <-chan time.Time
	if n.run != "" {
		timer := time.NewTimer(n.running)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-asked:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-over:
	}
	switch n.run {
	case "error", "breaks":
		return n.runErr
	case "panic":
		panic(n.runErr)
	case "goexit":
		runtime.Goexit()
	}
	return nil
}

// stops is what a runner does when it has been asked.
func (tr *trial) stops(n *node, ctx context.Context) error {
	slept := true
	if n.stop == "deaf" {
		<-ctx.Done()
		tr.add(n, onCancelled, nil, ctx, nil)
		slept = false
	} else {
		slept = tr.sleep(n, ctx, n.stopping)
	}
	switch {
	case n.stop == "error":
		return n.stopErr
	case !slept:
		return n.cancelled(ctx.Err())
	}
	return nil
}

// cancelled returns what a runner gives back when its context has ended.
func (n *node) cancelled(err error) error {
	if n.silent {
		return nil
	}
	return err
}

// sleep reports whether ctx lived that long.
func (tr *trial) sleep(n *node, ctx context.Context, d time.Duration) bool {
	if sleep(ctx, d) {
		return true
	}
	tr.add(n, onCancelled, nil, ctx, nil)
	return false
}

// String tells what was tried and what happened.
func (tr *trial) String() string { return tr.GoString() + "\n" + tr.log() }

// GoString tells what is tried.
func (tr *trial) GoString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", tr.root)
	tr.root.each(func(n *node) {
		if n.kind == "runner" {
			fmt.Fprintf(&b, "  %s: %v\n", n.name, n.behaviour)
		}
	})
	fmt.Fprintf(&b, "callback: %s", tr.callback)
	if tr.action != "" {
		fmt.Fprintf(&b, "; %s at %v", tr.action, tr.at)
	}
	if tr.forceAt > 0 {
		fmt.Fprintf(&b, ", its context ends at %v", tr.forceAt)
	}
	b.WriteString("\n")
	return b.String()
}

func (tr *trial) log() string {
	var b strings.Builder
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, e := range tr.events {
		fmt.Fprintf(&b, "%7v  %-4s %v", e.at, e.node.name, e.what)
		if e.err != nil {
			fmt.Fprintf(&b, ": %q", e.err)
		}
		if e.passed != nil {
			fmt.Fprintf(&b, " (its own context had ended: %q)", e.passed)
		}
		if e.cause != nil {
			fmt.Fprintf(&b, " [cancelled: %q]", e.cause)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// String spells the tree as the package does.
func (n *node) String() string {
	if n.kind == "runner" {
		if n.wrap != "" {
			return n.wrap + "(" + n.name + ")"
		}
		return n.name
	}
	var children []string
	for i, c := range n.children {
		s := c.String()
		if n.kind == "Graph" && len(n.dependsOn[i]) > 0 {
			s += " on"
			for _, d := range n.dependsOn[i] {
				s += " " + n.children[d].name
			}
		}
		children = append(children, s)
	}
	s := n.kind + "("
	if n.name != "root" && n.kind == "Graph" {
		s = n.name + "=" + s
	}
	if n.limit > 0 {
		s += n.limit.String() + ", "
	}
	return s + strings.Join(children, ", ") + ")"
}

func (b behaviour) String() string {
	var parts []string
	add := func(what, name string, d time.Duration) {
		if name == "" && d == 0 {
			return
		}
		s := what
		if name != "" {
			s += " " + name
		}
		if d > 0 {
			s += fmt.Sprint(" ", d)
		}
		parts = append(parts, s)
	}
	if b.form != "" {
		parts = append(parts, b.form)
	}
	add("start", b.start, b.starting)
	if b.run != "" {
		add("run", b.run, b.running)
	}
	add("stop", b.stop, b.stopping)
	if b.twice {
		parts = append(parts, "calls twice")
	}
	if b.elsewhere {
		parts = append(parts, "calls elsewhere")
	}
	if b.silent {
		parts = append(parts, "nil when cancelled")
	}
	return strings.Join(parts, ", ")
}
