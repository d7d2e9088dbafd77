module github.com/strata-go/strata/bench

go 1.26.0

replace github.com/strata-go/strata => ../

require (
	github.com/strata-go/strata v0.0.0
	golang.org/x/sync v0.24.0
)
