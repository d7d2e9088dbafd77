package inspect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/inspect"
	"github.com/strata-go/strata/process"
)

// Store runs, and so does API, which needs it.
type (
	Store struct{}
	API   struct{}
)

func NewStore() *Store   { return new(Store) }
func NewAPI(*Store) *API { return new(API) }

func (*Store) Run(ctx context.Context, callback process.Callback) error { return callback(ctx) }
func (*API) Run(ctx context.Context, callback process.Callback) error   { return callback(ctx) }

// The page is mounted where operators get to; state.json beside it is for scripts.
func Example() {
	app := container.New(container.WithLogger(zap.NewNop()))
	app.Provide(NewStore)
	app.Provide(NewAPI)

	admin := http.NewServeMux() // to be served by a part of the application that needs no other
	admin.Handle("/debug/strata/", inspect.Handler(app))

	ask := func() {
		answer := httptest.NewRecorder()
		admin.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/debug/strata/state.json", nil))
		var state struct {
			App   struct{ State string }
			Units []struct{ Name, State string }
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &state); err != nil {
			fmt.Println(err)
		}
		fmt.Println(state.App.State, state.Units)
	}
	ask()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-app.Ready()
		ask()
		cancel()
	}()
	if err := app.RunContext(ctx); err != nil {
		fmt.Println(err)
	}
	ask()
	// Output:
	// waiting [{*inspect_test.Store waiting} {*inspect_test.API waiting}]
	// running [{*inspect_test.Store running} {*inspect_test.API running}]
	// stopped [{*inspect_test.Store stopped} {*inspect_test.API stopped}]
}
