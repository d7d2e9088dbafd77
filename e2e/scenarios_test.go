package e2e

import (
	"syscall"
	"time"
)

// scenario is a way to end: the flags of program ends, and what is done to it.
type scenario struct {
	flags string
	act   func(p *program)
}

// pause is how long after a signal the next one counts, and a little more.
const pause = 600 * time.Millisecond

// scenarios are those of docs/lifecycle.md, by the name that they have there.
//
// Those in which a limit is to pass have short ones, but none so short that the good parts of the program could miss it on
// a slow machine. In the others a limit that passes is a failure.
var scenarios = map[string]scenario{
	"sigterm": {"", func(p *program) {
		p.awaitMessage("app started")
		p.signal(syscall.SIGTERM)
	}},
	"sigint": {"", func(p *program) {
		p.awaitMessage("app started")
		p.interrupt()
	}},
	"drain": {"-drain=300ms", func(p *program) {
		p.awaitMessage("app started")
		p.signal(syscall.SIGTERM)
		p.awaitPhase("drain")
	}},
	"drain-sigint": {"-drain=1h -stop-timeout=0", func(p *program) {
		p.awaitMessage("app started")
		p.signal(syscall.SIGINT)
	}},
	"drain-second": {"-drain=1h -stop-timeout=0", func(p *program) {
		p.awaitMessage("app started")
		p.signal(syscall.SIGTERM)
		p.awaitMessage("draining")
		time.Sleep(pause)
		p.signal(syscall.SIGTERM)
	}},
	"drain-fail": {"-drain=1h -stop-timeout=0 -in-drain=fail", func(p *program) {
		p.awaitMessage("app started")
		p.awaitPhase("run")
		p.signal(syscall.SIGTERM)
	}},
	"drain-shutdown": {"-drain=1h -stop-timeout=0 -shutdown=drain -code=3", stopIt},
	"drain-deaf":     {"-drain=300ms -in-drain=deaf -stop-timeout=2s -force-timeout=500ms", stopIt},
	"signal-construct": {"-construct=held", func(p *program) {
		p.awaitPhase("construct")
		p.signal(syscall.SIGTERM)
		p.awaitMessage("app stopping")
		p.release()
	}},
	"signal-start": {"-start=slow", func(p *program) {
		p.awaitPhase("start")
		p.signal(syscall.SIGTERM)
	}},
	"signal-pair": {"-stop=held -stop-timeout=0", func(p *program) {
		p.awaitMessage("app started")
		p.signal(syscall.SIGINT)
		p.signal(syscall.SIGTERM)
		time.Sleep(pause) // were it forced, the others would be before the cache
		p.release()
	}},
	"signal-second": {"-stop=slow -stop-timeout=0", func(p *program) {
		p.awaitMessage("app started")
		p.interrupt()
		p.awaitPhase("stop")
		time.Sleep(pause)
		p.signal(syscall.SIGTERM)
	}},
	"signal-second-construct": {"-construct=deaf -start-timeout=0 -force-timeout=0", func(p *program) {
		p.awaitPhase("construct")
		p.signal(syscall.SIGTERM)
		p.awaitMessage("app stopping")
		time.Sleep(pause)
		p.interrupt()
	}},
	"signal-second-start": {"-start=deaf -stop-timeout=0 -force-timeout=500ms", func(p *program) {
		p.awaitPhase("start")
		p.signal(syscall.SIGTERM)
		p.awaitMessage("app stopping")
		time.Sleep(pause)
		p.interrupt()
	}},
	"signal-second-deaf": {"-stop=deaf -stop-timeout=0 -force-timeout=500ms", func(p *program) {
		p.awaitMessage("app started")
		p.signal(syscall.SIGTERM)
		p.awaitPhase("stop")
		time.Sleep(pause)
		p.interrupt()
	}},
	"signal-third": {"-stop=deaf -stop-timeout=0 -force-timeout=0", func(p *program) {
		p.awaitMessage("app started")
		p.interrupt()
		p.awaitPhase("stop")
		time.Sleep(pause)
		p.signal(syscall.SIGTERM)
		p.awaitLine("it is forced", func(l line) bool { return l["msg"] == "unit stopped" && l["forced"] == true })
		time.Sleep(pause)
		p.interrupt()
	}},
	"signal-ended": {"-hang", func(p *program) {
		p.awaitMessage("app started")
		p.signal(syscall.SIGTERM)
		p.awaitMessage("app stopped")
		p.interrupt()
	}},
	"signal-returned": {"-linger", func(p *program) {
		p.awaitMessage("app started")
		p.signal(syscall.SIGINT)
		p.awaitMessage("returned")
		p.signal(syscall.SIGTERM)
	}},

	"shutdown":            {"-shutdown=started", nil},
	"shutdown-code":       {"-shutdown=started -code=3", nil},
	"shutdown-cause":      {"-shutdown=started -cause=replaced", nil},
	"shutdown-code-cause": {"-shutdown=started -code=3 -cause=replaced", nil},
	"shutdown-code-fail":  {"-shutdown=started -code=3 -stop=fail", nil},
	"shutdown-before":     {"-shutdown=before", nil},
	"shutdown-construct":  {"-shutdown=construct -code=3", nil},
	"shutdown-start":      {"-shutdown=start -start=slow", nil},
	"shutdown-stop":       {"-shutdown=stop -code=3", stopIt},
	"shutdown-stop-fail":  {"-shutdown=started -stop=fail", nil},

	"construct-fail":  {"-construct=fail", nil},
	"construct-panic": {"-construct=panic", nil},
	"construct-exit":  {"-construct=exit", nil},
	"construct-slow": {"-construct=held -start-timeout=1s -force-timeout=0", func(p *program) {
		p.awaitMessage("app stopping")
		p.release()
	}},
	"construct-deaf": {"-construct=deaf -start-timeout=1s -force-timeout=500ms", nil},

	"start-fail":      {"-start=fail", nil},
	"start-panic":     {"-start=panic", nil},
	"start-exit":      {"-start=exit", nil},
	"start-nil":       {"-start=nil", nil},
	"start-slow":      {"-start=slow -start-timeout=2s", nil},
	"start-own":       {"-start=slow -own-start-timeout=1s", nil},
	"start-fail-open": {"-start=fail -stop-only", nil},
	"start-deaf":      {"-start=deaf -start-timeout=2s -stop-timeout=1500ms -force-timeout=500ms", nil},

	"run-fail":        {"-run=fail", nil},
	"run-panic":       {"-run=panic", nil},
	"run-exit":        {"-run=exit", nil},
	"run-nil":         {"-run=nil", nil},
	"run-fail-follow": {"-run=fail -server", nil},

	"stop-fail":  {"-stop=fail", stopIt},
	"stop-panic": {"-stop=panic", stopIt},
	"stop-exit":  {"-stop=exit", stopIt},
	"stop-slow":  {"-stop=slow -stop-timeout=2s", stopIt},
	"stop-own":   {"-stop=slow -own-stop-timeout=1s", stopIt},
	"stop-deaf":  {"-stop=deaf -stop-timeout=2s -force-timeout=500ms", stopIt},

	"setup-option":  {"-setup=option", nil},
	"setup-provide": {"-setup=provide", nil},
	"setup-missing": {"-setup=missing", nil},
	"setup-cycle":   {"-setup=cycle", nil},
	"run-twice":     {"-again", stopIt},
	"hook-late": {"-late", func(p *program) {
		p.awaitMessage("app started")
		p.awaitMessage("misuse")
		p.signal(syscall.SIGTERM)
	}},
	"options-twice": {"-twice", stopIt},
	"no-limits":     {"-start-timeout=0 -stop-timeout=0 -force-timeout=0", stopIt},

	"context": {"-context", func(p *program) {
		p.awaitMessage("app started")
		p.release()
	}},
	"context-drain": {"-context -drain=300ms", func(p *program) {
		p.awaitMessage("app started")
		p.release()
		p.awaitPhase("drain")
	}},
	"context-start": {"-context -start=slow", func(p *program) {
		p.awaitPhase("start")
		p.release()
	}},
	"context-stop-fail": {"-context -stop=fail", func(p *program) {
		p.awaitMessage("app started")
		p.release()
	}},
	"context-fail": {"-context -run=fail", nil},
}

// stopIt stops the program when it has started.
func stopIt(p *program) {
	p.awaitMessage("app started")
	p.signal(syscall.SIGTERM)
}

// awaitPhase waits until the cache of program ends is in a phase.
func (p *program) awaitPhase(phase string) {
	p.t.Helper()
	p.awaitLine("the cache is in phase "+phase, func(l line) bool { return l["msg"] == "cache" && l["phase"] == phase })
}

// release has program ends go on.
func (p *program) release() {
	p.t.Helper()
	if err := p.input.Close(); err != nil {
		p.t.Fatal(err)
	}
}
