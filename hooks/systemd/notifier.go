package systemd

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/strata-go/strata/hooks"
)

const (
	// extension is how long the application may take for the next step.
	extension = 30 * time.Second
	// silence is how long an application that starts or stops may tell nothing and
	// still be live: three times as long as it does when it waits.
	silence = 15 * time.Second
)

// Notifier is an observer that tells systemd what an application does. Give it to one
// application, with container.WithObserver or App.Observe; later than at the beginning
// is fine, as an observer is told the past. The zero value does nothing.
type Notifier struct {
	outbox   *outbox // nil if nobody listens
	watchdog *watchdog
	invalid  error // what is wrong in the environment

	// What follows belongs to Observe.
	phase    phase
	progress progress
	drained  time.Time // when the drain delay will be over
}

// phase is where an application stands. It only grows, and phases may be left out:
//
//	constructing  until AppStarting
//	starting      until AppStarted
//	running       until AppStopping
//	stopping      until AppStopped
//	ended
type phase int

const (
	constructing phase = iota
	starting
	running
	stopping
	ended
)

// New returns a Notifier for the socket that the environment variable NOTIFY_SOCKET
// names, one that does nothing if it names none. WATCHDOG_USEC and WATCHDOG_PID say
// whether and how often systemd wants to be pinged by this process. The environment is
// not read again, and not changed. [Notifier.Sync] returns what is wrong with it.
func New() *Notifier {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return &Notifier{}
	}
	if !strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "@") {
		return &Notifier{invalid: fmt.Errorf("NOTIFY_SOCKET %q: want an absolute path, or @ and a name", address)}
	}
	interval, err := daemon.SdWatchdogEnabled(false)
	if err == nil && interval < 0 {
		err = errors.New("the duration is too long")
	}
	if err != nil {
		interval, err = 0, fmt.Errorf("WATCHDOG_USEC, WATCHDOG_PID: %w", err)
	}
	n := newNotifier(socket(address).send, interval)
	n.invalid = err
	return n
}

// newNotifier returns a Notifier that sends with send. systemd expects a ping in each
// interval; 0 is none.
func newNotifier(send func(datagram string) error, interval time.Duration) *Notifier {
	o := &outbox{send: send}
	return &Notifier{
		outbox:   o,
		watchdog: &watchdog{every: interval / 2, ping: func() { o.put(message{ping: true}) }},
	}
}

// Observe implements [hooks.Observer]. It does not wait until a message is sent: if the
// socket is slower than the application, of several statuses the last is sent.
func (n *Notifier) Observe(event hooks.Event) {
	if n.outbox == nil || n.phase == ended {
		return
	}
	switch e := event.(type) {
	case hooks.Constructed:
		if n.phase == constructing && e.Err == nil {
			n.progress.constructed++
			n.outbox.put(message{extend: true, status: n.progress.construction(e.Constructor)})
		}
	case hooks.AppStarting:
		n.enter(starting)
		n.progress.units = e.Units
		n.watchdog.begin()
		n.tellStart(message{})
	case hooks.UnitStarting:
		n.progress.begin(e.Unit.Name)
		n.tellStart(message{})
	case hooks.UnitStarted:
		n.progress.started++
		n.progress.leave(e.Unit.Name)
		n.tellStart(message{extend: true})
	case hooks.StillStarting:
		if n.phase == constructing {
			n.outbox.put(message{status: n.progress.constructing(describe(e.Pending))})
		}
		n.tellStart(message{status: n.progress.start(describe(e.Pending))})
	case hooks.AppStarted:
		n.enter(running)
		n.watchdog.begin() // of a long past, the beginning may be lost
		n.outbox.put(message{state: daemon.SdNotifyReady, status: n.progress.run(e.Took)})
	case hooks.AppStopping:
		n.enter(stopping)
		n.outbox.put(message{state: daemon.SdNotifyStopping, status: reason(e)})
	case hooks.Draining:
		n.drained = time.Now().Add(e.Delay)
		n.tellStop(message{status: "draining for " + e.Delay.String()})
	case hooks.UnitStopping:
		n.progress.begin(e.Unit.Name)
		n.tellStop(message{})
	case hooks.UnitStopped:
		n.progress.ended++
		n.progress.leave(e.Unit.Name)
		n.tellStop(message{extend: true})
	case hooks.StillStopping:
		n.tellStop(message{status: n.progress.stop(describe(e.Pending))})
	case hooks.Stuck:
		n.watchdog.end()
	case hooks.AppStopped:
		n.enter(ended)
		n.watchdog.end()
		n.outbox.put(message{status: result(e.Err)})
	}
	n.watchdog.expect(n.nextWord())
}

// Sync waits until everything is sent, or given up: a message that systemd does not take
// for two seconds is dropped. It returns the first error of the socket, or what is wrong
// in the environment. Nothing else comes of such an error: the application goes on, and
// later messages are tried. Sync may be called at any time, from any goroutine; the
// application calls it when it has ended.
func (n *Notifier) Sync() error {
	if n.outbox == nil {
		return n.invalid
	}
	return errors.Join(n.invalid, n.outbox.wait())
}

func (n *Notifier) enter(p phase) { n.phase = max(n.phase, p) }

// tellStart sends m if the application starts, with what has started if m has no status.
func (n *Notifier) tellStart(m message) {
	if n.phase != starting {
		return
	}
	if m.status == "" {
		m.status = n.progress.start(n.progress.pending)
	}
	n.outbox.put(m)
}

// tellStop sends m if the application stops, with what has stopped if m has no status.
func (n *Notifier) tellStop(m message) {
	if n.phase != stopping {
		return
	}
	if m.status == "" {
		m.status = n.progress.stop(n.progress.pending)
	}
	n.outbox.put(m)
}

// nextWord returns by when the application will tell something if it is live, the zero
// time if it has nothing to tell.
func (n *Notifier) nextWord() time.Time {
	if n.phase != starting && n.phase != stopping {
		return time.Time{}
	}
	from := time.Now()
	if n.drained.After(from) {
		from = n.drained
	}
	return from.Add(silence)
}
