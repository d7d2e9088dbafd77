package systemd

import (
	"sync"
	"time"
)

// watchdog pings as long as the application is live.
type watchdog struct {
	ping func()

	// What follows belongs to begin and end.
	every     time.Duration // 0 if nobody asks for pings, or no more
	stop      chan struct{} // closed to end the goroutine, nil before it began
	goroutine sync.WaitGroup

	mu    sync.Mutex // guards what follows
	until time.Time  // the application is not live after that, unless this is zero
}

// begin begins to ping, the first time that it is called.
func (w *watchdog) begin() {
	if w.every == 0 || w.stop != nil {
		return
	}
	ticker, stop := time.NewTicker(w.every), make(chan struct{})
	w.stop = stop
	w.goroutine.Go(func() {
		defer ticker.Stop()
		w.run(ticker.C, stop)
	})
}

// end ends the pings, for good. When it has returned there are none.
func (w *watchdog) end() {
	if w.every == 0 {
		return
	}
	w.every = 0
	if w.stop != nil {
		close(w.stop)
		w.goroutine.Wait()
	}
}

// expect has the pings pause after a time, the zero time for never.
func (w *watchdog) expect(until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = until
}

func (w *watchdog) run(ticks <-chan time.Time, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case now := <-ticks:
			if w.live(now) {
				w.ping()
			}
		}
	}
}

func (w *watchdog) live(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.until.IsZero() || !now.After(w.until)
}
