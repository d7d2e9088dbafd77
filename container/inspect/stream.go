package inspect

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// stream is a response to events: server-sent events with what changes. It keeps nothing
// that is to be sent but the version that was sent last: a client that is slow is sent
// what has changed meanwhile, at once. So there is nothing to overflow.
type stream struct {
	handler *handler
	rc      *http.ResponseController
	w       http.ResponseWriter
	door    *door
	sent    uint64 // the version

	mu      sync.Mutex // guards the write deadline and what follows
	hurried bool
}

const (
	// pause is the least time between two updates.
	pause = 50 * time.Millisecond
	// heartbeat is how often something is sent, so that a client that has vanished is
	// found out, and one that waits knows that there is still somebody.
	heartbeat = 15 * time.Second
	// patience is how long a client may take to receive something, and lastPatience
	// how long when the server is shut down.
	patience     = 10 * time.Second
	lastPatience = 100 * time.Millisecond
)

// events answers with a stream, which ends when the client leaves, the application has
// ended, or the server that it comes from is shut down.
func (h *handler) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	s := &stream{handler: h, w: w, rc: http.NewResponseController(w)}
	if s.door = h.doors.enter(r, s); s.door == nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many streams: ask for state.json", http.StatusServiceUnavailable)
		return
	}
	defer h.doors.leave(s.door, s)
	w.Header().Set("X-Accel-Buffering", "no") // of a proxy
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close") // its deadlines are for this response alone
	}
	_ = s.rc.SetReadDeadline(time.Time{}) // which would end the request's context
	s.run(r)
}

func (s *stream) run(r *http.Request) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		changed, last, err := s.update()
		if err != nil || last {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.door.closing:
			s.finish()
			return
		case <-beat.C:
			if s.write("event: beat\ndata: {}\n\n") != nil {
				return
			}
			continue
		case <-changed:
		}
		rest := time.NewTimer(pause) // more may come
		select {
		case <-r.Context().Done():
		case <-s.door.closing:
		case <-rest.C:
		}
		rest.Stop()
	}
}

// update sends what has changed, and says when more has, or that this was the last.
func (s *stream) update() (changed <-chan struct{}, last bool, err error) {
	v := s.handler.view
	s.handler.explain()
	v.mu.Lock()
	changed, version, planned := v.changed, v.version, v.planned
	whole := s.sent == 0 || s.sent < v.listed
	var b body
	if whole {
		b = v.since(0)
	} else {
		b = v.since(s.sent)
	}
	// The server may have been shut down before we asked to be told, if the application
	// stopped before that.
	last = v.app.State.ended() || !v.stopping.IsZero() && !s.door.toldBy(v.stopping)
	v.mu.Unlock()

	kind := "update"
	if whole {
		kind, b = "snapshot", s.handler.declared(b, planned)
	}
	if whole || version > s.sent {
		err = s.send(kind, b)
		s.sent = version
	}
	if last && err == nil {
		err = s.send("end", struct{}{})
	}
	return changed, last, err
}

// finish sends what there is left when the server is shut down.
func (s *stream) finish() {
	if _, last, err := s.update(); err == nil && !last {
		_ = s.send("end", struct{}{})
	}
}

// send sends an event. JSON has no line breaks, so that it is one line of data.
func (s *stream) send(event string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("event: %s\ndata: %s\n\n", event, text))
}

func (s *stream) write(text string) error {
	s.allow()
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.rc.Flush()
}

// allow gives the client its time, unless it has been hurried. A server that knows no
// deadlines has its own.
func (s *stream) allow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.hurried {
		_ = s.rc.SetWriteDeadline(time.Now().Add(patience))
	}
}

// hurry has the stream end soon, also if it waits for a client that does not receive.
func (s *stream) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hurried = true
	_ = s.rc.SetWriteDeadline(time.Now().Add(lastPatience))
}
