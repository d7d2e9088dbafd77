// Package stock knows how much there is left to sell, without asking the database each time.
package stock

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/strata-go/strata/examples/shop/store"
	"github.com/strata-go/strata/process"
)

const (
	warmUp          = 300 * time.Millisecond // stands for the work of a cache larger than this one
	refreshInterval = time.Second
)

// Cache is a copy of the stock, at most a little old. It is fit to be shown, and to turn away at the door whoever wants
// more than there is; the truth, when it comes to selling, is in the store. It is a [process.Runner].
type Cache struct {
	store *store.Store
	left  atomic.Pointer[map[string]int64] // never changed once it is here
}

// New returns an empty cache of what the store has. It fills itself when it starts.
func New(store *store.Store) *Cache {
	cache := &Cache{store: store}
	cache.left.Store(new(map[string]int64))
	return cache
}

// Left returns how much was left of the sku at the last look; known is false if it was not there.
func (c *Cache) Left(sku string) (qty int64, known bool) {
	qty, known = (*c.left.Load())[sku]
	return qty, known
}

// All returns how much was left of each sku at the last look. It must not be changed.
func (c *Cache) All() map[string]int64 { return *c.left.Load() }

// Run fills the cache, is ready when it is full, and looks again every second until it is asked to stop. A look that
// fails is a line of the log: the one before has to do.
func (c *Cache) Run(ctx context.Context, callback process.Callback) error {
	refresh := process.Every(refreshInterval, c.load, process.ReportErrors())
	return process.Sequential(process.Task(c.warm), refresh).Run(ctx, callback)
}

func (c *Cache) warm(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(warmUp):
	}
	err := c.load(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // the driver has many words for being interrupted
	}
	return err
}

func (c *Cache) load(ctx context.Context) error {
	left, err := c.store.Stock(ctx)
	if err != nil {
		return err
	}
	c.left.Store(&left)
	return nil
}
