package systemd

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/strata-go/strata/hooks"
)

const extend = "EXTEND_TIMEOUT_USEC=30000000\n"

// step is an event, and the message that it must cause: empty for none.
type step struct {
	event   hooks.Event
	message string
}

var (
	store  = hooks.Unit{Name: "*shop.Store"}
	queue  = hooks.Unit{Name: "*shop.Queue"}
	server = hooks.Unit{Name: "*shop.Server"}
)

var goodLife = []step{
	{hooks.Provided{Constructor: "shop.NewStore"}, ""},
	{hooks.Constructed{Constructor: "shop.NewStore"}, extend + "STATUS=1 constructor called, the last was shop.NewStore"},
	{hooks.StillStarting{Pending: []hooks.Pending{{Unit: "shop.NewServer (server.go:42)", For: 5 * time.Second}}},
		"STATUS=1 constructor called, waiting for shop.NewServer (server.go:42) (5s)"},
	{hooks.Constructed{Constructor: "shop.NewServer"}, extend + "STATUS=2 constructors called, the last was shop.NewServer"},
	{hooks.Planned{Plan: &hooks.Plan{}}, ""},
	{hooks.AppStarting{Units: 2, Layers: 2}, "STATUS=0 of 2 units started"},
	{hooks.UnitStarting{Unit: store}, "STATUS=0 of 2 units started, waiting for *shop.Store"},
	{hooks.StillStarting{Pending: []hooks.Pending{{Unit: store.Name, For: 5*time.Second + 1}}}, "STATUS=0 of 2 units started, waiting for *shop.Store (5s)"},
	{hooks.UnitStarted{Unit: store}, extend + "STATUS=1 of 2 units started"},
	{hooks.UnitStarting{Unit: server}, "STATUS=1 of 2 units started, waiting for *shop.Server"},
	{hooks.UnitStarted{Unit: server}, extend + "STATUS=2 of 2 units started"},
	{hooks.AppStarted{Took: 5200 * time.Millisecond}, "READY=1\nSTATUS=running, 2 units started in 5.2s"},
	{hooks.UnitReported{Unit: store, Value: "reconnected"}, ""},
	{hooks.AppStopping{Why: hooks.WhySignal, Signal: syscall.SIGTERM}, "STOPPING=1\nSTATUS=stopping: signal: terminated"},
	{hooks.Draining{Delay: 2 * time.Second}, "STATUS=draining for 2s"},
	{hooks.UnitStopping{Unit: server}, "STATUS=stopping, 0 of 2 units stopped, waiting for *shop.Server"},
	{hooks.StillStopping{Pending: []hooks.Pending{{Unit: server.Name, For: 10 * time.Second}}}, "STATUS=stopping, 0 of 2 units stopped, waiting for *shop.Server (10s)"},
	{hooks.UnitStopped{Unit: server}, extend + "STATUS=stopping, 1 of 2 units stopped"},
	{hooks.UnitStopping{Unit: store}, "STATUS=stopping, 1 of 2 units stopped, waiting for *shop.Store"},
	{hooks.UnitStopped{Unit: store}, extend + "STATUS=stopping, 2 of 2 units stopped"},
	{hooks.AppStopped{}, "STATUS=stopped"},
	{hooks.Misuse{Err: errors.New("too late")}, ""},
	{hooks.AppStopping{}, ""}, // of another app
	{hooks.AppStopped{}, ""},
}

var failedStart = []step{
	{hooks.AppStarting{Units: 3, Layers: 2}, "STATUS=0 of 3 units started"},
	{hooks.UnitStarting{Unit: store}, "STATUS=0 of 3 units started, waiting for *shop.Store"},
	{hooks.UnitStarting{Unit: queue}, "STATUS=0 of 3 units started, waiting for *shop.Store, *shop.Queue"},
	{hooks.UnitStarted{Unit: store}, extend + "STATUS=1 of 3 units started, waiting for *shop.Queue"},
	{hooks.UnitFailed{Unit: queue, Phase: hooks.PhaseStart, Cause: errors.New("no such topic")}, ""},
	{hooks.AppStopping{Why: hooks.WhyFailure, Unit: queue.Name, Cause: errors.New("no such topic\nat line 2")}, "STOPPING=1\nSTATUS=stopping: failure: *shop.Queue: no such topic"},
	{hooks.UnitStopped{Unit: queue, Err: errors.New("no such topic")}, extend + "STATUS=stopping, 1 of 2 units stopped"},
	{hooks.UnitStopping{Unit: store}, "STATUS=stopping, 1 of 2 units stopped, waiting for *shop.Store"},
	{hooks.UnitStopped{Unit: store}, extend + "STATUS=stopping, 2 of 2 units stopped"},
	{hooks.AppStopped{Err: errors.New("start *shop.Queue: no such topic\nat line 2")}, "STATUS=failed: start *shop.Queue: no such topic"},
}

var failedConstruction = []step{
	{hooks.Constructed{Constructor: "shop.NewStore"}, extend + "STATUS=1 constructor called, the last was shop.NewStore"},
	{hooks.Constructed{Constructor: "shop.NewQueue", Err: errors.New("no address")}, ""},
	{hooks.AppStopped{Err: errors.New("shop.NewQueue: no address")}, "STATUS=failed: shop.NewQueue: no address"},
}

// What an application tells when a signal comes while it is constructed.
var endedConstruction = []step{
	{hooks.AppStopping{Why: hooks.WhySignal, Signal: os.Interrupt}, "STOPPING=1\nSTATUS=stopping: signal: interrupt"},
	{hooks.Constructed{Constructor: "shop.NewStore"}, ""},
	{hooks.UnitStopping{Unit: store}, "STATUS=stopping, 0 of 1 unit stopped, waiting for *shop.Store"},
	{hooks.UnitStopped{Unit: store}, extend + "STATUS=stopping, 1 of 1 unit stopped"},
	{hooks.AppStopped{}, "STATUS=stopped"},
}

// What an application tells when a shutdown comes before its first unit.
var stoppedBeforeItStarts = []step{
	{hooks.AppStopping{Why: hooks.WhyShutdown}, "STOPPING=1\nSTATUS=stopping: shutdown"},
	{hooks.AppStarting{Units: 1, Layers: 1}, ""},
	{hooks.UnitStarting{Unit: store}, ""},
	{hooks.UnitStarted{Unit: store}, ""},
	{hooks.UnitStopping{Unit: store}, "STATUS=stopping, 0 of 1 unit stopped, waiting for *shop.Store"},
	{hooks.UnitStopped{Unit: store}, extend + "STATUS=stopping, 1 of 1 unit stopped"},
	{hooks.AppStopped{}, "STATUS=stopped"},
}

func TestTellsWhatHappens(t *testing.T) {
	lives := map[string][]step{
		"a good start and stop":         goodLife,
		"a failed start":                failedStart,
		"a failed construction":         failedConstruction,
		"an ended construction":         endedConstruction,
		"a stop before the start":       stoppedBeforeItStarts,
		"a failure while it runs":       {{hooks.AppStarted{}, "READY=1\nSTATUS=running, 0 units started in 0s"}, {hooks.AppStopping{Why: hooks.WhyEnded, Unit: store.Name}, "STOPPING=1\nSTATUS=stopping: unit ended: *shop.Store"}},
		"a failure that names the unit": {{hooks.AppStopping{Why: hooks.WhyFailure, Unit: store.Name, Cause: errors.New("run *shop.Store: gone")}, "STOPPING=1\nSTATUS=stopping: failure: run *shop.Store: gone"}},
		"an error that says nothing":    {{hooks.AppStopped{Err: errors.New("\n")}, "STATUS=failed: an error without a text"}},
		"the result after the units hang": {
			{hooks.Stuck{Units: []hooks.StuckUnit{{Unit: store.Name}}}, ""},
			{hooks.AppStopped{Err: errors.New("units hang: *shop.Store")}, "STATUS=failed: units hang: *shop.Store"},
		},
	}
	for kind, listen := range sockets {
		for name, life := range lives {
			t.Run(name+" "+kind, func(t *testing.T) {
				m := listen(t)
				t.Setenv("NOTIFY_SOCKET", m.address)
				n := New()
				for i, s := range life {
					n.Observe(s.event)
					if err := n.Sync(); err != nil {
						t.Fatal(err)
					}
					if got := strings.Join(m.left(), "\n--\n"); got != s.message {
						t.Errorf("step %d, %T:\n%s\nwant\n%s", i, s.event, got, s.message)
					}
				}
			})
		}
	}
}

func TestStatusNamesAFewUnitsAndCountsTheRest(t *testing.T) {
	m := listen(t, socketPath(t))
	n := newNotifier(socket(m.address).send, 0)
	n.Observe(hooks.AppStarting{Units: 100})
	for i := range 100 {
		if i == 3 {
			_ = n.Sync()
			if got, want := m.left(), "STATUS=0 of 100 units started, waiting for u0, u1, u2"; got[len(got)-1] != want {
				t.Errorf("%q, want %q", got[len(got)-1], want)
			}
		}
		n.Observe(hooks.UnitStarting{Unit: hooks.Unit{Name: "u" + strconv.Itoa(i)}})
	}
	n.Observe(hooks.UnitStarted{Unit: hooks.Unit{Name: "u1"}})
	if err := n.Sync(); err != nil {
		t.Fatal(err)
	}
	got := m.left()
	if want := "STATUS=1 of 100 units started, waiting for u0, u2, u3 and 96 more"; !strings.HasSuffix(got[len(got)-1], want) {
		t.Errorf("%q, want %q", got[len(got)-1], want)
	}
}

// Whatever a name or an error holds: it is one line of UTF-8, and of a length that
// systemd takes.
func TestNoNameOrErrorBreaksAMessage(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"lines":         {"a\nREADY=1\r\nb", "a READY=1 b"},
		"separators":    {"a\u2028b\u0085c", "a b c"},
		"control":       {"a\x1b[31mb\x00c", "a [31mb c"},
		"not UTF-8":     {"a\xff\xfeb", "a\uFFFDb"},
		"long":          {strings.Repeat("x", 5000), strings.Repeat("x", statusLimit)},
		"long in runes": {strings.Repeat("語", 5000), strings.Repeat("語", statusLimit)},
	} {
		t.Run(name, func(t *testing.T) {
			m := listen(t, socketPath(t))
			n := newNotifier(socket(m.address).send, 0)
			n.Observe(hooks.AppStarting{Units: 1})
			_ = n.Sync()
			n.Observe(hooks.UnitStarting{Unit: hooks.Unit{Name: test.text}})
			_ = n.Sync()
			got := m.left()[1]
			if !utf8.ValidString(got) {
				t.Errorf("not UTF-8: %q", got)
			}
			want := "STATUS=0 of 1 unit started, waiting for " + test.want
			if len(want) > len("STATUS=")+statusLimit {
				rest, cut := strings.CutSuffix(got, "...")
				if !cut || !strings.HasPrefix(want, rest) || len(rest) < statusLimit/2 || len(got) > len("STATUS=")+statusLimit {
					t.Errorf("%d bytes: %q", len(got), got)
				}
			} else if got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestDoesNothingWithoutASocket(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "1000")
	for name, n := range map[string]*Notifier{"New": New(), "the zero value": {}} {
		for _, s := range goodLife {
			if allocations := testing.AllocsPerRun(10, func() { n.Observe(s.event) }); allocations > 0 {
				t.Errorf("%s: %v allocations on %T", name, allocations, s.event)
			}
		}
		if err := n.Sync(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n.watchdog != nil || n.outbox != nil {
			t.Errorf("%s has more than it needs", name)
		}
	}
}

func TestEnvironmentIsReadOnceAndLeftAsItIs(t *testing.T) {
	m := listen(t, socketPath(t))
	t.Setenv("NOTIFY_SOCKET", m.address)
	t.Setenv("WATCHDOG_USEC", "60000000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	before := os.Environ()
	n := New()
	if after := os.Environ(); !slices.Equal(before, after) {
		t.Errorf("the environment was %v, is %v", before, after)
	}

	_ = os.Unsetenv("NOTIFY_SOCKET")
	n.Observe(hooks.AppStarted{})
	if got := m.next(); !strings.HasPrefix(got, "READY=1\n") {
		t.Errorf("%q", got)
	}
	n.Observe(hooks.AppStopped{})
}

func TestBadEnvironmentIsReturnedBySync(t *testing.T) {
	m := listen(t, socketPath(t))
	for name, test := range map[string]struct {
		socket, interval, pid string
		want                  string
		silent                bool
	}{
		"a relative path":    {socket: "notify", want: `NOTIFY_SOCKET "notify": want an absolute path, or @ and a name`, silent: true},
		"another kind":       {socket: "vsock:2:1234", want: `NOTIFY_SOCKET "vsock:2:1234"`, silent: true},
		"no number":          {socket: m.address, interval: "soon", want: "WATCHDOG_USEC"},
		"a negative number":  {socket: m.address, interval: "-1", want: "WATCHDOG_USEC"},
		"too large a number": {socket: m.address, interval: "9223372036854775807", want: "WATCHDOG_USEC"},
		"no process":         {socket: m.address, interval: "1000", pid: "me", want: "WATCHDOG_PID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NOTIFY_SOCKET", test.socket)
			t.Setenv("WATCHDOG_USEC", test.interval)
			t.Setenv("WATCHDOG_PID", test.pid)
			n := New()
			n.Observe(hooks.AppStarting{})
			n.Observe(hooks.AppStarted{})
			n.Observe(hooks.AppStopped{})
			if err := n.Sync(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
			if got := assignments(m.left(), "READY", "WATCHDOG"); test.silent != (len(got) == 0) || slices.Contains(got, "WATCHDOG=1") {
				t.Errorf("sent %q", got)
			}
		})
	}
}

func TestErrorOfTheSocketIsReturnedBySyncAndLaterMessagesAreTried(t *testing.T) {
	path := socketPath(t)
	n := newNotifier(socket(path).send, 0)
	n.Observe(hooks.AppStarting{Units: 1})
	first := n.Sync()
	if !errors.Is(first, os.ErrNotExist) || !strings.HasPrefix(first.Error(), "NOTIFY_SOCKET: ") {
		t.Errorf("error %v", first)
	}

	m := listen(t, path)
	n.Observe(hooks.AppStarted{})
	if got := m.next(); !strings.HasPrefix(got, "READY=1\n") {
		t.Errorf("%q", got)
	}

	_ = m.conn.Close()
	if err := socket(path).send("STATUS=gone"); err == nil || err.Error() == first.Error() {
		t.Fatalf("error %v, want another than %v", err, first)
	}
	n.Observe(hooks.AppStopped{})
	if err := n.Sync(); err.Error() != first.Error() {
		t.Errorf("error %v, the first was %v", err, first)
	}
}

// A queue that is full delays nobody who observes, and is given up after a while.
func TestSocketThatIsNotReadIsGivenUp(t *testing.T) {
	t.Parallel()
	m := open(t, socketPath(t))
	m.fill()
	n := newNotifier(socket(m.address).send, 0)
	n.Observe(hooks.AppStarted{})
	if err := n.Sync(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error %v", err)
	}

	m.begin()
	m.left()
	n.Observe(hooks.AppStopping{})
	if got := m.next(); !strings.HasPrefix(got, "STOPPING=1\n") {
		t.Errorf("%q", got)
	}
	_ = n.Sync()
}
