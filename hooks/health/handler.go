package health

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Livez returns the handler that tells whether the application is alive: it is, unless
// it is stuck or has ended. No check is asked, and nothing waited for.
func (h *Health) Livez() http.Handler {
	return handler(func(r *http.Request) (bool, body) {
		h.mu.Lock()
		defer h.mu.Unlock()
		ok := h.state < appStuck
		return ok, h.body("alive", ok, h.appReason())
	})
}

// Startupz returns the handler that tells whether the start has succeeded. It goes on to
// do so when the application stops. No check is asked, and nothing waited for.
func (h *Health) Startupz() http.Handler {
	return handler(func(r *http.Request) (bool, body) {
		h.mu.Lock()
		defer h.mu.Unlock()
		ok := h.checking != nil
		return ok, h.body("started", ok, h.appReason())
	})
}

// Readyz returns the handler that tells whether the application is ready: all of its
// units run, and pass their checks. It asks the checks, and waits for them until the
// timeout at most, see [WithTimeout].
func (h *Health) Readyz() http.Handler {
	return handler(func(r *http.Request) (bool, body) {
		answered := h.ask()
		if answered != nil {
			select {
			case <-answered:
			case <-r.Context().Done(): // for this one; others wait for the same checks
			}
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		reason := h.appReason()
		if h.state == appRunning {
			reason = h.checkReason()
		}
		b := h.body("ready", reason == "", reason)
		if h.state == appRunning {
			h.addChecks(b.Units)
		}
		return reason == "", b
	})
}

// handler answers GET and HEAD with what answer returns.
func handler(answer func(*http.Request) (ok bool, b body)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		ok, b := answer(r)
		text, err := json.Marshal(b)
		if err != nil { // there is a time in it that JSON does not know
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if !ok {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write(append(text, '\n')) // who has left cannot be told so
	})
}

// body is what all handlers answer with. Its names are documented, and stay.
type body struct {
	Status string     `json:"status"`
	Reason string     `json:"reason,omitempty"`
	App    appBody    `json:"app"`
	Units  []unitBody `json:"units"`
}

type appBody struct {
	State string    `json:"state"`
	Since time.Time `json:"since,omitzero"`
}

type unitBody struct {
	Unit  string     `json:"unit"`
	State string     `json:"state"`
	Since time.Time  `json:"since,omitzero"`
	Error string     `json:"error,omitempty"`
	Check *checkBody `json:"check,omitempty"`
}

type checkBody struct {
	State string    `json:"state"`
	Since time.Time `json:"since,omitzero"`
	Error string    `json:"error,omitempty"`
}

// body describes the application and its units, without checks.
func (h *Health) body(status string, ok bool, reason string) body {
	b := body{
		Status: status,
		App:    appBody{h.state.String(), shown(h.since)},
		Units:  make([]unitBody, len(h.units)),
	}
	if !ok {
		b.Status, b.Reason = "not "+status, reason
	}
	for i, u := range h.units {
		b.Units[i] = unitBody{Unit: u.name, State: u.state.String(), Since: shown(u.since), Error: u.err}
	}
	return b
}

// addChecks adds to the bodies of all units what came of their checks.
func (h *Health) addChecks(units []unitBody) {
	for i, u := range h.units {
		if u.checker != nil {
			units[i].Check = &checkBody{u.check.state.String(), shown(u.check.since), u.check.err}
		}
	}
}

// shown returns a time as it is shown: more digits would only be harder to read.
func shown(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// appReason says in which state the application is, and why.
func (h *Health) appReason() string {
	switch {
	case h.since.IsZero():
		return "no application is observed"
	case h.why != "":
		return fmt.Sprintf("the application is %v: %s", h.state, h.why)
	}
	return fmt.Sprintf("the application is %v", h.state)
}

// checkReason says which is the first check that did not pass, empty if each did.
func (h *Health) checkReason() string {
	for _, u := range h.units {
		if u.checker == nil || u.check.state == checkPassed {
			continue
		}
		switch u.check.state {
		case checkFailed:
			return fmt.Sprintf("check of %s: %s", u.name, u.check.err)
		case checkHanging:
			return fmt.Sprintf("check of %s: hanging since %s", u.name, shown(u.check.since).Format(time.RFC3339Nano))
		}
		return fmt.Sprintf("check of %s: not answered yet", u.name)
	}
	return ""
}
