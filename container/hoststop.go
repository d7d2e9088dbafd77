package container

import (
	"cmp"
	"errors"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// request stops the app, after a drain if it is one that load balancers send
// requests to.
func (h *host) request(e hooks.AppStopping, drain bool) {
	first, delay := h.app.beginStop(e), h.app.config.drain
	if first && drain && delay > 0 && isClosed(h.app.started) {
		h.enter(hostDraining, delay)
		h.app.bus.post(hooks.Draining{At: time.Now(), Delay: delay})
		h.drains = h.run.drain()
		return
	}
	h.stop()
}

// stop asks the app to stop. While it is constructed there is nothing to ask: it is not
// started then.
func (h *host) stop() {
	limit := h.app.config.stop
	if limit > 0 {
		limit = max(limit-h.app.stopTook(), 1)
	}
	if h.process == nil {
		if limit > 0 { // else the start timeout counts
			h.enter(hostLeaving, limit)
		}
		return
	}
	if h.phase >= hostStopping {
		return
	}
	h.enter(hostStopping, limit)
	h.goroutines.Go(func() {
		<-h.run.begun // else it would not run, and so stop nothing
		if isClosed(h.run.failed) {
			// The units stop by themselves. A stop from here might be under way before
			// the failure is, and what comes of it be told as the root cause.
			select {
			case <-h.process.Done():
			case <-h.forcing.Done():
			}
		}
		_ = h.process.Stop(h.forcing)
	})
}

// force ends everything that still runs, at once.
func (h *host) force(cause error) {
	h.forced = cmp.Or(h.forced, cause)
	if h.process == nil {
		h.enter(hostAbandoning, h.app.config.force)
		return
	}
	h.stop()
	if h.phase < hostForcing {
		h.run.noteForced(h.forced)
	}
	h.cancel(cause)
	h.enter(hostForcing, h.app.config.force)
}

// result is what is left of the error of the build or the process: that a start was
// aborted was asked for, by somebody who knows, or is told by the failure.
func (h *host) result(err error) error {
	return join(h.failure, without(err, process.ErrAborted))
}

// giveUp reports what did not end, and where it hangs.
func (h *host) giveUp() error {
	var units []hooks.StuckUnit
	var errs error
	report := h.app.reportStuck()
	if h.run == nil {
		units = h.app.stuckConstruction(report)
	} else {
		units = append(h.run.stuck(report), h.drains.stuck(report)...)
		errs = join(without(h.run.givenUp, process.ErrAborted), h.run.soFar())
	}
	h.app.bus.post(hooks.Stuck{At: time.Now(), Units: units})
	errs = join(h.failure, errs)
	if !errors.Is(errs, h.forced) { // it is noted among what the units have failed with
		errs = join(errs, h.forced)
	}
	return join(errs, &stuckError{units})
}
