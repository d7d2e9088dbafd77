package admin_test

import (
	"net/http"
	"testing"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/examples/shop/admin"
	"github.com/strata-go/strata/examples/shop/shoptest"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/health"
)

func TestItTellsHowTheShopIs(t *testing.T) {
	shop := health.New()
	server := admin.New(shoptest.Settings(t), shop, container.New(), zap.NewNop())
	shoptest.Start(t, server)
	client := shoptest.Client(t)

	for _, step := range []struct {
		event                   hooks.Event
		livez, readyz, startupz int
	}{
		{hooks.AppStarting{}, 200, 503, 503},
		{hooks.AppStarted{}, 200, 200, 200},
		{hooks.AppStopping{}, 200, 503, 200},
		{hooks.Stuck{}, 503, 503, 200},
	} {
		shop.Observe(step.event)

		for path, want := range map[string]int{"/livez": step.livez, "/readyz": step.readyz, "/startupz": step.startupz} {
			var answer any
			if got := shoptest.Do(t, client, http.MethodGet, "http://"+server.Addr()+path, "", &answer); got != want {
				t.Errorf("after %T: %s %d, want %d", step.event, path, got, want)
			}
			head, err := client.Head("http://" + server.Addr() + path)
			if err != nil {
				t.Fatal(err)
			}
			if err := head.Body.Close(); err != nil || head.StatusCode != want || head.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("HEAD %s: %s, %v, %v", path, head.Status, head.Header, err)
			}
			got := shoptest.Do(t, client, http.MethodPost, "http://"+server.Addr()+path, "", &answer)
			if got != http.StatusMethodNotAllowed {
				t.Errorf("POST %s: %d", path, got)
			}
		}
	}
}
