package container_test

import (
	"fmt"

	"github.com/strata-go/strata/container"
	"github.com/strata-go/strata/process"
)

type (
	Shelf   struct{ process.Runner }
	Catalog struct{ shelf *Shelf }
	Till    struct{ process.Runner }
)

func NewShelf() *Shelf                 { return &Shelf{process.Nop()} }
func NewCatalog(shelf *Shelf) *Catalog { return &Catalog{shelf} }
func NewTill(*Catalog) *Till           { return &Till{process.Nop()} }

// The plan says why one unit waits for another: the constructors that lead there, with
// their places. Nothing is called.
func ExampleApp_Plan_explain() {
	app := container.New()
	app.Provide(NewShelf)
	app.Provide(NewCatalog) // does not run
	app.Provide(NewTill)

	plan, err := app.Plan()
	if err != nil {
		fmt.Println(err)
		return
	}
	why, err := plan.Explain("*container_test.Till")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(why)

	// Output:
	// *container_test.Till waits for *container_test.Shelf because container_test.NewTill (example_explain_test.go:18) takes *container_test.Catalog, which container_test.NewCatalog (example_explain_test.go:17) builds from *container_test.Shelf, which container_test.NewShelf (example_explain_test.go:16) makes
	// *container_test.Till is in layer 1, which starts when all of layer 0 is ready
}
