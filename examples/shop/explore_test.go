package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/examples/shop/shoptest"
	"github.com/strata-go/strata/examples/shop/store"
	"github.com/strata-go/strata/process"
)

func TestTheShopStartsAndStops(t *testing.T) {
	containertest.Start(t, newApp(shoptest.Settings(t)))
}

func TestTheGraphOfTheShopHoldsWhateverFails(t *testing.T) {
	containertest.Explore(t, func() *container.App { return newApp(shoptest.Settings(t)) })
}

// It takes the start limit and the stop limit once for each unit, and real time: so it
// runs when it is asked for.
func TestTheShopHoldsWhateverFails(t *testing.T) {
	if os.Getenv("STRATA_EXPLORE") == "" {
		t.Skip("takes most of a minute: set STRATA_EXPLORE=1")
	}
	t.Parallel()
	containertest.Explore(t, func() *container.App { return newApp(shoptest.Settings(t)) },
		containertest.Real(), containertest.Limits(2*time.Second, 3*time.Second, 3*time.Second))
}

// sleepless does not stop when it is asked to.
type sleepless struct{}

func (*sleepless) Run(ctx context.Context, callback process.Callback) error {
	_ = callback(ctx)
	<-ctx.Done()
	return nil
}

// A test that fails fails the whole program, so it runs in one of its own.
func TestAUnitThatDoesNotStopIsFound(t *testing.T) {
	if os.Getenv("SHOP_PLANTED") != "" {
		containertest.Explore(t, func() *container.App {
			app := newApp(shoptest.Settings(t))
			_ = app.Provide(func(*store.Store) *sleepless { return new(sleepless) }) // kept
			return app
		}, containertest.Real(), containertest.Limits(5*time.Second, time.Second, 2*time.Second))
		return
	}
	test := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAUnitThatDoesNotStopIsFound$")
	test.Env = append(os.Environ(), "SHOP_PLANTED=1")
	output, err := test.CombinedOutput()
	if err == nil {
		t.Error("the test passed")
	}
	for _, want := range []string{"without a fault: it ended with: app not stopped in time: 1s; still running ", "*main.sleepless"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("no %q in:\n%s", want, output)
		}
	}
}
