package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/strata-go/strata/internal/pgtest"
)

// On PostgreSQL, too, an order that was answered is there after any number of stops, and is delivered once.
func TestShopOnPostgresKeepsAndDeliversWhatItAnswered(t *testing.T) {
	rounds, random := rounds(t, 3), random(t)
	server := pgtest.New(t)
	server.Start()
	answered := make(map[string]order)

	for round := range rounds {
		s := openShop(t, server.URL())
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
	}

	s := openShop(t, server.URL())
	s.checkOrders(answered)
	s.checkDeliveries(answered)
	t.Logf("%d stops: %d orders answered, none lost", rounds, len(answered))
}

// The shop lives on while PostgreSQL is away, and says that it is not ready. No order that was answered is lost; one
// that was refused meanwhile may have been placed, if its answer was what broke.
func TestShopLivesOnWhenPostgresIsKilledAndStartedAgain(t *testing.T) {
	rounds, random := rounds(t, 3), random(t)
	server := pgtest.New(t)
	server.Start()
	s := openShop(t, server.URL())
	customers := s.visitPatiently(4)

	for range rounds {
		customers.await("orders are answered", 1+random.IntN(200), 0)
		eventually(t, "it is ready", func() bool { status, _ := s.isReady(); return status == http.StatusOK })

		server.Kill()
		customers.await("orders are refused", 0, 1+random.IntN(50))
		eventually(t, "it is not ready", func() bool {
			status, reason := s.isReady()
			if status == http.StatusServiceUnavailable && !strings.HasPrefix(reason, "check of *store.Store: ") {
				t.Fatalf("reason %q", reason)
			}
			return status == http.StatusServiceUnavailable
		})
		if status := s.ask("/livez"); status != http.StatusOK {
			t.Errorf("livez: %d", status)
		}

		server.Start()
	}
	customers.await("orders are answered again", 20, 0)
	eventually(t, "it is ready again", func() bool { status, _ := s.isReady(); return status == http.StatusOK })
	answered, refused := customers.leave()
	eventually(t, "all is delivered", func() bool {
		var list struct{ Orders []struct{ Delivered bool } }
		s.do("GET", "/orders", "", &list)
		return !slices.ContainsFunc(list.Orders, func(o struct{ Delivered bool }) bool { return !o.Delivered })
	})
	s.signal(syscall.SIGTERM)
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	s = openShop(t, server.URL())
	placed := s.checkKept(answered)
	s.checkDeliveries(placed)
	lost := 0
	for id := range answered {
		if _, ok := placed[id]; !ok {
			lost++
		}
	}
	t.Logf("PostgreSQL killed %d times: %d orders answered, %d lost; %d refused meanwhile, of which %d were placed",
		rounds, len(answered), lost, refused, len(placed)-len(answered)+lost)
}

// isReady asks for readyz, and returns why it is not.
func (s *shop) isReady() (status int, reason string) {
	s.t.Helper()
	var answer struct{ Reason string }
	status = s.exchange("GET", "http://"+s.addr("admin")+"/readyz", "", &answer)
	return status, answer.Reason
}

// patient customers go on when an order is refused.
type patient struct {
	t       *testing.T
	group   sync.WaitGroup
	gone    chan struct{} // closed when they are to leave
	leaving func()

	mu       sync.Mutex
	answered map[string]order // guarded by mu, as what follows
	refused  int
}

// visitPatiently sends so many customers. To each of them every order has to get a whole answer.
func (s *shop) visitPatiently(number int) *patient {
	s.t.Helper()
	p := &patient{t: s.t, gone: make(chan struct{}), answered: make(map[string]order)}
	p.leaving = sync.OnceFunc(func() { close(p.gone) })
	url := "http://" + s.addr("api") + "/orders"
	s.t.Cleanup(func() { p.leave() })
	for range number {
		client := &http.Client{Transport: &http.Transport{}, Timeout: deadline}
		p.group.Go(func() {
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				select {
				case <-p.gone:
					return
				default:
				}
				placed, err := p.place(client, url, int64(n%3+1))
				if err != nil {
					p.t.Error(err)
					return
				}
				if !placed {
					time.Sleep(20 * time.Millisecond) // each refusal is a line of the log
				}
			}
		})
	}
	return p
}

// place places an order, if it is not refused. That the shop could not is no error, if it says so.
func (p *patient) place(client *http.Client, url string, qty int64) (placed bool, err error) {
	response, err := client.Post(url, "application/json", strings.NewReader(fmt.Sprintf(`{"sku":"tea","qty":%d}`, qty)))
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	var answer struct {
		order
		Error string
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return false, fmt.Errorf("%s: %w", response.Status, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case response.StatusCode == http.StatusCreated:
		p.answered[answer.ID] = answer.order
		return true, nil
	case response.StatusCode == http.StatusInternalServerError && answer.Error != "":
		p.refused++
		return false, nil
	}
	return false, fmt.Errorf("%s: %+v", response.Status, answer)
}

// await waits until so many orders more were answered, and so many refused.
func (p *patient) await(what string, answered, refused int) {
	p.t.Helper()
	hadAnswered, hadRefused := p.counts()
	eventually(p.t, what, func() bool {
		nowAnswered, nowRefused := p.counts()
		return nowAnswered >= hadAnswered+answered && nowRefused >= hadRefused+refused
	})
}

func (p *patient) counts() (answered, refused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.answered), p.refused
}

// leave has the customers leave, and returns what they were answered, and how often they were refused.
func (p *patient) leave() (answered map[string]order, refused int) {
	p.leaving()
	p.group.Wait()
	return p.answered, p.refused
}
