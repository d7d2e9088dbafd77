package stock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strata-go/strata/examples/shop/shoptest"
	"github.com/strata-go/strata/examples/shop/stock"
	"github.com/strata-go/strata/process"
)

func TestCacheIsWarmWhenItIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := stock.New(shoptest.Store(t, shoptest.Settings(t)))
		if _, known := cache.Left("tea"); known {
			t.Error("it knows before it has looked")
		}
		began := time.Now()

		shoptest.Start(t, cache)

		if took := time.Since(began); took != 300*time.Millisecond {
			t.Errorf("warm after %v", took)
		}
		if left, known := cache.Left("tea"); !known || left != 1_000_000 {
			t.Errorf("left = %d, %t", left, known)
		}
		if _, known := cache.Left("coffee"); known {
			t.Error("it knows what is not sold")
		}
	})
}

func TestCacheLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := shoptest.Store(t, shoptest.Settings(t))
		cache := stock.New(store)
		shoptest.Start(t, cache)
		if _, err := store.PlaceOrder(t.Context(), "tea", 1); err != nil {
			t.Fatal(err)
		}

		time.Sleep(time.Second)
		synctest.Wait()

		if left := cache.All()["tea"]; left != 999_999 {
			t.Errorf("left = %d", left)
		}
	})
}

func TestStopDuringTheWarmUpEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := stock.New(shoptest.Store(t, shoptest.Settings(t)))
		running := process.NewProcess(t.Context(), cache)
		started := make(chan error, 1)
		go func() { started <- running.Start(context.Background()) }()
		synctest.Wait()
		began := time.Now()

		if err := shoptest.Stop(running); err != nil {
			t.Error(err)
		}

		if took := time.Since(began); took != 0 {
			t.Errorf("ended after %v", took)
		}
		if err := <-started; !errors.Is(err, process.ErrAborted) {
			t.Errorf("start: %v", err)
		}
	})
}
