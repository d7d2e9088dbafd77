package timeline_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/hooks/timeline"
)

// start is what an application tells of a start in which the store takes so long: the cache
// and the mailer wait for the store, the server waits for the cache.
func start(store time.Duration) *timeline.Timeline {
	units := map[string]hooks.Unit{
		"store":  {Name: "store", Constructor: "shop.NewStore (store.go:12)"},
		"cache":  {Name: "cache", Constructor: "shop.NewCache (cache.go:7)", DependsOn: []string{"store"}},
		"mailer": {Name: "mailer", Constructor: "shop.NewMailer (mailer.go:9)", DependsOn: []string{"store"}},
		"server": {Name: "server", Constructor: "shop.NewServer (server.go:30)", DependsOn: []string{"cache"}},
	}
	plan := &hooks.Plan{
		Schedule: hooks.ByDependency,
		Layers:   [][]hooks.Unit{{units["store"]}, {units["cache"], units["mailer"]}, {units["server"]}},
	}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return noon.Add(d) }

	recorder := timeline.New() // container.WithObserver(recorder) has an application do the rest
	recorder.Observe(hooks.Constructed{At: at(40 * time.Millisecond), Constructor: "shop.NewStore", Location: "store.go:12", Took: 40 * time.Millisecond})
	recorder.Observe(hooks.Planned{At: at(50 * time.Millisecond), Took: 50 * time.Millisecond, Plan: plan})
	recorder.Observe(hooks.AppStarting{At: at(50 * time.Millisecond)})
	unit := func(name string, from, took time.Duration) time.Duration {
		from += 50 * time.Millisecond
		recorder.Observe(hooks.UnitStarting{At: at(from), Unit: units[name]})
		recorder.Observe(hooks.UnitStarted{At: at(from + took), Unit: units[name]})
		return from + took - 50*time.Millisecond
	}
	stored := unit("store", 0, store)
	cached := unit("cache", stored, 300*time.Millisecond)
	unit("mailer", stored, 250*time.Millisecond)
	served := unit("server", cached, 20*time.Millisecond)
	recorder.Observe(hooks.AppStarted{At: at(served + 50*time.Millisecond)})
	return recorder.Timeline()
}

// What decided how long the start took.
func Example() {
	fmt.Print(start(100 * time.Millisecond))
	// Output:
	// started in 470ms: 50ms construction, 420ms start (4 units, by dependency)
	//    50ms  construction
	//   100ms  store
	//   300ms  cache
	//    20ms  server
}

func ExampleTimeline_CriticalChain() {
	t := start(100 * time.Millisecond)
	sum := time.Duration(0)
	for _, step := range t.CriticalChain() {
		fmt.Println(step.Name, step.Took)
		sum += step.Took
	}
	fmt.Println(sum == t.Took())
	// Output:
	// construction 50ms
	// store 100ms
	// cache 300ms
	// server 20ms
	// true
}

func ExampleTimeline_Blame() {
	for _, d := range start(100 * time.Millisecond).Blame() {
		fmt.Println(d.Took, d.Phase, d.Name)
	}
	// Output:
	// 300ms start cache
	// 250ms start mailer
	// 100ms start store
	// 40ms construct shop.NewStore (store.go:12)
	// 20ms start server
}

// The mailer is as slow as the cache, nearly: it may get 70 ms slower before anybody notices.
func ExampleTimeline_Slack() {
	slack, err := start(100 * time.Millisecond).Slack("mailer")
	fmt.Println(slack, err)
	// Output: 70ms <nil>
}

// Is it worth it to make the cache faster? Down to 230 ms, then the mailer is the slowest.
func ExampleTimeline_WhatIf() {
	t := start(100 * time.Millisecond)
	for _, took := range []time.Duration{300, 230, 100} {
		total, err := t.WhatIf("cache", took*time.Millisecond)
		fmt.Println(took*time.Millisecond, total, err)
	}
	// Output:
	// 300ms 470ms <nil>
	// 230ms 400ms <nil>
	// 100ms 400ms <nil>
}

// A start that was saved yesterday is compared with one of today.
func ExampleCompare() {
	saved, err := json.Marshal(start(100 * time.Millisecond))
	if err != nil {
		fmt.Println(err)
		return
	}
	yesterday := new(timeline.Timeline)
	if err := json.Unmarshal(saved, yesterday); err != nil {
		fmt.Println(err)
		return
	}
	for _, change := range timeline.Compare(yesterday, start(180*time.Millisecond)) {
		fmt.Println(change)
	}
	// Output: slower: start store 100ms -> 180ms
}

func ExampleTimeline_WriteSVG() {
	var image bytes.Buffer // a file
	if err := start(100 * time.Millisecond).WriteSVG(&image); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.HasPrefix(image.String(), "<svg "), strings.Contains(image.String(), "critical chain"))
	// Output: true true
}

func ExampleTimeline_WriteTrace() {
	var trace bytes.Buffer // a file, for https://ui.perfetto.dev
	if err := start(100 * time.Millisecond).WriteTrace(&trace); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(trace.String(), `"traceEvents"`))
	// Output: true
}
