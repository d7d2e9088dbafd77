package main

import (
	"context"
	"net/http"
	"time"

	"github.com/strata-go/strata/process"
)

// Checker asks links, four at a time; a hundred more may wait. What [process.Pool.Submit]
// has accepted is done before the pool ends, and as it takes the results, and they the
// database, these are there until then.
type Checker struct{ *process.Pool[string] }

func NewChecker(results *Results) *Checker {
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true}, // the next link is elsewhere
		Timeout:   10 * time.Second,
	}
	check := func(ctx context.Context, link string) error {
		result := ask(ctx, client, link)
		if ctx.Err() != nil { // forced: that says nothing about the link
			return ctx.Err()
		}
		return results.Keep(ctx, link, result) // an error ends the app: what is it worth without results?
	}
	return &Checker{process.NewPool(4, 100, check)}
}

// ask returns the status of the link, or what is wrong with it.
func ask(ctx context.Context, client *http.Client, link string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, link, nil)
	if err != nil {
		return err.Error()
	}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	response.Body.Close()
	return response.Status
}
