package container

import (
	"fmt"
	"os"
	"reflect"
	"syscall"
	"time"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/hooks"
)

// Option configures an App, or sets it up. The zero value does nothing.
type Option struct {
	configure func(*config)
	setup     func(*App)
}

// Schedule is the rule by which units start: see [ByLayer] and [ByDependency].
type Schedule = hooks.Schedule

const (
	// ByLayer, the default, starts a layer when all of the layer before is ready.
	ByLayer = hooks.ByLayer
	// ByDependency starts a unit the moment that those which it depends on are
	// ready.
	ByDependency = hooks.ByDependency
)

type config struct {
	observers []hooks.Observer
	log       hooks.Observer
	logger    *zap.Logger
	schedule  Schedule
	start     time.Duration
	stop      time.Duration
	force     time.Duration
	drain     time.Duration
	signals   []os.Signal
	dig       []dig.Option
	adapters  adapters

	replacements []*replacement // of a test
}

// defaults are times that fit into the 30 s that Kubernetes gives a pod to end.
func defaults() config {
	return config{
		start:   time.Minute,
		stop:    25 * time.Second,
		force:   3 * time.Second,
		signals: []os.Signal{os.Interrupt, syscall.SIGTERM},
	}
}

// check returns what is wrong with the options.
func (c *config) check() []error {
	var errs []error
	for _, limit := range []struct {
		option string
		value  time.Duration
	}{
		{"WithStartTimeout", c.start},
		{"WithStopTimeout", c.stop},
		{"WithForceTimeout", c.force},
		{"WithDrainDelay", c.drain},
	} {
		if limit.value < 0 {
			errs = append(errs, fmt.Errorf("%s(%v): the duration is negative, want zero or more", limit.option, limit.value))
		}
	}
	if c.stop > 0 && c.drain > c.stop {
		errs = append(errs, fmt.Errorf("WithDrainDelay(%v): longer than the stop timeout (%v), of which it is a part", c.drain, c.stop))
	}
	if c.schedule != ByLayer && c.schedule != ByDependency {
		errs = append(errs, fmt.Errorf("WithSchedule(%v): want ByLayer or ByDependency", c.schedule))
	}
	return errs
}

func configure(f func(*config)) Option { return Option{configure: f} }

// Provide is [App.Provide] for several constructors, without options of dig's. The
// errors are found in [App.Err].
func Provide(constructors ...any) Option {
	return Option{setup: func(a *App) {
		for _, c := range constructors {
			_ = a.Provide(c) // kept
		}
	}}
}

// Supply is [App.Supply], whose errors are then found in [App.Err].
func Supply(values ...any) Option {
	return Option{setup: func(a *App) { _ = a.Supply(values...) }} // kept
}

// WithObserver adds observers: see [App.Observe]. Nil ones are ignored.
func WithObserver(observers ...hooks.Observer) Option {
	return configure(func(c *config) {
		for _, o := range observers {
			if o != nil {
				c.observers = append(c.observers, o)
			}
		}
	})
}

// WithLog has o told of the lifecycle in place of its being logged: whatever
// [WithLogger] or the root scope offers is not used for it. A nil o, or a nil pointer in
// it, is as if the option were not given. Given twice, the last counts.
//
// It is for what shows the lifecycle in another way, like package logging/terminal;
// what listens beside the log is given to [WithObserver]. o is told when the app
// begins to build, the past first, and its method Sync is called at the end, if it has
// one: see [hooks.Observer].
func WithLog(o hooks.Observer) Option {
	if _, ok := present(reflect.ValueOf(o)); !ok {
		o = nil
	}
	return configure(func(c *config) { c.log = o })
}

// WithLogger has the lifecycle logged to l. Without it, or with nil, it is logged
// to the *zap.Logger that the root scope provides, if there is one, else to
// standard error. If [WithLog] is given an observer, nothing is logged to l. Given
// twice, the last counts.
func WithLogger(l *zap.Logger) Option { return configure(func(c *config) { c.logger = l }) }

// WithSchedule sets when a unit may start. The default is [ByLayer]; anything but that
// and [ByDependency] is an error of [App.Err].
func WithSchedule(s Schedule) Option { return configure(func(c *config) { c.schedule = s }) }

// WithStartTimeout sets how long construction and start may take in all before the
// start is given up. The default is a minute; zero is no limit, a negative one is an
// error of [App.Err].
func WithStartTimeout(d time.Duration) Option { return configure(func(c *config) { c.start = d }) }

// WithStopTimeout sets how long a stop may take, the drain delay included, before
// everything that still runs is forced. The default is 25 s; zero is no limit, a
// negative one is an error of [App.Err].
func WithStopTimeout(d time.Duration) Option { return configure(func(c *config) { c.stop = d }) }

// WithForceTimeout sets how long what is forced may take to end before it is given
// up as stuck: see [ErrStuck]. The default is 3 s; zero is no limit, a negative one
// is an error of [App.Err].
func WithForceTimeout(d time.Duration) Option { return configure(func(c *config) { c.force = d }) }

// WithDrainDelay sets how long a started app goes on after it was asked to stop by
// SIGTERM or by the end of RunContext's context, so that load balancers notice. In
// that time it reports that it drains, and values with a method Drain() have it
// called. The default is none; a delay longer than the stop timeout, or a negative
// one, is an error of [App.Err].
func WithDrainDelay(d time.Duration) Option { return configure(func(c *config) { c.drain = d }) }

// WithSignals sets the signals at which Run stops the app. The default is SIGINT and
// SIGTERM; with none given Run heeds no signal.
func WithSignals(signals ...os.Signal) Option {
	return configure(func(c *config) { c.signals = signals })
}

// WithDig adds options for the dig container. Under [dig.DryRun] no constructor and
// no function is called: Run and RunContext return when they have found that
// everything resolves, and Process and Runner return one without units.
func WithDig(opts ...dig.Option) Option {
	return configure(func(c *config) {
		for _, o := range opts {
			if o != nil {
				c.dig = append(c.dig, o)
			}
		}
	})
}
