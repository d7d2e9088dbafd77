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

var loggerKey = wiring.Key{Type: reflect.TypeFor[*zap.Logger]()}

// openLog has the lifecycle logged, the past included: by the observer that was given
// for that, else to the logger that was given, else to the one that the root scope
// provides, else to standard error. The graph is asked for a logger only if it is
// sound; the error is that of the logger's constructor.
func (a *App) openLog(sound bool) error {
	switch {
	case a.config.log != nil:
		a.bus.observe(a.config.log)
	case a.config.logger != nil:
		a.bus.observe(logging.New(a.config.logger))
	case sound && len(a.loggerNodes()) > 0:
		return a.openGraphLog()
	default:
		a.bus.observe(logging.Default())
	}
	return nil
}

// openGraphLog logs to the logger that the graph provides. If that takes long, or
// fails, standard error is used meanwhile.
func (a *App) openGraphLog() error {
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
	value, err := a.root.wiring.Value(loggerKey)
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
			a.bus.observers = slices.Clone(a.bus.observers)
			a.bus.observers[i] = l
		} else {
			a.bus.add(l)
		}
	})
	return nil
}

// loggerNodes returns what makes the logger that the root scope provides, its
// decorator included: nothing if the log goes elsewhere, or if the logger cannot be
// built, which is nobody's concern as long as nobody asks for it.
func (a *App) loggerNodes() []*wiring.Node {
	if a.config.log != nil || a.config.logger != nil {
		return nil
	}
	root := a.root.wiring
	n := root.Provider(loggerKey)
	if n == nil {
		return nil
	}
	nodes := []*wiring.Node{n}
	if d := decorator(root, loggerKey); d != nil {
		nodes = append(nodes, d)
	}
	if root.Cycle(nodes) != nil || len(root.Missing(nodes)) > 0 {
		return nil
	}
	return nodes
}
