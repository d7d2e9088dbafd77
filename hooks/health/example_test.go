package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks/health"
	"github.com/strata-go/strata/process"
)

// Database runs, and knows whether it can be reached.
type Database struct{ reachable bool }

func NewDatabase() *Database { return &Database{reachable: true} }

func (*Database) Run(ctx context.Context, callback process.Callback) error { return callback(ctx) }

func (d *Database) HealthCheck(context.Context) error {
	if !d.reachable {
		return errors.New("connection refused")
	}
	return nil
}

func Example() {
	h := health.New()
	mux := http.NewServeMux() // to be served by a part of the application that needs no other
	mux.Handle("/livez", h.Livez())
	mux.Handle("/readyz", h.Readyz())
	mux.Handle("/startupz", h.Startupz())

	app := container.New(container.WithObserver(h), container.WithLogger(zap.NewNop()))
	app.Provide(NewDatabase)
	app.Invoke(func(d *Database) { d.reachable = false })

	ask(mux, "/readyz")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-app.Ready()
		ask(mux, "/readyz")
		ask(mux, "/livez")
		ask(mux, "/startupz")
		cancel()
	}()
	if err := app.RunContext(ctx); err != nil {
		fmt.Println(err)
	}
	ask(mux, "/livez")
	// Output:
	// /readyz 503 not ready: the application is constructing
	// /readyz 503 not ready: check of *health_test.Database: connection refused
	// /livez 200 alive
	// /startupz 200 started
	// /livez 503 not alive: the application is stopped: context
}

// Replica is a database that others can do without. A wrapper like BestEffort has no
// HealthCheck; what embeds the database has.
type Replica struct{ *Database }

func (r *Replica) Run(ctx context.Context, callback process.Callback) error {
	return process.BestEffort(r.Database, nil).Run(ctx, callback)
}

// A value is asked for its health if it has the method, its own or of what it embeds.
func ExampleChecker() {
	var _ health.Checker = (*Database)(nil)
	var _ health.Checker = (*Replica)(nil)

	h := health.New()
	app := container.New(container.WithObserver(h), container.WithLogger(zap.NewNop()))
	app.Provide(func() *Replica { return &Replica{&Database{reachable: false}} })

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-app.Ready()
		ask(h.Readyz(), "/readyz")
		cancel()
	}()
	fmt.Println(app.RunContext(ctx))
	// Output:
	// /readyz 503 not ready: check of *health_test.Replica: connection refused
	// <nil>
}

// ask prints what is answered to a request.
func ask(h http.Handler, path string) {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	var answer struct{ Status, Reason string }
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		fmt.Println(err)
	}
	if answer.Reason != "" {
		answer.Status += ": " + answer.Reason
	}
	fmt.Println(path, recorder.Code, answer.Status)
}
