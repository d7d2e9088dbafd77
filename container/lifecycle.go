package container

import (
	"errors"
	"fmt"
	"time"

	"github.com/strata-go/strata/hooks"
)

// lifecycle is the hooks.Lifecycle of one call of one constructor.
type lifecycle struct {
	app   *App
	maker *maker
}

// Append adds a hook to the constructor's, as long as the app is not built.
func (l *lifecycle) Append(h hooks.Hook) {
	a := l.app
	a.mu.Lock()
	late := a.phase == sealed
	if !late {
		l.maker.hooks = append(l.maker.hooks, h)
	}
	a.mu.Unlock()
	if late {
		a.misused(fmt.Errorf("%s appended by %v after the start: it will not run; append hooks in the constructor", hookName(h), l.maker.node))
	}
}

// outside is the hooks.Lifecycle that somebody gets who is no constructor or
// function given to the app.
type outside struct{ app *App }

// Append reports the hook: it belongs to nobody.
func (o outside) Append(h hooks.Hook) {
	o.app.misused(fmt.Errorf("%s: %s appended to a Lifecycle that is no constructor's: it will not run; take the Lifecycle as a parameter", callSite(), hookName(h)))
}

func hookName(h hooks.Hook) string {
	if h.Name == "" {
		return "hook without a name"
	}
	return "hook " + h.Name
}

// misused notes a hook that will not run. It is reported at once, and is part of
// the result.
func (a *App) misused(err error) {
	a.mu.Lock()
	a.misuse = append(a.misuse, err)
	a.mu.Unlock()
	a.emit(hooks.Misuse{At: time.Now(), Err: err})
}

// misuses returns what was noted, joined.
func (a *App) misuses() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.misuse...)
}
