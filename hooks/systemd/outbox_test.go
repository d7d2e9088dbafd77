package systemd

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/strata-go/strata/hooks"
)

// While the socket takes nothing, nobody who observes waits, and what was not sent
// becomes a few messages that say what is now.
func TestObserveNeverWaitsForTheSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		free := make(chan struct{})
		n := newNotifier(func(datagram string) error {
			<-free
			sent = append(sent, datagram)
			return nil
		}, 0)

		n.Observe(hooks.AppStarting{Units: 1000})
		synctest.Wait() // that one is being sent
		for i := range 1000 {
			unit := hooks.Unit{Name: fmt.Sprint("u", i)}
			n.Observe(hooks.UnitStarting{Unit: unit})
			n.Observe(hooks.UnitStarted{Unit: unit})
		}
		n.Observe(hooks.AppStarted{})
		n.Observe(hooks.AppStopping{Why: hooks.WhyShutdown})
		n.Observe(hooks.UnitStopping{Unit: hooks.Unit{Name: "u0"}})
		n.Observe(hooks.UnitStopped{Unit: hooks.Unit{Name: "u0"}})
		n.Observe(hooks.AppStopped{})
		close(free)

		if err := n.Sync(); err != nil {
			t.Error(err)
		}
		want := []string{
			"STATUS=0 of 1000 units started",
			extend + "STATUS=1000 of 1000 units started",
			"READY=1\nSTATUS=running, 1000 units started in 0s",
			"STOPPING=1\n" + extend + "STATUS=stopped",
		}
		if !slices.Equal(sent, want) {
			t.Errorf("sent %q\nwant %q", sent, want)
		}
	})
}

func TestSyncMayBeCalledAtAnyTime(t *testing.T) {
	n := newNotifier(func(string) error { return nil }, 0)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for range 1000 {
				if err := n.Sync(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 1000 {
		n.Observe(hooks.Constructed{})
	}
	calls.Wait()
}
