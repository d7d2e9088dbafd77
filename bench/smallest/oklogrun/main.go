// Oklogrun is the smallest program on oklog/run.
package main

import (
	"context"
	"os"
	"syscall"

	"github.com/oklog/run"
)

func main() {
	var group run.Group
	group.Add(run.SignalHandler(context.Background(), os.Interrupt, syscall.SIGTERM))
	stop := make(chan struct{})
	group.Add(func() error {
		<-stop
		return nil
	}, func(error) { close(stop) })
	group.Run()
}
