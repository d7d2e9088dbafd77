module github.com/strata-go/strata/e2e

go 1.26.0

replace github.com/strata-go/strata => ../
