package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

var twoTenants = []Settings{{"acme", "127.0.0.1:0"}, {"globex", "127.0.0.1:0"}}

// A tenant is checked like any app, with what the host would give it.
func TestTheTenantsResolve(t *testing.T) {
	if err := newTenantApp(twoTenants[0], &Database{new(sql.DB)}, zap.NewNop()).Verify(); err != nil {
		t.Error(err)
	}
}

func TestItHoldsWhateverFails(t *testing.T) {
	containertest.Explore(t, func() *container.App { return newApp(Config{OnCrash: "stop", Tenants: twoTenants}) })
}

// The database is locked until the host stops: all that was accepted is still to be
// written then, by each tenant.
func TestWhatTenantsAcceptedIsWrittenBeforeTheDatabaseIsClosed(t *testing.T) {
	h := startHost(t, "stop")
	unlock := h.lock()
	acme := programtest.Send(t, 4, h.acme, note)
	globex := programtest.Send(t, 4, h.globex, note)
	acme.Await(40)
	globex.Await(40)

	h.Signal(syscall.SIGTERM)
	h.Await(`"logger":"host"`, "app stopping")
	unlock()

	if code := h.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	h.wantNotes("acme", acme.Accepted())
	h.wantNotes("globex", globex.Accepted())
	for _, tenant := range []string{"acme", "globex"} {
		h.Order(`"logger":"host","msg":"unit started"`, "*main.Database", "tenant "+tenant)
		h.Order(`"logger":"host","msg":"unit stopped"`, "tenant "+tenant, "*main.Database")
		h.Order(`"logger":"host.`+tenant+`","msg":"unit stopped"`, "*main.Server", "*main.Writer")
	}
}

// The crash of a tenant ends the host, but nothing that the other one has accepted is lost.
func TestACrashMayStopTheHost(t *testing.T) {
	h := startHost(t, "stop")
	unlock := h.lock()
	globex := programtest.Send(t, 4, h.globex, note)
	globex.Await(40)

	h.post(h.acme, "crash")
	h.Await(`"logger":"host"`, "app stopping", "tenant acme")
	unlock()

	if code := h.Exit(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	h.Await(`"logger":"host"`, "app stopped", "run tenant acme (", "run *main.Writer (", "a bug")
	h.wantNotes("globex", globex.Accepted())
}

func TestACrashMayRestartTheTenant(t *testing.T) {
	h := startHost(t, "restart")
	h.post(h.globex, "before")
	first := h.Await("listening", "host.acme")

	h.post(h.acme, "crash")
	again := h.AwaitAfter(first, "listening", "host.acme")

	h.post(programtest.URL(again)+"/notes", "after")
	h.post(h.globex, "after") // which was not restarted: it has the same address
	h.Signal(syscall.SIGTERM)
	if code := h.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	h.wantNotes("acme", []string{"after"})
	h.wantNotes("globex", []string{"before", "after"})
	h.Await(`"logger":"host"`, "failure 1 of 10", "tenant acme")
}

func TestACrashMayLeaveTheOthersAlone(t *testing.T) {
	h := startHost(t, "leave")
	h.post(h.globex, "before")

	h.post(h.acme, "crash")
	h.Await(`"logger":"host"`, "unit report", "tenant acme", "a bug")

	if response, err := http.Post(h.acme, "text/plain", strings.NewReader("after")); err == nil {
		response.Body.Close()
		t.Error("the tenant answers")
	}
	h.post(h.globex, "after")
	h.Signal(syscall.SIGTERM)
	if code := h.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	h.wantNotes("acme", nil)
	h.wantNotes("globex", []string{"before", "after"})
}

func TestFlagsThatMakeNoSenseAreNamed(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-crash never", `invalid value "never" for flag -crash: want stop, restart or leave`},
		{"-tenant acme", `invalid value "acme" for flag -tenant: want name=address`},
		{"-tenant a=:1 -tenant a=:2", `invalid value "a=:2" for flag -tenant: tenant a is there already`},
	} {
		p := programtest.Start(t, strings.Fields(test.args)...)

		if code := p.Exit(); code != 2 {
			t.Errorf("%s: exit code %d", test.args, code)
		}
		p.Await(test.want)
	}
}

// host is a running program with two tenants.
type host struct {
	*programtest.Program
	t            *testing.T
	db           *sql.DB
	acme, globex string // where to post notes
}

func startHost(t *testing.T, crash string) *host {
	t.Helper()
	database := filepath.Join(t.TempDir(), "notes.db")
	db, err := sql.Open("sqlite3", "file:"+database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p := programtest.Start(t, "-db", database, "-crash", crash, "-tenant", "acme=127.0.0.1:0", "-tenant", "globex=127.0.0.1:0")
	p.Await(`"logger":"host"`, "app started")
	return &host{
		Program: p, t: t, db: db,
		acme:   programtest.URL(p.Await("listening", "host.acme")) + "/notes",
		globex: programtest.URL(p.Await("listening", "host.globex")) + "/notes",
	}
}

// lock keeps the program from writing until unlock is called.
func (h *host) lock() (unlock func()) {
	h.t.Helper()
	conn, err := h.db.Conn(context.Background())
	if err == nil {
		_, err = conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			h.t.Error(err)
		}
		_ = conn.Close()
	}
}

func (h *host) post(url, note string) {
	h.t.Helper()
	if status, answer := programtest.Do(h.t, http.MethodPost, url, note); status != http.StatusAccepted {
		h.t.Errorf("%s: %d %s", note, status, answer)
	}
}

// wantNotes checks that the tenant has these notes, in any order, and no others.
func (h *host) wantNotes(tenant string, want []string) {
	h.t.Helper()
	missing := make(map[string]bool)
	for _, note := range want {
		missing[note] = true
	}
	rows, err := h.db.Query(`SELECT note FROM notes WHERE tenant = ?`, tenant)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	count := 0
	for rows.Next() {
		var note string
		if err := rows.Scan(&note); err != nil {
			h.t.Fatal(err)
		}
		delete(missing, note)
		count++
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	if count != len(want) || len(missing) > 0 {
		h.t.Errorf("%s: %d notes, %d were accepted, missing %v", tenant, count, len(want), missing)
	}
	h.t.Logf("%s: %d were accepted, %d written", tenant, len(want), count)
}

func note(client, n int) string { return fmt.Sprintf("note %d of %d", n, client) }
