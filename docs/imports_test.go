package docs

// The packages of others that the documents' Go blocks may name without importing them. They
// are imported here so that go.mod has them.
import (
	_ "github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/labstack/echo/v4"
	_ "github.com/robfig/cron/v3"
	_ "go.uber.org/dig"
	_ "go.uber.org/fx"
	_ "go.uber.org/zap"
	_ "gorm.io/gorm"

	_ "github.com/strata-go/strata/hooks/systemd"
	_ "github.com/strata-go/strata/logging/terminal"
	_ "github.com/strata-go/strata/process/grpcprocess"
	_ "github.com/strata-go/strata/process/sqlprocess"
	_ "github.com/strata-go/strata/process/supervisor"
)
