// Package outbox delivers the messages in the store.
package outbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/store"
)

// Sender delivers a message somewhere.
type Sender interface {
	Connect(ctx context.Context) error
	Send(ctx context.Context, text string) (receipt string, err error)
}

// Outbox gives each message to every sender, and notes the receipts.
type Outbox struct {
	store   *store.Store
	senders []Sender
	log     *zap.Logger
}

func New(store *store.Store, senders []Sender, log *zap.Logger) *Outbox {
	return &Outbox{store, senders, log}
}

// Connect returns when every sender can be used.
func (o *Outbox) Connect(ctx context.Context) error {
	for _, s := range o.senders {
		if err := s.Connect(ctx); err != nil {
			return err
		}
	}
	o.log.Info("connected")
	return nil
}

// Run delivers until its context ends. What is in hand then is delivered again after the next start.
func (o *Outbox) Run(ctx context.Context) error {
	defer o.log.Info("delivery ended")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := o.deliver(ctx); ctx.Err() != nil {
			return ctx.Err() // for which a database has words of its own
		} else if err != nil {
			return err
		}
	}
}

func (o *Outbox) deliver(ctx context.Context) error {
	m, ok, err := o.store.Next(ctx)
	if err != nil || !ok {
		return err
	}
	var receipts []string
	for _, s := range o.senders {
		receipt, err := s.Send(ctx, m.Text)
		if err != nil {
			return err
		}
		receipts = append(receipts, receipt)
	}
	slices.Sort(receipts) // the members of a group are in no order
	return o.store.Delivered(ctx, m.ID, strings.Join(receipts, ", "))
}
