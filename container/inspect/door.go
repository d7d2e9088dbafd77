package inspect

import (
	"maps"
	"net/http"
	"sync"
	"time"
)

// door is the server through which streams leave. When it is shut down it waits for the
// streams, and so they have to end then.
type door struct {
	since   time.Time     // from then on, a shutdown is told
	closing chan struct{} // closed at the shutdown

	mu      sync.Mutex // guards what follows
	closed  bool
	streams map[*stream]bool // those that are open
}

// doors are the servers that requests came through.
type doors struct {
	mu   sync.Mutex // guards what follows
	all  map[*http.Server]*door
	open int // streams
}

// doorsLimit is how many servers are remembered that were not shut down, and streamsLimit how many streams may be
// open at a time.
const (
	doorsLimit   = 16
	streamsLimit = 32
)

func newDoors() *doors { return &doors{all: make(map[*http.Server]*door)} }

// enter returns the door of a request whose stream begins, which the caller must leave
// by; nil if there is no room. A server that is not known gets a door that never closes.
func (d *doors) enter(r *http.Request, s *stream) *door {
	server, known := r.Context().Value(http.ServerContextKey).(*http.Server)
	d.mu.Lock()
	defer d.mu.Unlock()
	at := d.all[server]
	if len(d.all) == doorsLimit {
		maps.DeleteFunc(d.all, func(_ *http.Server, at *door) bool { return at.isClosed() })
	}
	if d.open == streamsLimit || known && at == nil && len(d.all) == doorsLimit {
		return nil
	}
	switch {
	case !known:
		at = newDoor()
	case at == nil:
		at = newDoor()
		d.all[server] = at
		server.RegisterOnShutdown(at.close)
		at.since = time.Now()
	}
	d.open++
	at.enter(s)
	return at
}

func newDoor() *door {
	return &door{closing: make(chan struct{}), streams: make(map[*stream]bool)}
}

func (d *doors) leave(at *door, s *stream) {
	at.leave(s)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open--
}

// toldBy reports whether a shutdown that began at that time is told.
func (d *door) toldBy(at time.Time) bool { return !d.since.IsZero() && d.since.Before(at) }

// close has the streams end. A server that is shut down twice says so twice.
func (d *door) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	close(d.closing)
	for s := range d.streams {
		s.hurry()
	}
}

func (d *door) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

func (d *door) enter(s *stream) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams[s] = true
	if d.closed {
		s.hurry()
	}
}

// leave is called before the stream's handler returns: from then on nobody calls it.
func (d *door) leave(s *stream) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.streams, s)
}
