package httpprocess_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strata-go/strata/internal/serving/servingtest"
	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// The number of rounds is STRATA_E2E_ROUNDS.
func TestGracefulStopLosesNothingUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		var sum tally
		n := servingtest.Rounds(t, 5)
		for i := range n {
			sum.add(p.round(t, i%2, servingtest.Stop))
		}
		t.Logf("%s: %d graceful stops under load: %d requests accepted, %d of them being answered when the stop began; %d lost, %d stops hung",
			p.name, n, sum.entered, sum.inHand, sum.lost, sum.hung)
		if sum.lost > 0 || sum.hung > 0 {
			t.Error("requests were lost, or stops hung")
		}
		if sum.inHand == 0 {
			t.Error("no stop came while a request was in hand: this shows nothing")
		}
	})
}

func TestForcedStopEndsInTimeUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, p protocol) {
		var sum tally
		n := servingtest.Rounds(t, 5)
		for i := range n {
			sum.add(p.round(t, i%2, servingtest.Force))
		}
		t.Logf("%s: %d forced stops under load: %d requests accepted, %d of them being answered when the stop began; %d stops hung",
			p.name, n, sum.entered, sum.inHand, sum.hung)
		if sum.hung > 0 {
			t.Error("stops hung")
		}
	})
}

type tally struct{ entered, inHand, lost, hung int }

func (t *tally) add(o tally) {
	t.entered += o.entered
	t.inHand += o.inHand
	t.lost += o.lost
	t.hung += o.hung
}

// round puts a server under load and ends it at a random moment. There may be silent
// clients, too, which connect and send nothing.
func (p protocol) round(t *testing.T, silent int, end func(*process.Process) error) (sum tally) {
	var (
		mu       sync.Mutex // guards what follows
		entered  = make(map[string]int)
		complete = make(map[string]bool)
		inHand   int
	)
	srv := p.newServer(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		entered[r.URL.Path]++
		inHand++
		mu.Unlock()
		defer func() {
			mu.Lock()
			inHand--
			mu.Unlock()
		}()
		serve(w, r)
	})
	l := httpprocess.ListenAndServe(srv)
	running := servingtest.Start(t, context.Background(), l)
	url, addr := p.url(l), l.Addr().String()

	first := make(chan struct{})
	served := sync.OnceFunc(func() { close(first) })
	shared := p.newTransport(t)
	var clients sync.WaitGroup
	for client := range 16 {
		clients.Go(func() {
			transport := shared
			if client%2 == 1 { // who connects anew for each request
				transport = p.newTransport(t)
				transport.DisableKeepAlives = true
			}
			for i := 0; ; i++ {
				path := fmt.Sprintf("/%d/%d", client, i)
				if request(transport, url+path, client+i) != nil {
					return // the door is closed
				}
				mu.Lock()
				complete[path] = true
				mu.Unlock()
				served()
			}
		})
	}
	for range silent {
		if conn, err := net.Dial("tcp", addr); err == nil {
			defer conn.Close()
		}
	}
	servingtest.Within(t, first, "the first answer")
	time.Sleep(rand.N(100 * time.Millisecond))
	mu.Lock()
	sum.inHand = inHand
	mu.Unlock()

	if err := end(running); servingtest.Hung(t, running, err) {
		sum.hung++
		return sum
	}
	clients.Wait()
	if inHand != 0 {
		t.Errorf("%d handlers run after the end", inHand)
	}
	for path, times := range entered {
		sum.entered++
		if times > 1 || !complete[path] {
			sum.lost++
		}
	}
	return sum
}

// serve answers with what it was sent, at once or piece by piece.
func serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	pieces, _ := strconv.Atoi(r.Header.Get("Pieces"))
	for range pieces {
		if _, err := w.Write(body); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-time.After(time.Millisecond):
		}
	}
	_, _ = w.Write([]byte("end"))
}

// request sends a request and checks that the answer is complete.
func request(transport *http.Transport, url string, kind int) error {
	body := strings.Repeat("x", []int{1, 100, 20_000}[kind%3])
	pieces := []int{0, 1, 5, 20}[kind%4]
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Pieces", strconv.Itoa(pieces))
	response, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if want := strings.Repeat(body, pieces) + "end"; !bytes.Equal(answer, []byte(want)) {
		return fmt.Errorf("%d bytes, want %d", len(answer), len(want))
	}
	return nil
}
