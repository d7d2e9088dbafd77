package container

import (
	"fmt"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
	"github.com/strata-go/strata/process"
)

// claim takes the app for its one run, or returns ErrStarted. Of host, hosted is closed
// when it has returned, else nil.
func (a *App) claim(method string, hosted chan struct{}) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.phase != setup {
		return &setupError{callSite(), method, ErrStarted, "an app runs once"}
	}
	a.phase, a.hosted = building, hosted
	return nil
}

// build calls the constructors of what runs, which may still add to the setup, and
// returns the run of the app. After an error it is a run that only stops what has to
// be, nil if nothing has.
func (a *App) build() (*run, error) {
	defer a.seal()
	a.ask(nil)
	defer a.tellConstruction()()
	r, err := a.buildAll()
	if err != nil {
		return a.salvage(err), err
	}
	return r, nil
}

func (a *App) buildAll() (*run, error) {
	if a.trial.simulated {
		return a.simulate()
	}
	began := time.Now()
	if err := a.prepare(); err != nil {
		return nil, err
	}
	if err := a.construct(); err != nil {
		return nil, err
	}
	if err := a.Verify(); err != nil {
		return nil, err
	}
	adapt := a.adaptation()
	decorated, err := a.decorations(adapt)
	if err != nil {
		return nil, fmt.Errorf("construct: %w", err)
	}
	a.seal()
	sources, err := a.built(decorated, adapt)
	if err != nil {
		return nil, fmt.Errorf("construct: %w", err)
	}
	called := a.called()
	order, err := arrange(sources, called)
	if err != nil {
		return nil, err
	}
	units := order.all
	if err := askLimits(units); err != nil {
		return nil, err
	}
	plan := a.planOf(units, called)
	a.mu.Lock()
	a.plan, a.order = plan, order
	a.mu.Unlock()
	now := time.Now()
	a.emit(hooks.Planned{At: now, Took: now.Sub(began), Plan: clonePlan(plan)})
	return newRun(a, units, plan), nil
}

// seal ends the setup: hooks that are appended from now on are late.
func (a *App) seal() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.phase = sealed
}

// prepare opens the log, of an unsound app, too.
func (a *App) prepare() error {
	err := a.Verify()
	if logErr := a.openLog(err == nil); err == nil && logErr != nil {
		err = fmt.Errorf("construct: %w", logErr)
	}
	return err
}

// construct has the constructors called whose declared results run. A constructor
// may provide others, so it looks until there is nothing new. It goes no further
// when the app is to stop.
func (a *App) construct() error {
	for built, more := make(map[*wiring.Node]bool), true; more; {
		more = false
		if err := a.root.wiring.Look(); err != nil {
			return fmt.Errorf("construct: %w", err)
		}
		for _, n := range a.root.wiring.Nodes() {
			if isClosed(a.stopping) {
				return process.ErrAborted
			}
			if n.Kind != wiring.Constructor || built[n] || !a.declaredRunner(n) {
				continue
			}
			built[n], more = true, true
			if err := a.buildOne(n); err != nil {
				return fmt.Errorf("construct: %w", err)
			}
		}
	}
	return nil
}

// dry reports whether dig calls nothing: see [dig.DryRun].
func (a *App) dry() bool {
	called := false
	err := a.container.Invoke(func() { called = true })
	return err == nil && !called
}

// buildOne has a constructor called, and the decorators of what it returns.
func (a *App) buildOne(n *wiring.Node) error {
	a.ask(n)
	defer a.ask(nil)
	if err := n.Build(); err != nil {
		return err
	}
	for _, r := range n.Results {
		for _, k := range r.Keys {
			if !a.declaredRuns(r) || decorator(n.Home, k) == nil {
				continue
			}
			if _, err := n.Home.Value(k); err != nil {
				return err
			}
		}
	}
	return nil
}
