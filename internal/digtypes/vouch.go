package digtypes

import (
	"go.uber.org/dig"

	"github.com/strata-go/strata/internal/digread"
)

// VouchAlike has plain dig know of no cycle where another container with the same scopes knows of none, be it because it has
// looked, or because it was told so. Where there is one, plain dig will end in a stack overflow.
func VouchAlike(ours, plain *dig.Container) {
	o, err := digread.Open(ours)
	if err != nil {
		panic(err)
	}
	p, err := digread.Open(plain)
	if err != nil {
		panic(err)
	}
	vouchAlike(o, p)
}

func vouchAlike(ours, plain *digread.Scope) {
	if ours.Acyclic() {
		plain.Vouch()
	}
	children := plain.Children(0)
	for i, child := range ours.Children(0) {
		vouchAlike(digread.At(child), digread.At(children[i]))
	}
}
