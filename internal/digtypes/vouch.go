package digtypes

import (
	"go.uber.org/dig"

	"github.com/strata-go/strata/internal/digread"
)

// Past calls invoke, which is to invoke something in a scope of plain dig's, a container or a scope, with dig looking for no cycle
// there: where there is one it ends in a stack overflow.
func Past(scope any, invoke func() error) error {
	read := readable(scope)
	if !read.Acyclic() {
		read.Vouch()
		defer read.Doubt()
	}
	return invoke()
}

func readable(scope any) *digread.Scope {
	if s, ok := scope.(*dig.Scope); ok {
		return digread.At(s)
	}
	root, err := digread.Open(scope.(*dig.Container))
	if err != nil {
		panic(err)
	}
	return root
}
