package containertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/strata-go/strata/process"
)

// fault is a way in which a unit can fail.
type fault int

const (
	none        fault = iota
	startError        // Run returns an error before it is ready
	startHang         // Run does not become ready, until its context ends
	startPanic        // Run panics before it is ready
	startGoexit       // Run ends its goroutine before it is ready
	earlyNil          // Run returns nil before it is ready
	crash             // Run fails when all of the app has started
	deafToStop        // Run does not return when it is asked to stop, until its context ends
	faults            // how many there are
)

// String says what the unit does.
func (f fault) String() string {
	return [...]string{
		"no fault", "start error", "start hang", "panic", "Goexit", "early nil", "crash at run time", "deaf to stop",
	}[f]
}

var errPlanted = errors.New("planted by containertest")

// plant returns r with the fault. Faults of the start come when r, run up and down
// again, has closed what its constructor may have opened: nobody else would, and it
// would be told as a leak which the app does not have.
//
// What waits is released, for the end of the test, when released is closed. crashNow
// is closed when it is time for a crash.
func (f fault) plant(r process.Runner, crashNow, released <-chan struct{}) process.Runner {
	switch f {
	case none:
		return r
	case crash:
		return crashing(r, crashNow)
	case deafToStop:
		return deaf(r, released)
	}
	return process.RunnerFunc(func(ctx context.Context, _ process.Callback) error {
		if err := r.Run(ctx, func(context.Context) error { return nil }); err != nil {
			return err
		}
		switch f {
		case startHang:
			select {
			case <-ctx.Done():
			case <-released:
			}
			return ctx.Err()
		case startPanic:
			panic(errPlanted)
		case startGoexit:
			runtime.Goexit()
		case earlyNil:
			return nil
		}
		return errPlanted
	})
}

// crashing returns r, but it is forced, alone, when it is time for a crash, and tells
// that it has failed: what depends on it loses what it did.
func crashing(r process.Runner, crashNow <-chan struct{}) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		returned, watched := make(chan struct{}), make(chan struct{})
		crashed := false
		go func() {
			defer close(watched)
			select {
			case <-crashNow:
				crashed = true
				cancel(errPlanted)
			case <-returned:
			}
		}()
		err := r.Run(ctx, callback)
		close(returned)
		<-watched
		if crashed && (err == nil || errors.Is(err, errPlanted) || errors.Is(err, context.Canceled)) {
			return errPlanted
		}
		return err
	})
}

// deaf returns r, but it does not heed a graceful stop.
func deaf(r process.Runner, released <-chan struct{}) process.Runner {
	return process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		return r.Run(ctx, func(inner context.Context) error {
			err := callback(inner)
			select {
			case <-ctx.Done():
			case <-released:
			}
			return err
		})
	})
}

// shows returns what is wrong with the error that an app with the fault ended with.
func (f fault) shows(err error) (findings []string) {
	find := func(format string, args ...any) { findings = append(findings, fmt.Sprintf(format, args...)) }
	has := func(target error) bool { return errors.Is(err, target) }
	var panicked *process.PanicError
	isPanic := errors.As(err, &panicked)

	found := map[fault]bool{
		startError:  has(errPlanted),
		startHang:   has(process.ErrStartTimeout),
		startPanic:  isPanic && has(errPlanted),
		startGoexit: has(process.ErrGoexit),
		earlyNil:    has(process.ErrNotReady),
		crash:       has(errPlanted),
		deafToStop:  has(process.ErrStopTimeout),
	}
	if f != none && !found[f] {
		find("the error does not tell of it: %v", err)
	}
	if f != startPanic && isPanic {
		find("there was a panic, too: %v\n%s", err, panicked.Stack)
	}
	if f != startHang && has(process.ErrStartTimeout) {
		find("another unit was not ready in time: %v", err)
	}
	if f != deafToStop && has(process.ErrStopTimeout) {
		find("another unit did not stop in time: %v", err)
	}
	return findings
}
