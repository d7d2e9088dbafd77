package wiring_test

import (
	"fmt"

	"go.uber.org/dig"

	"github.com/strata-go/strata/internal/wiring"
)

type (
	Config   struct{}
	Database struct{}
	Server   struct{}
)

func NewConfig() *Config                   { return nil }
func NewDatabase(*Config) *Database        { return nil }
func NewServer(*Config, *Database) *Server { return nil }
func Traced(db *Database) *Database        { return db }
func Example() {
	root := wiring.New(dig.New(dig.DeferAcyclicVerification(), dig.RecoverFromPanics()))
	for _, constructor := range []any{NewConfig, NewDatabase, NewServer} {
		if _, err := root.Provide(constructor, nil, nil); err != nil {
			fmt.Println(err)
		}
	}
	if _, err := root.Decorate(Traced, nil, nil); err != nil {
		fmt.Println(err)
	}
	for _, n := range root.Nodes() {
		for _, e := range n.Edges() {
			fmt.Println(n.Name, "needs", e.Param.Key, "of", e.To.Name)
		}
	}
	// Output:
	// wiring_test.NewDatabase needs *wiring_test.Config of wiring_test.NewConfig
	// wiring_test.NewServer needs *wiring_test.Config of wiring_test.NewConfig
	// wiring_test.NewServer needs *wiring_test.Database of wiring_test.Traced
	// wiring_test.Traced needs *wiring_test.Database of wiring_test.NewDatabase
}
