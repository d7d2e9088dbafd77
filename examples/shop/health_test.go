package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/examples/shop/admin"
	"github.com/strata-go/strata/examples/shop/shoptest"
)

func TestTheShopIsNotReadyWhileNoOrderCanBeWritten(t *testing.T) {
	settings := shoptest.Settings(t)
	app := newApp(settings)
	var server *admin.Server
	if err := app.Invoke(func(s *admin.Server) { server = s }); err != nil {
		t.Fatal(err)
	}
	containertest.Start(t, app)
	client := shoptest.Client(t)
	ask := func(path string) (status int, reason string) {
		var answer struct{ Reason string }
		status = shoptest.Do(t, client, http.MethodGet, "http://"+server.Addr()+path, "", &answer)
		return status, answer.Reason
	}
	shoptest.Eventually(t, "it is ready", func() bool {
		status, _ := ask("/readyz")
		return status == http.StatusOK
	})

	shoptest.Lock(t, settings)

	shoptest.Eventually(t, "it is not ready", func() bool {
		status, reason := ask("/readyz")
		if status == http.StatusServiceUnavailable && !strings.HasPrefix(reason, "check of *store.Store: ") {
			t.Fatalf("reason %q", reason)
		}
		return status == http.StatusServiceUnavailable
	})
	for _, path := range []string{"/livez", "/startupz"} {
		if status, reason := ask(path); status != http.StatusOK {
			t.Errorf("%s %d, %s", path, status, reason)
		}
	}
}
