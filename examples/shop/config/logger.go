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
func NewLogger(screen *terminal.Log) *zap.Logger {
	settings := zap.NewProductionEncoderConfig()
	settings.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoder := zapcore.NewJSONEncoder(settings)
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		settings = zap.NewDevelopmentEncoderConfig()
		settings.EncodeTime = zapcore.TimeEncoderOfLayout(time.TimeOnly)
		settings.ConsoleSeparator = "  "
		encoder = zapcore.NewConsoleEncoder(settings)
	}
	return zap.New(zapcore.NewCore(encoder, screen, zapcore.InfoLevel), zap.AddCaller(), zap.ErrorOutput(screen))
}
