// Stuck shows what becomes of a unit that ignores everything: it is given up in bounded time, by its name and the line on
// which it hangs.
package main

import (
	"context"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

// Journal ends when it is asked to.
type Journal struct{ process.Runner }

func NewJournal() *Journal { return &Journal{process.Nop()} }

// Importer never ends.
type Importer struct {
	journal *Journal
	batches chan string // to which nobody sends
}

func NewImporter(journal *Journal) *Importer {
	return &Importer{journal: journal, batches: make(chan string)}
}

func (i *Importer) Run(ctx context.Context, callback process.Callback) error {
	err := callback(ctx) // returns when it is to stop
	<-i.batches          // hangs here, whatever ctx says
	return err
}

// Server needs the importer, and ends when it is asked to.
type Server struct{ process.Runner }

func NewServer(*Importer) *Server { return &Server{process.Nop()} }

func main() {
	container.New(
		container.Provide(NewJournal, NewImporter, NewServer),
		container.WithStopTimeout(2*time.Second),  // 25 s if it is not said
		container.WithForceTimeout(1*time.Second), // 3 s
	).Run()
}
