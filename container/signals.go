package container

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// signalPause is how long after a signal another does not count: Ctrl-C in a shell
// and supervisors send pairs.
const signalPause = 500 * time.Millisecond

// signals are the signals that Run heeds.
type signals struct {
	source  <-chan os.Signal
	counted int
	last    time.Time // when the last was that counted
	forced  bool      // one of them has forced the app
}

// count returns the how-manieth signal this is, 0 if it does not count.
func (c *signals) count() int {
	now := time.Now()
	if c.counted > 0 && now.Sub(c.last) < signalPause {
		return 0
	}
	c.counted++
	c.last = now
	return c.counted
}

// signalError is the cause of a force by a signal: the second, or the third if the
// second has ended a drain.
type signalError struct {
	signal os.Signal
	nth    int
}

func (e *signalError) Error() string {
	nth := "second"
	if e.nth > 2 {
		nth = "third"
	}
	return fmt.Sprintf("forced by a %s signal: %v", nth, e.signal)
}

func (e *signalError) code() int {
	if n, ok := e.signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 1
}
