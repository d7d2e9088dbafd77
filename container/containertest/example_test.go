package containertest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/container/containertest"
	"github.com/strata-go/strata/process"
)

type (
	Database struct{ process.Runner }
	Server   struct{ process.Runner }

	Mailer interface{ Mail(to string) }
	SMTP   struct{}
	Paper  struct{}
)

func NewDatabase() *Database         { return &Database{process.Nop()} }
func NewServer(db *Database) *Server { return &Server{process.Nop()} }
func NewMailer() Mailer              { return SMTP{} }

func (SMTP) Mail(to string)  { fmt.Println("mail to", to) }
func (Paper) Mail(to string) { fmt.Println("a note for", to) }

// newApp is what main and the tests share.
func newApp(opts ...container.Option) *container.App {
	return container.New(append(opts, container.Provide(NewDatabase, NewServer, NewMailer))...)
}

func ExampleStart() {
	_ = func(t *testing.T) { // TestOrders, say
		app := newApp()
		containertest.Start(t, app)
		// It runs until the test has ended.
	}
}

func ExampleExplore() {
	_ = func(t *testing.T) { // TestHowItFails, say
		containertest.Explore(t, func() *container.App { return newApp() })
	}
}

// The units themselves, with timeouts that a test can wait for.
func ExampleReal() {
	_ = func(t *testing.T) { // TestHowItReallyFails, say
		containertest.Explore(t, func() *container.App { return newApp() },
			containertest.Real(),
			containertest.Limits(2*time.Second, time.Second, time.Second))
	}
}

func ExampleReplace() {
	app := newApp(containertest.Replace[Mailer](Paper{}))
	_ = app.Invoke(func(m Mailer) { m.Mail("Ann") })
	// Output: a note for Ann
}
