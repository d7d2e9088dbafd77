package server

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBodyMustBeOneJSONValue(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"one value", ` {"n": 1} `, ""},
		{"nothing", ``, "EOF"},
		{"no JSON", `n=1`, "invalid character"},
		{"half a value", `{"n": `, "unexpected EOF"},
		{"wrong type", `{"n": "1"}`, "cannot unmarshal"},
		{"fraction", `{"n": 1.5}`, "cannot unmarshal"},
		{"too large a number", `{"n": 9223372036854775808}`, "cannot unmarshal"},
		{"two values", `{"n": 1}{"n": 2}`, "more than one"},
		{"trailing garbage", `{"n": 1} n`, "more than one"},
		{"too long", `{"n": 1, "more": "` + strings.Repeat("x", bodyLimit) + `"}`, "too large"},
		{"too long behind it", `{"n": 1}` + strings.Repeat(" ", bodyLimit), "more than one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var into struct{ N int64 }
			request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body))

			err := ReadJSON(httptest.NewRecorder(), request, &into)

			switch {
			case test.want == "" && (err != nil || into.N != 1):
				t.Errorf("n = %d, %v", into.N, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}

func TestAnswerIsCompleteOrAnError(t *testing.T) {
	response := recorded(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		WriteJSON(w, http.StatusOK, []any{"a", math.NaN()})
	}), http.MethodGet, "/", "")

	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusInternalServerError || !strings.HasPrefix(string(body), `{"error":`) {
		t.Errorf("%s: %s", response.Status, body)
	}
}

func recorded(handler http.Handler, method, path, body string) *http.Response {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
	return recorder.Result()
}
