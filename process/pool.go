package process

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrNotRunning is returned by [Pool.Submit] when the pool does not accept jobs.
var ErrNotRunning = errors.New("pool is not running")

// Pool is a runner of workers that do the jobs given to [Pool.Submit], in the order
// in which they were accepted. [NewPool] makes one.
//
// It is ready at once. On a graceful stop it accepts nothing more, and ends when all
// that it has accepted is done: no job is lost. On force the contexts of the jobs in
// hand end, and those that wait are not begun; an error of Run tells how many.
//
// An error of a job is the pool's failure, as is a panic: from then on nothing is
// accepted, the other jobs in hand are finished, and those that wait are not begun,
// which Run tells, too. With [ReportErrors] errors are reported, and the work goes on.
//
// The pool may be run again when it has ended. A second Run at the same time is an
// error of that Run.
type Pool[T any] struct {
	workers int
	queue   int
	do      func(ctx context.Context, job T) error
	rules   jobRules

	mu     sync.Mutex // guards what follows
	intake *intake[T] // of the Run that is under way, if one is
}

// NewPool returns a pool of workers that call do, each for one job at a time, and a
// queue of jobs that wait for a worker. Without a queue, which is 0, a job is accepted
// when a worker takes it.
//
// A nil function, less than one worker and a negative queue are errors of Run.
func NewPool[T any](
	workers, queue int, do func(ctx context.Context, job T) error, options ...JobOption,
) *Pool[T] {
	return &Pool[T]{workers: workers, queue: queue, do: do, rules: newJobRules(options)}
}

// Submit returns nil when the job is accepted: then it will be done, unless the pool
// fails or is forced. While the queue is full, Submit waits.
//
// It returns the cause of ctx if that ends before, and [ErrNotRunning] if the pool is
// not ready yet, is to stop, or has failed, also to those who wait; the job is then
// not done. ctx is for Submit alone: the job has the context of the pool.
//
// Submit may be called from any goroutine. A job that submits another should not wait
// for ever: it holds a worker meanwhile.
func (p *Pool[T]) Submit(ctx context.Context, job T) error {
	if ctx == nil {
		return errors.New("process: Pool.Submit with a nil context")
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if in := p.current(); in != nil {
		return in.submit(ctx, job)
	}
	return ErrNotRunning
}

// Run runs the workers.
func (p *Pool[T]) Run(ctx context.Context, callback Callback) error {
	if err := p.check(ctx, callback); err != nil {
		return err
	}
	in, err := p.begin()
	if err != nil {
		return err
	}
	defer p.end()

	workers := make([]Runner, p.workers)
	for i := range workers {
		workers[i] = Worker(func(ctx context.Context, ready func() (stop <-chan struct{})) error {
			return p.work(ctx, in, ready())
		})
	}
	err = Parallel(workers...).Run(ctx, func(ctx context.Context) error {
		in.open()
		defer in.close()
		return callback(ctx)
	})
	if n := in.lostJobs(); n > 0 {
		lost := fmt.Errorf("process: Pool: %d accepted jobs were not begun", n)
		if err == nil {
			return lost
		}
		return errors.Join(err, lost)
	}
	return err
}

// work is one worker. It ends when it is asked to and nothing is left to do.
func (p *Pool[T]) work(ctx context.Context, in *intake[T], stop <-chan struct{}) error {
	done := false
	defer func() {
		if !done { // by force, an error or a panic
			in.abandon()
		}
	}()
	for ctx.Err() == nil {
		select {
		case job, more := <-in.jobs:
			if !more {
				done = true
				select {
				case <-stop:
				case <-ctx.Done():
				}
				return ctx.Err()
			}
			if err := p.rules.judge(ctx, p.do(ctx, job)); err != nil {
				return err
			}
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (p *Pool[T]) check(ctx context.Context, callback Callback) error {
	switch {
	case p == nil:
		return errors.New("process: Pool is nil")
	case p.do == nil:
		return errors.New("process: Pool: function is nil")
	case p.workers <= 0:
		return fmt.Errorf("process: Pool: %d workers, want at least 1", p.workers)
	case p.queue < 0:
		return fmt.Errorf("process: Pool: negative queue %d", p.queue)
	}
	return check("Pool", ctx, callback)
}

func (p *Pool[T]) begin() (*intake[T], error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.intake != nil {
		return nil, errors.New("process: Pool: Run while it runs")
	}
	p.intake = &intake[T]{jobs: make(chan T, p.queue), shut: make(chan struct{})}
	return p.intake, nil
}

func (p *Pool[T]) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.intake = nil
}

func (p *Pool[T]) current() *intake[T] {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.intake
}

// intake is where the jobs of one Run come in.
type intake[T any] struct {
	jobs chan T        // closed when nobody can send any more
	shut chan struct{} // closed to send those away who wait

	mu         sync.Mutex // guards what follows
	state      intakeState
	submitting sync.WaitGroup // calls of submit that may still send
	lost       int            // jobs that were accepted and not begun
}

// intakeState only grows.
type intakeState int

const (
	intakeNew  intakeState = iota // the workers are starting
	intakeOpen                    // jobs are accepted
	intakeShut                    // what was accepted is done, or abandoned
)

func (in *intake[T]) open() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.state == intakeNew { // no worker has failed meanwhile
		in.state = intakeOpen
	}
}

func (in *intake[T]) submit(ctx context.Context, job T) error {
	in.mu.Lock()
	if in.state != intakeOpen {
		in.mu.Unlock()
		return ErrNotRunning
	}
	in.submitting.Add(1)
	in.mu.Unlock()
	defer in.submitting.Done()

	select {
	case in.jobs <- job:
		return nil
	case <-in.shut:
		return ErrNotRunning
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close has nothing more accepted. What was accepted until it returns stays in jobs.
func (in *intake[T]) close() {
	in.mu.Lock()
	was := in.state
	in.state = intakeShut
	in.mu.Unlock()
	if was != intakeShut {
		close(in.shut)
		in.submitting.Wait()
		close(in.jobs)
	}
}

// abandon closes, and throws away what no worker has taken.
func (in *intake[T]) abandon() {
	in.close()
	lost := 0
	for range in.jobs {
		lost++
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lost += lost
}

func (in *intake[T]) lostJobs() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.lost
}
