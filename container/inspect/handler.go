package inspect

import (
	"bytes"
	"embed"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks/timeline"
	"github.com/strata-go/strata/internal/explore"
)

// Handler returns the page of an app, with all that it is made of; see the package. It
// may be called at any time, before the app has started or after it has ended: an app
// tells its past. What it returns observes the app for as long as that lives, so call it
// once for an app. It starts no goroutine, and no request changes anything.
//
// It names what the app consists of, with its errors and stacks: serve it where only
// operators get.
//
// A nil app is an app of which nothing is known and nothing will be.
func Handler(app *container.App) http.Handler {
	h := &handler{app: app, view: newView(), recorder: timeline.New(), doors: newDoors()}
	if app != nil {
		app.Observe(h.recorder)
		app.Observe(h.view)
	}
	return h
}

type handler struct {
	app      *container.App // nil if there is none
	view     *view
	recorder *timeline.Recorder
	doors    *doors
	profiles sync.Mutex // held while a goroutine profile is taken: one at a time
	plans    sync.Mutex // held while the app is asked for its plan: one at a time
}

//go:embed assets
var assets embed.FS

// The page loads nothing from elsewhere, and runs no text that comes from the app. An
// image of its own may have styles inside.
const (
	pagePolicy  = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	imagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)

// ServeHTTP looks at the last element of the path only: so it can be mounted anywhere.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	switch last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; {
	case r.URL.Path == "" && redirectToSlash(w, r):
	case last == "":
		h.asset(w, "page.html", "text/html; charset=utf-8")
	case last == "page.css":
		h.asset(w, last, "text/css; charset=utf-8")
	case last == "page.js":
		h.asset(w, last, "text/javascript; charset=utf-8")
	case last == "icon.svg":
		h.asset(w, last, "image/svg+xml")
	case last == "state.json":
		h.json(w, h.body())
	case last == "timeline.json":
		h.json(w, h.recorder.Timeline())
	case last == "timeline.svg":
		h.svg(w)
	case last == "stacks":
		h.stacks(w, r)
	case last == "events":
		h.events(w, r)
	default:
		http.NotFound(w, r)
	}
}

// redirectToSlash redirects to the page from its address without the slash at the end,
// from which relative addresses would lead astray. That is how http.StripPrefix hands
// over the prefix alone. It reports whether it did.
func redirectToSlash(w http.ResponseWriter, r *http.Request) bool {
	address, _, _ := strings.Cut(r.RequestURI, "?")
	last := address[strings.LastIndexByte(address, '/')+1:]
	if last == "" {
		return false
	}
	w.Header().Set("Location", "./"+last+"/")
	w.WriteHeader(http.StatusMovedPermanently)
	return true
}

func (h *handler) asset(w http.ResponseWriter, name, kind string) {
	text, err := assets.ReadFile("assets/" + name)
	h.answer(w, kind, text, err)
}

func (h *handler) json(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	h.answer(w, "application/json", append(text, '\n'), err)
}

func (h *handler) svg(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", imagePolicy)
	var image bytes.Buffer
	err := h.recorder.Timeline().WriteSVG(&image)
	h.answer(w, "image/svg+xml", image.Bytes(), err)
}

// stacks answers with the stacks of the goroutines of a unit, as they are now.
func (h *handler) stacks(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.URL.Query().Get("id"))
	name, ok := h.view.nameOf(id)
	if err != nil || !ok {
		http.Error(w, "no such unit: id is that of state.json", http.StatusNotFound)
		return
	}
	h.profiles.Lock()
	text := explore.Container.Stacks(h.app, name)
	h.profiles.Unlock()
	h.answer(w, "text/plain; charset=utf-8", []byte(text), nil)
}

func (h *handler) answer(w http.ResponseWriter, kind string, text []byte, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(text) // who has left cannot be told so; net/http drops the body for HEAD
}

// body returns all that is known now. Before the app is built, that is what it would
// start.
func (h *handler) body() body {
	h.explain()
	b, planned := h.view.body()
	return h.declared(b, planned)
}

// declared adds the units that would start to a body without the plan.
func (h *handler) declared(b body, planned bool) body {
	if planned || h.app == nil || b.App.State.ended() {
		return b
	}
	h.plans.Lock()
	p, err := h.app.Plan()
	h.plans.Unlock()
	if err != nil {
		b.App.Error = errorText(err)
		return b
	}
	b.Units, b.App.Layers, b.App.Schedule = unitsOf(p), len(p.Layers), p.Schedule.String()
	b.App.Unused, b.App.Warnings = boundedAll(p.Unused), boundedAll(p.Warnings)
	return b
}

// explain has the view know why units wait for each other, once they are those that
// really start. Nobody who starts the app is made to wait for that.
func (h *handler) explain() {
	h.plans.Lock()
	defer h.plans.Unlock()
	v := h.view
	v.mu.Lock()
	ask := v.planned && !v.explained
	v.mu.Unlock()
	if !ask {
		return
	}
	p, err := h.app.Plan()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.explained = true
	if err == nil {
		explain(v.units, p)
	}
}

// body returns all that is known, and whether the units are those that really start.
func (v *view) body() (b body, planned bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.since(0), v.planned
}

// since returns what has changed since a version. The lock is held.
func (v *view) since(version uint64) body {
	b := body{
		Instance: v.instance, Version: v.version, Now: shown(time.Now()), App: v.app, Units: []unitBody{},
	}
	for _, u := range v.units {
		if version == 0 || u.version > version {
			b.Units = append(b.Units, u.unitBody)
		}
	}
	return b
}

// nameOf returns the name that the application has for a unit.
func (v *view) nameOf(id int) (name string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if id < 0 || id >= len(v.units) {
		return "", false
	}
	return v.units[id].name, true
}
