package container_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/strata-go/strata/process"
)

// This file says what a program of the differential test is.

// life is what became of a unit: when it was started, was ready, was asked to stop and
// has ended.
type life struct {
	startTook, stopTook           time.Duration
	start, ready, stopping, ended time.Time
}

func (l *life) onStart(ctx context.Context) error {
	l.start = time.Now()
	err := sleep(ctx, l.startTook)
	l.ready = time.Now()
	return err
}

func (l *life) onStop(ctx context.Context) error {
	l.stopping = time.Now()
	err := sleep(ctx, l.stopTook)
	l.ended = time.Now()
	return err
}

// idler is a value that does not run, and says who made it.
type idler struct{ who string }

func (i *idler) made() string              { return i.who }
func (i *idler) begin(who string, _ *life) { i.who = who }

// worker is a value that runs.
type worker struct {
	who  string
	life *life
}

func (w *worker) made() string              { return w.who }
func (w *worker) begin(who string, l *life) { w.who, w.life = who, l }
func (w *worker) Name() string              { return w.who }
func (w *worker) lived() *life              { return w.life }
func (w *worker) Run(ctx context.Context, callback process.Callback) error {
	return process.StartStop(w.life.onStart, w.life.onStop).Run(ctx, callback)
}

// What the programs are about. The last type shows that it runs, the two before it
// show nothing.
type (
	idle0   struct{ idler }
	idle1   struct{ idler }
	idle2   struct{ idler }
	worker0 struct{ worker }
	worker1 struct{ worker }
	worker2 struct{ worker }
	maker   interface {
		made() string
		begin(who string, l *life)
	}
	another  interface{ made() string }
	revealed interface {
		process.Runner
		made() string
	}
)

var (
	idleTypes   = []reflect.Type{reflect.TypeFor[*idle0](), reflect.TypeFor[*idle1](), reflect.TypeFor[*idle2]()}
	workerTypes = []reflect.Type{reflect.TypeFor[*worker0](), reflect.TypeFor[*worker1](), reflect.TypeFor[*worker2]()}
	faceTypes   = []reflect.Type{reflect.TypeFor[maker](), reflect.TypeFor[another](), reflect.TypeFor[revealed]()}
	drawnTypes  = slices.Concat(idleTypes, workerTypes, workerTypes, faceTypes)
	runnerType  = reflect.TypeFor[process.Runner]()
)

// outcome is what a function returns for a result.
type outcome int

const (
	fresh    outcome = iota // a new value
	nothing                 // nil
	passedOn                // an argument of a type that fits, if there is one
)

// slot is a parameter or a result.
type slot struct {
	Type           reflect.Type
	Name, Group    string
	Optional, Soft bool

	Flatten  bool
	Many     int // elements of a flattened result, and of a group that a decorator returns
	Outcome  outcome
	Concrete reflect.Type // of a fresh value
}

func (s slot) key() digKey { return digKey{s.Type, s.Name, s.Group} }

// digKey is what dig tells values apart by.
type digKey struct {
	Type        reflect.Type
	Name, Group string
}

func (k digKey) String() string {
	s := strings.ReplaceAll(k.Type.String(), "container_test.", "")
	switch {
	case k.Name != "":
		s += "[name=" + k.Name + "]"
	case k.Group != "":
		s += "[group=" + k.Group + "]"
	}
	return s
}

// bundle is an argument or a return value: one slot, or a dig.In or dig.Out of some,
// the last of which may stand in a nested one.
type bundle struct {
	Slots          []slot
	Struct, Nested bool
}

type stepKind int

const (
	scopeStep stepKind = iota
	provideStep
	supplyStep
	decorateStep
	invokeStep
	dependStep
)

func (k stepKind) String() string {
	return [...]string{"Scope", "Provide", "Supply", "Decorate", "Invoke", "Depend"}[k]
}

// step is a call of Scope, Provide, Supply, Decorate, Invoke or Depend.
type step struct {
	ID          int
	Kind        stepKind
	Scope       int
	In, Out     []bundle
	Name, Group string // options, as are the next two
	As          []reflect.Type
	Export      bool
	Lifecycle   bool
	Hooks       int
	Fails       int // the first so many calls fail
	From, To    reflect.Type
	refused     bool // by dig
}

// always is for Fails.
const always = 1000

func (s *step) String() string {
	at := "app"
	if s.Scope > 0 {
		at = fmt.Sprint("scope", s.Scope)
	}
	switch s.Kind {
	case scopeStep:
		return fmt.Sprintf("%3d %s.Scope", s.ID, at)
	case dependStep:
		return fmt.Sprintf("%3d Depend(%v, %v)", s.ID, digKey{Type: s.From}, digKey{Type: s.To})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%3d %s.%v func(%s", s.ID, at, s.Kind, bundlesText(s.In))
	if s.Lifecycle {
		fmt.Fprintf(&b, " Lifecycle(%d hooks)", s.Hooks)
	}
	fmt.Fprintf(&b, ") (%s)", bundlesText(s.Out))
	if s.Fails > 0 {
		fmt.Fprintf(&b, " fails %d times", s.Fails)
	}
	if s.Name+s.Group != "" {
		fmt.Fprintf(&b, " Name(%q) Group(%q)", s.Name, s.Group)
	}
	for _, t := range s.As {
		fmt.Fprintf(&b, " As(%v)", digKey{Type: t})
	}
	if s.Export {
		b.WriteString(" Export")
	}
	return b.String()
}

func bundlesText(bundles []bundle) string {
	var all []string
	for _, p := range bundles {
		var slots []string
		for _, s := range p.Slots {
			text := s.key().String()
			for word, is := range map[string]bool{
				" optional": s.Optional, " soft": s.Soft, " flatten": s.Flatten, " nil": s.Outcome == nothing, " passed on": s.Outcome == passedOn,
			} {
				if is {
					text += word
				}
			}
			if s.Concrete != nil && s.Concrete != s.Type {
				text += " " + digKey{Type: s.Concrete}.String()
			}
			slots = append(slots, text)
		}
		text := strings.Join(slots, "; ")
		if p.Struct {
			text = "{" + text + "}"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// params are the slots of all arguments.
func (s *step) params() []slot { return slotsOf(s.In) }

// results are the slots of all return values, with the options of dig's applied.
func (s *step) results() []slot {
	all := slotsOf(s.Out)
	for i := range all {
		if s.Name+s.Group != "" {
			all[i].Name, all[i].Group = s.Name, s.Group
		}
	}
	return all
}

// keys are the keys under which a result is found.
func (s *step) keys(result slot) []digKey {
	if len(s.As) == 0 {
		return []digKey{result.key()}
	}
	var keys []digKey
	for _, t := range s.As {
		keys = append(keys, digKey{t, result.Name, result.Group})
	}
	return keys
}

func slotsOf(bundles []bundle) []slot {
	var all []slot
	for _, p := range bundles {
		all = append(all, p.Slots...)
	}
	return all
}

// program is a sequence of steps. Those before Attach, if that is not 0, are given to a
// plain dig container.
type program struct {
	Steps      []*step
	Attach     int // the ID of the first step after it
	ByDepend   bool
	Seed       uint64 // of how long units take
	MayBeCycle bool
}

func (p program) String() string {
	var b strings.Builder
	for i, s := range p.Steps {
		if p.Attach > 0 && s.ID >= p.Attach && (i == 0 || p.Steps[i-1].ID < p.Attach) {
			b.WriteString("    Attach\n")
		}
		fmt.Fprintln(&b, s)
	}
	if p.Attach > 0 && p.Attach >= len(p.Steps) {
		b.WriteString("    Attach\n")
	}
	return b.String()
}
