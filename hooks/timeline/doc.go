// Package timeline records the start, the run and the stop of an application, and says what
// decided how long they took.
//
//	recorder := timeline.New()
//	app := container.New(container.WithObserver(recorder))
//	...
//	fmt.Print(recorder.Timeline())           // how long the start took, and why
//	recorder.Timeline().WriteSVG(file)       // the plot
//
// A [Recorder] observes; [Recorder.Timeline] is a snapshot, at any time, which answers:
//
//   - [Timeline.Blame]: what took longest;
//   - [Timeline.CriticalChain]: which units decided the total, which is exactly their sum;
//   - [Timeline.Slack]: how much slower a unit may get before the start does;
//   - [Timeline.WhatIf]: how long the start would take if a unit took that long;
//   - [Timeline.WriteSVG] and [Timeline.WriteTrace]: the same to look at;
//   - [Compare]: which unit got slower, from one start that was saved as JSON to another.
//
// Blame, critical chain and plot are the words of systemd-analyze(1); slack, or float, is
// that of the critical path method (J. E. Kelley and M. R. Walker, 1959). The trace is in the
// Trace Event Format of Chromium, which Perfetto opens.
//
// A Recorder keeps at most 10,000 units, 10,000 calls of constructors, the last eight reports
// of a unit and 512 bytes of each text, and no value of the application: some 10 MB, and
// the names, which the plan has, too. What it drops it counts.
package timeline
