package container

import (
	"fmt"
	"time"

	"github.com/strata-go/strata/internal/engine"
)

// unitLimits are those that the value of a unit sets itself. Zero is none.
type unitLimits struct{ start, stop time.Duration }

// askLimits asks the values of the units for their limits.
func askLimits(units []*unit) error {
	var errs []error
	for _, u := range units {
		if v, ok := u.of.(interface{ StartTimeout() time.Duration }); ok {
			errs = append(errs, u.askLimit(&u.limits.start, "StartTimeout", v.StartTimeout))
		}
		if v, ok := u.of.(interface{ StopTimeout() time.Duration }); ok {
			errs = append(errs, u.askLimit(&u.limits.stop, "StopTimeout", v.StopTimeout))
		}
	}
	return join(errs...)
}

// askLimit sets a limit to what a method of the unit's value returns. It calls that in
// a goroutine of its own, so that no way to end it ends more.
func (u *unit) askLimit(limit *time.Duration, method string, ask func() time.Duration) error {
	said := make(chan error)
	go engine.Process.Guard(func() error {
		if d := ask(); d < 0 {
			return fmt.Errorf("the duration is negative (%v), want zero or more", d)
		} else {
			*limit = d
		}
		return nil
	}, func(err error) { said <- err })
	if err := <-said; err != nil {
		return u.wrapError(fmt.Errorf("%s: %w", method, err))
	}
	return nil
}
