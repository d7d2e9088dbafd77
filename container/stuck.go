package container

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/strata-go/strata/hooks"
)

const (
	// construction is the label of the goroutine that calls constructors.
	construction = "construction"
	// stackLimit is how many bytes of stacks are shown of a unit.
	stackLimit = 4 << 10
)

// stuckError is ErrStuck with what hangs.
type stuckError struct{ units []hooks.StuckUnit }

func (e *stuckError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v:", ErrStuck)
	if len(e.units) == 0 {
		b.WriteString(" " + nobody)
	}
	for i, u := range e.units {
		if i > 0 {
			b.WriteByte(';')
		}
		fmt.Fprintf(&b, " %s (%v for %v)", u.Unit, u.Phase, u.For.Round(time.Millisecond))
	}
	for _, u := range e.units {
		if u.Stack != "" {
			fmt.Fprintf(&b, "\n%s:\n%s", u.Unit, u.Stack)
		}
	}
	return b.String()
}

func (e *stuckError) Unwrap() error { return ErrStuck }

// stuck returns the units that have not ended though they were forced.
func (r *run) stuck() []hooks.StuckUnit {
	var units []hooks.StuckUnit
	stacks := goroutines()
	now := time.Now()
	for _, u := range r.units {
		stage, since, _ := u.track.get()
		if stage == waiting || stage == ended {
			continue
		}
		units = append(units, hooks.StuckUnit{
			Unit: u.Name, Phase: u.track.phase(), For: now.Sub(since), Stack: stacks.of(u.Name),
		})
	}
	return units
}

// stuckConstruction returns the constructor that has not returned.
func (a *App) stuckConstruction(took time.Duration) []hooks.StuckUnit {
	return []hooks.StuckUnit{{
		Unit: a.constructing(), Phase: hooks.PhaseConstruct, For: took, Stack: goroutines().with("(*App).build").of(construction),
	}}
}

// constructing names the constructor that is being called.
func (a *App) constructing() string {
	running := a.root.wiring.Running()
	if len(running) == 0 {
		if n := a.root.wiring.Asked(); n != nil {
			return n.String() + ", or what it needs"
		}
		return construction
	}
	return running[len(running)-1].String()
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

// profile is a goroutine profile: stacks of goroutines, with their labels above.
type profile []string

func goroutines() profile {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		return nil
	}
	return strings.Split(b.String(), "\n\n")
}

// with returns the part of the profile that goes through a function.
func (p profile) with(function string) profile {
	var found profile
	for _, stack := range p {
		if strings.Contains(stack, function) {
			found = append(found, stack)
		}
	}
	return found
}

// of returns the stacks of the goroutines of a unit.
func (p profile) of(name string) string {
	label := strconv.Quote(unitLabel) + ":" + strconv.Quote(name)
	var b strings.Builder
	for _, stack := range p {
		head, frames, _ := strings.Cut(stack, "\n#\t")
		if !strings.Contains(head, label) {
			continue
		}
		b.WriteString("#\t" + frames + "\n")
		if b.Len() > stackLimit {
			return b.String()[:stackLimit] + "\n..."
		}
	}
	return b.String()
}
