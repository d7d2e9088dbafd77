// Package settings has what an operator may set, and the loggers.
package settings

import (
	"cmp"
	"os"
	"time"

	"go.uber.org/zap"
)

// Settings are read from the environment.
type Settings struct {
	HTTP     string        // HTTP, the address to listen on
	Database string        // DATABASE, the path of a file
	Relay    string        // RELAY, the URL that messages are sent to; none if it is empty
	Debug    bool          // DEBUG=true, what the log shows
	Start    time.Duration // START_TIMEOUT
	Stop     time.Duration // STOP_TIMEOUT
}

func FromEnvironment() (Settings, error) {
	s := Settings{
		HTTP:     cmp.Or(os.Getenv("HTTP"), "127.0.0.1:8080"),
		Database: cmp.Or(os.Getenv("DATABASE"), ":memory:"),
		Relay:    os.Getenv("RELAY"),
		Debug:    os.Getenv("DEBUG") == "true",
	}
	var err error
	if s.Start, err = time.ParseDuration(cmp.Or(os.Getenv("START_TIMEOUT"), "15s")); err != nil {
		return s, err
	}
	s.Stop, err = time.ParseDuration(cmp.Or(os.Getenv("STOP_TIMEOUT"), "15s"))
	return s, err
}

func NewLogger(s Settings) (*zap.Logger, error) {
	config := zap.NewProductionConfig()
	config.Sampling = nil
	config.DisableStacktrace = true
	if s.Debug {
		config.Level.SetLevel(zap.DebugLevel)
	}
	return config.Build()
}

// NewAccessLog returns the logger for requests.
func NewAccessLog(log *zap.Logger) *zap.Logger { return log.Named("access") }
