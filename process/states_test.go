package process_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/process"
)

// subject is a process in one of its states. Its runner takes a minute to start, a
// minute to stop, and a second to end by force; the test may end it at any time.
type subject struct {
	*process.Process
	*journal
	cancel  context.CancelCauseFunc // of the context given to NewProcess
	end     chan struct{}           // closed to end the runner
	waiting chan error              // what the call returns that waits in this state
}

func (s *subject) Run(ctx context.Context, callback process.Callback) error {
	s.add("start")
	defer s.add("end")
	if !s.pause(ctx, "cancelled") {
		return ctx.Err()
	}
	if isClosed(s.end) {
		return errRun
	}
	s.add("ready")
	asked := make(chan struct{})
	go func() {
		callback(ctx)
		close(asked)
	}()
	select {
	case <-asked:
	case <-s.end:
		return errRun
	}
	s.add("asked")
	if !s.pause(ctx, "forced") {
		return ctx.Err()
	}
	if isClosed(s.end) {
		return errRun
	}
	return nil
}

// pause waits for a minute or the end of the runner, and reports whether the context
// lived on. If not, that is an event.
func (s *subject) pause(ctx context.Context, event string) bool {
	minute := time.NewTimer(time.Minute)
	defer minute.Stop()
	select {
	case <-minute.C:
	case <-s.end:
	case <-ctx.Done():
		s.add("%s", event)
		time.Sleep(time.Second)
		return false
	}
	return true
}

// in returns a process in the state of that name.
func in(t *testing.T, j *journal, state string) *subject {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &subject{
		journal: j, cancel: cancel, end: make(chan struct{}), waiting: make(chan error, 1),
	}
	s.Process = process.NewProcess(ctx, s)
	call := func(f func(ctx context.Context) error) {
		go func() { s.waiting <- f(context.Background()) }()
		synctest.Wait()
	}
	if state == "initial" {
		return s
	}
	call(s.Start)
	if state == "starting" {
		return s
	}
	noErr(t, <-s.waiting)
	switch state {
	case "running":
	case "stopping":
		call(s.Stop)
	case "stopped":
		noErr(t, s.Stop(context.Background()))
	case "dead":
		close(s.end)
		<-s.Done()
	}
	return s
}

func (s *subject) look() string {
	done := "open"
	if isClosed(s.Done()) {
		done = "closed"
	}
	return fmt.Sprint(s.State(), " ", done, " ", text(s.Err()))
}

// calls are what the methods return, and what may happen from outside.
var calls = map[string]func(s *subject) string{
	"State":        func(s *subject) string { return s.State().String() },
	"Done":         func(s *subject) string { return strings.Fields(s.look())[1] },
	"Err":          func(s *subject) string { return text(s.Err()) },
	"Start":        func(s *subject) string { return text(s.Start(context.Background())) },
	"Stop":         func(s *subject) string { return text(s.Stop(context.Background())) },
	"Start, dead":  func(s *subject) string { return text(s.Start(ending(0))) },
	"Stop, dead":   func(s *subject) string { return text(s.Stop(ending(0))) },
	"context ends": func(s *subject) string { s.cancel(errForce); return "" },
	"runner ends":  func(s *subject) string { close(s.end); return "" },
}

// TestProcessInEveryState is the table in the comment of Process, cell by cell.
func TestProcessInEveryState(t *testing.T) {
	const (
		now     = time.Duration(0)
		second  = time.Second
		minute  = time.Minute
		nothing = ""
		invalid = "invalid process state"
		aborted = "start aborted"
		force   = "forced by the test"
		broke   = "run broke"
		over    = "stopped closed "
	)
	for _, row := range []struct {
		state, call string
		returns     string
		after       time.Duration
		then        string // State, Done and Err, when what follows has happened:
		runner      string // what the runner does
		waiting     string // what the call returns that was waiting
	}{
		{"initial", "State", "initial", now, "initial open <nil>", nothing, nothing},
		{"initial", "Done", "open", now, "initial open <nil>", nothing, nothing},
		{"initial", "Err", "<nil>", now, "initial open <nil>", nothing, nothing},
		{"initial", "Start", "<nil>", minute, "running open <nil>", "start, ready", nothing},
		{"initial", "Start, dead", force, now, over + force, nothing, nothing},
		{"initial", "Stop", "<nil>", now, over + "<nil>", nothing, nothing},
		{"initial", "Stop, dead", "<nil>", now, over + "<nil>", nothing, nothing},
		{"initial", "context ends", "", now, "initial open <nil>", nothing, nothing},

		{"starting", "State", "starting", now, "starting open <nil>", nothing, nothing},
		{"starting", "Done", "open", now, "starting open <nil>", nothing, nothing},
		{"starting", "Err", "<nil>", now, "starting open <nil>", nothing, nothing},
		{"starting", "Start", invalid, now, "starting open <nil>", nothing, nothing},
		{"starting", "Start, dead", invalid, now, "starting open <nil>", nothing, nothing},
		{"starting", "Stop", "<nil>", second, over + aborted, "cancelled, end", aborted},
		{
			"starting", "Stop, dead", aborted + " | " + force, second, over + aborted + " | " + force,
			"cancelled, end", aborted + " | " + force,
		},
		{"starting", "context ends", "", now, over + force, "cancelled, end", force},
		{"starting", "runner ends", "", now, over + broke, "end", broke},

		{"running", "State", "running", now, "running open <nil>", nothing, nothing},
		{"running", "Done", "open", now, "running open <nil>", nothing, nothing},
		{"running", "Err", "<nil>", now, "running open <nil>", nothing, nothing},
		{"running", "Start", invalid, now, "running open <nil>", nothing, nothing},
		{"running", "Start, dead", invalid, now, "running open <nil>", nothing, nothing},
		{"running", "Stop", "<nil>", minute, over + "<nil>", "asked, end", nothing},
		{"running", "Stop, dead", force, second, over + force, "asked, forced, end", nothing},
		{"running", "context ends", "", now, over + force, "asked, forced, end", nothing},
		{"running", "runner ends", "", now, over + broke, "end", nothing},

		{"stopping", "State", "stopped", now, "stopped open <nil>", nothing, nothing},
		{"stopping", "Done", "open", now, "stopped open <nil>", nothing, nothing},
		{"stopping", "Err", "<nil>", now, "stopped open <nil>", nothing, nothing},
		{"stopping", "Start", invalid, now, "stopped open <nil>", nothing, nothing},
		{"stopping", "Start, dead", invalid, now, "stopped open <nil>", nothing, nothing},
		{"stopping", "Stop", invalid, now, "stopped open <nil>", nothing, nothing},
		{"stopping", "Stop, dead", invalid, now, "stopped open <nil>", nothing, nothing},
		{"stopping", "context ends", "", now, over + force, "forced, end", force},
		{"stopping", "runner ends", "", now, over + broke, "end", broke},

		{"stopped", "State", "stopped", now, over + "<nil>", nothing, nothing},
		{"stopped", "Done", "closed", now, over + "<nil>", nothing, nothing},
		{"stopped", "Err", "<nil>", now, over + "<nil>", nothing, nothing},
		{"stopped", "Start", invalid, now, over + "<nil>", nothing, nothing},
		{"stopped", "Start, dead", invalid, now, over + "<nil>", nothing, nothing},
		{"stopped", "Stop", invalid, now, over + "<nil>", nothing, nothing},
		{"stopped", "Stop, dead", invalid, now, over + "<nil>", nothing, nothing},
		{"stopped", "context ends", "", now, over + "<nil>", nothing, nothing},

		{"dead", "State", "stopped", now, over + broke, nothing, nothing},
		{"dead", "Done", "closed", now, over + broke, nothing, nothing},
		{"dead", "Err", broke, now, over + broke, nothing, nothing},
		{"dead", "Start", invalid, now, over + broke, nothing, nothing},
		{"dead", "Start, dead", invalid, now, over + broke, nothing, nothing},
		{"dead", "Stop", invalid + " | run broke", now, over + broke, nothing, nothing},
		{"dead", "Stop, dead", invalid + " | run broke", now, over + broke, nothing, nothing},
		{"dead", "context ends", "", now, over + broke, nothing, nothing},
	} {
		t.Run(row.state+": "+row.call, func(t *testing.T) {
			bubble(t, func(t *testing.T, j *journal) {
				s := in(t, j, row.state)
				before, begin := len(j.all()), time.Now()

				returned := calls[row.call](s)

				after := time.Since(begin)
				time.Sleep(2 * time.Second)
				if returned != row.returns || after != row.after {
					t.Errorf("returned %q after %v, want %q after %v", returned, after, row.returns, row.after)
				}
				if then := s.look(); then != row.then {
					t.Errorf("then it is %q, want %q", then, row.then)
				}
				if runner := strings.Join(j.all()[before:], ", "); runner != row.runner {
					t.Errorf("the runner did %q, want %q", runner, row.runner)
				}
				waiting := nothing
				select {
				case err := <-s.waiting:
					waiting = text(err)
				default:
				}
				if waiting != row.waiting {
					t.Errorf("the call that waits returned %q, want %q", waiting, row.waiting)
				}
				s.ended()
			})
		})
	}
}

// ended returns when nothing runs any more.
func (s *subject) ended() {
	s.Stop(ending(0))
	<-s.Done()
}

// TestProcessWithTwoCallsAtOnce has two goroutines call in the same state: either
// may come first.
func TestProcessWithTwoCallsAtOnce(t *testing.T) {
	for _, row := range []struct {
		state, one, other string
		want              []string // what both return, and what follows: one of these
	}{
		{"initial", "Start", "Start", []string{
			"<nil>, invalid process state: running open <nil>",
			"invalid process state, <nil>: running open <nil>",
		}},
		{"initial", "Start", "Stop", []string{
			"invalid process state, <nil>: stopped closed <nil>",
			"start aborted, <nil>: stopped closed start aborted",
		}},
		{"initial", "Stop", "Stop", []string{
			"<nil>, invalid process state: stopped closed <nil>",
			"invalid process state, <nil>: stopped closed <nil>",
		}},
		{"starting", "Start", "Start", []string{
			"invalid process state, invalid process state: starting open <nil>",
		}},
		{"starting", "Start", "Stop", []string{
			"invalid process state, <nil>: stopped closed start aborted",
		}},
		{"starting", "Stop", "Stop", []string{
			"<nil>, invalid process state: stopped closed start aborted",
			"invalid process state, <nil>: stopped closed start aborted",
		}},
		{"running", "Start", "Start", []string{
			"invalid process state, invalid process state: running open <nil>",
		}},
		{"running", "Start", "Stop", []string{
			"invalid process state, <nil>: stopped closed <nil>",
		}},
		{"running", "Stop", "Stop", []string{
			"<nil>, invalid process state: stopped closed <nil>",
			"invalid process state, <nil>: stopped closed <nil>",
		}},
		{"stopping", "Start", "Start", []string{
			"invalid process state, invalid process state: stopped open <nil>",
		}},
		{"stopping", "Start", "Stop", []string{
			"invalid process state, invalid process state: stopped open <nil>",
		}},
		{"stopping", "Stop", "Stop", []string{
			"invalid process state, invalid process state: stopped open <nil>",
		}},
		{"dead", "Start", "Start", []string{
			"invalid process state, invalid process state: stopped closed run broke",
		}},
		{"dead", "Start", "Stop", []string{
			"invalid process state, invalid process state | run broke: stopped closed run broke",
		}},
		{"dead", "Stop", "Stop", []string{
			"invalid process state | run broke, invalid process state | run broke: " +
				"stopped closed run broke",
		}},
	} {
		t.Run(row.state+": "+row.one+" and "+row.other, func(t *testing.T) {
			for round := range 20 {
				bubble(t, func(t *testing.T, j *journal) {
					s := in(t, j, row.state)
					var one, other string
					both := []func(){
						func() { one = calls[row.one](s) },
						func() { other = calls[row.other](s) },
					}
					first := round % 2

					atOnce(both[first], both[1-first])

					if got := one + ", " + other + ": " + s.look(); !slices.Contains(row.want, got) {
						t.Errorf("got %q, want one of %q", got, row.want)
					}
					s.ended()
				})
			}
		})
	}
}

// atOnce returns when all have.
func atOnce(acts ...func()) {
	done := make(chan struct{})
	for _, act := range acts {
		go func() {
			act()
			done <- struct{}{}
		}()
	}
	for range acts {
		<-done
	}
}
