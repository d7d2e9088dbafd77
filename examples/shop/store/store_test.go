package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/strata-go/strata/examples/shop/config"
	"github.com/strata-go/strata/examples/shop/shoptest"
	"github.com/strata-go/strata/examples/shop/store"
	"github.com/strata-go/strata/internal/pgtest"
	"github.com/strata-go/strata/process"
)

func TestOrderTakesFromStockAndEntersOutbox(t *testing.T) {
	onBoth(t, func(t *testing.T, settings config.Config) {
		s := shoptest.Store(t, settings)

		placed, err := s.PlaceOrder(t.Context(), "tea", 3)
		if err != nil {
			t.Fatal(err)
		}

		if left := stock(t, s)["tea"]; left != 999_997 {
			t.Errorf("%d left", left)
		}
		found, err := s.Order(t.Context(), placed.ID)
		if err != nil || found != placed || found.Delivered {
			t.Errorf("order = %+v, %v; want %+v", found, err, placed)
		}
		next, ok, err := s.NextPending(t.Context(), 0)
		if err != nil || !ok || next.Order != placed.ID || next.SKU != "tea" || next.Qty != 3 {
			t.Errorf("next = %+v, %t, %v", next, ok, err)
		}
	})
}

func TestAStopWhileTheFileIsLockedIsNoFailure(t *testing.T) {
	settings := shoptest.Settings(t)
	shoptest.Lock(t, settings)
	core, log := observer.New(zap.InfoLevel)
	opening := process.NewProcess(context.Background(), store.New(settings, zap.New(core)))
	started := make(chan error, 1)
	go func() { started <- opening.Start(context.Background()) }()
	shoptest.Eventually(t, "the store is opening", func() bool { return log.Len() > 0 })

	if err := shoptest.Stop(opening); err != nil {
		t.Errorf("stop: %v", err)
	}

	if err := <-started; err != process.ErrAborted {
		t.Errorf("start: %v, want %v alone", err, process.ErrAborted)
	}
}

func TestHealthyIfAnOrderCouldBeWritten(t *testing.T) {
	settings := shoptest.Settings(t)
	s := shoptest.Store(t, settings)
	if err := s.HealthCheck(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}

	shoptest.Lock(t, settings)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()

	if err := s.HealthCheck(ctx); err == nil {
		t.Error("the file is locked, and the check passes")
	}
}

func TestRefusedOrderChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, settings config.Config) {
		for _, test := range []struct {
			name, sku string
			qty       int64
			want      error
		}{
			{"more than there is", "last-unicorn", 2, store.ErrOutOfStock},
			{"unknown sku", "coffee", 1, store.ErrUnknownSKU},
		} {
			t.Run(test.name, func(t *testing.T) {
				s := shoptest.Store(t, settings)
				before := stock(t, s)

				_, err := s.PlaceOrder(t.Context(), test.sku, test.qty)

				if !errors.Is(err, test.want) {
					t.Errorf("error = %v, want %v", err, test.want)
				}
				if orders, err := s.Orders(t.Context()); err != nil || orders == nil || len(orders) != 0 {
					t.Errorf("orders = %#v, %v", orders, err)
				}
				if _, ok, err := s.NextPending(t.Context(), 0); ok || err != nil {
					t.Errorf("outbox: %t, %v", ok, err)
				}
				if after := stock(t, s); after["last-unicorn"] != before["last-unicorn"] {
					t.Errorf("%d left", after["last-unicorn"])
				}
			})
		}
	})
}

func TestNoMoreIsSoldThanThereIs(t *testing.T) {
	onBoth(t, func(t *testing.T, settings config.Config) {
		s := shoptest.Store(t, settings)
		const portion = 1_000_000/7 + 1 // six of them are there, not seven

		var sold, refused atomic.Int32
		var customers sync.WaitGroup
		for range 4 {
			customers.Go(func() {
				for range 5 {
					switch _, err := s.PlaceOrder(t.Context(), "tea", portion); {
					case err == nil:
						sold.Add(1)
					case errors.Is(err, store.ErrOutOfStock):
						refused.Add(1)
					default:
						t.Error(err)
					}
				}
			})
		}
		customers.Wait()

		if sold.Load() != 6 || refused.Load() != 14 {
			t.Errorf("sold %d, refused %d", sold.Load(), refused.Load())
		}
		if left := stock(t, s)["tea"]; left != 1_000_000-6*portion {
			t.Errorf("%d left", left)
		}
	})
}

func TestOrdersAreThereAfterRestart(t *testing.T) {
	onBoth(t, func(t *testing.T, settings config.Config) {
		first := store.New(settings, zap.NewNop())
		running := shoptest.Start(t, first)
		var placed []string
		for range 3 {
			order, err := first.PlaceOrder(t.Context(), "tea", 1)
			if err != nil {
				t.Fatal(err)
			}
			placed = append(placed, order.ID)
		}
		if err := shoptest.Stop(running); err != nil {
			t.Fatal(err)
		}

		second := shoptest.Store(t, settings)

		orders, err := second.Orders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, order := range orders {
			found = append(found, order.ID)
		}
		if !slices.Equal(found, placed) {
			t.Errorf("orders = %v, want %v", found, placed)
		}
		if left := stock(t, second)["tea"]; left != 999_997 {
			t.Errorf("%d left", left)
		}
	})
}

func TestStoreCanBeRunAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, settings config.Config) {
		s := store.New(settings, zap.NewNop())
		for range 2 {
			running := shoptest.Start(t, s)
			if _, err := s.PlaceOrder(t.Context(), "tea", 1); err != nil {
				t.Fatal(err)
			}
			if err := shoptest.Stop(running); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestStopLeavesOneFile(t *testing.T) {
	settings := shoptest.Settings(t)
	s := store.New(settings, zap.NewNop())
	running := shoptest.Start(t, s)
	if _, err := s.PlaceOrder(t.Context(), "tea", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Orders(t.Context()); err != nil {
		t.Fatal(err)
	}

	if err := shoptest.Stop(running); err != nil {
		t.Fatal(err)
	}

	files, err := filepath.Glob(filepath.Join(filepath.Dir(settings.Database), "*"))
	if err != nil || len(files) != 1 {
		t.Errorf("files = %v, %v", files, err)
	}
}

func TestDeliveredOrderLeavesOutbox(t *testing.T) {
	onBoth(t, func(t *testing.T, settings config.Config) {
		s := shoptest.Store(t, settings)
		first, err := s.PlaceOrder(t.Context(), "tea", 1)
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.PlaceOrder(t.Context(), "tea", 1)
		if err != nil {
			t.Fatal(err)
		}

		if err := s.MarkDelivered(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}

		if order, err := s.Order(t.Context(), first.ID); err != nil || !order.Delivered {
			t.Errorf("first = %+v, %v", order, err)
		}
		next, ok, err := s.NextPending(t.Context(), 0)
		if err != nil || !ok || next.Order != second.ID {
			t.Errorf("next = %+v, %t, %v", next, ok, err)
		}
		if _, ok, err := s.NextPending(t.Context(), next.Seq); ok || err != nil {
			t.Errorf("after the last: %t, %v", ok, err)
		}
	})
}

func TestDeliveryIsCarriedOutOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, settings config.Config) {
		s := shoptest.Store(t, settings)

		var carriedOut atomic.Int32
		var senders sync.WaitGroup
		for range 4 {
			senders.Go(func() {
				did, err := s.Deliver(t.Context(), "order", "tea", 1)
				if err != nil {
					t.Error(err)
				}
				if did {
					carriedOut.Add(1)
				}
			})
		}
		senders.Wait()

		if carriedOut.Load() != 1 {
			t.Errorf("carried out %d times", carriedOut.Load())
		}
		deliveries, err := s.Deliveries(t.Context())
		if want := []store.Delivery{{Order: "order", Count: 1}}; err != nil || !slices.Equal(deliveries, want) {
			t.Errorf("deliveries = %v, %v", deliveries, err)
		}
	})
}

func TestAnyPathWillDo(t *testing.T) {
	settings := config.Config{Database: filepath.Join(t.TempDir(), "a b?mode=memory&c#d%20e.db")}

	shoptest.Store(t, settings)

	if _, err := os.Stat(settings.Database); err != nil {
		t.Error(err)
	}
}

func TestWithoutPathTheFileIsInAFreshFolderAndLogged(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	core, log := observer.New(zap.InfoLevel)

	shoptest.Start(t, store.New(config.Config{}, zap.New(core)))

	logged := log.FilterMessage("database").All()
	if len(logged) != 1 {
		t.Fatalf("logged %d times", len(logged))
	}
	path, _ := logged[0].ContextMap()["path"].(string)
	if !strings.HasPrefix(path, os.Getenv("TMPDIR")) {
		t.Errorf("path = %q", path)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestStartThatFailsNamesTheFile(t *testing.T) {
	folder := t.TempDir()
	garbage := filepath.Join(folder, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{garbage, filepath.Join(folder, "missing", "shop.db"), folder} {
		s := store.New(config.Config{Database: path}, zap.NewNop())

		err := process.NewProcess(context.Background(), s).Start(t.Context())

		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error = %v", path, err)
		}
	}
}

func stock(t *testing.T, s *store.Store) map[string]int64 {
	t.Helper()
	left, err := s.Stock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// onBoth runs the test on a database of either kind, with nothing in it.
func onBoth(t *testing.T, test func(t *testing.T, settings config.Config)) {
	t.Run("SQLite", func(t *testing.T) { test(t, shoptest.Settings(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		server := pgtest.New(t)
		server.Start()
		test(t, config.Config{Database: server.URL()})
	})
}
