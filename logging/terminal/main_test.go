package terminal

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // what is tested shows times of day
	goleak.VerifyTestMain(m)
}
