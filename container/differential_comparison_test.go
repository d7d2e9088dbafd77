package container_test

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/internal/digtypes"
)

// comparison is a program that is given to both.
type comparison struct {
	program
	count               tally
	ours, plain         *world
	app                 *container.App // nil before Attach
	container           *dig.Container // that is attached to, if one is
	scopes, plainScopes []container.Provider
	direct              []bool // of scopes: plain dig's, on both sides
	events              *recorder
	refused             bool   // an error that the App keeps
	failures            int    // of Invoke
	supplied            string // where Supply was called
	loose               bool   // something was called by dig without the App
	late                bool   // and something was provided or decorated after that
}

func newComparison(p program, count tally) *comparison {
	p.normalize()
	r := &comparison{program: p, count: count, ours: newWorld(p), plain: newWorld(p), events: new(recorder)}
	plain := dig.New(dig.DeferAcyclicVerification(), dig.RecoverFromPanics())
	r.plainScopes, r.direct = []container.Provider{plain}, []bool{false}
	if p.Attach > 0 {
		r.container = dig.New(dig.DeferAcyclicVerification(), dig.RecoverFromPanics())
		r.scopes = []container.Provider{r.container}
		return r
	}
	r.app = container.New(r.options()...)
	r.scopes = []container.Provider{r.app}
	r.provideOwn()
	return r
}

// provideOwn gives plain dig what an App provides itself, at the same time: dig looks
// for cycles by numbers that it gives to constructors in the order in which they come.
func (r *comparison) provideOwn() {
	for _, own := range []any{
		func() hooks.Lifecycle { return ignored{} },
		func() container.Shutdowner { return nil },
	} {
		if err := r.plainScopes[0].Provide(own); err != nil {
			panic(err)
		}
	}
}

type ignored struct{}

func (ignored) Append(hooks.Hook) {}

func (r *comparison) options() []container.Option {
	schedule := container.ByLayer
	if r.ByDepend {
		schedule = container.ByDependency
	}
	return []container.Option{
		container.WithLogger(zap.NewNop()), container.WithObserver(r.events), container.WithSchedule(schedule),
		container.WithStartTimeout(0), container.WithStopTimeout(0), container.WithForceTimeout(0),
	}
}

// normalize makes what was left after steps were left out a program again, and takes
// from functions that are given to plain dig what it has not.
func (p *program) normalize() {
	steps := make([]*step, len(p.Steps))
	direct := []bool{false}
	attach := 0
	for i, s := range p.Steps {
		if s.ID < p.Attach {
			attach = i + 1
		}
		one := *s
		steps[i] = &one
	}
	p.Attach = min(attach, len(steps))
	for i, s := range steps {
		s.ID = i
		s.Scope %= len(direct)
		before := i < p.Attach
		if s.Kind == scopeStep {
			direct = append(direct, before || direct[s.Scope])
		}
		if before || direct[s.Scope] {
			s.Lifecycle, s.Hooks = false, 0
			if s.Kind == decorateStep {
				s.Fails = 0
			}
		}
	}
	p.Steps = steps
}

func (r *comparison) fail(format string, args ...any) {
	panic(disagreement(fmt.Sprintf(format, args...)))
}

func (r *comparison) run() {
	r.count.add("programs", 1)
	if r.MayBeCycle {
		r.count.add("programs with cycles allowed", 1)
	}
	if r.Attach > 0 && r.oracle().hasCycle(anyhow, anyStep) {
		r.count.add("not attached: dig would die of a cycle", 1)
		return
	}
	for _, s := range r.Steps {
		if r.app == nil && s.ID >= r.Attach {
			r.attach()
		}
		r.ours.during, r.plain.during = s.ID, s.ID
		if over := r.do(s); over {
			return
		}
	}
	if r.app == nil {
		r.attach()
	}
	r.ours.during = len(r.Steps)
	r.finish()
}

func (r *comparison) attach() {
	r.count.add("attached", 1)
	r.app = container.Attach(r.container, r.options()...)
	r.scopes[0] = r.app
	r.provideOwn()
	for _, s := range r.Steps[:r.Attach] {
		if s.Kind == dependStep {
			r.do(s)
		}
	}
}

func (r *comparison) oracle() *oracle { return newOracle(r.program, r.ours) }

// place is where the App says that a step's function stands.
func (r *comparison) place(s *step) string {
	switch {
	case s.Kind == supplyStep && s.ID >= r.Attach:
		return r.supplied
	case s.Kind == provideStep || s.Kind == supplyStep:
		return s.place()
	}
	return madeFunc
}

// do gives a step to both. It reports whether there is nothing more to compare.
func (r *comparison) do(s *step) (over bool) {
	ours, plain := r.scopes[s.Scope], r.plainScopes[s.Scope]
	r.count.add(s.Kind.String(), 1)
	switch s.Kind {
	case scopeStep:
		r.scopes = append(r.scopes, scopeOf(ours, s.ID))
		r.plainScopes = append(r.plainScopes, scopeOf(plain, s.ID))
		r.direct = append(r.direct, r.app == nil || r.direct[s.Scope])
	case provideStep:
		r.late = r.late || r.loose
		got := ours.Provide(r.ours.function(s), r.ours.options(s)...)
		r.same(s, got, plain.Provide(r.plain.function(s), r.plain.options(s)...))
	case supplyStep:
		r.supply(s)
	case decorateStep:
		r.decorate(s, ours, plain)
	case dependStep:
		if r.app == nil { // plain dig has no such thing: attach does it
			return false
		}
		if err := r.app.Depend(reflect.New(s.From).Interface(), reflect.New(s.To).Interface()); err != nil {
			r.fail("%v: %v", s, err)
		}
	case invokeStep:
		return r.invoke(s, ours, plain)
	}
	return false
}

func (r *comparison) same(s *step, got, want error) {
	if errorText(got) != errorText(want) {
		r.fail("%v:\n%v, want\n%v", s, got, want)
	}
	if got != nil {
		s.refused = true
		r.count.add("refused by dig", 1)
		r.refused = r.refused || r.app != nil && !r.direct[s.Scope]
	}
}

func errorText(err error) string {
	if err == nil {
		return "<nil>"
	}
	return err.Error()
}

func scopeOf(p container.Provider, id int) container.Provider {
	name := fmt.Sprint("scope", id)
	switch p := p.(type) {
	case *container.App:
		return p.Scope(name)
	case *container.Scope:
		return p.Scope(name)
	case *dig.Container:
		return p.Scope(name)
	case *dig.Scope:
		return p.Scope(name)
	}
	panic("no provider")
}

// supply supplies a value; plain dig is given a constructor that is said to stand in
// the same place.
func (r *comparison) supply(s *step) {
	result := s.results()[0]
	give := func(w *world) (maker, any) {
		v := w.newValue(result.Concrete, fmt.Sprintf("%d#1.0", s.ID))
		constructor := func([]reflect.Value) []reflect.Value {
			w.calls = append(w.calls, &recorded{step: s, number: len(w.calls), during: w.during, made: [][]maker{{v}}})
			return []reflect.Value{reflect.ValueOf(v)}
		}
		return v, reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{result.Concrete}, false), constructor).Interface()
	}
	_, plain := give(r.plain)
	v, ours := give(r.ours)
	if r.app == nil {
		got := r.container.Provide(ours, r.ours.options(s)...)
		r.same(s, got, r.plainScopes[0].Provide(plain, r.plain.options(s)...))
		return
	}
	r.ours.supplied[s] = v
	pc, err := thisLine(), r.app.Supply(v)
	r.supplied = placeOf(pc)
	want := r.plainScopes[0].Provide(plain, dig.LocationForPC(pc))
	if want != nil {
		want = fmt.Errorf("value 1 of 1: %w", want)
	}
	r.same(s, err, want)
}

// thisLine is where it is called.
func thisLine() uintptr {
	pcs := make([]uintptr, 1)
	frame, _ := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)]).Next()
	return frame.PC
}

// decorate decorates. What would be decorated for the second time is dig's to refuse,
// but dig does so by halves, so it is spared that.
func (r *comparison) decorate(s *step, ours, plain container.Provider) {
	o := r.oracle()
	again := false
	for i, result := range s.results() {
		again = again || o.decorator(result.key(), s.Scope, s.ID) != nil ||
			slices.ContainsFunc(s.results()[:i], func(other slot) bool { return other.key() == result.key() })
	}
	s.refused = again
	r.late = r.late || r.loose
	if again && r.isDirect(s) {
		return
	}
	got := ours.Decorate(r.ours.function(s), r.ours.decorateOptions(s)...)
	if again {
		if got == nil || !strings.HasSuffix(got.Error(), "already decorated") {
			r.fail("%v: %v, want already decorated", s, got)
		}
		r.count.add("refused for dig", 1)
		r.refused = true
		return
	}
	r.same(s, got, plain.Decorate(r.plain.function(s), r.plain.decorateOptions(s)...))
}

// invoke reports whether dig would go on where the App does not.
func (r *comparison) invoke(s *step, ours, plain container.Provider) (over bool) {
	calls := len(r.ours.calls)
	got := ours.Invoke(r.ours.function(s))
	called := len(r.ours.calls) - calls
	if r.app == nil || r.direct[s.Scope] {
		r.loose = r.loose || called > 0
	}
	if strings.HasPrefix(errorText(got), "cycle: ") {
		r.checkCycle(got, called)
		return false // plain dig would die
	}
	if got != nil {
		r.failures++
	}
	want := r.invokePlain(s, plain, got, called)
	if errorText(got) != errorText(want) {
		if got != nil && called == 0 && r.mayBeBroken() {
			r.count.add("a decorator that failed before ends it", 1)
			return true
		}
		r.fail("%v:\n%v, want\n%v", s, got, want)
	}
	if !slices.Equal(r.ours.log, r.plain.log) {
		r.fail("calls differ:\n%v\nwant\n%v", strings.Join(r.ours.log, "\n"), strings.Join(r.plain.log, "\n"))
	}
	if !slices.Equal(r.ours.told, r.plain.told) {
		r.fail("dig tells of the calls of\n%v\nwant\n%v", strings.Join(r.ours.told, "\n"), strings.Join(r.plain.told, "\n"))
	}
	switch {
	case alarm(got) && (r.app == nil || r.direct[s.Scope]):
		r.count.add("Invoke of dig's own with a cycle", 1)
	case alarm(got):
		r.checkAlarm(got, s)
	case got != nil:
		r.count.add("Invoke with an error", 1)
	default:
		r.count.add("Invoke without an error", 1)
	}
	return false
}

// mayBeBroken reports whether there is a decorator that dig may have begun to call in
// an Invoke, and not called: an optional parameter may have passed over that, too.
func (r *comparison) mayBeBroken() bool {
	o := r.oracle()
	return slices.ContainsFunc(r.Steps, func(s *step) bool {
		return s.Kind == decorateStep && o.done[s] == nil && slices.ContainsFunc(r.Steps[s.ID:min(r.ours.during, len(r.Steps))], func(later *step) bool { return later.Kind == invokeStep })
	})
}

func (r *comparison) checkCycle(err error, called int) {
	r.count.add("cycle", 1)
	o := r.oracle()
	o.all = r.ours.during // what comes later may hide it
	if called > 0 {
		r.fail("%d were called in spite of %v", called, err)
	}
	if !o.hasCycle(anyhow, anyStep) {
		r.fail("there is no cycle: %v", err)
	}
	if problem := o.confirmCycle(err.Error(), r.place); problem != "" {
		r.fail("%v\n%s", err, problem)
	}
}

func anyStep(*step) bool { return true }

// invokePlain has plain dig invoke the function of a step, in spite of what dig takes
// for a cycle if the App has called somebody all the same.
func (r *comparison) invokePlain(s *step, plain container.Provider, got error, called int) error {
	invoke := func() error { return plain.Invoke(r.plain.function(s)) }
	alarmed := plain.Invoke(func() {})
	if !alarm(alarmed) || alarm(got) || called == 0 {
		return invoke()
	}
	r.checkFalseAlarm(alarmed, s)
	return digtypes.Past(plain, invoke)
}

// checkFalseAlarm names what dig takes for a cycle, of which it was told that it is
// none.
func (r *comparison) checkFalseAlarm(err error, asked *step) {
	o := r.oracle()
	o.all = r.ours.during
	switch {
	case o.comesBack(asked.Scope):
		r.fail("dig was told that this is no cycle: %v", err)
	case o.hasCycle(asIs, anyStep):
		r.count.add("dig's false alarm: a cycle of what cannot be built", 1)
	case o.hasCycle(anyhow, anyStep):
		r.count.add("dig's false alarm: a cycle by soft groups, optional parameters or what is decorated", 1)
	case o.hasCycle(scopeless, anyStep):
		// dig takes a constructor's parameters for what a scope below has.
		r.count.add("dig's false alarm: a cycle if there were one scope", 1)
	case r.scopeAfterGroup():
		// dig numbers what is in a scope, and then some of it anew.
		r.count.add("dig's false alarm: a scope was made after somebody took a group", 1)
	default:
		r.fail("there is no cycle: %v", err)
	}
}

// checkAlarm judges a cycle in dig's words, which keeps the App from calling what does
// not come to it: there is one that can be come to, or what was asked for misses
// something, or would use a decorator that has failed, in which cases dig has the say.
func (r *comparison) checkAlarm(err error, asked *step) {
	o := r.oracle()
	o.all = r.ours.during
	switch {
	case o.hasCycle(asIs, func(s *step) bool { return o.done[s] == nil }):
		r.count.add("a cycle that nobody asks for", 1)
	case o.hasCycle(anyhow, anyStep):
		r.count.add("a cycle that nobody asks for, by decorators", 1)
	case r.Attach > 0: // dig has the say there
		r.count.add("dig's false alarm, attached", 1)
	case asked != nil && !o.buildable(asked, make(map[*step]bool)):
		r.count.add("dig's false alarm, where something is missing", 1)
	case r.mayBeBroken():
		r.count.add("dig's false alarm, where a decorator has failed", 1)
	default:
		r.fail("there is no cycle: %v", err)
	}
}

// scopeAfterGroup reports whether a scope was made after a constructor was provided
// that takes a group.
func (r *comparison) scopeAfterGroup() bool {
	group := false
	for _, s := range r.Steps {
		group = group || s.Kind == provideStep && slices.ContainsFunc(s.params(), func(p slot) bool { return p.Group != "" })
		if group && s.Kind == scopeStep {
			return true
		}
	}
	return false
}
