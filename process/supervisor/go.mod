module github.com/strata-go/strata/process/supervisor

go 1.26.0

replace github.com/strata-go/strata => ../..

require (
	github.com/cenkalti/backoff/v5 v5.0.3
	github.com/strata-go/strata v0.0.0
	go.uber.org/goleak v1.3.0
	go.uber.org/zap v1.28.0
)

require (
	go.uber.org/dig v1.19.0 // indirect
	go.uber.org/multierr v1.10.0 // indirect
)
