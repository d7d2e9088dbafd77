package admin_test

import (
	"net/http"
	"testing"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/admin"
	"github.com/strata-go/strata/examples/shop/shoptest"
	"github.com/strata-go/strata/hooks"
)

func TestReadyBetweenStartedAndStopping(t *testing.T) {
	readiness := new(admin.Readiness)
	server := admin.New(shoptest.Settings(t), readiness, zap.NewNop())
	shoptest.Start(t, server)
	client := shoptest.Client(t)

	for _, step := range []struct {
		event hooks.Event
		ready int
	}{
		{hooks.AppStarting{}, http.StatusServiceUnavailable},
		{hooks.UnitStarted{}, http.StatusServiceUnavailable},
		{hooks.AppStarted{}, http.StatusOK},
		{hooks.UnitReported{}, http.StatusOK},
		{hooks.AppStopping{}, http.StatusServiceUnavailable},
		{hooks.UnitStopped{}, http.StatusServiceUnavailable},
	} {
		readiness.Observe(step.event)

		var answer any
		if got := shoptest.Do(t, client, http.MethodGet, "http://"+server.Addr()+"/readyz", "", &answer); got != step.ready {
			t.Errorf("after %T: readyz %d, want %d", step.event, got, step.ready)
		}
		if got := shoptest.Do(t, client, http.MethodGet, "http://"+server.Addr()+"/livez", "", &answer); got != http.StatusOK {
			t.Errorf("after %T: livez %d", step.event, got)
		}
	}
}

func TestNotReadyWhileDraining(t *testing.T) {
	readiness := new(admin.Readiness)
	server := admin.New(shoptest.Settings(t), readiness, zap.NewNop())
	shoptest.Start(t, server)
	readiness.Observe(hooks.AppStarted{})

	readiness.Observe(hooks.Draining{})

	var answer any
	got := shoptest.Do(t, shoptest.Client(t), http.MethodGet, "http://"+server.Addr()+"/readyz", "", &answer)
	if got != http.StatusServiceUnavailable {
		t.Errorf("readyz %d", got)
	}
}
