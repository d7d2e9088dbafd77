package fulfilment_test

import (
	"net/http"
	"slices"
	"testing"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/shop/fulfilment"
	"github.com/strata-go/strata/examples/shop/shoptest"
	"github.com/strata-go/strata/examples/shop/store"
)

func TestDeliveryThatIsSentAgainIsAnsweredFromTheBooks(t *testing.T) {
	url := start(t)
	client := shoptest.Client(t)
	const order = `{"order":"1","sku":"tea","qty":2}`

	var first, second fulfilment.Delivery
	firstStatus := shoptest.Do(t, client, http.MethodPost, url, order, &first)
	secondStatus := shoptest.Do(t, client, http.MethodPost, url, order, &second)

	if firstStatus != http.StatusCreated || secondStatus != http.StatusOK {
		t.Errorf("answered %d, then %d", firstStatus, secondStatus)
	}
	want := fulfilment.Delivery{Order: "1", SKU: "tea", Qty: 2}
	if first != want || second != want {
		t.Errorf("answered %v, then %v", first, second)
	}
	if got := deliveries(t, client, url); !slices.Equal(got, []store.Delivery{{Order: "1", Count: 1}}) {
		t.Errorf("deliveries = %v", got)
	}
}

func TestDeliveryThatMakesNoSenseIsRefused(t *testing.T) {
	url := start(t)
	client := shoptest.Client(t)
	for _, body := range []string{
		``, `{`, `{}`, `{"order":"","sku":"tea","qty":1}`, `{"order":"1","qty":1}`, `{"order":"1","sku":"tea","qty":0}`,
	} {
		var answer struct{ Error string }
		if status := shoptest.Do(t, client, http.MethodPost, url, body, &answer); status != http.StatusBadRequest {
			t.Errorf("%q: %d", body, status)
		}
		if answer.Error == "" {
			t.Errorf("%q: no error in the answer", body)
		}
	}

	if got := deliveries(t, client, url); got == nil || len(got) != 0 {
		t.Errorf("deliveries = %v", got)
	}
}

func start(t *testing.T) (url string) {
	settings := shoptest.Settings(t)
	server := fulfilment.New(settings, shoptest.Store(t, settings), zap.NewNop())
	shoptest.Start(t, server)
	return "http://" + server.Addr() + "/deliveries"
}

func deliveries(t *testing.T, client *http.Client, url string) []store.Delivery {
	var answer struct{ Deliveries []store.Delivery }
	if status := shoptest.Do(t, client, http.MethodGet, url, "", &answer); status != http.StatusOK {
		t.Errorf("deliveries: %d", status)
	}
	return answer.Deliveries
}
