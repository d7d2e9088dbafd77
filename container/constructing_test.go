package container_test

import (
	"strings"
	"testing"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// An observer can tell which constructor is being called.
func TestConstructingComesBeforeTheCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var story []string
		note := func(what string) { story = append(story, what) }
		app := container.New(container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
			switch e := e.(type) {
			case hooks.Constructing:
				note("before " + e.Location)
			case hooks.Constructed:
				note("after " + e.Location)
			}
		})))
		app.Provide(func() *Database {
			note("database")
			return &Database{process.Nop()}
		})
		app.Provide(func(*Database) *Server {
			note("server")
			return &Server{process.Nop()}
		})
		if err := startAndStop(t, app); err != nil {
			t.Error(err)
		}
		if len(story) != 6 || story[1] != "database" || story[4] != "server" {
			t.Fatalf("it went %q", story)
		}
		for _, i := range []int{0, 3} {
			location, before := strings.CutPrefix(story[i], "before ")
			if !before || story[i+2] != "after "+location {
				t.Errorf("it went %q", story)
			}
		}
	})
}
