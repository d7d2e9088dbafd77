package peers_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/bench/peers"
)

func TestMain(m *testing.M) {
	peers.MainOfCrash()
	os.Exit(m.Run())
}

func TestEachPeerDoesATaskOrSaysWhyNot(t *testing.T) {
	for _, p := range peers.All() {
		for _, task := range peers.Tasks {
			does := map[peers.Task]bool{
				peers.Build:       p.Build != nil,
				peers.Independent: p.Prepare != nil, peers.Layered: p.Prepare != nil, peers.Graph: p.Prepare != nil,
				peers.Crash: p.Main != nil,
			}[task]
			if p.Can(task) && !does {
				t.Errorf("%s: neither does %s nor says why not", p.Name, task)
			}
		}
	}
}

func TestBuildCallsEachConstructorOnce(t *testing.T) {
	c := bench.NewConstructors(100)
	for _, scopes := range []int{1, 10} {
		each(t, peers.Build, func(t *testing.T, p *peers.Peer) {
			if err := p.Build(c, scopes); err != nil {
				t.Fatal(err)
			}
			if called := c.Called(); called != 100*scopes {
				t.Errorf("%d calls of %d", called, 100*scopes)
			}
		})
	}
}

func TestAllUnitsAreStartedAndStopped(t *testing.T) {
	for task, units := range map[peers.Task]func() []*bench.Unit{
		peers.Independent: func() []*bench.Unit { return bench.Independent(100) },
		peers.Layered:     func() []*bench.Unit { return bench.Layered(100) },
		peers.Graph:       func() []*bench.Unit { return bench.Loki(50) },
	} {
		each(t, task, func(t *testing.T, p *peers.Peer) {
			units := units()
			trace := bench.TraceOf(units, nil)
			process, err := p.Prepare(units)
			if err != nil {
				t.Fatal(err)
			}
			if err := process.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			started := trace.Events()
			if err := process.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
			all := trace.Events()
			check(t, bench.Complete(units, started, bench.Ready))
			check(t, bench.Complete(units, all[len(started):], bench.Ended))
			if len(all) != 4*len(units) {
				t.Errorf("%d events of %d units", len(all), len(units))
			}
			check(t, bench.StartOrder(units, all))
			check(t, bench.StopOrder(units, all))
		})
	}
}

// keepsTheOrder is what is known of the peers in a crash, and what the report will say.
var keepsTheOrder = map[string]bool{
	"Strata process": true, "Strata App": true, "Strata App ByDependency": true, "fx": true, "do": true, "dskit": true,
	"suture": false, "oklog/run": false, "errgroup": false,
}

func TestACrashEndsTheProcess(t *testing.T) {
	units := bench.Loki(10)
	each(t, peers.Crash, func(t *testing.T, p *peers.Peer) {
		t.Parallel()
		c, err := peers.RunCrash(p, 10)
		if err != nil {
			t.Fatal(err)
		}
		check(t, bench.Complete(units, c.Events, bench.Ready))
		check(t, bench.Complete(units, c.Events, bench.Ended))
		if c.Code != 1 {
			t.Errorf("exit code %d", c.Code)
		}
		if c.Took <= 0 || c.Took > time.Minute {
			t.Errorf("took %v", c.Took)
		}
		err = bench.StopOrder(units, c.Events)
		if keeps, known := keepsTheOrder[p.Name]; !known || keeps && err != nil {
			t.Errorf("order: %v", err)
		}
	})
}

func each(t *testing.T, task peers.Task, do func(*testing.T, *peers.Peer)) {
	for _, p := range peers.All() {
		if p.Can(task) {
			t.Run(fmt.Sprint(task, "/", p.Name), func(t *testing.T) { do(t, p) })
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
