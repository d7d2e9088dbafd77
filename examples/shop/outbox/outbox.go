// Package outbox sends what was ordered to fulfilment.
package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/fulfilment"
	"github.com/strata-go/strata/examples/shop/store"
	"github.com/strata-go/strata/process"
)

const (
	pollInterval   = time.Second     // how often it looks for orders that nobody told it of
	answerTimeout  = 5 * time.Second // for one attempt to deliver
	firstDelay     = 50 * time.Millisecond
	longestDelay   = 5 * time.Second
	attemptsInARow = 6 // before the next order has its turn
)

// Outbox delivers the orders in the store's outbox one after the other. An order stays there until fulfilment has
// confirmed it, so an order may be sent twice, and none is forgotten. It is a [process.Runner].
type Outbox struct {
	store      *store.Store
	fulfilment *fulfilment.Server
	log        *zap.Logger
	wake       chan struct{}
	client     *http.Client
}

// New returns the outbox of the store. It takes the fulfilment server for its address, which is known only when that
// runs; and because it takes it, it is started after and stopped before it.
func New(store *store.Store, fulfilment *fulfilment.Server, log *zap.Logger) *Outbox {
	return &Outbox{
		store:      store,
		fulfilment: fulfilment,
		log:        log,
		wake:       make(chan struct{}, 1),
		client:     &http.Client{Transport: &http.Transport{}, Timeout: answerTimeout},
	}
}

// Wake tells that there is a new order. It never blocks.
func (o *Outbox) Wake() {
	select {
	case o.wake <- struct{}{}:
	default: // it has been told, and has not looked yet
	}
}

// Run delivers until it is asked to stop; then it finishes the delivery in hand. If ctx ends, it drops it: the order is
// still in the outbox, and the next run finds it there.
func (o *Outbox) Run(ctx context.Context, callback process.Callback) error {
	defer o.client.CloseIdleConnections()
	return process.Worker(o.dispatch).Run(ctx, callback)
}

func (o *Outbox) dispatch(ctx context.Context, ready func() (stop <-chan struct{})) error {
	stop := ready()
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		if err := o.deliverAll(ctx, stop); err != nil && ctx.Err() == nil {
			o.log.Error("outbox", zap.Error(err)) // what is left has its turn at the next look
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-stop:
			return nil
		case <-o.wake:
		case <-poll.C:
		}
	}
}

// deliverAll goes through the outbox once.
func (o *Outbox) deliverAll(ctx context.Context, stop <-chan struct{}) error {
	var last int64
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		next, found, err := o.store.NextPending(ctx, last)
		if err != nil || !found {
			return err
		}
		last = next.Seq
		if err := o.deliver(ctx, stop, next); err != nil {
			return err
		}
	}
}

// deliver delivers one order, in several attempts if it must, with pauses that grow. A stop ends the pauses, not an
// attempt. It gives up without an error when the order is to be tried again later; an error is one of the store's.
func (o *Outbox) deliver(ctx context.Context, stop <-chan struct{}, order store.Pending) error {
	delays := backoff.ExponentialBackOff{
		InitialInterval: firstDelay, MaxInterval: longestDelay,
		Multiplier: backoff.DefaultMultiplier, RandomizationFactor: backoff.DefaultRandomizationFactor,
	}
	for attempt := 1; ; attempt++ {
		err := o.send(ctx, order)
		if err == nil {
			return o.store.MarkDelivered(ctx, order.Order)
		}
		o.log.Warn("not delivered", zap.String("order", order.Order), zap.Int("attempt", attempt), zap.Error(err))
		if attempt == attemptsInARow {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-stop:
			return nil
		case <-time.After(delays.NextBackOff()):
		}
	}
}

// send makes one attempt. That fulfilment knows the order already is as good an answer as that it is new.
func (o *Outbox) send(ctx context.Context, order store.Pending) error {
	body, err := json.Marshal(fulfilment.Delivery{Order: order.Order, SKU: order.SKU, Qty: order.Qty})
	if err != nil {
		return err
	}
	url := "http://" + o.fulfilment.Addr() + "/deliveries"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := o.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 4<<10)) // to its end, so that the connection is used again
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusCreated && response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, response.Status, bytes.TrimSpace(answer))
	}
	return nil
}
