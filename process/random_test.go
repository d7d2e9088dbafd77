package process_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestRandomGroupsKeepTheirPromises has the oracle judge random nested groups of all
// kinds, with limits and with a Process inside, of random runners, that are stopped
// or forced at a random moment. For more than the usual hundred:
// -rapid.checks=100000.
func TestRandomGroupsKeepTheirPromises(t *testing.T) {
	trials := rapid.Custom(drawTrial)
	tries := 1
	rapid.Check(t, func(rt *rapid.T) {
		tr := trials.Draw(rt, "trial")
		for range tries {
			tr.run(t)
			if wrong := tr.judge(); len(wrong) > 0 {
				if tries == 1 {
					t.Logf("before it shrinks: %s\n\n%v", strings.Join(wrong, "\n"), tr)
				}
				tries = 50 // what depends on a race needs some to fail again
				rt.Logf("%s\n\n%v", strings.Join(wrong, "\n"), tr)
				// It shrinks what fails with one and the same message.
				rt.Fatal("a promise is broken: " + wrong[0][:len("invariant 1")])
			}
		}
	})
}

const (
	mostDepth   = 4
	mostRunners = 60
)

func drawTrial(rt *rapid.T) *trial {
	d := &drawing{T: rt, most: rapid.SampledFrom([]int{4, 8, 16, 30, mostRunners}).Draw(rt, "runners")}
	tr := &trial{root: d.group(mostDepth), callback: callbackNil}
	tr.root.name = "root"
	tr.action = rapid.SampledFrom([]string{"", "force", "stop"}).Draw(rt, "action")
	if tr.action != "" {
		tr.at = d.seconds("at", 12)
	}
	if tr.action == "stop" && tr.at > 0 && d.oneIn(3, "stop is forced") {
		tr.forceAt = tr.at + d.seconds("force after", 4) + time.Second/4
	}
	if d.oneIn(4, "callback does more") {
		tr.callback = rapid.SampledFrom(finishes).Draw(rt, "callback")
	}
	return tr
}

type drawing struct {
	*rapid.T
	runners, groups, most int
}

// seconds are whole ones most of the time, so that much happens at once.
func (d *drawing) seconds(label string, most int) time.Duration {
	return time.Duration(rapid.IntRange(0, 2*most).Draw(d.T, label)) * time.Second / 2
}

func (d *drawing) oneIn(n int, label string) bool {
	return rapid.IntRange(1, n).Draw(d.T, label) == n
}

func (d *drawing) node(depth int) *node {
	if depth == 0 || rapid.IntRange(0, 3).Draw(d.T, "group") == 0 {
		return d.runner()
	}
	return d.group(depth)
}

func (d *drawing) group(depth int) *node {
	kinds := []string{"Parallel", "Sequential", "Graph", "Chain", "StartTimeout", "StopTimeout", "Process"}
	kind := rapid.SampledFrom(kinds).Draw(d.T, "kind")
	count := 1
	if !strings.HasSuffix(kind, "Timeout") && kind != "Process" {
		count = rapid.IntRange(1, 6).Draw(d.T, "children")
	}
	d.groups++
	name := fmt.Sprint(strings.ToLower(kind), d.groups)
	var children []*node
	for i := range count {
		if i == 0 || d.runners < d.most { // no group is empty
			children = append(children, d.node(depth-1))
		}
	}
	n := newNode(name, kind, children...)
	n.watched = true
	if strings.HasSuffix(kind, "Timeout") {
		n.limit = time.Second + d.seconds("limit", 6)
	}
	for i := range n.children {
		for j := range i {
			if kind == "Graph" && rapid.Bool().Draw(d.T, "edge") {
				n.dependsOn[i] = append(n.dependsOn[i], j)
			}
		}
	}
	return n
}

func (d *drawing) runner() *node {
	draw := func(label string, usual int, kinds ...string) string {
		if rapid.IntRange(0, usual).Draw(d.T, label) < usual {
			return ""
		}
		return rapid.SampledFrom(kinds).Draw(d.T, label)
	}
	n := newRunner(d.runners, behaviour{
		form:      draw("form", 1, "Worker", "Leaf", "StartStop"),
		start:     draw("start", 6, "error", "panic", "goexit", "nil", "never", "deaf"),
		starting:  d.seconds("starting", 3),
		run:       draw("run", 3, "breaks", "error", "nil", "panic", "goexit"),
		running:   d.seconds("running", 8) + time.Second/4,
		stop:      draw("stop", 3, "error", "deaf"),
		stopping:  d.seconds("stopping", 3),
		twice:     d.oneIn(5, "twice"),
		elsewhere: d.oneIn(5, "elsewhere"),
		silent:    d.oneIn(4, "silent"),
	})
	d.runners++
	n.wrap = draw("wrap", 2, "group", "PrefixedError", "StartTimeout", "wrapper")
	n.watched = n.wrap == "" && d.oneIn(3, "watched")
	return n
}
