// Ends is a small application that can end in every way there is: its flags choose one.
//
// It has four units: the server needs the cache, the cache and the ticker need the database. The cache is the one that
// misbehaves; the others do what they are asked to.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/logging/terminal"
)

func main() {
	s := parse()
	log := s.newLog()
	app := newApp(s, log)
	s.arrangeShutdown(app)
	if s.context {
		runContext(app, log)
	}
	app.Run()
	if s.again {
		app.Run()
	}
	if s.linger {
		log.Debug("returned")
		awaitRelease()
	}
}

// runContext runs the app until the standard input is closed, and exits.
func runContext(app *container.App, log *zap.Logger) {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		awaitRelease()
		cancel(errors.New("released"))
	}()
	err := app.RunContext(ctx)
	if err != nil {
		log.Debug("returned", zap.Error(err))
	} else {
		log.Debug("returned nil")
	}
	os.Exit(container.ExitCode(err))
}

// newLog returns a logger like the default one, but from level debug.
func (s *settings) newLog() *zap.Logger {
	config := zap.NewProductionConfig()
	if !s.screen {
		config.Level = zap.NewAtomicLevelAt(zap.DebugLevel)
	}
	config.Sampling = nil
	config.DisableStacktrace = true
	return zap.Must(config.Build(zap.Hooks(func(written zapcore.Entry) error {
		if s.hang && written.Message == "app stopped" {
			awaitRelease()
		}
		return nil
	})))
}

func newApp(s *settings, log *zap.Logger) *container.App {
	up := newTickerUp()
	logged := container.WithLogger(log)
	if s.screen {
		logged = container.WithLog(terminal.New(os.Stderr).Observer())
	}
	app := container.New(append(s.options(), logged, container.WithObserver(up))...)
	app.Supply(s, log, up, &ready{app.Ready()})
	app.Provide(newDatabase)
	app.Provide(newTicker)
	app.Provide(newCache)
	if s.stopOnly {
		app.Provide(newCloser)
	} else {
		app.Provide(newServer)
	}
	switch s.setup {
	case "provide":
		app.Provide(42)
	case "missing":
		app.Provide(newReplica)
	case "cycle":
		app.Provide(newReplica)
		app.Provide(newPrimary)
	}
	return app
}

// options returns the options of the app that the flags set.
func (s *settings) options() []container.Option {
	var all []container.Option
	if s.twice {
		all = append(all,
			container.WithStartTimeout(-1), container.WithStopTimeout(-1), container.WithForceTimeout(-1), container.WithDrainDelay(-1))
	}
	all = append(all,
		container.WithStartTimeout(s.startTimeout),
		container.WithStopTimeout(s.stopTimeout),
		container.WithForceTimeout(s.forceTimeout),
		container.WithDrainDelay(s.drain))
	if s.schedule == "dependency" {
		all = append(all, container.WithSchedule(container.ByDependency))
	}
	if s.stopOnly {
		all = append(all, container.AdaptStop[*closer]())
	}
	if s.setup == "option" {
		all = append(all, container.WithStopTimeout(-time.Second))
	}
	return all
}

// arrangeShutdown has the Shutdowner called before the start or while everything runs; the cache calls it in its phases.
func (s *settings) arrangeShutdown(app *container.App) {
	_ = app.Invoke(func(by container.Shutdowner) { // there is one
		switch s.shutdown {
		case "before":
			s.shutDown(by)
		case "started":
			go func() {
				<-app.Ready()
				s.shutDown(by)
			}()
		}
	})
}

// shutDown calls the Shutdowner as the flags say.
func (s *settings) shutDown(by container.Shutdowner) {
	var options []container.ShutdownOption
	if s.code != 0 {
		options = append(options, container.WithExitCode(s.code))
	}
	if s.cause != "" {
		options = append(options, container.WithCause(errors.New(s.cause)))
	}
	_ = by.Shutdown(options...) // it returns nil
}

// awaitRelease returns when the standard input is closed.
func awaitRelease() { _, _ = io.Copy(io.Discard, os.Stdin) }
