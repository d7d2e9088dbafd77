package hooks_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/strata-go/strata/hooks"
)

func TestMultiTellsEachInTurn(t *testing.T) {
	var told []string
	tell := func(name string) hooks.Observer {
		return hooks.ObserverFunc(func(e hooks.Event) {
			if got, ok := e.(hooks.AppStarting); !ok || got.Units != 3 {
				t.Errorf("%s was told %#v", name, e)
			}
			told = append(told, name)
		})
	}
	hooks.Multi(tell("a"), nil, tell("b"), hooks.ObserverFunc(nil), tell("c")).Observe(hooks.AppStarting{Units: 3})
	if want := []string{"a", "b", "c"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestMultiOfNoneDoesNothing(t *testing.T) {
	hooks.Multi().Observe(hooks.AppStarting{})
	hooks.Multi(nil, nil).Observe(nil)
}

type buffered struct {
	hooks.Observer
	err    error
	synced int
}

func (b *buffered) Sync() error { b.synced++; return b.err }

func TestMultiSyncsThoseThatCan(t *testing.T) {
	full := errors.New("disk full")
	a, b := &buffered{err: full}, &buffered{}
	syncer, ok := hooks.Multi(a, hooks.ObserverFunc(nil), b).(interface{ Sync() error })
	if !ok {
		t.Fatal("Multi has no Sync")
	}
	if err := syncer.Sync(); !errors.Is(err, full) {
		t.Errorf("Sync returns %v", err)
	}
	if a.synced != 1 || b.synced != 1 {
		t.Errorf("synced %d and %d times", a.synced, b.synced)
	}
}

// An application may look an observer up by ==.
func TestMultiIsComparable(t *testing.T) {
	a, b := hooks.Multi(), hooks.Multi()
	if a == b || a != hooks.Observer(a) {
		t.Error("observers are not told apart")
	}
}
