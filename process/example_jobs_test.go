package process_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/strata-go/strata/process"
)

func ExampleEvery() {
	calls, enough := 0, make(chan struct{})
	cache := process.Every(time.Millisecond, func(ctx context.Context) error {
		if calls++; calls <= 3 {
			fmt.Println("refresh", calls)
		}
		if calls == 3 {
			close(enough)
		}
		return errors.New("source is away") // it is reported, and the cache lives on
	}, process.ReportErrors())

	err := cache.Run(context.Background(), func(context.Context) error {
		<-enough
		return nil
	})
	fmt.Println(err)
	// Output:
	// refresh 1
	// refresh 2
	// refresh 3
	// <nil>
}

func ExampleTask() {
	migration := process.Task(func(ctx context.Context) error {
		fmt.Println("migrated")
		return nil
	})
	app := process.Sequential(service("database"), migration, service("server"))
	fmt.Println(app.Run(context.Background(), running))
	// Output:
	// database starts
	// migrated
	// server starts
	// all run
	// server stops
	// database stops
	// <nil>
}

func ExamplePool() {
	mails := process.NewPool(1, 100, func(ctx context.Context, to string) error {
		fmt.Println("mail to", to)
		return nil
	})
	err := mails.Run(context.Background(), func(ctx context.Context) error {
		for _, to := range []string{"ann", "bob", "eve"} {
			if err := mails.Submit(ctx, to); err != nil {
				return err
			}
		}
		return nil // what was accepted is still done
	})
	fmt.Println(err)
	fmt.Println(mails.Submit(context.Background(), "joe"))
	// Output:
	// mail to ann
	// mail to bob
	// mail to eve
	// <nil>
	// pool is not running
}

func ExampleBestEffort() {
	metrics := process.StartStop(
		func(context.Context) error { return errors.New("metrics: connection refused") },
		func(context.Context) error { return nil },
	)
	app := process.Sequential(
		process.BestEffort(metrics, func(err error) { fmt.Println("without", err) }),
		service("server"),
	)
	fmt.Println(app.Run(context.Background(), running))
	// Output:
	// without metrics: connection refused
	// server starts
	// all run
	// server stops
	// <nil>
}
