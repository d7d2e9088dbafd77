package container

import (
	"errors"

	"go.uber.org/dig"

	"github.com/strata-go/strata/internal/wiring"
)

// ForgetDig makes Attach as helpless as a dig does that is laid out in another way,
// until the function is called that it returns.
func ForgetDig() (restore func()) {
	before := attachTo
	attachTo = func(*dig.Container) (*wiring.Scope, error) {
		return nil, errors.New("this version of go.uber.org/dig cannot be read")
	}
	return func() { attachTo = before }
}
