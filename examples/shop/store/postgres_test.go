package store_test

import (
	"context"
	"strings"
	"sync"
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

func TestServerThatIsNotUpYetIsWaitedFor(t *testing.T) {
	server := pgtest.New(t)
	s := store.New(config.Config{Database: server.URL()}, zap.NewNop())
	running := process.NewProcess(context.Background(), s)
	started := make(chan error, 1)
	go func() { started <- running.Start(context.Background()) }()

	server.Start()

	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if _, err := s.PlaceOrder(t.Context(), "tea", 1); err != nil {
		t.Error(err)
	}
	if err := shoptest.Stop(running); err != nil {
		t.Error(err)
	}
}

func TestSeveralStoresMakeTheTablesOnce(t *testing.T) {
	server := pgtest.New(t)
	server.Start()
	var starting sync.WaitGroup
	for range 4 {
		running := process.NewProcess(context.Background(), store.New(config.Config{Database: server.URL()}, zap.NewNop()))
		starting.Go(func() {
			if err := running.Start(t.Context()); err != nil {
				t.Error(err)
				return
			}
			if err := shoptest.Stop(running); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
}

func TestNobodyIsShownThePassword(t *testing.T) {
	for _, test := range []struct{ url, says string }{
		{"postgres://shop:secret@127.0.0.1:1/shop", "postgres://shop:xxxxx@127.0.0.1:1/shop"},
		{"postgres://shop:secret@127.0.0.1:port/shop", "makes no sense"},
		{"postgres://shop:secret@127.0.0.1:1/shop?sslmode=odd", "sslmode"},
	} {
		core, log := observer.New(zap.InfoLevel)
		s := store.New(config.Config{Database: test.url}, zap.New(core))
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := process.NewProcess(context.Background(), s).Start(ctx)
		cancel()

		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("error = %v", err)
		}
		for _, entry := range log.All() {
			if path, _ := entry.ContextMap()["path"].(string); strings.Contains(path, "secret") {
				t.Errorf("logged %s", path)
			}
		}
	}
}
