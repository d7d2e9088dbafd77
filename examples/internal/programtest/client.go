package programtest

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// client keeps no connection, so that no goroutine of it is left.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: deadline}

var address = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// URL returns where to reach the address that is named in a line of the output.
func URL(line string) string { return "http://" + address.FindString(line) }

// Do sends a request, and returns the status and the body of the answer.
func Do(t testing.TB, method, url, body string) (status int, answer string) {
	t.Helper()
	status, answer, err := do(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

func do(method, url, body string) (status int, answer string, err error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(text)), err
}

// Clients are those who send to a program until it ends.
type Clients struct {
	t       testing.TB
	running sync.WaitGroup

	mu       sync.Mutex // guards accepted
	accepted []string
}

// Send has several clients post to the url, each one body after the other, no two the
// same, until a request fails: that is how they notice the end.
func Send(t testing.TB, clients int, url string, body func(client, n int) string) *Clients {
	c := &Clients{t: t}
	for i := range clients {
		c.running.Go(func() {
			for n := 0; ; n++ {
				text := body(i, n)
				status, answer, err := do(http.MethodPost, url, text)
				if err != nil {
					return
				}
				if status/100 != 2 {
					t.Errorf("%s: %d %s", text, status, answer)
					return
				}
				c.mu.Lock()
				c.accepted = append(c.accepted, text)
				c.mu.Unlock()
			}
		})
	}
	return c
}

// Await waits until so many requests were accepted.
func (c *Clients) Await(n int) {
	c.t.Helper()
	Eventually(c.t, fmt.Sprintf("%d requests are accepted", n), func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.accepted) >= n
	})
}

// Accepted waits until the clients have noticed the end, and returns the bodies of the
// requests that were answered with a status of 2xx.
func (c *Clients) Accepted() []string {
	c.running.Wait()
	return c.accepted
}

// Eventually waits until the condition is true, and fails the test if it never is.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}
