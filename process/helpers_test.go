package process_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/strata-go/strata/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errStart = errors.New("start broke")
	errRun   = errors.New("run broke")
	errStop  = errors.New("stop broke")
	errUser  = errors.New("callback broke")
	errForce = errors.New("forced by the test")
)

const never = time.Hour

// journal is what happened, in order.
type journal struct {
	mu     sync.Mutex
	events []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, fmt.Sprintf(format, args...))
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.events)
}

func (j *journal) has(event string) bool { return slices.Contains(j.all(), event) }

// ordered fails the test if the events did not happen in this order.
func (j *journal) ordered(t *testing.T, events ...string) {
	t.Helper()
	all, last := j.all(), -1
	for _, e := range events {
		at := slices.Index(all, e)
		if at < 0 {
			t.Errorf("%q did not happen in %s", e, strings.Join(all, ", "))
			return
		}
		if at < last {
			t.Errorf("want %s\n got %s", strings.Join(events, ", "), strings.Join(all, ", "))
			return
		}
		last = at
	}
}

// not fails the test if one of the events happened.
func (j *journal) not(t *testing.T, events ...string) {
	t.Helper()
	for _, e := range events {
		if j.has(e) {
			t.Errorf("%q happened in %s", e, strings.Join(j.all(), ", "))
		}
	}
}

// fake is a runner that writes "start", "ready", "asked" and "end" with its name
// into a journal, and "cancelled" when its context ends before it is ready,
// "forced" when it ends while it stops.
type fake struct {
	*journal
	name     string
	starting time.Duration // how long it takes to be ready
	startErr error
	running  time.Duration // how long it runs, if not until it is asked
	runErr   error         // the cause of the context that it passes to its callback, then
	stopping time.Duration // how long it takes to end when asked
	stopErr  error
}

func (f *fake) Run(ctx context.Context, callback process.Callback) error {
	f.add("start %s", f.name)
	defer f.add("end %s", f.name)
	if !sleep(ctx, f.starting) {
		f.add("cancelled %s", f.name)
		return ctx.Err()
	}
	if f.startErr != nil {
		return f.startErr
	}
	f.add("ready %s", f.name)
	passed := ctx
	if f.running > 0 {
		own, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		timer := time.AfterFunc(f.running, func() {
			f.add("dies %s", f.name)
			cancel(f.runErr)
		})
		defer timer.Stop()
		passed = own
	}
	if err := callback(passed); err != nil {
		f.add("callback of %s: %v", f.name, err)
	}
	f.add("asked %s", f.name)
	if !sleep(ctx, f.stopping) {
		f.add("forced %s", f.name)
		return join(f.stopErr, ctx.Err())
	}
	if passed != ctx && passed.Err() != nil && ctx.Err() == nil {
		return join(f.runErr, f.stopErr)
	}
	return f.stopErr
}

// join joins two errors, of which each may be nil.
func join(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}

// sleep reports whether ctx lived that long.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (j *journal) runner(name string) *fake { return &fake{journal: j, name: name} }

func (j *journal) slowStart(name string, d time.Duration) *fake {
	return &fake{journal: j, name: name, starting: d}
}

func (j *journal) badStart(name string, d time.Duration, err error) *fake {
	return &fake{journal: j, name: name, starting: d, startErr: err}
}

func (j *journal) dying(name string, d time.Duration, err error) *fake {
	return &fake{journal: j, name: name, running: d, runErr: err}
}

func (j *journal) slowStop(name string, d time.Duration) *fake {
	return &fake{journal: j, name: name, stopping: d}
}

// session is a Run in a goroutine of its own.
type session struct {
	ready chan struct{}
	done  chan struct{}
	stop  func()
	force context.CancelCauseFunc

	cause       error // of the end of the callback's context, if that ended first
	callbackErr error // what the callback returns
	err         error // what Run returned
}

// launch runs r. Its callback returns when the session is stopped or its context
// has ended.
func launch(r process.Runner) *session { return launchWith(r, nil) }

func launchWith(r process.Runner, callbackErr error) *session {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := make(chan struct{})
	s := &session{
		ready:       make(chan struct{}),
		done:        make(chan struct{}),
		stop:        sync.OnceFunc(func() { close(stop) }),
		force:       cancel,
		callbackErr: callbackErr,
	}
	go func() {
		defer close(s.done)
		s.err = r.Run(ctx, func(ctx context.Context) error {
			close(s.ready)
			select {
			case <-stop:
			case <-ctx.Done():
				s.cause = context.Cause(ctx)
			}
			return s.callbackErr
		})
	}()
	return s
}

// wait returns what Run did.
func (s *session) wait() error {
	<-s.done
	s.force(nil)
	return s.err
}

// stopped stops the session when it is started, and returns what Run did.
func (s *session) stopped() error {
	select {
	case <-s.ready:
	case <-s.done:
	}
	synctest.Wait()
	s.stop()
	return s.wait()
}

func (s *session) wasReady() bool { return isClosed(s.ready) }
func (s *session) isDone() bool   { return isClosed(s.done) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// bubble runs f under fake time.
func bubble(t *testing.T, f func(t *testing.T, j *journal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, &journal{}) })
}

func wantIs(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("got %v, want it to be %v", err, target)
		}
	}
}

func wantNot(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if errors.Is(err, target) {
			t.Errorf("got %v, want it not to be %v", err, target)
		}
	}
}

// wantErr wants the text of err to be exactly this.
func wantErr(t *testing.T, err error, want string) {
	t.Helper()
	if got := text(err); got != want {
		t.Errorf("error\n got %s\nwant %s", got, want)
	}
}

// text is that of err, its lines separated by " | ".
func text(err error) string { return strings.ReplaceAll(fmt.Sprint(err), "\n", " | ") }

func noErr(t *testing.T, err error) {
	t.Helper()
	wantErr(t, err, "<nil>")
}

// through is a user's wrapper.
func through(r process.Runner) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		type key struct{}
		err := r.Run(context.WithValue(ctx, key{}, 1), func(ctx context.Context) error {
			return callback(context.WithValue(ctx, key{}, 2))
		})
		if err != nil {
			return fmt.Errorf("wrapped: %w", err)
		}
		return nil
	})
}
