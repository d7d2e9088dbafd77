package container_test

import (
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// takesReplica takes the second of two databases.
type takesReplica struct {
	dig.In
	DB *Database `name:"replica"`
}

// Constructors that return one instance, and know nothing of each other: it runs
// where it was made first, and who takes it from another waits for it.
func TestOneInstanceOfTwoConstructorsIsWaitedFor(t *testing.T) {
	schedules(t, func(t *testing.T, schedule container.Option) {
		r := new(recorder)
		app := newApp(schedule, container.WithObserver(r))
		db := &Database{process.Nop()}
		app.Provide(func() *Database { return db }, dig.Name("primary"))
		app.Provide(func() *Database { return db }, dig.Name("replica"))
		app.Provide(func(takesReplica) *Server { return &Server{process.Nop()} })

		if err := startAndStop(t, app); err != nil {
			t.Fatal(err)
		}

		wantEqual(t, "layers", layers(planOf(t, app)), []string{
			"0: *container_test.Database[name=primary]",
			"1: *container_test.Server after *container_test.Database[name=primary]",
		})
		wantBefore(t, r.story(), "started *container_test.Database[name=primary]", "starting *container_test.Server",
			"stopped *container_test.Server", "stopping *container_test.Database[name=primary]")
	})
}

// Of two that return one instance the one that was called first may wait for the
// other: that makes no cycle of it.
func TestDependBetweenTwoOfOneInstanceIsNoCycle(t *testing.T) {
	app := newApp()
	db := &Database{process.Nop()}
	app.Provide(func() *Database { return db })
	app.Provide(func() process.Runner { return db })
	app.Depend(new(*Database), new(process.Runner))
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "layers", layers(planOf(t, app)), []string{"0: *container_test.Database"})
}

// Depend is about what makes a value: who passes it on as another type waits, and who
// takes it from there, but not the value.
func TestDependIsNotAboutWhatIsPassedOn(t *testing.T) {
	app := newApp()
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Provide(func(d *Database) process.Runner { return d })
	app.Provide(func(*Database) *Queue { return &Queue{process.Nop()} })
	app.Provide(func(process.Runner) *Server { return &Server{process.Nop()} })
	app.Depend(new(process.Runner), new(*Queue))
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "layers", layers(planOf(t, app)), []string{
		"0: *container_test.Database",
		"1: *container_test.Queue after *container_test.Database",
		"2: *container_test.Server after *container_test.Database *container_test.Queue",
	})
}

// Who takes an instance through several that pass it on waits for it once.
func TestOneInstanceThatIsPassedOnTwice(t *testing.T) {
	app := newApp()
	app.Provide(func() *Database { return &Database{process.Nop()} })
	app.Provide(func(d *Database) (process.Runner, *Queue) { return d, &Queue{process.Nop()} })
	app.Provide(func(r process.Runner) any { return r })
	app.Provide(func(any) *Server { return &Server{process.Nop()} })
	if _, err := app.Runner(); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "layers", layers(planOf(t, app)), []string{
		"0: *container_test.Database",
		"1: *container_test.Queue after *container_test.Database",
		"2: *container_test.Server after *container_test.Queue",
	})
}
