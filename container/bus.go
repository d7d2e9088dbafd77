package container

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/strata-go/strata/hooks"
)

// pastLimit is how many events are kept for observers that come later.
const pastLimit = 10_000

// bus delivers events one at a time, in the order in which they were emitted and
// never under a lock: whoever finds the queue idle works on it until it is empty.
type bus struct {
	mu    sync.Mutex // guards what follows
	queue []func()
	busy  bool // somebody works on the queue

	// What follows belongs to whoever works on the queue.
	past      []any       // events, and functions that make them
	observers []*listener // replaced when it changes, so that whoever tells them may range over it
	over      bool        // the last event was delivered
}

// listener is an observer of the bus. It has an identity, which an observer may
// not have.
type listener struct{ hooks.Observer }

// emit delivers e, or leaves that to whoever is delivering already.
func (b *bus) emit(e hooks.Event) {
	if b.keepAlone(e) {
		return
	}
	if b.claim() { // nearly always, and then nothing has to be queued
		b.work(func() { b.deliver(e) })
		return
	}
	b.do(func() { b.deliver(e) })
}

// emitMade is emit of what e returns, which is asked only if there is somebody to be told:
// what is set up has two events a constructor, of which most programs hear little.
func (b *bus) emitMade(e func() hooks.Event) {
	if !b.keepAlone(e) {
		b.emit(e())
	}
}

// keepAlone only keeps e, if nobody is there yet to be told, and reports whether that was
// so: while an app is set up it mostly is.
func (b *bus) keepAlone(e any) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy || len(b.observers) > 0 {
		return false
	}
	b.keep(e)
	return true
}

// post has e delivered by somebody else, and so never waits for an observer.
func (b *bus) post(e hooks.Event) { b.later(func() { b.deliver(e) }) }

// observe adds an observer, which is told the past first.
func (b *bus) observe(o hooks.Observer) { b.do(func() { b.add(&listener{o}) }) }

// flush has the observers write out what they hold back, and returns a channel
// that is closed when that is done, and all that was emitted before delivered.
func (b *bus) flush() <-chan struct{} {
	done := make(chan struct{})
	b.later(func() { b.sync(); close(done) })
	return done
}

// do calls f in its turn.
func (b *bus) do(f func()) {
	if b.enqueue(f) {
		b.drain()
	}
}

// later has f called in its turn by somebody else.
func (b *bus) later(f func()) {
	if b.enqueue(f) {
		go b.drain()
	}
}

// claim makes the caller the one who works on the queue, if nobody does and it is
// empty.
func (b *bus) claim() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy {
		return false
	}
	b.busy = true
	return true
}

// enqueue reports whether nobody works on the queue: then the caller has to.
func (b *bus) enqueue(f func()) (idle bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	idle = !b.busy
	b.queue, b.busy = append(b.queue, f), true
	return idle
}

// drain works on what is in the queue.
func (b *bus) drain() { b.work(b.next()) }

// work calls f, and then what is in the queue until it is empty.
func (b *bus) work(f func()) {
	empty := false
	// Deferred for an observer that ends the goroutine: what is left goes on.
	defer func() {
		if !empty {
			go b.drain()
		}
	}()
	for ; f != nil; f = b.next() {
		f()
	}
	empty = true
}

// next takes the next off the queue, nil if there is none.
func (b *bus) next() func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		b.queue, b.busy = nil, false
		return nil
	}
	f := b.queue[0]
	b.queue = b.queue[1:]
	return f
}

// deliver tells all observers of e.
func (b *bus) deliver(e hooks.Event) {
	if b.keep(e) {
		b.tellAll(b.observers, e)
	}
}

// keep adds e to the past, and reports whether it is to be told. After the app has
// ended, what was given up may still go on: that is nobody's concern any more, but for
// mistakes.
func (b *bus) keep(e any) bool {
	switch e.(type) {
	case hooks.AppStopped:
		b.over = true
	case hooks.Misuse:
	default:
		if b.over {
			return false
		}
	}
	if len(b.past) == pastLimit {
		b.past = slices.Delete(b.past, 0, pastLimit/10)
	}
	b.past = append(b.past, e)
	return true
}

// tellAll tells the others also if one ends the goroutine.
func (b *bus) tellAll(listeners []*listener, e hooks.Event) {
	if len(listeners) == 0 {
		return
	}
	defer b.tellAll(listeners[1:], e)
	b.tell(listeners[0], e)
}

func (b *bus) add(l *listener) {
	b.observers = append(slices.Clip(b.observers), l)
	for _, kept := range slices.Clone(b.past) {
		e, ok := kept.(hooks.Event)
		if !ok {
			e = kept.(func() hooks.Event)()
		}
		if !b.tell(l, e) {
			return
		}
	}
}

func (b *bus) tell(l *listener, e hooks.Event) (ok bool) {
	return b.guard(l, func() string { return reflect.TypeOf(e).Name() }, func() { l.Observe(e) })
}

func (b *bus) sync() {
	for _, l := range b.observers {
		if s, ok := l.Observer.(interface{ Sync() error }); ok {
			b.guard(l, func() string { return "Sync" }, func() { _ = s.Sync() }) // there is nowhere left to report it
		}
	}
}

// guard calls f of an observer, and drops one that panics, or ends the goroutine. Only
// then it asks what that was on.
func (b *bus) guard(l *listener, on func() string, f func()) (ok bool) {
	defer func() {
		if ok {
			return
		}
		end := "ended its goroutine"
		if p := recover(); p != nil {
			end = fmt.Sprintf("panicked (%v)", p)
		}
		b.drop(l)
		err := fmt.Errorf("observer %s %s on %s and is told nothing more", observerName(l.Observer), end, on())
		b.post(hooks.Misuse{At: time.Now(), Err: err})
	}()
	f()
	return true
}

func (b *bus) drop(l *listener) {
	if i := slices.Index(b.observers, l); i >= 0 {
		b.observers = slices.Delete(slices.Clone(b.observers), i, i+1)
	}
}

// observerName names an observer by its type, or by where it stands if it is a
// function.
func observerName(o hooks.Observer) string {
	if f, ok := o.(hooks.ObserverFunc); ok && f != nil {
		name, location := describe(f)
		return name + " (" + location + ")"
	}
	return fmt.Sprintf("%T", o)
}
