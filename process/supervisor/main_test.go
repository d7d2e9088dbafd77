package supervisor_test

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
	errBoom  = errors.New("boom")
	errStop  = errors.New("stop broke")
	errForce = errors.New("forced by the test")
)

// journal is what happened, in order.
type journal struct {
	mu     sync.Mutex // guards what follows
	events []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, fmt.Sprintf(format, args...))
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.events, ", ")
}

func (j *journal) want(t *testing.T, events ...string) {
	t.Helper()
	if got, want := j.text(), strings.Join(events, ", "); got != want {
		t.Errorf("happened\n got %s\nwant %s", got, want)
	}
}

// instance is how one instance behaves. The last of a script is that of all after it.
type instance struct {
	starting time.Duration // before it is ready, or has failed to start
	startErr error
	running  time.Duration // before it fails, if it does
	runErr   error
	stopping time.Duration
	stopErr  error
}

// script is a runner that behaves in one way after the other, and counts.
type script struct {
	*journal
	instances []instance

	mu   sync.Mutex // guards what follows
	runs int
	live int
}

func (s *script) next() (instance, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
	if s.live++; s.live > 1 {
		s.add("overlap")
	}
	return s.instances[min(s.runs, len(s.instances))-1], s.runs
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs
}

func (s *script) Run(ctx context.Context, callback process.Callback) error {
	i, n := s.next()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.live--
	}()
	s.add("start %d", n)
	if !sleep(ctx, i.starting) {
		s.add("aborted %d", n)
		return ctx.Err()
	}
	if i.startErr != nil {
		return i.startErr
	}
	s.add("ready %d", n)
	passed, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if i.running > 0 {
		timer := time.AfterFunc(i.running, func() { cancel(i.runErr) })
		defer timer.Stop()
	}
	_ = callback(passed)
	if !sleep(ctx, i.stopping) {
		s.add("forced %d", n)
		return ctx.Err()
	}
	s.add("end %d", n)
	if passed.Err() != nil && i.running > 0 && ctx.Err() == nil && context.Cause(passed) == i.runErr {
		return i.runErr
	}
	return i.stopErr
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

// session is a Run in a goroutine of its own.
type session struct {
	ready chan struct{}
	done  chan struct{}
	stop  func()
	force context.CancelCauseFunc
	cause error // of the end of the callback's context, if that ended first
	err   error // what Run returned
}

func launch(r process.Runner) *session {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := make(chan struct{})
	s := &session{
		ready: make(chan struct{}), done: make(chan struct{}),
		stop: sync.OnceFunc(func() { close(stop) }), force: cancel,
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
			return nil
		})
	}()
	return s
}

func (s *session) wait() error {
	<-s.done
	s.force(nil)
	return s.err
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

func bubble(t *testing.T, f func(t *testing.T, j *journal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, new(journal)) })
}

// wantErr wants the text of err to be exactly this.
func wantErr(t *testing.T, err error, want string) {
	t.Helper()
	if got := strings.ReplaceAll(fmt.Sprint(err), "\n", " | "); got != want {
		t.Errorf("error\n got %s\nwant %s", got, want)
	}
}

func wantDelays(t *testing.T, got []time.Duration, want ...time.Duration) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("delays\n got %v\nwant %v", got, want)
	}
}
