package systemd

import (
	"fmt"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/daemon"
)

// outbox sends messages one at a time, in the order in which they were put in, and has
// nobody who puts one in wait. The goroutine that sends ends when all is sent.
type outbox struct {
	send func(datagram string) error

	mu      sync.Mutex // guards what follows
	waiting []message
	idle    chan struct{} // closed when all is sent; nil if nothing is being sent
	err     error         // the first of send
}

// put has m sent. What waits is not many messages, however slow the socket is: a change
// of the state stands for itself, everything else goes into the last one.
func (o *outbox) put(m message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if last := len(o.waiting) - 1; last >= 0 && m.state == "" {
		o.waiting[last].add(m)
		return
	}
	o.waiting = append(o.waiting, m)
	if o.idle == nil {
		o.idle = make(chan struct{})
		go o.work()
	}
}

// wait waits until everything that was put in is sent or given up, and returns the first
// error so far.
func (o *outbox) wait() error {
	o.mu.Lock()
	idle := o.idle
	o.mu.Unlock()
	if idle != nil {
		<-idle
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// work sends what waits until nothing does.
func (o *outbox) work() {
	for m, ok := o.next(); ok; m, ok = o.next() {
		if err := o.send(m.String()); err != nil {
			o.fail(err)
		}
	}
}

// next takes the next message out. If there is none, the outbox is idle.
func (o *outbox) next() (m message, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		close(o.idle)
		o.idle = nil
		return message{}, false
	}
	m = o.waiting[0]
	o.waiting = o.waiting[1:]
	return m, true
}

func (o *outbox) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
}

// message is what is told at once.
type message struct {
	state  string // a change of the state, empty if there is none
	extend bool   // a step was made
	status string // empty if there is nothing new
	ping   bool
}

// add adds what other has to tell, later.
func (m *message) add(other message) {
	m.extend = m.extend || other.extend
	m.ping = m.ping || other.ping
	if other.status != "" {
		m.status = other.status
	}
}

// String returns the datagram: an assignment a line.
func (m message) String() string {
	var lines []string
	if m.state != "" {
		lines = append(lines, m.state)
	}
	if m.extend {
		lines = append(lines, fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", extension.Microseconds()))
	}
	if m.status != "" {
		lines = append(lines, "STATUS="+clean(m.status))
	}
	if m.ping {
		lines = append(lines, daemon.SdNotifyWatchdog)
	}
	return strings.Join(lines, "\n")
}
