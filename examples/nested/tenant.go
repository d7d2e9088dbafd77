package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/supervisor"
)

// Settings are those of one tenant.
type Settings struct{ Name, Address string }

// onCrash is what may become of the host and the other tenants when one has crashed.
var onCrash = map[string]func(tenant process.Runner) process.Runner{
	// They end, in order, and the exit code is 1: as for any unit.
	"stop": func(tenant process.Runner) process.Runner { return tenant },
	// They go on, and so does the tenant, as a fresh app; at the tenth crash within a
	// minute all end.
	"restart": func(tenant process.Runner) process.Runner { return supervisor.New(tenant) },
	// They go on without it. The crash is reported, which is a line of the log.
	"leave": func(tenant process.Runner) process.Runner { return process.BestEffort(tenant, nil) },
}

// Tenant is an app inside of the host.
type Tenant struct {
	process.Runner
	name string
}

// NewTenant returns a tenant that makes its app when it is run: an App runs once, and
// what restarts a tenant runs it again.
func NewTenant(settings Settings, crash func(process.Runner) process.Runner, db *Database, log *zap.Logger) *Tenant {
	app := process.RunnerFunc(func(ctx context.Context, callback process.Callback) error {
		runner, err := newTenantApp(settings, db, log).Runner()
		if err != nil {
			return err
		}
		return runner.Run(ctx, callback) // the host decides when it stops, and how soon
	})
	return &Tenant{crash(app), settings.Name}
}

// Name is what the host calls it, in the log and in errors.
func (t *Tenant) Name() string { return "tenant " + t.name }

// StopTimeout has a tenant that does not end forced alone, while there is still time for
// the others.
func (t *Tenant) StopTimeout() time.Duration { return 20 * time.Second }

// newTenantApp returns the app of a tenant. It is given the *sql.DB and not the
// *Database: what is supplied to an app and can run is run by it, and the Database is
// the host's to run.
func newTenantApp(settings Settings, db *Database, log *zap.Logger) *container.App {
	return container.New(
		container.Supply(settings, db.DB, log.Named(settings.Name)), // its lifecycle is logged there, too
		container.Provide(NewNotes, NewWriter, NewServer),
	)
}

// setOnCrash reads the flag -crash.
func (c *Config) setOnCrash(what string) error {
	if onCrash[what] == nil {
		return errors.New("want stop, restart or leave")
	}
	c.OnCrash = what
	return nil
}

// addTenant reads a flag -tenant.
func (c *Config) addTenant(text string) error {
	name, address, ok := strings.Cut(text, "=")
	if !ok || name == "" || address == "" {
		return errors.New("want name=address")
	}
	if slices.ContainsFunc(c.Tenants, func(s Settings) bool { return s.Name == name }) {
		return fmt.Errorf("tenant %s is there already", name)
	}
	c.Tenants = append(c.Tenants, Settings{name, address})
	return nil
}
