package container_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// Whatever ends an app, and whenever: units start after what they wait for, are
// stopped after what waits for them, and the result tells what happened.
func TestAnyRunIsInOrder(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { runAtRandom(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func runAtRandom(t *testing.T, random *rand.Rand) {
	r := new(recorder)
	app := newApp(container.WithObserver(r), container.WithSchedule(container.Schedule(random.IntN(2))), container.WithStopTimeout(time.Hour))
	upTo := func(limit time.Duration) time.Duration { return time.Duration(random.Int64N(int64(limit))) + 1 }
	const units = 12
	failing := random.IntN(3 * units) // mostly none
	for i := range units {
		var needs []int
		for range random.IntN(4) {
			needs = append(needs, random.IntN(i+1)-1)
		}
		start, stop, life, hooked := upTo(time.Second), upTo(time.Second), upTo(10*time.Second), random.IntN(3) == 0
		provide(app, i, needs, func(l hooks.Lifecycle) process.Runner {
			if hooked {
				l.Append(hooks.Hook{OnStart: func(ctx context.Context) error { return sleep(ctx, start) }, OnStop: func(ctx context.Context) error { return sleep(ctx, stop) }})
			}
			if i == failing {
				return process.Sequential(takes(start, stop), fails(life, errBoom))
			}
			return takes(start, stop)
		})
	}
	s := shutdowner(t, app)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	end := upTo(15 * time.Second)
	timer := time.AfterFunc(end, cancel)
	defer timer.Stop()
	if random.IntN(2) == 0 {
		other := time.AfterFunc(upTo(15*time.Second), func() { s.Shutdown() })
		defer other.Stop()
	}

	err := app.RunContext(ctx)

	if err != nil && !errors.Is(err, errBoom) {
		t.Errorf("error is %v", err)
	}
	wantWellFormed(t, r)
	plan := planOf(t, app)
	at := make(map[string]int)
	for i, word := range r.story() {
		at[word] = i + 1
	}
	for _, layer := range plan.Layers {
		for _, u := range layer {
			if at["starting "+u.Name] > 0 && at["stopped "+u.Name] == 0 {
				t.Errorf("%s was started and not stopped", u.Name)
			}
			for _, d := range u.DependsOn {
				if start := at["starting "+u.Name]; start > 0 && (at["started "+d] == 0 || at["started "+d] > start) {
					t.Errorf("%s was started before %s was ready", u.Name, d)
				}
				if stop := at["stopping "+d]; stop > 0 && at["stopped "+u.Name] > stop {
					t.Errorf("%s was stopped before %s had ended", d, u.Name)
				}
			}
		}
	}
}
