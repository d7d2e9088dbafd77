package logging

import (
	"context"
	"errors"
	"log/slog"
	"syscall"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/hooks"
)

// New returns an observer that writes every event to logger, one line each. A nil logger discards them.
//
// It has a method Sync() error, which flushes the logger; that a terminal or a pipe cannot be flushed is no error.
func New(logger *zap.Logger) hooks.Observer {
	if logger == nil {
		logger = zap.NewNop()
	}
	never := zap.LevelEnablerFunc(func(zapcore.Level) bool { return false })
	logger = logger.WithOptions(zap.WithCaller(false), zap.AddStacktrace(never))
	core := logger.Core()
	return &zapObserver{logger, &teller{written: func(l slog.Level) bool { return core.Enabled(zapLevel(l)) }}}
}

type zapObserver struct {
	logger *zap.Logger
	teller *teller
}

func (o *zapObserver) Observe(event hooks.Event) {
	if !o.teller.passes(event) {
		o.write(event)
	}
}

func (o *zapObserver) write(event hooks.Event) {
	l := o.teller.lineOf(event)
	if l == nil {
		return
	}
	entry := o.logger.Check(zapLevel(l.level), l.message)
	if entry == nil {
		return
	}
	entry.Time = l.time()
	fields := make([]zap.Field, len(l.attributes))
	for i, a := range l.attributes {
		fields[i] = zapField(a)
	}
	entry.Write(fields...)
}

func (o *zapObserver) Sync() error { return flushed(o.logger.Sync()) }

// flushed returns what is left of the error of a Sync without the complaints of files that have nothing to flush.
func flushed(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var left []error
		for _, err := range several.Unwrap() {
			left = append(left, flushed(err))
		}
		return errors.Join(left...)
	}
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTTY) {
		return nil
	}
	return err
}

func zapLevel(level slog.Level) zapcore.Level {
	switch level {
	case slog.LevelDebug:
		return zapcore.DebugLevel
	case slog.LevelInfo:
		return zapcore.InfoLevel
	case slog.LevelWarn:
		return zapcore.WarnLevel
	}
	return zapcore.ErrorLevel
}

func zapField(a attribute) zap.Field {
	switch value := a.value.(type) {
	case string:
		return zap.String(a.key, value)
	case []string:
		return zap.Strings(a.key, value)
	case int:
		return zap.Int(a.key, value)
	case bool:
		return zap.Bool(a.key, value)
	case time.Duration:
		return zap.Duration(a.key, value)
	case error:
		return zap.NamedError(a.key, value)
	case zapcore.ArrayMarshaler:
		return zap.Array(a.key, value)
	}
	return zap.Reflect(a.key, a.value)
}

// NewSlog returns an observer that writes every event to logger, one line each. A nil logger discards them.
func NewSlog(logger *slog.Logger) hooks.Observer {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	handler := logger.Handler()
	return &slogObserver{handler, &teller{written: func(l slog.Level) bool { return handler.Enabled(context.Background(), l) }}}
}

type slogObserver struct {
	handler slog.Handler
	teller  *teller
}

func (o *slogObserver) Observe(event hooks.Event) {
	if !o.teller.passes(event) {
		o.write(event)
	}
}

// write passes by the methods of slog.Logger, which give a record the time of the call. Like those, it has nobody to
// give the handler's error to.
func (o *slogObserver) write(event hooks.Event) {
	l := o.teller.lineOf(event)
	if l == nil {
		return
	}
	record := slog.NewRecord(l.time(), l.level, l.message, 0)
	for _, a := range l.attributes {
		record.AddAttrs(slog.Any(a.key, a.value))
	}
	_ = o.handler.Handle(context.Background(), record)
}
