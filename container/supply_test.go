package container_test

import (
	"context"
	"slices"
	"testing"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

func TestScopeSuppliesWhatIsSeenInItAlone(t *testing.T) {
	r := new(recorder)
	app := newApp(container.WithObserver(r))
	inner := app.Scope("inner")
	if err := inner.Supply("tenant", &Database{process.Nop()}); err != nil {
		t.Fatal(err)
	}

	if err := app.Invoke(func(string) {}); err == nil {
		t.Error("the root has what the scope was supplied with")
	}
	err := inner.Scope("below").Invoke(func(s string) {
		if s != "tenant" {
			t.Errorf("got %q", s)
		}
	})
	if err != nil {
		t.Error(err)
	}
	supplied := find[hooks.Supplied](r)
	want := []string{"string", "*container_test.Database"}
	if len(supplied) != 1 || supplied[0].Scope != "inner" || !slices.Equal(supplied[0].Types, want) {
		t.Errorf("told %+v, want the scope and %v", supplied, want)
	}
	plan, err := app.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Layers) != 1 || plan.Layers[0][0].Name != "*container_test.Database" {
		t.Errorf("the plan is\n%v, want the database to run", plan)
	}
}

func TestScopesMayHaveTheSameName(t *testing.T) {
	app := newApp()
	for _, s := range []string{"one", "two"} {
		inner := app.Scope("inner")
		if err := inner.Supply(s); err != nil {
			t.Fatal(err)
		}
		err := inner.Invoke(func(got string) {
			if got != s {
				t.Errorf("got %q, want %q", got, s)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestScopeSupplyKeepsItsErrors(t *testing.T) {
	app := newApp()
	inner := app.Scope("inner")
	err := inner.Supply(1, nil, errBoom, 2)
	wantText(t, err, "value 2 of 4: cannot supply an untyped nil", "value 3 of 4: cannot supply an error",
		"value 4 of 4")
	wantText(t, app.Err(), "supply_test.go:", "Supply: value 2 of 4", "dig.Name and dig.Group")
}

// A part of a host that is supplied to the app within it runs in both.
func TestWhatIsSuppliedIsRunWhoeverElseRunsIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		runs := 0
		shared := &Database{countingRuns(&runs)}
		host := newApp()
		host.Supply(shared)
		host.Provide(func(d *Database) (*Server, error) {
			inner := newApp()
			inner.Supply(d)
			r, err := inner.Runner()
			return &Server{r}, err
		})
		if err := startAndStop(t, host); err != nil {
			t.Fatal(err)
		}
		if runs != 2 {
			t.Errorf("it ran %d times, and is said to run in both", runs)
		}
	})
}

// countingRuns counts how often it is run.
func countingRuns(runs *int) process.Runner {
	return process.StartStop(
		func(context.Context) error { *runs++; return nil },
		func(context.Context) error { return nil },
	)
}
