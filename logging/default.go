package logging

import (
	"io"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/hooks"
)

// Default returns an observer that writes to the standard error, from level Info: for people if that is a terminal, as
// JSON if not. Levels have colours on a terminal, unless NO_COLOR is set or TERM is "dumb".
func Default() hooks.Observer {
	return newDefault(os.Stderr, isTerminal(os.Stderr))
}

// newDefault does not flush w: there is nothing to flush in what is written to directly, and terminals and pipes
// complain.
func newDefault(w io.Writer, terminal bool) hooks.Observer {
	encoder := zapcore.NewJSONEncoder(jsonConfig())
	if terminal {
		encoder = zapcore.NewConsoleEncoder(consoleConfig())
	}
	unflushed := struct{ io.Writer }{w}
	sink := zapcore.Lock(zapcore.AddSync(unflushed))
	return New(zap.New(zapcore.NewCore(encoder, sink, zapcore.InfoLevel)))
}

func jsonConfig() zapcore.EncoderConfig {
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return config
}

func consoleConfig() zapcore.EncoderConfig {
	config := zap.NewDevelopmentEncoderConfig()
	config.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
	if coloured() {
		config.EncodeLevel = zapcore.CapitalColorLevelEncoder
	}
	config.EncodeDuration = func(d time.Duration, enc zapcore.PrimitiveArrayEncoder) {
		enc.AppendString(readable(d).String())
	}
	config.ConsoleSeparator = "  "
	return config
}

// coloured reports whether a terminal is to be shown colours.
func coloured() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }

// readable returns d with the digits that a reader cares for.
func readable(d time.Duration) time.Duration {
	switch size := d.Abs(); {
	case size >= time.Minute:
		return d.Round(100 * time.Millisecond)
	case size >= time.Second:
		return d.Round(time.Millisecond)
	case size >= time.Millisecond:
		return d.Round(time.Microsecond)
	}
	return d
}

// isTerminal reports whether file is a device that takes characters, which a terminal is, and a file or pipe is not.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
