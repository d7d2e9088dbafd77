package main

import (
	"context"

	"go.uber.org/dig"
	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/outbox"
	"github.com/strata-go/strata/examples/fxapp/store"
	"github.com/strata-go/strata/process"
)

type outboxIn struct {
	dig.In

	Store   *store.Store
	Senders []outbox.Sender `group:"senders"`
	Log     *zap.Logger
}

// Outbox runs: it connects, and then delivers.
type Outbox struct{ box *outbox.Outbox }

func NewOutbox(in outboxIn) *Outbox {
	return &Outbox{outbox.New(in.Store, in.Senders, in.Log)}
}

func (o *Outbox) Run(ctx context.Context, callback process.Callback) error {
	connect, deliver := process.Task(o.box.Connect), process.Leaf(o.box.Run, nil)
	return process.Sequential(connect, deliver).Run(ctx, callback)
}
