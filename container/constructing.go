package container

import (
	"slices"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/wiring"
)

// construction is the unit of the goroutine that calls constructors.
const construction = "construction"

// ask notes which constructor is being built, nil if none is.
func (a *App) ask(n *wiring.Node) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked, a.askedAt = n, time.Now()
}

// constructing returns the constructor that is being called, and those that wait for
// it, the nearest first. Of what was given to a container before [Attach], and what it
// needs, it is known only for whom dig calls it.
func (a *App) constructing() hooks.Pending {
	running, begun := a.root.wiring.Running()
	found := a.root.wiring.Asked()
	a.mu.Lock()
	asked, askedAt := a.asked, a.askedAt
	a.mu.Unlock()
	if len(running) == 0 {
		p := hooks.Pending{Unit: construction, For: time.Since(askedAt)}
		if found != nil {
			p.Unit = found.String() + ", or what it needs"
		}
		return p
	}

	last := len(running) - 1
	p := hooks.Pending{Unit: running[last].String(), For: time.Since(begun[last])}
	for _, n := range slices.Backward(running[:last]) {
		p.Holds = append(p.Holds, n.String())
	}
	if asked != nil && !slices.Contains(running, asked) {
		p.Holds = append(p.Holds, asked.String())
	}
	return p
}

// tellConstruction tells, every few seconds, which constructor is being called, until
// the function that it returns is called, or the app was given up. It never waits for
// an observer.
func (a *App) tellConstruction() (stop func()) {
	began, done := time.Now(), make(chan struct{})
	var teller sync.WaitGroup
	teller.Go(func() {
		beat := time.NewTicker(heartbeat)
		defer beat.Stop()
		for {
			select {
			case <-done:
				return
			case <-a.ended:
				return
			case <-beat.C:
			}
			now, pending := time.Now(), []hooks.Pending{a.constructing()}
			if isClosed(a.stopping) {
				a.bus.post(hooks.StillStopping{At: now, Took: a.stopTook(), Pending: pending})
			} else {
				a.bus.post(hooks.StillStarting{At: now, Took: now.Sub(began), Pending: pending})
			}
		}
	})
	return func() {
		close(done)
		teller.Wait()
	}
}

// stuckConstruction returns the constructor that has not returned.
func (a *App) stuckConstruction(report *stuckReport) []hooks.StuckUnit {
	p := a.constructing()
	return []hooks.StuckUnit{{
		Unit: p.Unit, Phase: hooks.PhaseConstruct, For: p.For, Stack: report.stacks(construction, "(*App).build"),
	}}
}

// exitedName names the constructor that ended its goroutine, as far as that is known.
func (a *App) exitedName() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.exited != nil {
		return a.exited.String()
	}
	if n := a.root.wiring.Unwound(); n != nil {
		return n.String()
	}
	return "a constructor"
}
