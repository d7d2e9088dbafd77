package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/fulfilment"
	"github.com/strata-go/strata/examples/shop/shoptest"
	"github.com/strata-go/strata/examples/shop/store"
	"github.com/strata-go/strata/process"
)

func TestOrdersAreDelivered(t *testing.T) {
	s, f := parts(t)
	shoptest.Start(t, f)
	o := New(s, f, zap.NewNop())
	before := place(t, s)
	shoptest.Start(t, o)

	told := place(t, s)
	o.Wake()
	untold := place(t, s)

	for _, order := range []string{before, told, untold} {
		shoptest.Eventually(t, "the order is delivered", func() bool { return delivered(t, s, order) })
	}
	if deliveries, err := s.Deliveries(t.Context()); err != nil || len(deliveries) != 3 {
		t.Errorf("deliveries = %v, %v", deliveries, err)
	}
}

func TestOrderIsTriedUntilFulfilmentAnswers(t *testing.T) {
	s, f := parts(t)
	o := New(s, f, zap.NewNop())
	attempts := make(chan struct{}, 100)
	o.client.Transport = transport(func(r *http.Request) (*http.Response, error) {
		attempts <- struct{}{}
		return http.DefaultTransport.RoundTrip(r)
	})
	order := place(t, s)
	shoptest.Start(t, o)
	<-attempts
	<-attempts

	shoptest.Start(t, f)

	shoptest.Eventually(t, "the order is delivered", func() bool { return delivered(t, s, order) })
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestOneOrderThatCannotBeDeliveredDoesNotHoldUpTheOthers(t *testing.T) {
	s, f := parts(t)
	shoptest.Start(t, f)
	o := New(s, f, zap.NewNop())
	stuck, other := place(t, s), place(t, s)
	real := o.client.Transport
	o.client.Transport = transport(func(r *http.Request) (*http.Response, error) {
		body, _ := r.GetBody()
		var delivery fulfilment.Delivery
		if err := json.NewDecoder(body).Decode(&delivery); err != nil {
			return nil, err
		}
		if delivery.Order == stuck {
			return nil, errors.New("refused")
		}
		return real.RoundTrip(r)
	})
	t.Cleanup(real.(*http.Transport).CloseIdleConnections)

	running := shoptest.Start(t, o)

	shoptest.Eventually(t, "the other order is delivered", func() bool { return delivered(t, s, other) })
	if err := shoptest.Stop(running); err != nil {
		t.Fatal(err)
	}
	if delivered(t, s, stuck) {
		t.Error("what was not delivered is marked")
	}
}

func TestStopFinishesTheDeliveryInHand(t *testing.T) {
	s, f := parts(t)
	shoptest.Start(t, f)
	o := New(s, f, zap.NewNop())
	sent, release := hold(t, o)
	inHand, next := place(t, s), place(t, s)
	running := shoptest.Start(t, o)
	<-sent

	stopped := make(chan error, 1)
	go func() { stopped <- shoptest.Stop(running) }()
	shoptest.Eventually(t, "the stop is asked for", func() bool { return running.State() == process.StateStopped })
	release()

	// The outbox may learn of the stop a moment later, and take the next one in hand.
	for done := false; !done; {
		select {
		case <-sent:
			release()
		case err := <-stopped:
			if err != nil {
				t.Error(err)
			}
			done = true
		}
	}
	if !delivered(t, s, inHand) {
		t.Error("the delivery in hand was dropped")
	}
	deliveries, err := s.Deliveries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sent := len(deliveries) == 2; sent != delivered(t, s, next) {
		t.Error("the next one is sent and not marked, or the reverse")
	}
}

func TestForceDropsTheDeliveryInHandAndKeepsTheOrder(t *testing.T) {
	s, f := parts(t)
	shoptest.Start(t, f)
	o := New(s, f, zap.NewNop())
	sent, _ := hold(t, o)
	order := place(t, s)
	ctx, force := context.WithCancel(context.Background())
	running := shoptest.StartContext(t, ctx, o)
	<-sent

	force()
	<-running.Done()

	next, ok, err := s.NextPending(t.Context(), 0)
	if err != nil || !ok || next.Order != order {
		t.Errorf("next = %v, %t, %v", next, ok, err)
	}
}

func TestStopEndsThePauseBetweenAttempts(t *testing.T) {
	s, f := parts(t) // which does not run
	o := New(s, f, zap.NewNop())
	attempts := make(chan struct{}, 100)
	o.client.Transport = transport(func(*http.Request) (*http.Response, error) {
		attempts <- struct{}{}
		return nil, errors.New("refused")
	})
	place(t, s)
	running := shoptest.Start(t, o)
	<-attempts

	if err := shoptest.Stop(running); err != nil {
		t.Error(err)
	}
}

// transport is a function that implements [http.RoundTripper].
type transport func(r *http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hold has each attempt of the outbox tell that it was sent, and wait to be released.
func hold(t *testing.T, o *Outbox) (sent <-chan struct{}, release func()) {
	in, out := make(chan struct{}), make(chan struct{})
	real := o.client.Transport
	t.Cleanup(real.(*http.Transport).CloseIdleConnections)
	o.client.Transport = transport(func(r *http.Request) (*http.Response, error) {
		in <- struct{}{}
		select {
		case <-out:
			return real.RoundTrip(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})
	return in, func() {
		t.Helper()
		select {
		case out <- struct{}{}:
		case <-time.After(shoptest.Deadline):
			t.Fatal("there is no attempt to release")
		}
	}
}

func parts(t *testing.T) (*store.Store, *fulfilment.Server) {
	settings := shoptest.Settings(t)
	s := shoptest.Store(t, settings)
	return s, fulfilment.New(settings, s, zap.NewNop())
}

func place(t *testing.T, s *store.Store) (id string) {
	t.Helper()
	order, err := s.PlaceOrder(t.Context(), "tea", 1)
	if err != nil {
		t.Fatal(err)
	}
	return order.ID
}

func delivered(t *testing.T, s *store.Store, id string) bool {
	t.Helper()
	order, err := s.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return order.Delivered
}
