package peers

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/strata-go/strata/bench"
)

// Crashed is how a program ended of which a unit failed.
type Crashed struct {
	Events []bench.Event
	Took   time.Duration // from the crash to the end of the process
	Code   int           // -1: a signal
}

// envCrash tells a program that it is to crash, and how.
const envCrash = "STRATA_BENCH_CRASH"

// MainOfCrash is to be called first by the main of a program that calls RunCrash. In that
// which RunCrash runs, it does not return.
func MainOfCrash() {
	divided, name, ok := strings.Cut(os.Getenv(envCrash), " ")
	if !ok {
		return
	}
	for _, p := range All() {
		if p.Name == name {
			os.Exit(crash(p, divided))
		}
	}
	fmt.Fprintln(os.Stderr, "no such peer:", name)
	os.Exit(2)
}

// crash runs Loki on a peer and has the unit in the middle fail once all are ready. It
// writes what happens to the standard output, a line at a time.
func crash(p *Peer, divided string) int {
	n, _ := strconv.Atoi(divided)
	units := bench.Loki(n)
	var fail func()
	for _, u := range units {
		if u.Name == bench.InTheMiddle {
			fail = bench.CrashOf(u)
		}
	}
	ready := 0
	bench.TraceOf(units, func(e bench.Event) {
		fmt.Println(e.Unit, e.Moment, e.At.UnixNano())
		if e.Moment == bench.Ready {
			if ready++; ready == len(units) {
				time.AfterFunc(20*time.Millisecond, fail) // the start, too, has returned
			}
		}
	})
	return p.Main(units)
}

// RunCrash runs the program that calls it as one that crashes.
func RunCrash(p *Peer, divided int) (c Crashed, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return c, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", envCrash, divided, p.Name))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return c, err
	}
	if err := cmd.Start(); err != nil {
		return c, err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e bench.Event
		var at int64
		if _, err := fmt.Sscan(lines.Text(), &e.Unit, &e.Moment, &at); err != nil {
			continue // a line of the library's own
		}
		e.At = time.Unix(0, at)
		c.Events = append(c.Events, e)
	}
	err = cmd.Wait()
	ended := time.Now()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		return c, err
	}
	c.Code = cmd.ProcessState.ExitCode()
	for _, e := range c.Events {
		if e.Moment == bench.Crashed {
			c.Took = ended.Sub(e.At)
			return c, nil
		}
	}
	return c, fmt.Errorf("%s: ended without a crash, %v", p.Name, err)
}
