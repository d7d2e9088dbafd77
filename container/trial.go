package container

import (
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/explore"
	"github.com/strata-go/strata/process"
)

// trial is how a test has an app run: see package containertest.
type trial struct {
	wrap      explore.Wrap // nil for an app that is not tried
	simulated bool         // no constructor is called
}

func init() {
	explore.Container.Limits = func(app any) explore.Limits {
		c := &app.(*App).config
		return explore.Limits{Start: c.start, Stop: c.stop, Force: c.force}
	}
	explore.Container.SetLimits = func(app any, l explore.Limits) {
		c := &app.(*App).config
		c.start, c.stop, c.force = l.Start, l.Stop, l.Force
	}
	explore.Container.Wrap = func(app any, w explore.Wrap) { app.(*App).trial.wrap = w }
	explore.Container.Simulation = func(app any, w explore.Wrap) any {
		return app.(*App).simulation(trial{wrap: w, simulated: true})
	}
}

// of returns what runs as u.
func (t *trial) of(u *unit, r process.Runner) process.Runner {
	if t.wrap == nil {
		return r
	}
	return t.wrap(u.Unit, r)
}

// simulation returns an app with the wiring and the options of a, and nothing else
// of it.
func (a *App) simulation(t trial) *App {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &App{
		id:         newID(),
		config:     a.config,
		container:  a.container,
		root:       a.root,
		bus:        new(bus),
		shutdowner: &shutdowner{requested: make(chan struct{})},
		started:    make(chan struct{}),
		ready:      make(chan struct{}),
		stopping:   make(chan struct{}),
		ended:      make(chan struct{}),
		own:        a.own,
		refused:    a.refused,
		trial:      t,
		errs:       a.errs,
		depends:    a.depends,
		makers:     a.makers,
		invoked:    a.invoked,
		received:   a.received,
		unread:     a.unread,
	}
}

// simulate is buildAll without a build.
func (a *App) simulate() (*run, error) {
	declared := a.declared()
	order, err := arrange(&declared.sources, declared.planned)
	if err != nil {
		return nil, err
	}
	units := order.all
	for _, u := range units {
		u.value = value{runner: process.Nop()}
	}
	plan := a.planOf(units, declared.planned)
	a.mu.Lock()
	a.plan, a.order = plan, order
	a.mu.Unlock()
	a.emit(hooks.Planned{At: time.Now(), Plan: clonePlan(plan)})
	return newRun(a, units, plan), nil
}
