package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/examples/shop/admin"
	"github.com/strata-go/strata/examples/shop/shoptest"
)

func TestTheShopHasAPageThatShowsIt(t *testing.T) {
	app := newApp(shoptest.Settings(t))
	var server *admin.Server
	if err := app.Invoke(func(s *admin.Server) { server = s }); err != nil {
		t.Fatal(err)
	}
	containertest.Start(t, app)
	client := shoptest.Client(t)
	page := "http://" + server.Addr() + "/debug/strata/"

	answer, err := client.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || !strings.HasPrefix(string(text), "<!doctype html>") {
		t.Errorf("%s, %v: %.100q", answer.Status, err, text)
	}

	var state struct {
		Units []struct {
			Name      string
			DependsOn []struct{ Name, Why string } `json:"depends_on"`
		}
	}
	if status := shoptest.Do(t, client, http.MethodGet, page+"state.json", "", &state); status != http.StatusOK || len(state.Units) != 6 {
		t.Fatalf("%d: %+v", status, state)
	}
	api := state.Units[5]
	if api.Name != "*api.Server" || len(api.DependsOn) != 3 || !strings.HasPrefix(api.DependsOn[0].Why, "api.New (api.go:") {
		t.Errorf("%+v", api)
	}
	if status := shoptest.Do(t, client, http.MethodPost, page, "", &state); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
}
