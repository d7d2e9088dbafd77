package process

import (
	"context"
	"errors"
	"sync"

	"github.com/strata-go/strata/internal/engine"
)

// State is the state of a [Process].
type State int

const (
	// StateInitial is the state before Start. Stop leads from it to StateStopped,
	// and Start then fails.
	StateInitial State = iota
	// StateStarting is the state from the call of Start on. It becomes StateRunning
	// when the runner is ready, and StateStopped when the start fails or Stop is
	// called.
	StateStarting
	// StateRunning is the state of a started process. It becomes StateStopped when
	// Stop is called or the runner ends.
	StateRunning
	// StateStopped is the final state. The runner may still be ending: Done tells.
	StateStopped
)

// String returns "initial", "starting", "running" or "stopped".
func (s State) String() string {
	switch s {
	case StateInitial:
		return "initial"
	case StateStarting:
		return "starting"
	case StateRunning:
		return "running"
	case StateStopped:
		return "stopped"
	}
	return "invalid"
}

// Process runs a [Runner] in the background. It is started and stopped once, and
// its methods may be called from any goroutine.
//
//	initial ── Stop, or Start with a dead context ────────────┐
//	   │                                                      │
//	   │ Start                                                │
//	   v                                                      │
//	starting ── the runner has ended ─────────────────────────┤
//	   │  │                                                   │
//	   │  └── Stop, or the end of Start's context ──┐         │
//	   │ ready                                      │         │
//	   v                                            v         v
//	running ── Stop ───────────────────────────> stopping -> stopped
//	   │                                                      ^
//	   └── the runner has ended ──────────────────────────────┘
//
// Stopping and stopped are both StateStopped: Done tells them apart. In each state,
// this is what the methods return, or do, and what comes of an end from outside:
//
//	state     State     Done    Err  Start    Stop          context ends  runner ends
//	initial   initial   open    nil  starts   nil           -             -
//	starting  starting  open    nil  invalid  aborts        forced        stopped
//	running   running   open    nil  invalid  stops         forced        stopped
//	stopping  stopped   open    nil  invalid  invalid       forced        stopped
//	stopped   stopped   closed  why  invalid  invalid, why  -             -
//
// The words in it:
//
//   - starts: runs the runner and waits until it is ready: nil. If it ends before
//     that, or is forced by the end of Start's context: Err, when it has ended.
//   - stops: waits for the runner, and forces it when Stop's context ends; then Err.
//   - aborts: the same, and Start, which still waits, returns [ErrAborted]. To Stop,
//     that alone is no error.
//   - invalid: [ErrProcessInvalidState], at once. Nothing happens.
//   - the context: that of NewProcess. It forces the runner, whose end is then what
//     Start and Stop wait for. A Start after it fails and runs nothing.
//   - why: the error of the runner, or that for which it was not run; nil if it
//     ended without one, or was stopped before Start.
//
// A panic of the runner is its error, see [PanicError]. The contexts of Start and
// Stop bound how long the runner may go on gracefully, but not for how long it is
// deaf to the end of its own: they return when it has ended.
type Process struct {
	ctx    *engine.Context // of the runner: aborted and cancelled from here
	runner Runner
	ready  chan struct{} // closed when the callback counts
	asked  chan struct{} // closed to stop gracefully
	done   chan struct{} // closed when the runner has ended

	mu      sync.Mutex // guards what follows
	state   State
	cause   error // of the end of a start that was given up
	tooLate bool  // the runner became ready after that
	err     error // valid when done is closed
}

// NewProcess returns a process that will run runner with the values of ctx, until
// it is stopped or ctx ends, which forces it. A nil runner or context is an error
// of Start.
func NewProcess(ctx context.Context, runner Runner) *Process {
	p := &Process{
		ready: make(chan struct{}),
		asked: make(chan struct{}),
		done:  make(chan struct{}),
	}
	switch {
	case runner == nil:
		p.runner = invalid("NewProcess: runner is nil")
	case ctx == nil:
		p.runner = invalid("NewProcess: context is nil")
	default:
		p.runner = single(runner)
	}
	if ctx == nil {
		ctx = context.Background()
	}
	p.ctx = engine.NewContext(ctx)
	return p
}

// Start starts the process and returns nil if and only if the runner became ready.
// Else the runner has ended, or was never run, when Start returns, and the error
// tells why: the runner's own, [ErrNotReady], the cause of a context that ended, or
// [ErrAborted] if Stop was called. ctx is for the start alone; its end forces the
// runner; if it has ended already, the runner is never run. In any state but the
// initial one Start returns [ErrProcessInvalidState].
func (p *Process) Start(ctx context.Context) error {
	if ctx == nil {
		return errors.New("process: Process.Start with a nil context")
	}
	dead := ctx.Err() != nil
	p.mu.Lock()
	if p.state != StateInitial {
		p.mu.Unlock()
		return ErrProcessInvalidState
	}
	if dead {
		p.state, p.err = StateStopped, context.Cause(ctx)
		close(p.done)
		p.mu.Unlock()
		return p.err
	}
	p.state = StateStarting
	p.mu.Unlock()

	go p.run()
	select {
	case <-p.ready:
		return nil
	case <-p.done:
	case <-ctx.Done():
		p.giveUp(context.Cause(ctx))
	}
	select {
	case <-p.ready:
	case <-p.done:
	}
	if closed(p.ready) {
		return nil
	}
	return p.Err()
}

// Stop stops the process and returns when it has ended, with Err; that the start
// was aborted is no error here. A running process is stopped gracefully, and of one
// that is starting the start is aborted. When ctx ends, the runner is forced, and
// the cause of ctx is part of the error. Before Start, Stop returns nil, and
// prevents it. In the final state it returns [ErrProcessInvalidState], at once,
// joined with Err.
func (p *Process) Stop(ctx context.Context) error {
	if ctx == nil {
		return errors.New("process: Process.Stop with a nil context")
	}
	p.mu.Lock()
	was := p.state
	p.state = StateStopped
	switch was {
	case StateInitial:
		close(p.done)
	case StateStarting:
		p.cause = ErrAborted
	case StateRunning:
		close(p.asked)
	}
	p.mu.Unlock()
	switch was {
	case StateInitial:
		return nil
	case StateStopped:
		return joined(ErrProcessInvalidState, p.Err())
	case StateStarting:
		p.ctx.Abort(ErrAborted)
	}

	var forced error
	select {
	case <-p.done:
	case <-ctx.Done():
		forced = context.Cause(ctx)
		p.ctx.Cancel(forced)
		<-p.done
	}
	err := p.Err()
	if was == StateStarting && err == ErrAborted {
		err = nil
	}
	if forced != nil && !engine.Contains(err, forced) {
		err = joined(forced, err)
	}
	return err
}

// Done returns a channel that is closed when the runner has ended, or will never
// run.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns the error of the runner after Done is closed, and nil before.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// State returns the current state.
func (p *Process) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// run is the goroutine of a process that was started. Whoever waits for done waits
// for it.
func (p *Process) run() {
	err := p.runner.Run(p.ctx, p.callback)
	p.ctx.Cancel(nil)
	p.mu.Lock()
	cause, tooLate := p.cause, p.tooLate
	p.mu.Unlock()
	if tooLate && !engine.Contains(err, cause) {
		err = joined(cause, err)
	}
	p.mu.Lock()
	p.state, p.err = StateStopped, err
	close(p.done)
	p.mu.Unlock()
}

// callback counts if nobody gave up the start before.
func (p *Process) callback(ctx context.Context) error {
	p.mu.Lock()
	counts := p.state == StateStarting
	if counts {
		p.state = StateRunning
		close(p.ready)
	}
	p.tooLate = !counts
	p.mu.Unlock()
	if counts {
		select {
		case <-p.asked:
		case <-ctx.Done():
		}
	}
	return nil
}

// giveUp forces a start that is not over yet.
func (p *Process) giveUp(cause error) {
	p.mu.Lock()
	over := closed(p.ready)
	if p.state == StateStarting {
		p.state, p.cause = StateStopped, cause
	}
	p.mu.Unlock()
	if !over {
		p.ctx.Cancel(cause)
	}
}

// joined returns first, joined with second if that is not nil.
func joined(first, second error) error {
	if second == nil {
		return first
	}
	return errors.Join(first, second)
}
