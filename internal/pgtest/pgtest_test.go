package pgtest_test

import (
	"testing"

	"github.com/strata-go/strata/internal/pgtest"
)

func TestAServerThatWasKilledStartsAgain(t *testing.T) {
	s := pgtest.New(t)
	s.Start()
	s.Kill()
	s.Start()
}
