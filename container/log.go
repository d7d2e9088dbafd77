package container

import (
	"reflect"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/internal/wiring"
	"github.com/strata-go/strata/logging"
)

// logPatience is how long the log waits for a logger that is being constructed.
const logPatience = time.Second

// openLog has the lifecycle logged, the past included: to the logger that was
// given, else to the one that the root scope provides, else to standard error. The
// graph is asked for a logger only if it is sound; the error is that of the
// logger's constructor.
func (a *App) openLog(sound bool) error {
	key := wiring.Key{Type: reflect.TypeFor[*zap.Logger]()}
	switch {
	case a.config.logger != nil:
		a.bus.observe(logging.New(a.config.logger))
	case sound && a.provides(key):
		return a.openGraphLog(key)
	default:
		a.bus.observe(logging.Default())
	}
	return nil
}

// openGraphLog logs to the logger that the graph provides. If that takes long, or
// fails, standard error is used meanwhile.
func (a *App) openGraphLog(key wiring.Key) error {
	var standard *listener // belongs to whoever works on the bus
	done := false
	useStandard := func() {
		if !done {
			done = true
			standard = &listener{logging.Default()}
			a.bus.add(standard)
		}
	}
	timer := time.AfterFunc(logPatience, func() { a.bus.do(useStandard) })
	value, err := a.root.wiring.Value(key)
	timer.Stop()
	var logger *zap.Logger
	if err == nil {
		logger, _ = value.Interface().(*zap.Logger)
	}
	if logger == nil {
		a.bus.do(useStandard)
		return err
	}
	l := &listener{logging.New(logger)}
	a.bus.do(func() {
		done = true
		if i := slices.Index(a.bus.observers, standard); i >= 0 {
			a.bus.observers[i] = l
		} else {
			a.bus.add(l)
		}
	})
	return nil
}

// provides reports whether the root scope provides k.
func (a *App) provides(k wiring.Key) bool {
	return slices.ContainsFunc(a.root.wiring.Providers(k.Type), func(n *wiring.Node) bool {
		return n.Home == a.root.wiring && slices.ContainsFunc(n.Results, func(r wiring.Result) bool {
			return slices.Contains(r.Keys, k)
		})
	})
}
