package supervisor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/supervisor"
)

type consumer struct{ *supervisor.Supervisor }

type server struct{ process.Runner }

// A runner that crashes in a loop neither spins nor blocks its neighbours, and ends the
// app with its own error when the limit is reached.
func TestACrashLoopInAnApp(t *testing.T) {
	bubble(t, func(t *testing.T, j *journal) {
		crashing := &script{journal: new(journal), instances: []instance{{}}}
		crashing.instances[0] = instance{running: time.Nanosecond, runErr: errBoom}
		ticks := 0
		var said []string
		app := container.New(
			container.WithLogger(zap.NewNop()),
			container.WithObserver(hooks.ObserverFunc(func(e hooks.Event) {
				if e, ok := e.(hooks.UnitReported); ok {
					said = append(said, e.Unit.Name+": "+e.Value.(supervisor.Restart).String())
				}
			})),
		)
		app.Provide(func() *consumer {
			return &consumer{supervisor.New(crashing, growing(), supervisor.WithLimit(5, time.Minute))}
		})
		app.Provide(func(*consumer) *server { // a dependent, which starts and is stopped in order
			return &server{process.Every(time.Second, func(context.Context) error { ticks++; return nil })}
		})
		began := time.Now()
		err := app.RunContext(t.Context())

		if took := time.Since(began).Round(time.Second); took != (1+2+4+8)*time.Second || crashing.count() != 5 {
			t.Errorf("%d instances in %v", crashing.count(), took)
		}
		if ticks < 15 || ticks > 16 {
			t.Errorf("the neighbour ticked %d times", ticks)
		}
		if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), "*supervisor_test.consumer (") ||
			!strings.HasSuffix(err.Error(), "supervisor: gave up at failure 5 within 1m0s: boom") {
			t.Errorf("error %v", err)
		}
		if len(said) != 4 || said[0] != "*supervisor_test.consumer: failure 1 of 5: boom, restart in 1s" {
			t.Errorf("reported %q", said)
		}
	})
}
