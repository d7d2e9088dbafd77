package config

import (
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/logging/terminal"
)

// NewLogger returns a logger that writes to the screen, on the standard error: for people if that is a terminal, as JSON
// if not.
func NewLogger(config Config, screen *terminal.Log) *zap.Logger {
	level := zapcore.InfoLevel
	if config.Debug {
		level = zapcore.DebugLevel
	}
	settings := zap.NewProductionEncoderConfig()
	settings.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoder := zapcore.NewJSONEncoder(settings)
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		settings = zap.NewDevelopmentEncoderConfig()
		settings.EncodeTime = zapcore.TimeEncoderOfLayout(time.TimeOnly)
		settings.ConsoleSeparator = "  "
		encoder = zapcore.NewConsoleEncoder(settings)
	}
	return zap.New(zapcore.NewCore(encoder, screen, level), zap.AddCaller(), zap.ErrorOutput(screen))
}
