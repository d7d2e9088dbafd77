package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// Each choice that one can make has all that it needs. Nothing is built for that.
func TestEveryChoiceOfModulesResolves(t *testing.T) {
	all := names()
	for choice := range 1 << len(all) {
		var enabled []string
		for i, name := range all {
			if choice&(1<<i) != 0 {
				enabled = append(enabled, name)
			}
		}
		if err := newApp(Config{Enabled: enabled}).Verify(); err != nil {
			t.Errorf("%q: %v", enabled, err)
		}
	}
}

func TestWhatRunsIsWhatWasChosen(t *testing.T) {
	for _, test := range []struct {
		enabled []string
		layers  string
	}{
		{nil, "[*web.Server]"},
		{[]string{"metrics"}, "[*web.Server]"},
		{[]string{"orders"}, "[*orders.Store] [*web.Server]"},
		{[]string{"mail"}, "[*mail.Mailer *web.Server]"},
		{[]string{"mail", "orders"}, "[*mail.Mailer *orders.Store] [*web.Server]"},
		{names(), "[*mail.Mailer *orders.Store] [*web.Server]"},
	} {
		plan, err := newApp(Config{Enabled: test.enabled}).Plan()
		if err != nil {
			t.Fatal(err)
		}
		var layers []string
		for _, layer := range plan.Layers {
			var units []string
			for _, unit := range layer {
				units = append(units, unit.Name)
			}
			slices.Sort(units)
			layers = append(layers, fmt.Sprint(units))
		}
		if got := strings.Join(layers, " "); got != test.layers {
			t.Errorf("%q: %s, want %s", test.enabled, got, test.layers)
		}
	}
}

// The same packages register on a dig.Container, and in a scope.
func TestModulesRegisterOnEveryProvider(t *testing.T) {
	c, app := dig.New(), container.New()
	for where, to := range map[string]container.Provider{
		"dig.Container": c, "dig.Scope": c.Scope("inner"), "App": app, "Scope": app.Scope("inner"),
	} {
		for name, register := range modules {
			if err := register(to); err != nil {
				t.Errorf("%s on %s: %v", name, where, err)
			}
		}
	}
}

func TestItHoldsWhateverFails(t *testing.T) {
	containertest.Explore(t, func() *container.App { return newApp(Config{Enabled: names()}) })
}

// Every order that was answered is in the store, counted once, and has its letter,
// though letters were far behind when it was told to stop.
func TestEachOrderThatWasAnsweredHasItsLetter(t *testing.T) {
	folder := t.TempDir()
	database, outgoing := filepath.Join(folder, "orders.db"), filepath.Join(folder, "outgoing")
	p := programtest.Start(t, "-http", "127.0.0.1:0", "-db", database, "-mail", outgoing, "-mail-pause", "10ms")
	url := programtest.URL(p.Await("listening"))
	p.Await("app started")
	clients := programtest.Send(t, 8, url+"/orders", func(client, n int) string { return fmt.Sprintf("tea %d of %d", n, client) })
	clients.Await(100)
	if _, counted := programtest.Do(t, http.MethodGet, url+"/metrics", ""); strings.HasSuffix(counted, "total 0") {
		t.Error("orders are not counted")
	}

	p.Signal(syscall.SIGTERM)

	if code := p.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	accepted := clients.Accepted()
	orders := readOrders(t, database)
	for _, item := range accepted {
		if _, ok := orders[item]; !ok {
			t.Errorf("%s was accepted, and is not in the store", item)
		}
	}
	for item, id := range orders {
		letter, err := os.ReadFile(filepath.Join(outgoing, fmt.Sprintf("order-%d.eml", id)))
		if err != nil || !strings.Contains(string(letter), "ordering "+item+".") {
			t.Errorf("letter for %s: %q, %v", item, letter, err)
		}
	}
	letters, err := os.ReadDir(outgoing)
	if err != nil || len(letters) != len(accepted) || len(orders) != len(accepted) {
		t.Errorf("%d were accepted, %d are in the store, %d letters, %v", len(accepted), len(orders), len(letters), err)
	}
	t.Logf("%d were accepted, %d letters", len(accepted), len(letters))
	p.Order("unit stopped", "*web.Server", "*mail.Mailer")
	p.Order("unit stopped", "*web.Server", "*orders.Store")
}

func TestWhatIsNotEnabledIsNotThere(t *testing.T) {
	folder := t.TempDir()
	p := programtest.Start(t, "-enable", "metrics", "-http", "127.0.0.1:0", "-db", filepath.Join(folder, "orders.db"))
	url := programtest.URL(p.Await("listening"))
	p.Await("app started")

	if status, text := programtest.Do(t, http.MethodGet, url+"/metrics", ""); status != http.StatusOK {
		t.Errorf("/metrics: %d %s", status, text)
	}
	if status, _ := programtest.Do(t, http.MethodPost, url+"/orders", "tea"); status != http.StatusNotFound {
		t.Errorf("/orders: %d", status)
	}
	p.Signal(syscall.SIGTERM)
	if code := p.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
		t.Errorf("files %v, %v", files, err)
	}
}

func TestUnknownModuleIsNamed(t *testing.T) {
	for _, list := range []string{"orders,mial", "mial", "mial,mial"} {
		p := programtest.Start(t, "-enable", list)

		if code := p.Exit(); code != 2 {
			t.Errorf("exit code %d", code)
		}
		p.Await(`invalid value "` + list + `" for flag -enable: no module "mial": there are mail, metrics, orders`)
	}
}

func readOrders(t *testing.T, database string) map[string]int64 {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT item, id FROM orders`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	orders := make(map[string]int64)
	for rows.Next() {
		var item string
		var id int64
		if err := rows.Scan(&item, &id); err != nil {
			t.Fatal(err)
		}
		orders[item] = id
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return orders
}
