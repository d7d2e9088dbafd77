package wiring

import (
	"testing"

	"go.uber.org/dig"
)

// falseAlarm gives s what dig takes for a cycle, and what is none: *a, which needs *b, which needs *a, which is decorated by who
// needs neither.
func falseAlarm(t *testing.T, s *Scope) {
	t.Helper()
	provide(t, s, func(*b) *a { return nil })
	provide(t, s, func(*a) *b { return nil })
	decorate(t, s, func() *a { return nil })
}

func TestDigRaisesNoFalseAlarmInsideAConstructor(t *testing.T) {
	s := newRoot()
	falseAlarm(t, s)
	var inside error
	provide(t, s, func(*c) *d { return nil })
	provide(t, s, func() *c {
		provide(t, s, func() *app { return nil })
		_, inside = s.Invoke(func() {}, nil, nil)
		return nil
	})
	invoke(t, s, func(*d) {})
	if inside != nil {
		t.Fatal(inside)
	}
}

func TestDigRaisesNoFalseAlarmForACycleThatItDoesNotSee(t *testing.T) {
	s := newRoot()
	falseAlarm(t, s)
	child := s.Child("child")
	provide(t, child, func(*d) *c { return nil })
	provide(t, child, func(*c) *d { return nil })
	invoke(t, s, func() {})
}

// What lacked something may be called, and close a cycle, once a decorator gives it.
func TestACycleThatADecoratorOpensIsTold(t *testing.T) {
	type (
		given    struct{}
		optional struct {
			dig.In
			A *a `optional:"true"`
			B *b `optional:"true"`
		}
	)
	arrange := func() *Scope {
		s := newRoot()
		provide(t, s, func(optional) *c { return nil })
		provide(t, s, func() *given { return nil })
		provide(t, s, func(*given) *app { return nil })
		decorate(t, s, func(x *given) (*given, *d) { return x, nil }) // nobody provides *d
		provide(t, s, func(*d, *b) *a { return nil })
		provide(t, s, func(*a) *b { return nil })
		return s
	}
	if err := arrange().DigsCycle(); !dig.IsCycleDetected(err) {
		t.Error(err)
	}
	if _, err := arrange().Invoke(func(optional, *given) {}, nil, nil); !dig.IsCycleDetected(err) {
		t.Error(err)
	}
}
