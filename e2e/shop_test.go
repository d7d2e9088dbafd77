package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What is promised to a customer: an order that was answered is there after any number of stops, and is delivered
// once; and what was taken in when the stop began is answered.
func TestShopKeepsAndDeliversWhatItAnswered(t *testing.T) {
	rounds, random := rounds(t, 3), random(t)
	database := filepath.Join(t.TempDir(), "shop.db")
	answered := make(map[string]order)

	for round := range rounds {
		s := openShop(t, database)
		customers := s.visit(4)
		customers.await(1 + random.IntN(250))
		s.signal(syscall.SIGTERM)
		if code := s.exitCode(); code != 0 {
			t.Fatalf("round %d: exit code %d", round, code)
		}
		s.checkLog()
		got := customers.leave()
		t.Logf("round %d: %d orders were answered", round, len(got))
		maps.Copy(answered, got)

		s = openShop(t, database)
		s.checkOrders(answered)
		s.checkDeliveries(answered)
		s.signal(syscall.SIGTERM)
		if code := s.exitCode(); code != 0 {
			t.Fatalf("round %d: exit code %d after the restart", round, code)
		}
		s.checkLog()
	}
}

// Not even the end of the process without a word loses what was answered. What was being answered may have been placed.
func TestShopKeepsWhatItAnsweredWhenItIsKilled(t *testing.T) {
	rounds, random := rounds(t, 3), random(t)
	database := filepath.Join(t.TempDir(), "shop.db")
	answered := make(map[string]order)

	for range rounds {
		s := openShop(t, database)
		customers := s.visit(4)
		customers.await(1 + random.IntN(100))
		s.signal(syscall.SIGKILL)
		s.exitCode()
		maps.Copy(answered, customers.leave())
	}

	s := openShop(t, database)
	placed := s.checkKept(answered)
	s.checkDeliveries(placed)
}

// A request is held in its handler while the shop stops: the handler has asked for the body, and gets it only when the
// stop is under way.
func TestShopAnswersWhatItHasInHand(t *testing.T) {
	database := filepath.Join(t.TempDir(), "shop.db")
	s := openShop(t, database)
	inHand := s.hold("in hand")

	s.signal(syscall.SIGTERM)
	s.awaitMessage("app stopping")
	if status := s.ask("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("readyz while stopping: %d", status)
	}
	for _, path := range []string{"/livez", "/startupz"} {
		if status := s.ask(path); status != http.StatusOK {
			t.Errorf("%s while stopping: %d", path, status)
		}
	}
	eventually(t, "the door is closed", func() bool {
		late, err := net.Dial("tcp", s.addr("api"))
		if err == nil {
			_ = late.Close()
		}
		return err != nil
	})
	placed, err := inHand.finish()
	if err != nil {
		t.Fatal(err)
	}
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.checkLog()
	s = openShop(t, database)
	s.checkOrders(map[string]order{placed.ID: placed})
	s.checkDeliveries(map[string]order{placed.ID: placed})
}

func TestShopSellsAndShows(t *testing.T) {
	s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))

	var placed, found order
	if status := s.do("POST", "/orders", `{"sku":"tea","qty":2}`, &placed); status != http.StatusCreated {
		t.Fatalf("order: %d", status)
	}
	if status := s.do("GET", "/orders/"+placed.ID, "", &found); status != http.StatusOK || !found.same(placed) {
		t.Errorf("order: %d %+v, want %+v", status, found, placed)
	}
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/orders", `{"sku":"tea","qty":0}`, http.StatusBadRequest},
		{"POST", "/orders", `{"sku":"tea","qty":2000000}`, http.StatusConflict},
		{"POST", "/orders", `{"sku":"last-unicorn","qty":1}`, http.StatusCreated},
		{"POST", "/orders", `{"sku":"last-unicorn","qty":1}`, http.StatusConflict},
		{"GET", "/orders/none", "", http.StatusNotFound},
		{"DELETE", "/orders", "", http.StatusMethodNotAllowed},
	} {
		var answer struct{ Error string }
		status := s.do(test.method, test.path, test.body, &answer)
		if status != test.status || (answer.Error == "") != (status == http.StatusCreated) {
			t.Errorf("%s %s %s: %d %+v, want %d", test.method, test.path, test.body, status, answer, test.status)
		}
	}
}

func TestShopIsReadyWhenAllOfItRuns(t *testing.T) {
	s := runShop(t, "-db", filepath.Join(t.TempDir(), "shop.db"))

	eventually(t, "it is ready", func() bool {
		switch status := s.tell("/readyz", "ready"); status {
		case http.StatusOK:
			return true
		case http.StatusServiceUnavailable:
			return false
		default:
			t.Fatalf("readyz: %d", status)
			return false
		}
	})

	for path, says := range map[string]string{"/livez": "alive", "/startupz": "started"} {
		if status := s.tell(path, says); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, name := range []string{"api", "fulfilment", "admin"} {
		if !slices.ContainsFunc(s.log.lines(), func(l line) bool { return l["server"] == name }) {
			t.Errorf("ready without %s", name)
		}
	}
}

func TestShopExitsCleanlyOnSignals(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			s := openShop(t, filepath.Join(t.TempDir(), "shop.db"))

			s.signal(signal)

			if code := s.exitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			s.checkLog()
		})
	}
}

func TestShopExitsCleanlyOnASignalDuringTheStart(t *testing.T) {
	s := runShop(t, "-db", filepath.Join(t.TempDir(), "shop.db"))
	s.addr("fulfilment") // which is up some time before the api

	s.signal(syscall.SIGTERM)

	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if i := slices.IndexFunc(s.log.lines(), func(l line) bool { return l["level"] == "error" }); i >= 0 {
		t.Errorf("log: %v", s.log.lines()[i])
	}
}

func TestShopThatCannotStartExitsAndSaysWhy(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	folder := t.TempDir()
	for _, test := range []struct {
		name string
		args []string
		says []string
	}{
		{"api", []string{"-http", taken.Addr().String()}, []string{"*api.Server", taken.Addr().String()}},
		{"fulfilment", []string{"-fulfilment", taken.Addr().String()}, []string{"*fulfilment.Server", taken.Addr().String()}},
		{"admin", []string{"-admin", taken.Addr().String()}, []string{"*admin.Server", taken.Addr().String()}},
		{"store", []string{"-db", filepath.Join(folder, "missing", "shop.db")}, []string{"*store.Store", "missing"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := runShop(t, append([]string{"-db", filepath.Join(folder, test.name+".db")}, test.args...)...)

			if code := s.exitCode(); code != 1 {
				t.Errorf("exit code %d", code)
			}
			found := slices.ContainsFunc(s.log.lines(), func(l line) bool {
				text, _ := l["error"].(string)
				return l["level"] == "error" && !slices.ContainsFunc(test.says, func(part string) bool {
					return !strings.Contains(text, part)
				})
			})
			if !found {
				t.Errorf("no error in the log that says %q", test.says)
			}
		})
	}
}

func TestShopPrintsWhereItsDatabaseIs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := runShop(t)

	path, _ := s.awaitMessage("database")["path"].(string)

	s.addr("api")
	if _, err := os.Stat(path); err != nil || !strings.HasPrefix(path, os.Getenv("TMPDIR")) {
		t.Errorf("path = %q, %v", path, err)
	}
}

// shop is a shop that was started.
type shop struct {
	*program
	client *http.Client
}

// order is an order as the shop tells of it.
type order struct {
	ID  string `json:"id"`
	SKU string `json:"sku"`
	Qty int64  `json:"qty"`
}

func (o order) same(other order) bool { return o.ID != "" && o == other }

// runShop starts the shop on free ports.
func runShop(t *testing.T, args ...string) *shop {
	t.Helper()
	path, err := buildShop()
	if err != nil {
		t.Fatal(err)
	}
	free := []string{"-http", "127.0.0.1:0", "-fulfilment", "127.0.0.1:0", "-admin", "127.0.0.1:0"}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &shop{start(t, path, append(free, args...)...), &http.Client{Transport: transport, Timeout: deadline}}
}

// openShop starts the shop on the database and waits until it takes orders.
func openShop(t *testing.T, database string) *shop {
	t.Helper()
	s := runShop(t, "-db", database)
	s.awaitMessage("app started")
	return s
}

// addr returns the address that one of the servers logs, and waits for it.
func (s *shop) addr(server string) string {
	s.t.Helper()
	l := s.awaitLine(server+" listens", func(l line) bool { return l["server"] == server && l["addr"] != nil })
	return l["addr"].(string)
}

// do sends a request to the api, decodes the answer into the value that into points to, and returns the status.
func (s *shop) do(method, path, body string, into any) int {
	s.t.Helper()
	return s.exchange(method, "http://"+s.addr("api")+path, body, into)
}

// ask asks the admin server and returns the status.
func (s *shop) ask(path string) int {
	s.t.Helper()
	return s.exchange("GET", "http://"+s.addr("admin")+path, "", new(any))
}

// tell asks the admin server, and checks that a yes says so, and that each unit runs.
func (s *shop) tell(path, says string) (status int) {
	s.t.Helper()
	var answer struct {
		Status string
		Units  []struct{ Unit, State string }
	}
	status = s.exchange("GET", "http://"+s.addr("admin")+path, "", &answer)
	if status == http.StatusOK {
		if answer.Status != says || len(answer.Units) != 6 {
			s.t.Errorf("%s: %+v", path, answer)
		}
		for _, u := range answer.Units {
			if u.State != "running" {
				s.t.Errorf("%s: %+v", path, u)
			}
		}
	}
	return status
}

func (s *shop) exchange(method, url, body string, into any) int {
	s.t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		s.t.Fatalf("%s %s: %s: %v", method, url, response.Status, err)
	}
	return response.StatusCode
}

// checkOrders checks that the shop has the answered orders and no other. An order that it has and nobody was told of
// would be one whose handler was entered and whose answer was lost.
func (s *shop) checkOrders(answered map[string]order) {
	s.t.Helper()
	for id := range s.checkKept(answered) {
		if _, ok := answered[id]; !ok {
			s.t.Errorf("order %s: placed, and nobody was answered", id)
		}
	}
}

// checkKept checks that the shop has the answered orders, in both of its views. It returns all that it has.
func (s *shop) checkKept(answered map[string]order) map[string]order {
	s.t.Helper()
	var list struct{ Orders []order }
	if status := s.do("GET", "/orders", "", &list); status != http.StatusOK {
		s.t.Fatalf("orders: %d", status)
	}
	kept := make(map[string]order)
	for _, o := range list.Orders {
		kept[o.ID] = o
	}
	for id, told := range answered {
		if !told.same(kept[id]) {
			s.t.Errorf("order %s: %+v in the list, answered %+v", id, kept[id], told)
		}
		var one order
		if status := s.do("GET", "/orders/"+id, "", &one); status != http.StatusOK || !told.same(one) {
			s.t.Errorf("order %s: %d %+v, answered %+v", id, status, one, told)
		}
	}
	return kept
}

// checkDeliveries waits until as many orders are delivered as were placed, and checks that it is these, each of them
// once.
func (s *shop) checkDeliveries(placed map[string]order) {
	s.t.Helper()
	type delivery struct {
		Order string
		Count int
	}
	var list struct{ Deliveries []delivery }
	eventually(s.t, "all is delivered", func() bool {
		list.Deliveries = nil
		s.exchange("GET", "http://"+s.addr("fulfilment")+"/deliveries", "", &list)
		return len(list.Deliveries) >= len(placed)
	})
	if len(list.Deliveries) != len(placed) {
		s.t.Errorf("%d delivered, %d placed", len(list.Deliveries), len(placed))
	}
	for _, d := range list.Deliveries {
		if _, ok := placed[d.Order]; !ok {
			s.t.Errorf("order %s: delivered, and not placed", d.Order)
		}
		if d.Count != 1 {
			s.t.Errorf("order %s: delivered %d times", d.Order, d.Count)
		}
	}
}

// checkLog checks that nothing went wrong unseen: nothing is worth a warning in a shop that starts, works and stops.
func (s *shop) checkLog() {
	s.t.Helper()
	for _, l := range s.log.lines() {
		if l["level"] != "info" && l["level"] != "debug" {
			s.t.Errorf("log: %v", l)
		}
	}
}

// held is a request whose handler was entered: it has asked for the body, and waits for it.
type held struct {
	conn    net.Conn
	answers *bufio.Reader
}

const heldBody = `{"sku":"tea","qty":7}`

// hold sends a request with that id, and returns when its handler was entered.
func (s *shop) hold(id string) *held {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr("api"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /orders HTTP/1.1\r\nHost: shop\r\nX-Request-ID: %s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
		id, len(heldBody)); err != nil {
		s.t.Fatal(err)
	}
	h := &held{conn, bufio.NewReader(conn)}
	if entered, err := http.ReadResponse(h.answers, nil); err != nil || entered.StatusCode != http.StatusContinue {
		s.t.Fatalf("%v, %v", entered, err)
	}
	return h
}

// finish sends the body, and returns the order that is the answer.
func (h *held) finish() (placed order, err error) {
	defer h.conn.Close()
	if _, err := io.WriteString(h.conn, heldBody); err != nil {
		return placed, err
	}
	answer, err := http.ReadResponse(h.answers, nil)
	if err != nil {
		return placed, err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&placed); err != nil || answer.StatusCode != http.StatusCreated {
		return placed, fmt.Errorf("%s, %w", answer.Status, err)
	}
	return placed, nil
}

// customers place orders until the door is closed.
type customers struct {
	t     *testing.T
	group sync.WaitGroup

	mu       sync.Mutex
	answered map[string]order // guarded by mu, as what follows
	complete map[string]bool  // the ids of the requests that got a complete answer
	cut      []string         // answers that were cut off
	awaited  int              // how many are to be answered before reached is closed
	reached  chan struct{}
}

// visit sends so many customers. Every other one comes anew for each order.
func (s *shop) visit(number int) *customers {
	s.t.Helper()
	c := &customers{t: s.t, answered: make(map[string]order), complete: make(map[string]bool), reached: make(chan struct{})}
	url := "http://" + s.addr("api") + "/orders"
	s.t.Cleanup(c.group.Wait)
	for i := range number {
		transport := &http.Transport{DisableKeepAlives: i%2 == 1}
		client := &http.Client{Transport: transport, Timeout: deadline}
		c.group.Go(func() {
			defer transport.CloseIdleConnections()
			for n := 0; ; n++ {
				if err := c.place(client, url, int64(n%3+1), fmt.Sprintf("%d.%d", i, n)); err != nil {
					return
				}
			}
		})
	}
	return c
}

// place places one order, by a request with that id. An error is no fault: the door may be closed. If an answer was lost,
// it is found when the orders are compared.
func (c *customers) place(client *http.Client, url string, qty int64, id string) error {
	wanted := fmt.Sprintf(`{"sku":"tea","qty":%d}`, qty)
	var begun atomic.Bool // the answer
	ctx := httptrace.WithClientTrace(c.t.Context(), &httptrace.ClientTrace{GotFirstResponseByte: func() { begun.Store(true) }})
	request, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(wanted))
	if err != nil {
		return err
	}
	request.Header.Set("X-Request-ID", id)
	response, err := client.Do(request)
	var body []byte
	if err == nil {
		defer response.Body.Close()
		body, err = io.ReadAll(response.Body)
	}
	if err != nil {
		if begun.Load() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.cut = append(c.cut, fmt.Sprintf("request %s: %v", id, err))
		}
		return err
	}
	var placed order
	if err := json.Unmarshal(body, &placed); err != nil || response.StatusCode != http.StatusCreated {
		c.t.Errorf("%s: %q, %v", response.Status, body, err)
		return fmt.Errorf("answered %s", response.Status)
	}
	c.note(id, placed)
	return nil
}

// note takes down that a request with that id got its complete answer.
func (c *customers) note(id string, placed order) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complete[id] = true
	c.answered[placed.ID] = placed
	if len(c.answered) == c.awaited {
		close(c.reached)
	}
}

// await waits until so many orders more were answered.
func (c *customers) await(number int) {
	c.t.Helper()
	c.mu.Lock()
	c.awaited = len(c.answered) + number
	c.mu.Unlock()
	select {
	case <-c.reached:
	case <-time.After(deadline):
		c.t.Fatal("the customers are not served")
	}
}

// leave waits until the customers have found the door closed, and returns what they were answered.
func (c *customers) leave() map[string]order {
	c.group.Wait()
	return c.answered
}

// rounds returns how many rounds a test is to run.
func rounds(t *testing.T, otherwise int64) int {
	t.Helper()
	return int(number(t, "STRATA_E2E_ROUNDS", otherwise))
}

func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := number(t, "STRATA_E2E_SEED", time.Now().UnixNano())
	t.Logf("STRATA_E2E_SEED=%d", seed)
	return rand.New(rand.NewPCG(uint64(seed), 0))
}

// number returns a setting of the environment.
func number(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
