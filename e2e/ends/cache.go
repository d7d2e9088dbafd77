package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/hooks"
	"github.com/strata-go/strata/process"
)

// cache behaves, in each phase, as the flag of that name says:
//
//	fail   it returns an error
//	panic  it panics
//	exit   it ends its goroutine
//	nil    it returns without an error, too early
//	slow   it goes on until its context ends
//	held   it goes on until the standard input is closed
//	deaf   it goes on for ever
//
// Without a flag it does what is asked of it.
type cache struct {
	settings *settings
	log      *zap.Logger
	up       *tickerUp
	ready    *ready
	by       container.Shutdowner
	hooks    hooks.Lifecycle
	drained  chan struct{} // closed when Drain is called
}

func (*cache) Name() string { return "cache" }

func newCache(
	s *settings, log *zap.Logger, up *tickerUp, ready *ready, by container.Shutdowner, lc hooks.Lifecycle, _ *database,
) (*cache, error) {
	c := &cache{s, log, up, ready, by, lc, make(chan struct{})}
	c.enter("construct")
	return c, misbehave(context.Background(), s.construct)
}

// enter tells that the cache is in a phase now, and calls the Shutdowner if it is to be called there.
func (c *cache) enter(phase string) {
	c.log.Debug("cache", zap.String("phase", phase))
	if c.settings.shutdown == phase {
		c.settings.shutDown(c.by)
	}
}

func (c *cache) Run(ctx context.Context, callback process.Callback) error {
	return process.Worker(c.work).Run(ctx, callback)
}

// StartTimeout is the cache's own limit for its start.
func (c *cache) StartTimeout() time.Duration { return c.settings.ownStartTimeout }

// StopTimeout is the cache's own limit for its stop.
func (c *cache) StopTimeout() time.Duration { return c.settings.ownStopTimeout }

// Drain is called when the drain begins.
func (c *cache) Drain() {
	c.enter("drain")
	close(c.drained)
	if c.settings.inDrain == "deaf" {
		_ = misbehave(context.Background(), "deaf") // it never returns
	}
}

func (c *cache) work(ctx context.Context, ready func() (stop <-chan struct{})) error {
	select {
	case <-c.up.started:
	case <-ctx.Done():
		return ctx.Err()
	}
	c.enter("start")
	if start := c.settings.start; start != "" {
		return misbehave(ctx, start)
	}
	stop := ready()
	select {
	case <-c.ready.app: // there is nothing else to do before
	case <-stop:
	}
	c.enter("run")
	if c.settings.late {
		c.hooks.Append(hooks.Hook{Name: "flush", OnStop: func(context.Context) error { return nil }})
	}
	if run := c.settings.run; run != "" {
		return misbehave(ctx, run)
	}
	select {
	case <-stop:
	case <-c.failing():
		return misbehave(ctx, "fail")
	case <-ctx.Done():
		return ctx.Err()
	}
	c.enter("stop")
	return misbehave(ctx, c.settings.stop)
}

// failing tells when the cache is to fail because of a drain: it may be never.
func (c *cache) failing() <-chan struct{} {
	if c.settings.inDrain == "fail" {
		return c.drained
	}
	return nil
}

func misbehave(ctx context.Context, how string) error {
	switch how {
	case "fail":
		return errors.New("boom")
	case "panic":
		panic("boom")
	case "exit":
		runtime.Goexit()
	case "", "nil":
		return nil
	case "slow":
		<-ctx.Done()
		return ctx.Err()
	case "held":
		awaitRelease()
		return nil
	case "deaf":
		<-make(chan struct{})
	}
	return fmt.Errorf("a cache cannot %s", how)
}
