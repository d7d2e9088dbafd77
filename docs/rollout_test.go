package docs

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A rolling update by hand: a new pod is started beside the old one, and when it is ready the old
// one is deleted. Those who send requests hear of it late, and go on sending to it.
func TestKubernetesRollingUpdateLosesNoRequest(t *testing.T) {
	t.Parallel()
	program := programs(t)[0].text
	if !strings.Contains(program, drain) {
		t.Fatalf("the program does not have %s", drain)
	}
	binary := buildProgram(t, program)
	for range 5 {
		answered, lost, took := rollOut(t, binary)
		if took > 4*time.Second {
			t.Logf("the news took %v on this machine, nearly the drain delay: again", took)
			continue
		}
		if len(lost) > 0 {
			t.Errorf("%d of %d requests were lost: %s", len(lost), answered+len(lost), lost[0])
		}
		return
	}
	t.Error("this machine is too slow")
}

const drain = "container.WithDrainDelay(5*time.Second)"

// The same without the drain delay: the test above can fail.
func TestKubernetesRollingUpdateWithoutADrainDelayLosesRequests(t *testing.T) {
	t.Parallel()
	hasty := strings.Replace(programs(t)[0].text, drain, "container.WithDrainDelay(0)", 1)
	if _, lost, _ := rollOut(t, buildProgram(t, hasty)); len(lost) == 0 {
		t.Error("nothing was lost")
	}
}

func TestKubernetesJobThatIsStoppedHasFailed(t *testing.T) {
	t.Parallel()
	binary := buildProgram(t, programs(t)[1].text)
	done, stopped := startPod(t, binary), startPod(t, binary)
	await(t, "the job runs", func() bool { return strings.Contains(stopped.log.text(), "app started") })

	stopped.signal(syscall.SIGTERM)

	if code := stopped.exitCode(); code != 1 {
		t.Errorf("stopped in the middle: exit code %d, want 1", code)
	}
	if code := done.exitCode(); code != 0 {
		t.Errorf("done: exit code %d, want 0", code)
	}
}

// rollOut replaces a pod while clients send requests. It returns how many were answered, what
// became of the others, and how long it took until nobody sent any to the old pod.
func rollOut(t *testing.T, binary string) (answered int, lost []string, took time.Duration) {
	t.Helper()
	spec := readManifests(t).deployments[0].Spec.Template.Spec
	probe := spec.Containers[0].ReadinessProbe
	old := startPod(t, binary)
	await(t, "the old pod is ready", old.ready)
	s := &service{endpoints: []*pod{old}}
	clients := s.visit(t, 8)
	await(t, "the old pod serves", func() bool { return s.served(old) > 20 })

	next := startPod(t, binary)
	await(t, "the new pod is ready", next.ready)
	s.set(old, next)
	await(t, "the new pod serves", func() bool { return s.served(next) > 20 })
	before, deleted := s.served(old), time.Now()
	old.signal(syscall.SIGTERM)
	for failures := int32(0); failures < probe.FailureThreshold; {
		time.Sleep(time.Duration(probe.PeriodSeconds) * time.Second)
		if !old.ready() {
			failures++
		}
	}
	time.Sleep(500 * time.Millisecond) // until the last who sends has heard of it
	s.set(next)
	took = time.Since(deleted)
	during := s.served(old) - before
	select {
	case <-old.exited:
	case <-time.After(time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second):
		t.Error("the old pod is still there when its grace period has passed")
	}
	now := s.served(next)
	await(t, "the new pod serves alone", func() bool { return s.served(next) > now+20 })

	s.close()
	clients.Wait()
	if code := old.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	t.Logf("%d requests were answered, %d of them by the pod that was being deleted; %d were lost", s.answered, during, len(s.lost))
	return s.answered, s.lost, took
}

// service sends requests to pods, as a Service does.
type service struct {
	mu        sync.Mutex // guards what follows
	endpoints []*pod
	closed    bool
	answered  int
	by        map[*pod]int // how many of them
	lost      []string
}

func (s *service) set(endpoints ...*pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoints = endpoints
}

func (s *service) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

func (s *service) served(p *pod) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[p]
}

// endpoint returns the pod for the next request, nil if there shall be none.
func (s *service) endpoint() *pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	return s.endpoints[rand.IntN(len(s.endpoints))]
}

func (s *service) note(p *pod, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.lost = append(s.lost, err.Error())
		return
	}
	s.answered++
	if s.by == nil {
		s.by = make(map[*pod]int)
	}
	s.by[p]++
}

// visit sends so many clients. Every other one connects anew for each request.
func (s *service) visit(t *testing.T, number int) *sync.WaitGroup {
	clients := new(sync.WaitGroup)
	for i := range number {
		transport := &http.Transport{DisableKeepAlives: i%2 == 1}
		client := &http.Client{Transport: transport, Timeout: deadline}
		clients.Go(func() {
			defer transport.CloseIdleConnections()
			for p := s.endpoint(); p != nil; p = s.endpoint() {
				s.note(p, ask(client, p.http))
			}
		})
	}
	t.Cleanup(func() {
		s.close()
		clients.Wait()
	})
	return clients
}

// ask sends a request, and returns an error unless it got the complete answer.
func ask(client *http.Client, addr string) error {
	response, err := client.Get("http://" + addr + "/")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || string(body) != "hello\n") {
		err = fmt.Errorf("%s: %q", response.Status, body)
	}
	return err
}
