package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// bodyLimit is how many bytes the body of a request may have.
const bodyLimit = 64 << 10

// ReadJSON reads the body of a request into the value that v points to. The body must be one JSON value and nothing
// else. The error is fit to be shown to the client.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err := body.Decode(v); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if _, err := body.Token(); err != io.EOF {
		return errors.New("body: there is more than one JSON value in it")
	}
	return nil
}

// WriteJSON answers with the value in JSON. The whole of it is made before the first byte is sent: there is no half
// an answer.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that has left cannot be told so
}

// WriteError answers with {"error": message}.
func WriteError(w http.ResponseWriter, status int, message string) {
	WriteJSON(w, status, struct {
		Error string `json:"error"`
	}{message})
}

// jsonErrors has what the routes do not serve, a path or a method, answered in JSON like everything else.
func jsonErrors(routes *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := routes.Handler(r); pattern != "" {
			routes.ServeHTTP(w, r)
			return
		}
		refused := refusal{ResponseWriter: w}
		routes.ServeHTTP(&refused, r)
		WriteError(w, refused.status, http.StatusText(refused.status))
	})
}

// refusal takes an answer of http.ServeMux itself: it keeps the status and the header and drops the text.
type refusal struct {
	http.ResponseWriter
	status int
}

func (r *refusal) WriteHeader(status int) { r.status = status }

func (r *refusal) Write(text []byte) (int, error) { return len(text), nil }
