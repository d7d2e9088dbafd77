// Package mail writes a letter for each order into a folder, from which a mail server
// picks it up.
package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/dig"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/examples/modules/orders"
	"github.com/strata-go/strata/process"
)

// Register provides the mailer, and has it told of orders. Without the module orders
// nobody asks for that, and the mailer has nothing to do.
func Register(to container.Provider) error {
	return errors.Join(
		to.Provide(New),
		to.Provide(func(mailer *Mailer) orders.Placed { return mailer.Submit }, dig.Group("placed")),
	)
}

type Config struct {
	Folder string
	Pause  time.Duration // after each letter, so that the mail server can keep up
}

// Mailer writes one letter after the other. The server needs it, through the route that
// tells it of orders: so it runs until the last order was answered, and then writes what
// is left.
type Mailer struct{ *process.Pool[orders.Order] }

func New(config Config) *Mailer {
	return &Mailer{process.NewPool(1, 1000, func(ctx context.Context, order orders.Order) error {
		if err := write(config.Folder, order); err != nil {
			return err
		}
		select {
		case <-time.After(config.Pause):
		case <-ctx.Done(): // forced; the letter is written
		}
		return nil
	})}
}

// write has the letter appear in the folder as a whole.
func write(folder string, order orders.Order) error {
	path := filepath.Join(folder, fmt.Sprintf("order-%d.eml", order.ID))
	text := fmt.Sprintf("Subject: Your order %d\n\nThank you for ordering %s.\n", order.ID, order.Item)
	return errors.Join(
		os.MkdirAll(folder, 0o700),
		os.WriteFile(path+".new", []byte(text), 0o600),
		os.Rename(path+".new", path),
	)
}
