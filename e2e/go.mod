module github.com/strata-go/strata/e2e

go 1.26.0

replace github.com/strata-go/strata => ../

require (
	github.com/strata-go/strata v0.0.0
	go.uber.org/zap v1.28.0
)

require (
	go.uber.org/dig v1.19.0 // indirect
	go.uber.org/multierr v1.10.0 // indirect
)
