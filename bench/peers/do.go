package peers

import (
	"context"
	"errors"
	"fmt"

	"github.com/samber/do/v2"

	"github.com/strata-go/strata/bench"
)

// Do starts a unit in its provider, as there is no start of its own, and stops it in its
// Shutdown.
var Do = &Peer{
	Name:   "do",
	Module: "github.com/samber/do/v2",
	Build: func(c *bench.Constructors, scopes int) error {
		root := do.New()
		if scopes == 1 {
			return doBuild(root, c)
		}
		for i := range scopes {
			if err := doBuild(root.Scope(fmt.Sprint("scope", i)), c); err != nil {
				return err
			}
		}
		return nil
	},
	Prepare: func(units []*bench.Unit) (Process, error) { return prepareDo(units), nil },
	Main: func(units []*bench.Unit) int {
		p := prepareDo(units)
		if p.Start(context.Background()) != nil {
			return 2
		}
		for _, u := range units {
			if failed := u.Crashed(); failed != nil {
				<-failed // nothing of do's own watches what runs
			}
		}
		if p.Stop(context.Background()) != nil {
			return 2
		}
		return 1
	},
}

func prepareDo(units []*bench.Unit) Process {
	injector := do.New()
	for _, u := range units {
		do.ProvideNamed(injector, u.Name, func(i do.Injector) (*doUnit, error) {
			for _, d := range u.DependsOn {
				if _, err := do.InvokeNamed[*doUnit](i, units[d].Name); err != nil {
					return nil, err
				}
			}
			return &doUnit{u}, u.Start(context.Background())
		})
	}
	start := func(context.Context) error {
		for _, u := range units {
			if _, err := do.InvokeNamed[*doUnit](injector, u.Name); err != nil {
				return err
			}
		}
		return nil
	}
	stop := func(ctx context.Context) error {
		if report := injector.ShutdownWithContext(ctx); !report.Succeed {
			return errors.New(report.Error())
		}
		return nil
	}
	return startStop{start, stop}
}

func doBuild(injector do.Injector, c *bench.Constructors) error {
	for _, constructor := range c.All {
		do.ProvideNamed(injector, constructor.Name, func(i do.Injector) (any, error) {
			for _, d := range constructor.DependsOn {
				if _, err := do.InvokeNamed[any](i, c.All[d].Name); err != nil {
					return nil, err
				}
			}
			return constructor.Call(), nil
		})
	}
	for _, i := range c.Asks {
		if _, err := do.InvokeNamed[any](injector, c.All[i].Name); err != nil {
			return err
		}
	}
	return nil
}

type doUnit struct{ unit *bench.Unit }

func (u *doUnit) Shutdown(ctx context.Context) error { return u.unit.Stop(ctx) }
