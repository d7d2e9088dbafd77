package main

import (
	"context"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/outbox"
	"github.com/strata-go/strata/examples/fxapp/store"
)

type outboxIn struct {
	fx.In

	Lifecycle  fx.Lifecycle
	Shutdowner fx.Shutdowner
	Store      *store.Store
	Senders    []outbox.Sender `group:"senders"`
	Log        *zap.Logger
}

func NewOutbox(in outboxIn) *outbox.Outbox {
	box := outbox.New(in.Store, in.Senders, in.Log)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	in.Lifecycle.Append(fx.Hook{
		OnStart: func(start context.Context) error {
			if err := box.Connect(start); err != nil {
				return err
			}
			go func() {
				defer close(done)
				if err := box.Run(ctx); err != nil && ctx.Err() == nil {
					in.Log.Error("delivery", zap.Error(err))
					_ = in.Shutdowner.Shutdown(fx.ExitCode(1))
				}
			}()
			return nil
		},
		OnStop: func(stop context.Context) error {
			cancel()
			select {
			case <-done:
				return nil
			case <-stop.Done():
				return stop.Err()
			}
		},
	})
	return box
}
