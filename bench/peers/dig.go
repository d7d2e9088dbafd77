package peers

import (
	"go.uber.org/dig"

	"github.com/strata-go/strata/bench"
	"github.com/strata-go/strata/container"
)

// Dig is dig alone, opened as an App opens it.
var Dig = &Peer{
	Name:   "dig",
	Module: "go.uber.org/dig",
	Build: func(c *bench.Constructors, scopes int) error {
		d := dig.New(dig.DeferAcyclicVerification(), dig.RecoverFromPanics())
		return inScopes(scopes, d, func(name string) container.Provider { return d.Scope(name) },
			func(p container.Provider) error { return provideAndInvoke(p, c, c.Funcs) })
	},
	Cannot: map[Task]string{
		Independent: "it starts and stops nothing",
		Layered:     "it starts and stops nothing",
		Graph:       "it starts and stops nothing",
		Crash:       "it starts and stops nothing",
	},
}
