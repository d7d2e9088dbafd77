package main

import (
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/examples/shop/shoptest"
)

func TestTheShopStartsAndStops(t *testing.T) {
	containertest.Start(t, newApp(shoptest.Settings(t)))
}

func TestTheGraphOfTheShopHoldsWhateverFails(t *testing.T) {
	containertest.Explore(t, func() *container.App { return newApp(shoptest.Settings(t)) })
}

// It takes the start limit and the stop limit once for each unit.
func TestTheShopHoldsWhateverFails(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	containertest.Explore(t, func() *container.App { return newApp(shoptest.Settings(t)) },
		containertest.Real(), containertest.Limits(2*time.Second, time.Second, 2*time.Second))
}
