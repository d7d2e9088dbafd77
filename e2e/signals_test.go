package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A shop that is sent signals, at any moment, once or more often, while customers place orders, ends as it is to, and
// loses nothing that it has taken in: each request whose handler was entered, which the shop logs, got its complete
// answer, of which its client knows. Only what a second signal forced may be without an answer.
func TestShopLosesNothingWhateverSignalsCome(t *testing.T) {
	rounds, random := rounds(t, 12), random(t)
	total := tally{rounds: make(map[string]int)}
	var b books
	for n := range rounds {
		if n%restock == 0 {
			b = books{database: filepath.Join(t.TempDir(), "shop.db"), answered: make(map[string]order)}
		}
		r := draw(random, moments[n%len(moments)])
		passed := t.Run(fmt.Sprint(n), func(t *testing.T) {
			r.run(t, &b, &total)
			if n%restock == restock-1 || n == rounds-1 {
				b.check(t)
			}
		})
		if !passed {
			t.Fatalf("round %d: %v", n, r)
		}
	}
	t.Logf("%d rounds: %v", rounds, total)
}

// restock is after how many rounds the orders are checked, and the next shop begins with an empty database.
const restock = 10

// moment is when the first signal comes.
type moment string

const (
	constructing moment = "constructing" // or in the first milliseconds of the start
	starting     moment = "starting"     // or soon after
	busy         moment = "busy"         // under load
	holding      moment = "holding"      // under load, and a request is in hand for some time
	forcing      moment = "forcing"      // the same, until the second signal
)

var moments = []moment{constructing, busy, starting, holding, busy, forcing}

// signal is a signal, and how long after the one before it is sent.
type signal struct {
	syscall.Signal
	group bool // to the whole process group
	after time.Duration
}

// round is what is done to a shop.
type round struct {
	moment  moment
	orders  int           // that are answered before the first signal
	signals []signal      // the first after the moment
	held    time.Duration // how long a request is in hand after the first signal, if the shop does not end before
}

func draw(random *rand.Rand, m moment) round {
	within := func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d))) }
	r := round{moment: m, orders: 1 + random.IntN(150), held: within(1500 * time.Millisecond)}
	count := 1 + random.IntN(3)
	if m == forcing {
		count, r.held = 2+random.IntN(2), deadline
	}
	for i := range count {
		s := signal{Signal: syscall.SIGINT}
		switch random.IntN(3) {
		case 0:
			s.group = true
		case 1:
			s.Signal = syscall.SIGTERM
		}
		switch {
		case i == 0:
			s.after = within(map[moment]time.Duration{
				constructing: 3 * time.Millisecond,
				starting:     450 * time.Millisecond,
				busy:         50 * time.Millisecond,
				holding:      time.Millisecond,
				forcing:      time.Millisecond,
			}[m])
		case m == forcing:
			s.after = pause + within(600*time.Millisecond)
		case random.IntN(4) == 0:
			s.after = within(time.Millisecond) // a pair
		default:
			s.after = within(1200 * time.Millisecond)
		}
		r.signals = append(r.signals, s)
	}
	return r
}

// run runs a shop, and checks how it ended.
func (r round) run(t *testing.T, b *books, total *tally) {
	s := runShop(t, "-db", b.database, "-debug")
	var c *customers
	var inHand *held
	finished := make(chan error, 1)
	switch r.moment {
	case constructing, starting:
		s.awaitOutput()
	default:
		s.awaitMessage("app started")
		c = s.visit(4)
		c.await(r.orders)
		if r.moment == holding || r.moment == forcing {
			inHand = s.hold("held")
		}
	}
	for i, sent := range r.signals {
		select {
		case <-time.After(sent.after):
		case <-s.exited: // the next finds nobody
		}
		s.trySignal(sent.Signal, sent.group)
		if i == 0 && r.moment == forcing {
			s.awaitMessage("app stopping") // from when on the pause counts
		}
		if i == 0 && inHand != nil {
			go func() {
				select {
				case <-time.After(r.held):
				case <-s.exited:
				}
				placed, err := inHand.finish()
				if err == nil {
					c.note("held", placed)
				}
				finished <- err
			}()
		}
	}
	end := s.end()
	if inHand != nil {
		<-finished
	}
	total.rounds[r.checkEnd(s, end)]++

	forced := r.forced(s) != ""
	if !forced {
		s.checkLog()
	}
	story := tell(s.log.lines())
	story.checkOrder(t)
	for _, unit := range story.units {
		if !forced && !story.is("unit stopped", unit) {
			t.Errorf("%s was started, and did not end", unit)
		}
	}
	if c != nil {
		b.note(t, s, c, forced, total)
	}
}

// forced returns the name of the second signal that forced the shop, empty if none did.
func (r round) forced(s *shop) string {
	for _, l := range s.log.lines() {
		if l["msg"] != "app stopped" {
			continue
		}
		text, _ := l["error"].(string)
		text, _, _ = strings.Cut(text, "\n")
		name, _ := strings.CutPrefix(text, "forced by a second signal: ")
		return name
	}
	return ""
}

// checkEnd checks the exit code and what the log says of the end, and returns what kind of end it was.
func (r round) checkEnd(s *shop, end string) string {
	var told []string
	for _, l := range s.log.lines() {
		if message := fmt.Sprint(l["msg"]); strings.HasPrefix(message, "app ") {
			told = append(told, message)
		}
	}
	story := []string{"app starting", "app started", "app stopping", "app stopped"}
	kind := "while it ran"
	if !slices.Contains(told, "app started") {
		story = slices.Delete(story, 1, 2)
		kind = "while it started"
	}
	if !slices.Contains(told, "app starting") {
		story = story[1:]
		kind = "while it was constructed"
	}
	if !slices.Equal(told, story) {
		s.t.Errorf("logged %q, want %q", told, story)
	}

	want := "0"
	if name := r.forced(s); name != "" {
		later := slices.IndexFunc(r.signals[1:], func(sent signal) bool { return sent.Signal.String() == name })
		if later < 0 {
			s.t.Errorf("forced by a second signal, %s, which was not sent", name)
			return kind
		}
		want = fmt.Sprint(128 + int(r.signals[1+later].Signal))
		kind += ", forced"
	} else if strings.HasPrefix(end, "killed: ") && len(r.signals) > 1 {
		want = end // between the return of Run and the exit, a signal is the business of Go
		kind += ", and again after Run"
	}
	if end != want {
		s.t.Errorf("exit %s, want %s", end, want)
	}
	return kind
}

// books are what the customers of a database were answered.
type books struct {
	database string
	answered map[string]order
	lost     int // requests that were taken in and not answered, by shops that were forced
}

// note takes down what the customers of a shop were answered, and checks that it is all that the shop has taken in.
func (b *books) note(t *testing.T, s *shop, c *customers, forced bool, total *tally) {
	maps.Copy(b.answered, c.leave())
	entered := make(map[string]bool)
	for _, l := range s.log.lines() {
		if id, ok := l["id"].(string); ok && l["msg"] == "request" && l["server"] == "api" {
			entered[id] = true
		}
	}
	for id := range c.complete {
		if !entered[id] {
			t.Errorf("request %s was answered, and is not logged", id)
		}
	}
	lost := 0
	for id := range entered {
		if c.complete[id] {
			continue
		}
		lost++
		if !forced {
			t.Errorf("request %s was taken in, and has no answer", id)
		}
	}
	if !forced && len(c.cut) > 0 {
		t.Errorf("answers were cut off: %q", c.cut)
	}
	total.entered += len(entered)
	total.answered += len(c.complete)
	if forced {
		b.lost += lost
		total.forced += lost
	}
}

// check checks, on a shop that runs, that all that was answered is there and is delivered, and nothing else but what
// forced shops have taken in.
func (b *books) check(t *testing.T) {
	t.Helper()
	s := openShop(t, b.database)
	kept := s.checkKept(b.answered)
	if more := len(kept) - len(b.answered); more > b.lost {
		t.Errorf("%d orders are there that nobody was answered, want at most %d", more, b.lost)
	}
	s.checkDeliveries(kept)
	s.signal(syscall.SIGTERM)
	if code := s.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.checkLog()
}

// tally is what all rounds came to.
type tally struct {
	rounds            map[string]int // by the kind of their end
	entered, answered int            // requests
	forced            int            // those without an answer, of shops that were forced
}

func (l tally) String() string {
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(l.rounds)) {
		kinds = append(kinds, fmt.Sprintf("%d %s", l.rounds[kind], kind))
	}
	return fmt.Sprintf("stopped %s; %d requests taken in, %d answered, %d not answered by shops that were forced, %d lost",
		strings.Join(kinds, "; "), l.entered, l.answered, l.forced, l.entered-l.answered-l.forced)
}
