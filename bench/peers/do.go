package peers

import (
	"context"
	"errors"

	"github.com/samber/do/v2"

	"github.com/strata-go/strata/bench"
)

// Do starts a unit in its provider, as there is no start of its own, and stops it in its
// Shutdown.
var Do = &Peer{
	Name:   "do",
	Module: "github.com/samber/do/v2",
	Build: func(c *bench.Constructors, _ int) error {
		injector := do.New()
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
	},
	Prepare: func(units []*bench.Unit) (Process, error) {
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
		return startStop{start, stop}, nil
	},
	Cannot: map[Task]string{
		Scopes: "a scope would be given the same names again, which is no other work",
		Crash:  "nothing watches what runs: a program tells by itself that it is to shut down",
	},
}

type doUnit struct{ unit *bench.Unit }

func (u *doUnit) Shutdown(ctx context.Context) error { return u.unit.Stop(ctx) }
