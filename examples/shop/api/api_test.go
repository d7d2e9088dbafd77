package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/api"
	"github.com/strata-go/strata/examples/shop/fulfilment"
	"github.com/strata-go/strata/examples/shop/outbox"
	"github.com/strata-go/strata/examples/shop/shoptest"
	"github.com/strata-go/strata/examples/shop/stock"
	"github.com/strata-go/strata/examples/shop/store"
	"github.com/strata-go/strata/process"
)

func TestOrderIsThereOnceItIsAnswered(t *testing.T) {
	url := start(t)
	client := shoptest.Client(t)

	var placed, found store.Order
	status := shoptest.Do(t, client, http.MethodPost, url+"/orders", `{"sku":"tea","qty":2}`, &placed)

	if status != http.StatusCreated || placed.ID == "" || placed.SKU != "tea" || placed.Qty != 2 {
		t.Fatalf("%d: %+v", status, placed)
	}
	if status := shoptest.Do(t, client, http.MethodGet, url+"/orders/"+placed.ID, "", &found); status != http.StatusOK {
		t.Errorf("%d", status)
	}
	if found.ID != placed.ID || found.Qty != 2 {
		t.Errorf("found %+v", found)
	}
	if all := orders(t, client, url); !slices.Equal(all, []string{placed.ID}) {
		t.Errorf("orders = %v", all)
	}
	shoptest.Eventually(t, "the order is delivered", func() bool {
		shoptest.Do(t, client, http.MethodGet, url+"/orders/"+placed.ID, "", &found)
		return found.Delivered
	})
}

func TestWhatCannotBeOrdered(t *testing.T) {
	url := start(t)
	client := shoptest.Client(t)
	for _, test := range []struct {
		name, body string
		status     int
		message    string
	}{
		{"nothing", ``, http.StatusBadRequest, "body: EOF"},
		{"no JSON", `sku=tea&qty=1`, http.StatusBadRequest, "body: invalid character"},
		{"half", `{"sku":"tea","qty":1`, http.StatusBadRequest, "unexpected EOF"},
		{"trailing garbage", `{"sku":"tea","qty":1} and milk`, http.StatusBadRequest, "more than one JSON value"},
		{"two at once", `{"sku":"tea","qty":1}{"sku":"tea","qty":1}`, http.StatusBadRequest, "more than one JSON value"},
		{"null", `null`, http.StatusBadRequest, "sku: missing"},
		{"no sku", `{"qty":1}`, http.StatusBadRequest, "sku: missing"},
		{"unknown sku", `{"sku":"coffee","qty":1}`, http.StatusBadRequest, `sku: "coffee" is not sold here`},
		{"no qty", `{"sku":"tea"}`, http.StatusBadRequest, "qty: 0 is not above 0"},
		{"negative qty", `{"sku":"tea","qty":-1}`, http.StatusBadRequest, "qty: -1 is not above 0"},
		{"fraction", `{"sku":"tea","qty":0.5}`, http.StatusBadRequest, "cannot unmarshal"},
		{"text", `{"sku":"tea","qty":"1"}`, http.StatusBadRequest, "cannot unmarshal"},
		{"absurd qty", `{"sku":"tea","qty":9000000000000000000}`, http.StatusBadRequest, "more than anybody can want"},
		{"more than an integer", `{"sku":"tea","qty":9000000000000000000000}`, http.StatusBadRequest, "cannot unmarshal"},
		{"more than there is", `{"sku":"tea","qty":1000001}`, http.StatusConflict, "tea: out of stock"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var answer struct{ Error string }
			status := shoptest.Do(t, client, http.MethodPost, url+"/orders", test.body, &answer)

			if status != test.status || !strings.Contains(answer.Error, test.message) {
				t.Errorf("%d %q, want %d %q", status, answer.Error, test.status, test.message)
			}
		})
	}
	if all := orders(t, client, url); all == nil || len(all) != 0 {
		t.Errorf("orders = %v", all)
	}
}

func TestUnknownOrderIsNotFound(t *testing.T) {
	url := start(t)
	var answer struct{ Error string }

	status := shoptest.Do(t, shoptest.Client(t), http.MethodGet, url+"/orders/none", "", &answer)

	if status != http.StatusNotFound || answer.Error != `order "none": unknown` {
		t.Errorf("%d %q", status, answer.Error)
	}
}

func TestTheLastOneIsSoldOnce(t *testing.T) {
	url := start(t)
	client := shoptest.Client(t)

	var sold, refused atomic.Int32
	var customers sync.WaitGroup
	for range 8 {
		customers.Go(func() {
			var answer any
			switch shoptest.Do(t, client, http.MethodPost, url+"/orders", `{"sku":"last-unicorn","qty":1}`, &answer) {
			case http.StatusCreated:
				sold.Add(1)
			case http.StatusConflict:
				refused.Add(1)
			}
		})
	}
	customers.Wait()

	if sold.Load() != 1 || refused.Load() != 7 {
		t.Errorf("sold %d, refused %d", sold.Load(), refused.Load())
	}
}

func TestStockIsShown(t *testing.T) {
	url := start(t)
	var answer struct{ Stock map[string]int64 }

	status := shoptest.Do(t, shoptest.Client(t), http.MethodGet, url+"/stock", "", &answer)

	if status != http.StatusOK || answer.Stock["tea"] != 1_000_000 || answer.Stock["last-unicorn"] != 1 {
		t.Errorf("%d %v", status, answer)
	}
}

func TestOrdersThatAreBeingPlacedAreAnsweredOnStop(t *testing.T) {
	settings := shoptest.Settings(t)
	db := shoptest.Store(t, settings)
	fulfilling := fulfilment.New(settings, db, zap.NewNop())
	shoptest.Start(t, fulfilling)
	cache := stock.New(db)
	shoptest.Start(t, cache)
	server := api.New(settings, db, cache, outbox.New(db, fulfilling, zap.NewNop()), zap.NewNop())
	running := shoptest.Start(t, server)
	url := "http://" + server.Addr() + "/orders"
	client := shoptest.Client(t)

	var answered atomic.Int32
	var customers sync.WaitGroup
	for range 4 {
		customers.Go(func() {
			for {
				response, err := client.Post(url, "application/json", strings.NewReader(`{"sku":"tea","qty":1}`))
				if err != nil {
					return // the door is closed
				}
				_ = response.Body.Close()
				answered.Add(1)
			}
		})
	}
	shoptest.Eventually(t, "some are answered", func() bool { return answered.Load() >= 20 })
	if err := shoptest.Stop(running); err != nil {
		t.Fatal(err)
	}
	customers.Wait()

	placed, err := db.Orders(context.Background())
	if err != nil || len(placed) != int(answered.Load()) {
		t.Errorf("%d placed, %d answered, %v", len(placed), answered.Load(), err)
	}
}

func start(t *testing.T) (url string) {
	settings := shoptest.Settings(t)
	log := zap.NewNop()
	db := store.New(settings, log)
	fulfilling := fulfilment.New(settings, db, log)
	sending := outbox.New(db, fulfilling, log)
	cache := stock.New(db)
	server := api.New(settings, db, cache, sending, log)
	shoptest.Start(t, process.Sequential(db, process.Parallel(cache, process.Sequential(fulfilling, sending)), server))
	return fmt.Sprintf("http://%s", server.Addr())
}

func orders(t *testing.T, client *http.Client, url string) (ids []string) {
	t.Helper()
	var answer struct{ Orders []store.Order }
	if status := shoptest.Do(t, client, http.MethodGet, url+"/orders", "", &answer); status != http.StatusOK {
		t.Errorf("orders: %d", status)
	}
	if answer.Orders == nil {
		return nil
	}
	ids = []string{}
	for _, order := range answer.Orders {
		ids = append(ids, order.ID)
	}
	return ids
}
