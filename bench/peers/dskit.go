package peers

import (
	"context"
	"maps"
	"slices"

	"github.com/go-kit/log"
	"github.com/grafana/dskit/modules"
	"github.com/grafana/dskit/services"

	"github.com/strata-go/strata/bench"
)

// Dskit has a service for each unit under a services.Manager, made by modules.Manager
// where there are dependencies, as Loki does.
var Dskit = &Peer{
	Name:   "dskit",
	Module: "github.com/grafana/dskit",
	Prepare: func(units []*bench.Unit) (Process, error) {
		m, err := manager(units)
		if err != nil {
			return nil, err
		}
		return startStop{
			start: func(ctx context.Context) error { return services.StartManagerAndAwaitHealthy(ctx, m) },
			stop:  func(ctx context.Context) error { return services.StopManagerAndAwaitStopped(ctx, m) },
		}, nil
	},
	Main: func(units []*bench.Unit) int {
		m, err := manager(units)
		if err != nil {
			return 2
		}
		code := 0
		m.AddListener(services.NewManagerListener(nil, nil, func(services.Service) {
			code = 1
			m.StopAsync()
		}))
		if services.StartManagerAndAwaitHealthy(context.Background(), m) != nil {
			return 2
		}
		m.AwaitStopped(context.Background())
		return code
	},
	Cannot: map[Task]string{
		Build:   manyPaths,
		Layered: manyPaths,
	},
}

const manyPaths = "its modules walk each path to each dependency, of which ten layers have 30,000 a module: " +
	"a graph of thirty takes it seconds"

func manager(units []*bench.Unit) (*services.Manager, error) {
	if independent(units) {
		all := make([]services.Service, len(units))
		for i, u := range units {
			all[i] = service(u)
		}
		return services.NewManager(all...)
	}
	m := modules.NewManager(log.NewNopLogger())
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = u.Name
		m.RegisterModule(u.Name, func() (services.Service, error) { return service(u), nil })
	}
	for _, u := range units {
		for _, d := range u.DependsOn {
			if err := m.AddDependency(u.Name, units[d].Name); err != nil {
				return nil, err
			}
		}
	}
	all, err := m.InitModuleServices(names...)
	if err != nil {
		return nil, err
	}
	return services.NewManager(slices.Collect(maps.Values(all))...)
}

func service(u *bench.Unit) services.Service {
	stop := func(error) error { return u.Stop(context.Background()) }
	if u.Crashed() == nil {
		return services.NewIdleService(u.Start, stop)
	}
	return services.NewBasicService(u.Start, func(ctx context.Context) error {
		select {
		case <-u.Crashed():
			return bench.ErrCrash
		case <-ctx.Done():
			return nil
		}
	}, stop)
}
