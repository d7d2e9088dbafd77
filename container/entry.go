package container

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"time"

	"github.com/strata-go/strata/hooks"
)

// Run is for main. It builds and starts the app, waits for a signal, a failure or a
// [Shutdowner], and stops everything in the reverse order of the start, whatever
// happens. It returns after a clean stop; otherwise it ends the process with the
// code of [ExitCode], after the log was written out.
//
// The first signal stops the app gracefully, or aborts its start. A second one
// forces what still runs, a third exits at once; signals within 500 ms of the last
// that counted do not count. The options tell how long a start and a stop may take, and
// a unit whose value has a method StartTimeout() or StopTimeout() time.Duration has a
// limit of its own beside.
//
// When Run has returned, signals have their default effect again.
//
// An app runs once. A second Run is told as a [hooks.Misuse], waits until the first Run
// or RunContext has ended, if there was one, and ends the process with its code, or 1.
func (a *App) Run() {
	var source chan os.Signal
	if len(a.config.signals) > 0 {
		source = make(chan os.Signal, 8)
		signal.Notify(source, a.config.signals...)
		defer signal.Stop(source)
	}
	if code := ExitCode(a.host("Run", context.Background(), source)); code != 0 {
		os.Exit(code)
	}
}

// RunContext is Run without signals and without an exit: it stops the app when ctx
// ends, gracefully, and returns nil after a clean stop, also of a start that was
// ended by ctx or a [Shutdowner]. Else the error has, root cause first, what went
// wrong; see [ErrStuck], [ExitError], [process.ErrStartTimeout] and
// [process.ErrStopTimeout]. A nil ctx is an error.
func (a *App) RunContext(ctx context.Context) error {
	if ctx == nil {
		return errors.New("container: RunContext with a nil context")
	}
	return a.host("RunContext", ctx, nil)
}

// host runs the app within its limits, and has the last word on how it ended.
func (a *App) host(method string, ctx context.Context, source <-chan os.Signal) error {
	hosted := make(chan struct{})
	if err := a.claim(method, hosted); err != nil {
		a.emit(hooks.Misuse{At: time.Now(), Err: err})
		if method == "Run" { // which exits then, but not while the app is at work
			err = cmp.Or(a.hostedElsewhere(), err)
			a.flush()
		}
		return err
	}
	defer close(hosted)
	h := &host{app: a, ctx: ctx, signals: signals{source: source}}
	err := a.result(h.main())
	a.seal() // a constructor that was given up may go on
	a.end(err)
	a.outcome = err
	return err
}

// hostedElsewhere waits for the Run or RunContext that was first, if there is one, and
// returns what that does.
func (a *App) hostedElsewhere() error {
	a.mu.Lock()
	hosted := a.hosted
	a.mu.Unlock()
	if hosted == nil {
		return nil
	}
	<-hosted
	return a.outcome
}
