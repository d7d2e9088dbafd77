package container

import (
	"time"

	"github.com/strata-go/strata/hooks"
)

// beginStop tells, once, that the app stops, and why, after the events that led to it,
// which are told anyway. It reports whether this was the first reason. It never waits
// for an observer.
func (a *App) beginStop(e hooks.AppStopping, before ...hooks.Event) (first bool) {
	e.At = time.Now()
	a.mu.Lock()
	for _, b := range before {
		a.bus.post(b)
	}
	if a.stop != nil {
		a.mu.Unlock()
		return false
	}
	a.stop = &e
	a.bus.post(e)
	a.mu.Unlock()
	close(a.stopping)
	return true
}

// stopTook returns how long ago the stop began, 0 if it did not.
func (a *App) stopTook() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stop == nil {
		return 0
	}
	return time.Since(a.stop.At)
}

// lastWords is how long it is waited for observers before the process may end.
const lastWords = time.Second

// end tells that the app has ended, and waits until that is written out.
func (a *App) end(err error) {
	close(a.ended)
	a.bus.post(hooks.AppStopped{At: time.Now(), Took: a.stopTook(), Err: err})
	a.flush()
}

// flush waits until all is told and written out. An observer that hangs does not keep
// the app from ending.
func (a *App) flush() {
	limit := time.NewTimer(lastWords)
	defer limit.Stop()
	select {
	case <-a.bus.flush():
	case <-limit.C:
	}
}

// result makes the result of the app of what its units, or the limits, ended with:
// it adds what was misused, and the exit code that was asked for.
func (a *App) result(err error) error {
	request := a.shutdowner.request()
	if request != nil {
		err = without(err, request)
	}
	err = join(err, a.misuses())
	if request != nil && request.code != 0 {
		return &ExitError{Code: request.code, Cause: join(request.cause, err)}
	}
	return err
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
