package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestTakenAddressIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()

	err = New("test", addr, http.NewServeMux(), zap.NewNop()).Run(t.Context(), func(context.Context) error { return nil })

	if err == nil || !strings.HasPrefix(err.Error(), "test: ") || !strings.Contains(err.Error(), addr) {
		t.Errorf("error = %v", err)
	}
}

func TestAddressInUseIsLogged(t *testing.T) {
	core, log := observer.New(zap.InfoLevel)
	s := New("test", "127.0.0.1:0", http.NewServeMux(), zap.New(core))

	err := s.Run(t.Context(), func(context.Context) error {
		lines := log.FilterField(zap.String("server", "test")).FilterField(zap.String("addr", s.Addr())).Len()
		if lines != 1 {
			t.Errorf("logged %d times: %v", lines, log.All())
		}
		return nil
	})

	if err != nil {
		t.Error(err)
	}
}

func TestRequestIsLoggedWhenItIsTakenIn(t *testing.T) {
	core, log := observer.New(zap.DebugLevel)
	handler := noted(zap.New(core), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if log.FilterMessage("request").FilterField(zap.String("id", "7")).FilterField(zap.String("path", "/here")).Len() != 1 {
			t.Errorf("logged when the handler is entered: %v", log.All())
		}
	}))
	request := httptest.NewRequest("GET", "/here", nil)
	request.Header.Set("X-Request-ID", "7")

	handler.ServeHTTP(httptest.NewRecorder(), request)
}

func TestWhatIsNotServedIsRefusedInJSON(t *testing.T) {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /here", func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, http.StatusOK, "yes") })
	for _, test := range []struct {
		request string
		status  int
		body    string
	}{
		{"GET /here", http.StatusOK, `"yes"`},
		{"GET /there", http.StatusNotFound, `{"error":"Not Found"}`},
		{"PUT /here", http.StatusMethodNotAllowed, `{"error":"Method Not Allowed"}`},
	} {
		t.Run(test.request, func(t *testing.T) {
			method, path, _ := strings.Cut(test.request, " ")
			response := recorded(jsonErrors(routes), method, path, "")

			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != test.status || strings.TrimSpace(string(body)) != test.body {
				t.Errorf("%s: %s", response.Status, body)
			}
			if response.Header.Get("Content-Type") != "application/json" {
				t.Errorf("header = %v", response.Header)
			}
			if test.status == http.StatusMethodNotAllowed && response.Header.Get("Allow") == "" {
				t.Error("what is allowed is not said")
			}
		})
	}
}
