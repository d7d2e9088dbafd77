module github.com/strata-go/strata/bench

go 1.26.0

replace github.com/strata-go/strata => ../

require (
	github.com/go-kit/log v0.2.1
	github.com/grafana/dskit v0.0.0-20260703122047-de1ec7541c44
	github.com/oklog/run v1.2.0
	github.com/samber/do/v2 v2.0.0
	github.com/strata-go/strata v0.0.0
	github.com/thejerf/suture/v4 v4.0.6
	go.uber.org/dig v1.19.0
	go.uber.org/fx v1.24.0
	go.uber.org/zap v1.28.0
	golang.org/x/sync v0.24.0
)

require (
	github.com/go-logfmt/logfmt v0.5.1 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/samber/go-type-to-string v1.8.0 // indirect
	go.uber.org/atomic v1.11.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
)
