package systemd

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is also the main of the services that tests start as processes.
func TestMain(m *testing.M) {
	if service := os.Getenv(serviceVariable); service != "" {
		services[service]()
		return
	}
	goleak.VerifyTestMain(m)
}
