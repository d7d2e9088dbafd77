package main

import (
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/examples/internal/programtest"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// The links are asked of a site that answers only when the program is stopping: so all
// that was accepted is still to be done when it is told to stop.
func TestWhatWasAcceptedIsDoneBeforeItEnds(t *testing.T) {
	site := openSite(t)
	database := filepath.Join(t.TempDir(), "links.db")
	p := programtest.Start(t, "-http", "127.0.0.1:0", "-debug", "127.0.0.1:0", "-db", database)
	links := programtest.URL(p.Await("listening")) + "/links"
	p.Await("app started")
	clients := programtest.Send(t, 8, links, site.link)
	clients.Await(60)

	p.Signal(syscall.SIGTERM)
	p.Await("app stopping")
	site.answer()

	if code := p.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	accepted := clients.Accepted()
	results := read(t, database)
	for _, link := range accepted {
		if results[link] != "204 No Content" {
			t.Errorf("%s was accepted, and its result is %q", link, results[link])
		}
	}
	if len(results) != len(accepted) {
		t.Errorf("%d results, %d were accepted", len(results), len(accepted))
	}
	t.Logf("%d were accepted, %d were done", len(accepted), len(results))
	p.Order("unit started", "*main.Database", "*main.Migration", "*main.Checker", "*main.Server")
	p.Order("unit stopped", "*main.Server", "*main.Checker", "*main.Migration", "*main.Database")
}

// What a second signal cuts off is counted: four in the hands of the workers, and the rest.
func TestWhatIsForcedIsCounted(t *testing.T) {
	site := openSite(t)
	database := filepath.Join(t.TempDir(), "links.db")
	p := programtest.Start(t, "-http", "127.0.0.1:0", "-debug", "127.0.0.1:0", "-db", database)
	links := programtest.URL(p.Await("listening")) + "/links"
	p.Await("app started")
	for i := range 20 {
		if status, answer := programtest.Do(t, http.MethodPost, links, site.link(0, i)); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, answer)
		}
	}
	programtest.Eventually(t, "four are asked", func() bool { return site.held() == 4 })

	p.Signal(syscall.SIGTERM)
	p.Await("app stopping")
	time.Sleep(600 * time.Millisecond) // for a signal sooner than half a second after the first does not count
	p.Signal(syscall.SIGTERM)

	if code := p.Exit(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("exit code %d", code)
	}
	p.Await("16 accepted jobs were not begun")
	if results := read(t, database); len(results) != 0 {
		t.Errorf("results %q", results)
	}
}

// The table is there before the first link, what is old is forgotten, and that the
// address of the profiles is taken keeps nothing from working.
func TestItWorksWithoutTheProfiles(t *testing.T) {
	site := openSite(t)
	site.answer()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	database := filepath.Join(t.TempDir(), "links.db")
	change(t, database, `CREATE TABLE links (link TEXT PRIMARY KEY, result TEXT NOT NULL, checked INTEGER NOT NULL)`)
	change(t, database, `INSERT INTO links VALUES ('old', '200 OK', unixepoch('now', '-2 days')), ('new', '200 OK', unixepoch())`)

	p := programtest.Start(t, "-http", "127.0.0.1:0", "-debug", taken.Addr().String(), "-db", database)
	links := programtest.URL(p.Await("listening")) + "/links"
	p.Await("app started")
	p.Await("no profiles", "address already in use")
	p.Await("forgot old results", `"results":1`)

	for _, test := range []struct{ link, result string }{
		{site.link(0, 0), "204 No Content"},
		{"nonsense:", `Head "nonsense:": unsupported protocol scheme "nonsense"`},
	} {
		if status, answer := programtest.Do(t, http.MethodPost, links, test.link); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, answer)
		}
		programtest.Eventually(t, "it is checked", func() bool {
			status, result := programtest.Do(t, http.MethodGet, links+"?link="+url.QueryEscape(test.link), "")
			if status == http.StatusOK && result != test.result {
				t.Fatalf("%s: %s", test.link, result)
			}
			return status == http.StatusOK
		})
	}
	p.Signal(syscall.SIGTERM)
	if code := p.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	results := read(t, database)
	if _, old := results["old"]; old || results["new"] == "" {
		t.Errorf("results %q", results)
	}
}

// A task that fails is the end of the start: nothing that needs it has run.
func TestAMigrationThatFailsStartsNothing(t *testing.T) {
	database := filepath.Join(t.TempDir(), "links.db")
	if err := os.WriteFile(database, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}

	p := programtest.Start(t, "-http", "127.0.0.1:0", "-debug", "127.0.0.1:0", "-db", database)

	if code := p.Exit(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	p.Await("app stopped", "start *main.Migration (jobs.NewMigration, results.go:", "file is not a database")
	for _, unit := range []string{"*main.Forgetter", "*main.Checker", "*main.Server"} {
		if strings.Contains(p.Output(), `"unit starting","unit":"`+unit) {
			t.Errorf("%s was started", unit)
		}
	}
}

func TestItHoldsWhateverFails(t *testing.T) {
	containertest.Explore(t, func() *container.App { return newApp(Config{}) })
}

// site is what links lead to. It answers nobody before it is told to.
type site struct {
	url    string
	open   chan struct{} // closed to have it answer
	answer func()

	mu      sync.Mutex // guards waiting
	waiting int
}

func openSite(t *testing.T) *site {
	s := &site{open: make(chan struct{})}
	s.answer = sync.OnceFunc(func() { close(s.open) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.count(+1)
		defer s.count(-1)
		<-s.open
		w.WriteHeader(http.StatusNoContent)
	}))
	s.url = server.URL
	t.Cleanup(server.Close)
	t.Cleanup(s.answer) // which comes first
	return s
}

func (s *site) link(client, n int) string { return fmt.Sprintf("%s/%d/%d", s.url, client, n) }

func (s *site) count(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting += change
}

// held returns how many wait for an answer.
func (s *site) held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// read returns the results in the database, by their links.
func read(t *testing.T, database string) map[string]string {
	t.Helper()
	db := open(t, database)
	rows, err := db.Query(`SELECT link, result FROM links`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	results := make(map[string]string)
	for rows.Next() {
		var link, result string
		if err := rows.Scan(&link, &result); err != nil {
			t.Fatal(err)
		}
		results[link] = result
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return results
}

func change(t *testing.T, database, statement string) {
	t.Helper()
	if _, err := open(t, database).Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
