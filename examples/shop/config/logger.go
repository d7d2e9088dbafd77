package config

import (
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLogger returns a logger that writes to the standard error: for people if that is a terminal, as JSON if not.
func NewLogger(config Config) (*zap.Logger, error) {
	settings := zap.NewProductionConfig()
	if config.Debug {
		settings.Level.SetLevel(zap.DebugLevel)
	}
	settings.Sampling = nil // each line counts
	settings.DisableStacktrace = true
	settings.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		settings.Encoding = "console"
		settings.EncoderConfig = zap.NewDevelopmentEncoderConfig()
	}
	return settings.Build()
}
