package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/engine"
	"github.com/strata-go/strata/process"
)

// host is Run and RunContext at work: it waits for whatever may happen, one thing at
// a time, and never for a constructor, a unit or an observer.
type host struct {
	app     *App
	ctx     context.Context
	signals signals
	phase   hostPhase
	limit   <-chan time.Time // of the phase, nil if it has none
	unlimit func()           // stops the limit's timer

	// What follows is there once the app is built.
	run        *run
	process    *process.Process
	forcing    context.Context // its end forces what runs
	cancel     context.CancelCauseFunc
	goroutines sync.WaitGroup // of Start and Stop
	drains     *drains        // nil if there is none

	failure error // the start timeout, if it passed
	forced  error // why everything was forced, if it was
}

// hostPhase is where a host stands. It only grows, and each phase has its limit:
//
//	hostConstructing  the start timeout
//	hostLeaving       the stop timeout: constructors are called, but the app is to stop
//	hostAbandoning    the force timeout; then the constructor is given up
//	hostStarting      what is left of the start timeout
//	hostRunning       none
//	hostDraining      the drain delay
//	hostStopping      what is left of the stop timeout, which runs from the first reason to stop on
//	hostForcing       the force timeout; then what is stuck is given up
//
// Phases may be left out.
type hostPhase int

const (
	hostConstructing hostPhase = iota
	hostLeaving
	hostAbandoning
	hostStarting
	hostRunning
	hostDraining
	hostStopping
	hostForcing
)

// main returns when the app has ended, or was given up.
func (h *host) main() error {
	var (
		a        = h.app
		started  = a.started
		stopping = a.stopping
		shutdown = a.shutdowner.requested
		done     = h.ctx.Done()
		failed   <-chan struct{} // of the run
		ended    <-chan struct{} // of the process
		drained  <-chan struct{}
	)
	h.limit, h.unlimit = after(a.config.start)
	defer func() { h.unlimit() }()
	if isClosed(shutdown) {
		h.heedShutdown()
	}
	if h.ctx.Err() != nil {
		h.heedContext()
	}
	built := h.construct()
	for {
		select {
		case b := <-built:
			if b.err == nil && (b.dry || isClosed(a.stopping)) {
				b.run = b.run.giveUp(process.ErrAborted)
			}
			if b.run == nil {
				return join(h.forced, h.result(b.err))
			}
			h.start(b.run)
			ended, failed = h.process.Done(), h.run.failed
		case <-started:
			started = nil
			h.enter(hostRunning, 0)
		case <-done:
			done = nil
			h.heedContext()
		case <-shutdown:
			shutdown = nil
			h.heedShutdown()
		case s := <-h.signals.source:
			if hopeless := h.heedSignal(s); hopeless {
				return h.giveUp()
			}
		case <-stopping:
			stopping = nil
			if h.phase != hostDraining {
				h.stop()
			}
		case <-failed:
			failed = nil
			h.stop()
		case <-h.limit:
			h.limit = nil
			if hopeless := h.limitPassed(); hopeless {
				return h.giveUp()
			}
		case <-ended:
			ended = nil
			h.goroutines.Wait()
			drained = h.drains.ended() // within what is left of the limit
		case <-drained:
			err := h.process.Err()
			if !errors.Is(err, h.forced) { // the units had ended before
				err = join(err, h.forced)
			}
			return h.result(err)
		}
	}
}

// enter goes on to a phase, if that is not past.
func (h *host) enter(phase hostPhase, limit time.Duration) {
	if phase <= h.phase {
		return
	}
	h.unlimit()
	h.phase = phase
	h.limit, h.unlimit = after(limit)
}

// construct has the app built in a goroutine.
func (h *host) construct() <-chan built {
	c := make(chan built, 1)
	go pprof.Do(h.ctx, h.app.labels(construction), func(context.Context) {
		var b built
		returned := false
		engine.Process.Guard(func() error {
			b.run, b.err = h.app.build()
			b.dry = b.err == nil && len(b.run.units) == 0 && h.app.dry()
			returned = true
			return b.err
		}, func(err error) {
			if !returned { // a panic or a Goexit
				b.err = fmt.Errorf("construct %s: %w", h.app.exitedName(), err)
				b.run = h.app.salvage(b.err)
			}
			c <- b
		})
	})
	return c
}

// built is what the build of an app came to. After an error, the run is one that was
// given up, nil if there is nothing to stop.
type built struct {
	run *run
	err error
	dry bool // dig calls nothing, so there is nothing to run
}

// start starts the app, within what is left of the start timeout. If it is to stop
// already, there may be something to stop, and nothing is started.
func (h *host) start(r *run) {
	h.phase = hostStarting
	h.run = r
	r.hosted = true
	ctx := context.WithoutCancel(h.ctx)
	h.process = process.NewProcess(ctx, r)
	h.forcing, h.cancel = context.WithCancelCause(ctx)
	h.goroutines.Go(func() { _ = h.process.Start(ctx) })
	switch {
	case h.forced != nil:
		h.force(h.forced)
	case r.givenUp != nil:
		h.stop()
	}
}

func (h *host) heedContext() {
	h.request(hooks.AppStopping{Why: hooks.WhyContext, Cause: context.Cause(h.ctx)}, true)
}

func (h *host) heedShutdown() {
	h.request(hooks.AppStopping{Why: hooks.WhyShutdown, Cause: h.app.shutdowner.request().cause}, false)
}

// heedSignal reports whether the app is to be given up.
func (h *host) heedSignal(s os.Signal) (hopeless bool) {
	n := h.signals.count()
	switch {
	case n == 0:
		return false
	case n == 1:
		h.request(hooks.AppStopping{Why: hooks.WhySignal, Signal: s}, s == syscall.SIGTERM)
		return false
	case h.phase == hostDraining: // which it ends; the next forces
		h.stop()
		return false
	case h.signals.forced:
		return true
	}
	h.signals.forced = true
	constructing := h.process == nil
	h.force(&signalError{s, n})
	return constructing
}

// limitPassed reports whether the app is to be given up.
func (h *host) limitPassed() (hopeless bool) {
	switch h.phase {
	case hostConstructing:
		h.failStart(h.app.constructing().Unit)
		h.enter(hostAbandoning, h.app.config.force)
	case hostLeaving:
		h.force(h.late(h.app.constructing().Unit))
	case hostStarting:
		if !isClosed(h.app.started) {
			h.failStart(h.pending())
			h.stop()
		}
	case hostDraining:
		h.stop()
	case hostStopping:
		h.force(h.late(h.pending()))
	case hostAbandoning, hostForcing:
		return true
	}
	return false
}

// failStart notes that the start timeout has passed, unless the app stops already.
func (h *host) failStart(pending string) {
	err := fmt.Errorf("app %w: %v; still waiting for %s", process.ErrStartTimeout, h.app.config.start, pending)
	if h.app.beginStop(hooks.AppStopping{Why: hooks.WhyTimeout, Cause: err}) {
		h.failure = err
	}
}

// pending names what the start or the stop waits for.
func (h *host) pending() string {
	names := append(h.run.pendingNames(), h.drains.pendingNames()...)
	if len(names) == 0 {
		return nobody
	}
	return listed(names, ", ")
}

// late is the error for what has not ended when the stop timeout has passed.
func (h *host) late(pending string) error {
	return fmt.Errorf("app %w: %v; still running %s", process.ErrStopTimeout, h.app.config.stop, pending)
}

// after is time.After for a limit: zero is none.
func after(d time.Duration) (c <-chan time.Time, stop func()) {
	if d <= 0 {
		return nil, func() {}
	}
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}
