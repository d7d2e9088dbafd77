package inspect_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/inspect"
)

// All that there is to ask for.
var paths = []string{"", "page.css", "page.js", "icon.svg", "state.json", "timeline.json", "timeline.svg", "stacks?id=0", "events"}

func TestEachPartIsAnsweredAndMayNeitherBeStoredNorDoHarm(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // which ends the stream
	s := newService()
	for _, path := range paths {
		recorder := httptest.NewRecorder()
		s.page.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, "GET", "/debug/strata/"+path, nil))

		header := recorder.Header()
		policy := header.Get("Content-Security-Policy")
		if header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(policy, "default-src 'none'; ") {
			t.Errorf("%s: %v", path, header)
		}
		if path != "timeline.svg" && strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
		// Of a unit that is not built nobody can say where it is.
		if want := map[bool]int{true: 404, false: 200}[path == "stacks?id=0"]; recorder.Code != want {
			t.Errorf("%s: %d", path, recorder.Code)
		}
	}
}

func TestOnlyGetAndHeadAreAnswered(t *testing.T) {
	s := newService()
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "GETS", "get"} {
		for _, path := range paths {
			recorder := httptest.NewRecorder()
			s.page.ServeHTTP(recorder, httptest.NewRequest(method, "/"+path, nil))
			if recorder.Code != http.StatusMethodNotAllowed || recorder.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d", method, path, recorder.Code)
			}
		}
	}
	server := httptest.NewServer(s.page)
	defer server.Close()
	for _, path := range paths {
		answer, err := http.Head(server.URL + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil || len(body) > 0 || answer.StatusCode != 200 && path != "stacks?id=0" {
			t.Errorf("HEAD %s: %s, %q, %v", path, answer.Status, body, err)
		}
	}
}

func TestItWorksWhereverItIsMounted(t *testing.T) {
	page := newService().page
	mux := http.NewServeMux()
	mux.Handle("/debug/strata/", page)
	mux.Handle("GET /admin/{name}/strata/", page)
	mux.Handle("/stripped/", http.StripPrefix("/stripped/", page))
	mux.Handle("/bare/", http.StripPrefix("/bare", page))
	mux.Handle("/exact", http.StripPrefix("/exact", page))
	server := httptest.NewServer(mux)
	defer server.Close()
	root := httptest.NewServer(page)
	defer root.Close()

	for _, base := range []string{
		server.URL + "/debug/strata", server.URL + "/admin/us east/strata", server.URL + "/stripped", server.URL + "/bare", root.URL,
	} {
		base = strings.ReplaceAll(base, " ", "%20")
		for path, begins := range map[string]string{
			"/": "<!doctype html>", "/page.js": `"use strict"`, "/page.css": ":root", "/state.json?x=1": `{"instance":`, "/nothing": "404", "/assets": "404",
		} {
			if got := fetch(t, base+path); !strings.HasPrefix(got, begins) {
				t.Errorf("%s%s: %.40q, want %q", base, path, got, begins)
			}
		}
		if got := fetch(t, base); !strings.HasPrefix(got, "<!doctype html>") {
			t.Errorf("%s: %.40q", base, got)
		}
	}
	// The mux does not add the slash here; the page does.
	without := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := without.Get(server.URL + "/exact?x=1")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 301 || answer.Header.Get("Location") != "./exact/" {
		t.Errorf("%s, %v", answer.Status, answer.Header)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// The addresses in the page are relative, and nothing is loaded from elsewhere.
func TestThePageRefersToNothingElse(t *testing.T) {
	page := newService().page
	for _, path := range []string{"/", "/page.css", "/page.js", "/icon.svg"} {
		text := strings.ReplaceAll(get(t, page, path).Body.String(), "http://www.w3.org/2000/svg", "")
		for _, foreign := range []string{"http:", "https:", "//cdn", `href="/`, `src="/`, "url(", "@import", "innerHTML", "insertAdjacentHTML", "eval("} {
			if strings.Contains(text, foreign) {
				t.Errorf("%s contains %s", path, foreign)
			}
		}
	}
}

const hostileText = "<script>alert(1)</script>\"'&\u2028\n\xff\x00</style>"

// hostile has a name, an error and reports that mean harm.
type hostile struct{ unit }

func (*hostile) Name() string { return hostileText }

func TestWhatTheApplicationSaysIsTextOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := container.New(container.WithLogger(zap.NewNop()))
		u := &hostile{newUnit()}
		app.Provide(func() *hostile { return u })
		page := inspect.Handler(app)
		s := &service{App: app, done: make(chan error, 1)}
		s.launch()
		time.Sleep(time.Hour)
		u.report <- hostileText
		u.broken <- errors.New(hostileText)
		<-s.done

		got := get(t, page, "/state.json")
		if text := got.Body.String(); !json.Valid([]byte(text)) || strings.ContainsAny(text, "<>\x00\u2028") {
			t.Errorf("%q", text)
		}
		state := stateOf(t, page)
		if u := state.Units[0]; !strings.Contains(u.Name, "<script>") || !strings.Contains(u.Error, "<script>") || !strings.Contains(u.Reports[0].Text, "<script>") {
			t.Errorf("%+v", u)
		}
		if text := get(t, page, "/").Body.String(); strings.Contains(text, "alert") {
			t.Error("it is in the page")
		}
		if text := get(t, page, "/timeline.svg").Body.String(); strings.Contains(text, "<script") {
			t.Error("it is in the image")
		}
	})
}

// The names of the fields are a promise: what is documented is there, and no other.
func TestTheFieldsOfStateJSONAreTheDocumentedOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(container.WithStopTimeout(time.Second), container.WithForceTimeout(time.Second))
		s.Provide(func() string { return "" }) // which nobody asks for
		s.server.deaf = true
		s.cache.start = 6 * time.Second
		s.launch()
		seen := make(map[string]bool)
		look := func(page http.Handler) {
			var all any
			decode(t, get(t, page, "/state.json").Body.String(), &all)
			fieldsOf("", all, seen)
		}
		time.Sleep(6500 * time.Millisecond)
		look(s.page)
		time.Sleep(time.Hour)
		s.server.report <- "a report"
		s.Provide(func() int { return 0 }) // which is a mistake now
		s.cancel()
		<-s.done
		look(s.page)
		close(s.server.drained)

		failing := newService()
		failing.launch()
		time.Sleep(time.Hour)
		failing.server.broken <- errors.New("broken")
		<-failing.done
		look(failing.page)

		documented := documentedFields(t)
		for field := range seen {
			if !documented[field] {
				t.Errorf("%s is not documented", field)
			}
		}
		for field := range documented {
			if !seen[field] && field != ".app.warnings" { // which this application has none of
				t.Errorf("%s was not seen", field)
			}
		}
	})
}

// fieldsOf notes the paths of all fields.
func fieldsOf(path string, v any, seen map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			seen[path+"."+name] = true
			fieldsOf(path+"."+name, value, seen)
		}
	case []any:
		for _, value := range v {
			fieldsOf(path, value, seen)
		}
	}
}
